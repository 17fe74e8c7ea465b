package node

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/namespaces"
)

// imageNamespace is where a kubelet's images are.
const imageNamespace = "k8s.io"

// store puts images into containerd without a registry.
type store struct {
	client      *containerd.Client
	snapshotter string
}

func openImages(ctx context.Context) (*store, error) {
	var client *containerd.Client
	err := until(ctx, "containerd", func() bool {
		// The client waits for a server that is not there; asking for the file does not.
		if _, err := os.Stat(containerdSocket); err != nil {
			return false
		}
		var err error
		client, err = containerd.New(containerdSocket, containerd.WithDefaultNamespace(imageNamespace),
			containerd.WithTimeout(5*time.Second))
		if err != nil {
			return false
		}
		serving, err := client.IsServing(ctx)
		return err == nil && serving
	})
	if err != nil {
		return nil, err
	}
	return &store{client: client, snapshotter: snapshotter("/var/lib/containerd")}, nil
}

// load imports every image of an OCI or Docker archive and gives their names.
func (s *store) load(ctx context.Context, archive io.Reader) ([]string, error) {
	ctx = namespaces.WithNamespace(ctx, imageNamespace)
	imported, err := s.client.Import(ctx, archive)
	if err != nil {
		return nil, err
	}
	if len(imported) == 0 {
		return nil, fmt.Errorf("the archive names no image")
	}
	var names []string
	for _, image := range imported {
		if err := s.unpack(ctx, image); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", image.Name, err)
		}
		names = append(names, image.Name)
	}
	return names, nil
}

func (s *store) unpack(ctx context.Context, image images.Image) error {
	return containerd.NewImage(s.client, image).Unpack(ctx, s.snapshotter)
}

// serve answers `devbox sandbox load` and `devbox sandbox image` on a Unix socket.
func (s *store) serve(socket string) error {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	handler := http.NewServeMux()
	handler.HandleFunc("POST /load", func(w http.ResponseWriter, r *http.Request) {
		names, err := s.load(r.Context(), r.Body)
		answer(w, names, err)
	})
	handler.HandleFunc("POST /image", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		name, err := s.wrap(r.Context(), r.Body, recipe{
			name: query.Get("name"), env: query["env"], entrypoint: query["entrypoint"], command: query["command"],
			user: query.Get("user"), workdir: query.Get("workdir"),
			stopSignal: query.Get("stop-signal"),
		})
		answer(w, []string{name}, err)
	})
	go func() {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: connectTimeout}
		fmt.Fprintf(os.Stderr, "images: %v\n", server.Serve(listener))
	}()
	return nil
}

func answer(w http.ResponseWriter, names []string, err error) {
	w.Header().Set("Content-Type", "application/json")
	reply := map[string]any{"images": names}
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		reply = map[string]any{"error": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(reply)
}
