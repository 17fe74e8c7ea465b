package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	streamIdle     = 4 * time.Hour
	streamCreation = 30 * time.Second
)

// server answers what the API server asks a kubelet: logs, exec, attach and port-forward.
//
// It runs no command and opens no file: exec gets a toy shell, logs come from annotations, and a
// forwarded port reaches either a page that says so or the loopback port that the pod names.
type server struct {
	client   kubernetes.Interface
	listener net.Listener
	http     *http.Server
}

func listen(o options, client kubernetes.Interface) (*server, error) {
	certificate, err := tls.LoadX509KeyPair(o.certFile, o.keyFile)
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(o.clientCA)
	if err != nil {
		return nil, err
	}
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("no certificate in %s", o.clientCA)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port)))
	if err != nil {
		return nil, err
	}

	s := &server{client: client}
	s.listener = tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    clients,
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"}, // Streams take the connection over; HTTP/2 cannot.
	})
	routes := http.NewServeMux()
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	routes.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", s.logs)
	for _, method := range []string{"GET", "POST"} {
		routes.HandleFunc(method+" /exec/{namespace}/{pod}/{container}", s.exec)
		routes.HandleFunc(method+" /attach/{namespace}/{pod}/{container}", s.attach)
		routes.HandleFunc(method+" /portForward/{namespace}/{pod}", s.forward)
	}
	s.http = &http.Server{Handler: routes, ReadHeaderTimeout: streamCreation}
	return s, nil
}

// serve answers until the context ends.
func (s *server) serve(ctx context.Context) error {
	go func() {
		<-ctx.Done()
		_ = s.http.Close()
	}()
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve logs and exec: %w", err)
	}
	return nil
}

// pod reads the pod of a request, as it is now.
func (s *server) pod(r *http.Request) (*corev1.Pod, error) {
	return s.client.CoreV1().Pods(r.PathValue("namespace")).Get(r.Context(), r.PathValue("pod"), metav1.GetOptions{})
}

// container reads the pod of a request and the status of the container that it names.
func (s *server) container(r *http.Request) (*corev1.Pod, *corev1.ContainerStatus, error) {
	pod, err := s.pod(r)
	if err != nil {
		return nil, nil, err
	}
	status, err := statusOf(pod, r.PathValue("container"))
	return pod, status, err
}

// statusOf finds the status of a container or an init container.
func statusOf(pod *corev1.Pod, name string) (*corev1.ContainerStatus, error) {
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range statuses {
			if statuses[i].Name == name {
				return &statuses[i], nil
			}
		}
	}
	return nil, fmt.Errorf("container %q in pod %q is waiting to start: ContainerCreating", name, pod.Name)
}

func refuse(w http.ResponseWriter, err error) {
	http.Error(w, err.Error(), http.StatusBadRequest)
}
