(defproject shop "0.1.0"
  :dependencies [[org.clojure/clojure "1.12.1"]]
  :main shop.core)
