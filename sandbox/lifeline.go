package main

import (
	"io"
	"os"
	"syscall"
	"time"
)

const (
	// lifelineVariable, set to 1, makes standard input a lifeline to the supervisor.
	lifelineVariable = "DEVBOX_SANDBOX_STDIN_LIFELINE"
	// lifelineGrace is how long a component may take to stop by itself.
	lifelineGrace = 2 * time.Second
	// lifelineExitCode says that the component had to be cut off.
	lifelineExitCode = 70
)

// followLifeline ends the process when the other end of the lifeline closes.
//
// The kernel closes a supervisor's pipes however it ends, kill -9 included, so no component
// outlives it; and unlike prctl this works on every system.
func followLifeline(lifeline io.Reader) {
	_, _ = io.Copy(io.Discard, lifeline)
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Signal(syscall.SIGTERM)
	}
	time.Sleep(lifelineGrace)
	os.Exit(lifelineExitCode)
}
