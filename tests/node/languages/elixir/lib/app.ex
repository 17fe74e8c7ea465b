defmodule App do
  use Application

  def start(_type, _arguments) do
    children = [{App.Server, options: [port: 4000]}]
    Supervisor.start_link(children, strategy: :one_for_one)
  end
end
