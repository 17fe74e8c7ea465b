package node

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/cri-streaming/pkg/streaming/portforward"
)

// forwardAnnotation maps ports of the pod to ports of this machine's loopback: "8080=43121,5432=43122".
// A port that it does not name answers HTTP with a page that says that nothing runs.
const forwardAnnotation = Prefix + "forward"

// forward answers /portForward.
func (s *server) forward(w http.ResponseWriter, r *http.Request) {
	pod, err := s.pod(r)
	if err == nil && pod.Status.Phase != corev1.PodRunning {
		err = fmt.Errorf("pod %q is not running, it is %s", pod.Name, pod.Status.Phase)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	ports, err := portforward.NewV4Options(r)
	if err != nil {
		refuse(w, err)
		return
	}
	portforward.ServePortForward(w, r, &forwarder{pod: pod}, pod.Name, string(pod.UID), ports,
		streamIdle, streamCreation, portforward.SupportedProtocols)
}

// forwarder connects the streams of one pod.
type forwarder struct {
	pod *corev1.Pod
}

// PortForward implements portforward.PortForwarder.
func (f *forwarder) PortForward(ctx context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	defer func() { _ = stream.Close() }()
	target, told, err := forwardTarget(f.pod.Annotations[forwardAnnotation], port)
	if err != nil {
		return err
	}
	if !told {
		return f.page(port, stream)
	}
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", target))
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	go func() {
		_, _ = io.Copy(connection, stream)
		if half, ok := connection.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
	}()
	_, err = io.Copy(stream, connection)
	return err
}

// forwardTarget finds the loopback port that an annotation gives for a port of the pod.
func forwardTarget(annotation string, port int32) (target string, told bool, err error) {
	for entry := range strings.SplitSeq(annotation, ",") {
		from, to, pair := strings.Cut(strings.TrimSpace(entry), "=")
		if !pair || from != strconv.Itoa(int(port)) {
			continue
		}
		if _, err := strconv.ParseUint(to, 10, 16); err != nil {
			return "", false, fmt.Errorf("annotation %s: %q is not a port", forwardAnnotation, to)
		}
		return to, true, nil
	}
	return "", false, nil
}

// page answers one HTTP request.
func (f *forwarder) page(port int32, stream io.ReadWriter) error {
	request, err := http.ReadRequest(bufio.NewReader(stream))
	if err != nil {
		return nil // Not HTTP, or only a look whether the port is open.
	}
	_, _ = io.Copy(io.Discard, request.Body)
	text := fmt.Sprintf("port %d of the simulated pod %s: nothing runs here\n", port, f.pod.Name)
	_, err = fmt.Fprintf(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(text), text)
	return err
}
