name := "scala"
scalaVersion := "2.13.16"
