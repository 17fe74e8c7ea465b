(ns shop.core
  (:import (com.sun.net.httpserver HttpHandler HttpServer)
           (java.net InetSocketAddress)))

(defn -main []
  (let [server (HttpServer/create (InetSocketAddress. 8080) 0)
        body (.getBytes (str "clojure " (clojure-version)))]
    (.createContext server "/"
                    (reify HttpHandler
                      (handle [_ exchange]
                        (.sendResponseHeaders exchange 200 (count body))
                        (.write (.getResponseBody exchange) body)
                        (.close exchange))))
    (.start server)
    (println "listening on port 8080")))
