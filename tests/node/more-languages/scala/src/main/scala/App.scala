import com.sun.net.httpserver.HttpServer
import java.net.InetSocketAddress

object App {
  def main(arguments: Array[String]): Unit = {
    val server = HttpServer.create(new InetSocketAddress(8080), 0)
    server.createContext(
      "/",
      exchange => {
        val body = s"scala ${util.Properties.versionNumberString}".getBytes
        exchange.sendResponseHeaders(200, body.length)
        exchange.getResponseBody.write(body)
        exchange.close()
      }
    )
    server.start()
    println("listening on port 8080")
  }
}
