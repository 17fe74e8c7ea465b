require "http/server"

server = HTTP::Server.new do |context|
  context.response.print "crystal #{Crystal::VERSION}"
end
address = server.bind_tcp "0.0.0.0", 3000
puts "listening on #{address}"
STDOUT.flush
server.listen
