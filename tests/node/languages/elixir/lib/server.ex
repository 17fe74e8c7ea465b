defmodule App.Server do
  use Task

  def start_link(options: options) do
    {:ok, listener} = :gen_tcp.listen(options[:port], [:binary, active: false, reuseaddr: true])
    IO.puts("listening on port #{options[:port]}")
    Task.start_link(fn -> serve(listener) end)
  end

  defp serve(listener) do
    {:ok, connection} = :gen_tcp.accept(listener)
    :gen_tcp.recv(connection, 0)
    body = "elixir #{System.version()}"
    head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: #{byte_size(body)}\r\n\r\n"
    :gen_tcp.send(connection, head <> body)
    :gen_tcp.close(connection)
    serve(listener)
  end
end
