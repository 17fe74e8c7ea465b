package node

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	utilexec "k8s.io/utils/exec"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

// exec answers /exec with a toy shell: nothing of this machine runs.
func (s *server) exec(w http.ResponseWriter, r *http.Request) {
	pod, container, streams, ok := s.stream(w, r)
	if !ok {
		return
	}
	remotecommand.ServeExec(w, r, &toy{pod: pod}, pod.Name, string(pod.UID), container,
		r.URL.Query()["command"], streams, streamIdle, streamCreation, remotecommand.SupportedStreamingProtocols)
}

// attach answers /attach with the same shell in place of the container's process.
func (s *server) attach(w http.ResponseWriter, r *http.Request) {
	pod, container, streams, ok := s.stream(w, r)
	if !ok {
		return
	}
	remotecommand.ServeAttach(w, r, &toy{pod: pod}, pod.Name, string(pod.UID), container,
		streams, streamIdle, streamCreation, remotecommand.SupportedStreamingProtocols)
}

// stream reads what both have in common, and refuses a container that does not run.
func (s *server) stream(w http.ResponseWriter, r *http.Request) (*corev1.Pod, string, *remotecommand.Options, bool) {
	pod, status, err := s.container(r)
	if err == nil && status.State.Running == nil {
		err = fmt.Errorf("container not found (%q)", status.Name)
	}
	if err != nil {
		refuse(w, err)
		return nil, "", nil, false
	}
	streams, err := remotecommand.NewOptions(r)
	if err != nil {
		refuse(w, err)
		return nil, "", nil, false
	}
	return pod, status.Name, streams, true
}

// toy executes commands of one pod.
type toy struct {
	pod *corev1.Pod
}

// ExecInContainer implements remotecommand.Executor.
func (t *toy) ExecInContainer(ctx context.Context, _, _, container string, command []string, in io.Reader, out, errOut io.WriteCloser, tty bool, _ <-chan remotecommand.TerminalSize, _ time.Duration) error {
	if errOut == nil { // A terminal has one output.
		errOut = out
	}
	shell := &shell{ctx: ctx, pod: t.pod, container: container, in: in, out: out, errOut: errOut, tty: tty}
	if code := shell.run(command); code != 0 {
		return utilexec.CodeExitError{Err: fmt.Errorf("command terminated with exit code %d", code), Code: code}
	}
	return nil
}

// AttachContainer implements remotecommand.Attacher.
func (t *toy) AttachContainer(ctx context.Context, name, uid, container string, in io.Reader, out, errOut io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize) error {
	return t.ExecInContainer(ctx, name, uid, container, []string{"sh"}, in, out, errOut, tty, resize, 0)
}
