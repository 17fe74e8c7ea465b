{-# LANGUAGE OverloadedStrings #-}

module Main (main) where

import Control.Monad (forever)
import qualified Data.ByteString.Char8 as B
import Network.Socket
import Network.Socket.ByteString (recv, sendAll)
import System.Info (compilerName)

port :: PortNumber
port = 3000

main :: IO ()
main = do
  listener <- socket AF_INET Stream defaultProtocol
  setSocketOption listener ReuseAddr 1
  bind listener (SockAddrInet port 0)
  listen listener 16
  putStrLn ("listening on port " ++ show port)
  forever $ do
    (connection, _) <- accept listener
    _ <- recv connection 4096
    sendAll connection ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhaskell by " <> B.pack compilerName)
    close connection
