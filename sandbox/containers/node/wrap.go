package node

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// recipe is what an image says beside its files.
type recipe struct {
	name       string
	env        []string
	entrypoint []string
	command    []string
	user       string
	workdir    string
	stopSignal string
}

// wrap makes an image of one layer from a tar archive of a root file system, which may be
// compressed with gzip, and gives its full name.
func (s *store) wrap(ctx context.Context, files io.Reader, made recipe) (string, error) {
	named, err := reference.ParseDockerRef(made.name)
	if err != nil {
		return "", fmt.Errorf("%q cannot be an image's name: %w", made.name, err)
	}
	ctx, done, err := s.client.WithLease(namespaces.WithNamespace(ctx, imageNamespace))
	if err != nil {
		return "", err
	}
	// What is not part of the image by then is collected.
	defer func() { _ = done(context.WithoutCancel(ctx)) }()

	layer, difference, err := s.writeLayer(ctx, files)
	if err != nil {
		return "", err
	}
	config, err := s.writeJSON(ctx, ocispec.MediaTypeImageConfig, ocispec.Image{
		Platform: platforms.DefaultSpec(),
		Config: ocispec.ImageConfig{
			Env: made.env, Entrypoint: made.entrypoint, Cmd: made.command, User: made.user, WorkingDir: made.workdir,
			StopSignal: made.stopSignal,
		},
		RootFS: ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{difference}},
	})
	if err != nil {
		return "", err
	}
	manifest, err := s.writeJSON(ctx, ocispec.MediaTypeImageManifest, ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    config,
		Layers:    []ocispec.Descriptor{layer},
	})
	if err != nil {
		return "", err
	}
	// Labels say which blob holds on to which.
	blobs := s.client.ContentStore()
	if err := images.WalkNotEmpty(ctx, images.SetChildrenLabels(blobs, images.ChildrenHandler(blobs)), manifest); err != nil {
		return "", err
	}
	image := images.Image{Name: named.String(), Target: manifest}
	if _, err := s.client.ImageService().Create(ctx, image); errdefs.IsAlreadyExists(err) {
		if _, err := s.client.ImageService().Update(ctx, image, "target"); err != nil {
			return "", err
		}
	} else if err != nil {
		return "", err
	}
	return image.Name, s.unpack(ctx, image)
}

// writeLayer stores the archive as it is; the digest of what it holds uncompressed names its content.
func (s *store) writeLayer(ctx context.Context, files io.Reader) (ocispec.Descriptor, digest.Digest, error) {
	buffered := bufio.NewReaderSize(files, 1<<20)
	start, err := buffered.Peek(2)
	if err != nil {
		return ocispec.Descriptor{}, "", errors.New("the archive is empty")
	}
	none := ocispec.Descriptor{}
	plain := sha256.New()
	if !bytes.Equal(start, []byte{0x1f, 0x8b}) {
		layer, err := s.writeBlob(ctx, ocispec.MediaTypeImageLayer, io.TeeReader(buffered, plain))
		return layer, sum(plain), err
	}
	unpacked, feed := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		reader, err := gzip.NewReader(unpacked)
		if err == nil {
			_, err = io.Copy(plain, reader)
		}
		_ = unpacked.CloseWithError(err)
		ended <- err
	}()
	layer, err := s.writeBlob(ctx, ocispec.MediaTypeImageLayerGzip, io.TeeReader(buffered, feed))
	_ = feed.Close()
	if unzip := <-ended; unzip != nil && err == nil {
		err = unzip
	}
	if err != nil {
		return none, "", err
	}
	return layer, sum(plain), nil
}

func sum(h hash.Hash) digest.Digest {
	return digest.NewDigest(digest.SHA256, h)
}

func (s *store) writeJSON(ctx context.Context, mediaType string, value any) (ocispec.Descriptor, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	return s.writeBlob(ctx, mediaType, bytes.NewReader(text))
}

func (s *store) writeBlob(ctx context.Context, mediaType string, from io.Reader) (ocispec.Descriptor, error) {
	none := ocispec.Descriptor{}
	name := fmt.Sprintf("devbox-%s-%d", mediaType, os.Getpid())
	writer, err := content.OpenWriter(ctx, s.client.ContentStore(), content.WithRef(name))
	if err != nil {
		return none, err
	}
	defer writer.Close()
	// An earlier attempt may have been cut short.
	if err := writer.Truncate(0); err != nil {
		return none, err
	}
	size, err := io.Copy(writer, from)
	if err != nil {
		return none, err
	}
	written := ocispec.Descriptor{MediaType: mediaType, Size: size, Digest: writer.Digest()}
	if err := writer.Commit(ctx, size, written.Digest); err != nil && !errdefs.IsAlreadyExists(err) {
		return none, err
	}
	return written, nil
}

// importPause makes the image whose container holds a pod's namespaces.
func (s *store) importPause(ctx context.Context, program string) error {
	binary, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	header := &tar.Header{Name: "pause", Mode: 0o755, Size: int64(len(binary)), Typeflag: tar.TypeReg}
	if err := errors.Join(writer.WriteHeader(header), write(writer, binary), writer.Close()); err != nil {
		return err
	}
	_, err = s.wrap(ctx, &archive, recipe{name: pauseImage, entrypoint: []string{"/pause"}, user: "65535:65535"})
	return err
}

func write(to io.Writer, bytes []byte) error {
	_, err := to.Write(bytes)
	return err
}
