package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// Inside is the role of the machine's first process.
	Inside = "inside"
	// binFolder is where containerd finds its shim.
	binFolder = "/run/devbox/bin"
	// containerFarewell is how long containers may take to end when the machine stops.
	containerFarewell = 2 * time.Second
	// startPatience is how long one component may take to begin its work.
	startPatience = 60 * time.Second
)

// InsideMain runs the machine until SIGTERM or the end of its lifeline, or until a part fails.
func InsideMain(args []string) int {
	o, err := parse(args)
	if err == nil {
		err = live(o)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		return 1
	}
	return 0
}

func live(o options) error {
	if os.Getpid() != 1 {
		return errors.New("the role `inside` is started by the role `node`, in namespaces of its own")
	}
	stop := make(chan string, 4)
	go listenForSignals(stop)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop <- "the keeper is gone"
	}()
	if err := syscall.Sethostname([]byte(o.name)); err != nil {
		return err
	}
	if err := configureMounts(o); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, os.NewFile(3, "network")); err != nil {
		return err
	}
	groups, err := findGroups(cgroupRoot, o.cgroup)
	if err != nil {
		return err
	}
	processes := newChildren(o.logs)
	defer leave(processes, groups)
	failed := make(chan error, 8)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	started := make(chan error, 1)
	go func() { started <- bringUp(ctx, o, processes, failed) }()
	for {
		select {
		case err := <-started:
			if err != nil {
				return err
			}
			fmt.Fprintln(os.Stderr, "everything is started")
		case err := <-failed:
			return err
		case why := <-stop:
			fmt.Fprintf(os.Stderr, "stopping: %s\n", why)
			return nil
		}
	}
}

// bringUp starts what the machine is made of. The kubelet comes last: once it says that the node is
// ready, everything else is.
func bringUp(ctx context.Context, o options, processes *children, failed chan<- error) error {
	if err := configureNetwork(processes.run); err != nil {
		return fmt.Errorf("configure the machine's network: %w", err)
	}
	if err := serveMachine(o); err != nil {
		return err
	}
	if err := writeConfiguration(o); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := linkShim(filepath.Dir(self)); err != nil {
		return err
	}
	if err := processes.keep(containerdComponent(self), failed); err != nil {
		return err
	}
	if err := processes.keep(coreDNSComponent(self), failed); err != nil {
		return err
	}
	client, err := connect(o.kubeconfig)
	if err != nil {
		return err
	}
	if err := createObjects(ctx, client, o); err != nil {
		return fmt.Errorf("create the node's objects: %w", err)
	}
	if err := startVolumes(ctx, client, o); err != nil {
		return err
	}
	images, err := openImages(ctx)
	if err != nil {
		return err
	}
	if err := images.importPause(ctx, filepath.Join(filepath.Dir(self), "pause")); err != nil {
		return fmt.Errorf("import the image that holds a pod's namespaces: %w", err)
	}
	if err := images.serve(o.socket("images")); err != nil {
		return err
	}
	if err := until(ctx, "CoreDNS", func() bool {
		connection, err := net.Dial("tcp", nodeAddress+":53")
		if err == nil {
			_ = connection.Close()
		}
		return err == nil
	}); err != nil {
		return err
	}
	if err := processes.keep(proxyComponent(o), failed); err != nil {
		return err
	}
	return processes.keep(kubeletComponent(o), failed)
}

// serveMachine opens the machine's doors: the API server for those inside, at the address that
// every kubeconfig names and at the one that pods use, and the way in for the API server.
func serveMachine(o options) error {
	api := []string{fmt.Sprintf("127.0.0.1:%d", o.apiPort), fmt.Sprintf("%s:%d", nodeAddress, apiPort)}
	for _, address := range api {
		if err := relay("tcp", address, "unix", o.socket("api")); err != nil {
			return err
		}
	}
	for _, port := range o.hostPorts {
		address := fmt.Sprintf("%s:%d", nodeAddress, port)
		if err := relay("tcp", address, "unix", o.socket(fmt.Sprintf("host-%d", port))); err != nil {
			return fmt.Errorf("port %d of this machine cannot be offered to pods: %w", port, err)
		}
	}
	return serveEgress(o.socket("egress"))
}

func linkShim(programs string) error {
	const shim = "containerd-shim-runc-v2"
	if err := os.MkdirAll(binFolder, 0o755); err != nil {
		return err
	}
	return os.Symlink(filepath.Join(programs, shim), filepath.Join(binFolder, shim))
}

// leave ends everything in the machine: first what would start containers again, then the containers,
// which are asked and given a little time, then the rest.
func leave(processes *children, groups groups) {
	processes.kill()
	for _, pid := range groups.processes() {
		_ = syscall.Kill(pid, syscall.SIGTERM)
	}
	deadline := time.Now().Add(containerFarewell)
	for len(groups.processes()) > 0 && time.Now().Before(deadline) {
		pause()
	}
	// Everything that the first process of a process namespace may signal: all of it but itself.
	_ = syscall.Kill(-1, syscall.SIGKILL)
	if err := groups.remove(); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
	}
}

// until asks again and again until the answer is yes.
func until(ctx context.Context, what string, ask func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startPatience, fmt.Errorf("%s does not work after %s", what, startPatience))
	defer cancel()
	for !ask() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		pause()
	}
	return nil
}

func pause() {
	time.Sleep(20 * time.Millisecond)
}
