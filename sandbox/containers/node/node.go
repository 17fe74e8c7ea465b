// Package node makes a machine of its own out of namespaces and runs a kubelet in it.
//
// Two processes share the work. The keeper (role `node`) stays outside: it starts the machine,
// connects it by Unix sockets and a user-space network, and when it ends, clears away what the
// kernel does not: the control groups. The machine's first process (role `inside`) lives in mount,
// process and network namespaces of its own and runs everything else; when it ends, however it
// ends, the kernel ends every process of the machine, and with them go its mounts, interfaces
// and packet filter rules. Nothing of that is ever made outside. Each of the two ends when the other
// does, and clears the control groups away where the other could not.
package node

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// lifelineVariable, set to 1, makes standard input a lifeline: who holds its other end lives.
	lifelineVariable = "DEVBOX_SANDBOX_STDIN_LIFELINE"
	// farewell is how long the machine may take to stop its containers.
	farewell = 3500 * time.Millisecond
)

// Main runs the keeper until SIGTERM, SIGINT or the end of its lifeline, or until a part fails.
func Main(args []string) int {
	o, err := parse(args)
	if err == nil {
		err = keep(o)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		return 1
	}
	return 0
}

func keep(o options) error {
	// Who kills the supervisor's process group does not mean to leave control groups behind.
	_, _ = syscall.Setsid()
	stop := make(chan string, 4)
	go listenForSignals(stop)
	if os.Getenv(lifelineVariable) == "1" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop <- "the supervisor is gone"
		}()
	}

	groups, err := findGroups(cgroupRoot, o.cgroup)
	if err != nil {
		return err
	}
	if err := groups.remove(); err != nil {
		return fmt.Errorf("clear what an earlier run left: %w", err)
	}
	if err := groups.create(); err != nil {
		return err
	}
	defer func() {
		if err := groups.remove(); err != nil {
			fmt.Fprintf(os.Stderr, "error: %v\n", err)
		}
	}()
	if err := serveHost(o); err != nil {
		return err
	}

	machine, err := startMachine(o)
	if err != nil {
		return fmt.Errorf("start the machine's first process: %w", err)
	}
	defer machine.end()
	network, err := startNetwork(machine.command.Process.Pid)
	if err != nil {
		return err
	}
	defer network.end()
	if err := machine.network.Close(); err != nil {
		return err
	}

	select {
	case why := <-stop:
		fmt.Fprintf(os.Stderr, "stopping: %s\n", why)
		return nil
	case err := <-machine.ended:
		machine.gone = true
		return fmt.Errorf("the machine ended: %w", reason(err))
	case err := <-network.ended:
		return fmt.Errorf("slirp4netns, the machine's network, ended: %w", reason(err))
	}
}

func reason(err error) error {
	if err == nil {
		return fmt.Errorf("exit status 0")
	}
	return err
}

func listenForSignals(stop chan<- string) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	stop <- (<-signals).String()
}

// machine is the namespaces' first process, seen from outside.
type machine struct {
	command  *exec.Cmd
	lifeline io.WriteCloser
	// network is closed once there is one.
	network *os.File
	ended   chan error
	gone    bool
}

func startMachine(o options) (*machine, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	waits, network, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer waits.Close()
	command := exec.Command(self, append([]string{Inside}, o.instructions...)...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.ExtraFiles = []*os.File{waits}
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET |
			syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
	}
	lifeline, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	m := &machine{command: command, lifeline: lifeline, network: network, ended: make(chan error, 1)}
	go func() { m.ended <- command.Wait() }()
	return m, nil
}

// end lets the machine stop its containers, and then ends whatever is left of it.
func (m *machine) end() {
	if m.gone {
		return
	}
	_ = m.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-m.ended:
	case <-time.After(farewell):
		_ = m.command.Process.Kill()
		<-m.ended
	}
}

// serveHost gives the machine what it may reach of this one: the API server, and the ports that
// the user named. Nothing else on this machine's loopback is reachable from inside.
func serveHost(o options) error {
	if err := os.MkdirAll(o.folder, 0o700); err != nil {
		return err
	}
	stale, _ := filepath.Glob(filepath.Join(o.folder, "*.sock"))
	for _, socket := range stale {
		_ = os.Remove(socket)
	}
	if err := relay("unix", o.socket("api"), "tcp", fmt.Sprintf("127.0.0.1:%d", o.apiPort)); err != nil {
		return err
	}
	for _, port := range o.hostPorts {
		err := relay("unix", o.socket(fmt.Sprintf("host-%d", port)), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return err
		}
	}
	return nil
}
