require "socket"
server = TCPServer.new("0.0.0.0", ENV.fetch("PORT", 4567))
$stdout.sync = true
puts "listening on port #{server.addr[1]}"
loop do
  client = server.accept
  client.gets
  client.write "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nruby #{RUBY_VERSION}"
  client.close
end
