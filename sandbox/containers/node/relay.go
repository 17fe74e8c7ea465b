package node

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// connectTimeout is how long the other side of a relay may take to answer.
const connectTimeout = 10 * time.Second

// relay passes every connection to one address on to another.
func relay(fromNetwork, from, toNetwork, to string) error {
	listener, err := net.Listen(fromNetwork, from)
	if err != nil {
		return err
	}
	go accept(listener, func(near net.Conn) {
		far, err := net.DialTimeout(toNetwork, to, connectTimeout)
		if err != nil {
			fmt.Fprintf(os.Stderr, "relay to %s: %v\n", to, err)
			return
		}
		defer far.Close()
		join(near, near, far)
	})
	return nil
}

func accept(listener net.Listener, serve func(net.Conn)) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Fprintf(os.Stderr, "accept on %s: %v\n", listener.Addr(), err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go func() {
			defer connection.Close()
			serve(connection)
		}()
	}
}

// join copies both ways, and passes the end of each way on, until both have ended.
func join(near net.Conn, nearReader io.Reader, far net.Conn) {
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(far, nearReader)
		closeWrite(far)
		close(done)
	}()
	_, _ = io.Copy(near, far)
	closeWrite(near)
	<-done
}

func closeWrite(connection net.Conn) {
	if half, ok := connection.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// serveEgress is the API server's way in: an HTTP proxy, for CONNECT alone, on a Unix socket. It
// reaches the kubelet, pods and services, none of which has a route from outside.
func serveEgress(socket string) error {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	go accept(listener, func(near net.Conn) {
		reader := bufio.NewReader(near)
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		if request.Method != http.MethodConnect {
			fmt.Fprint(near, "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
			return
		}
		far, err := net.DialTimeout("tcp", request.Host, connectTimeout)
		if err != nil {
			fmt.Fprintf(near, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: %d\r\n\r\n%s", len(err.Error()), err)
			return
		}
		defer far.Close()
		if _, err := fmt.Fprint(near, "HTTP/1.1 200 Connection Established\r\n\r\n"); err != nil {
			return
		}
		join(near, reader, far)
	})
	return nil
}
