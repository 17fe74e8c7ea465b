package node

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// tailLines is how much of a component's log is repeated when it ends.
const tailLines = 6

// children are the processes that the machine's first process starts. It also inherits every
// orphan of the machine, so it waits for all processes alike, and not for single ones.
type children struct {
	logs string
	mu   sync.Mutex
	// waiting is told how a process ended.
	waiting map[int]chan<- syscall.WaitStatus
	closed  bool
}

func newChildren(logs string) *children {
	c := &children{logs: logs, waiting: map[int]chan<- syscall.WaitStatus{}}
	go c.reap()
	return c
}

func (c *children) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err != nil {
			// There is no child at the moment, or a signal came in between.
			pause()
			continue
		}
		// A process that has just been started is known once its start is over.
		c.mu.Lock()
		ended, known := c.waiting[pid]
		delete(c.waiting, pid)
		c.mu.Unlock()
		if known {
			ended <- status
		}
	}
}

// start runs a program and gives the channel that says how it ended.
func (c *children) start(command *exec.Cmd) (<-chan syscall.WaitStatus, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errors.New("the machine is being stopped")
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	ended := make(chan syscall.WaitStatus, 1)
	c.waiting[command.Process.Pid] = ended
	return ended, nil
}

// kill ends every process that was started here, and starts no other.
func (c *children) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for pid := range c.waiting {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// run runs a program to its end.
func (c *children) run(program string, args ...string) error {
	log, err := os.CreateTemp("/run/devbox", "output")
	if err != nil {
		return err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	command := exec.Command(program, args...)
	command.Env = environment()
	command.Stdout, command.Stderr = log, log
	ended, err := c.start(command)
	if err != nil {
		return err
	}
	if status := <-ended; status != 0 {
		return fmt.Errorf("%s: %s: %s", program, describe(status), strings.Join(tail(log.Name()), "; "))
	}
	return nil
}

// component is a part of the machine that runs for as long as the machine does.
type component struct {
	name    string
	program string
	args    []string
	env     []string
}

// keep starts a component; when it ends, the failure goes to the channel, with its last words.
func (c *children) keep(part component, failed chan<- error) error {
	path := filepath.Join(c.logs, part.name+".log")
	if _, err := os.Stat(path); err == nil {
		_ = os.Rename(path, path+".1")
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(part.program, part.args...)
	command.Env = append(environment(), part.env...)
	command.Stdout, command.Stderr = log, log
	ended, err := c.start(command)
	if err != nil {
		return fmt.Errorf("start %s: %w", part.name, err)
	}
	go func() {
		status := <-ended
		failed <- fmt.Errorf("%s ended: %s\n%s", part.name, describe(status), strings.Join(tail(path), "\n"))
	}()
	return nil
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return fmt.Sprintf("signal %d (%s)", status.Signal(), status.Signal())
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}

func tail(path string) []string {
	text, _ := os.ReadFile(path)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[max(0, len(lines)-tailLines):]
}

// environment is what every process of the machine gets; nothing of the user's own.
func environment() []string {
	return []string{
		"PATH=" + binFolder + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "LANG=C.UTF-8", "GOGC=50",
	}
}
