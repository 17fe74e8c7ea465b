package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// shell understands a handful of commands, enough to see streams, exit codes and terminals work.
//
// `sh -c` takes commands joined by `;` or `&&`, with quotes and without expansion.
type shell struct {
	ctx       context.Context
	pod       *corev1.Pod
	container string
	in        io.Reader
	out       io.Writer
	errOut    io.Writer
	tty       bool
	exited    bool // `exit` was typed.
}

// notFound is the exit code of a shell for a command that is not there.
const notFound = 127

// run executes one command and returns its exit code.
func (s *shell) run(command []string) int {
	if len(command) == 0 {
		return 0
	}
	arguments := command[1:]
	switch name := command[0]; name {
	case "true", ":":
		return 0
	case "false":
		return 1
	case "exit":
		s.exited = true
		if len(arguments) == 0 {
			return 0
		}
		return s.exitCode(arguments[0])
	case "echo":
		s.say(s.out, strings.Join(arguments, " "))
	case "hostname":
		s.say(s.out, s.pod.Name)
	case "env", "printenv":
		s.environment()
	case "cat":
		return s.cat()
	case "sleep":
		return s.sleep(arguments)
	case "sh", "bash", "/bin/sh", "/bin/bash":
		if len(arguments) >= 2 && strings.HasPrefix(arguments[0], "-") && strings.HasSuffix(arguments[0], "c") {
			return s.script(arguments[1])
		}
		return s.interactive()
	default:
		s.say(s.errOut, fmt.Sprintf("%s: not found: a simulated container has no programs "+
			"(only cat, echo, env, exit, false, hostname, sh, sleep, true)", name))
		return notFound
	}
	return 0
}

// script runs the commands of one line; it stops at a failure that `&&` follows.
func (s *shell) script(line string) int {
	code := 0
	for _, list := range splitOutsideQuotes(line, ";\n") {
		for _, command := range splitOutsideQuotes(list, "&") {
			words := words(command)
			if len(words) == 0 { // Between the two signs of `&&`.
				continue
			}
			if code = s.run(words); s.exited {
				return code
			}
			if code != 0 {
				break
			}
		}
	}
	return code
}

// interactive reads lines until the input ends or `exit` is typed.
func (s *shell) interactive() int {
	if s.in == nil {
		return 0
	}
	code := 0
	lines := bufio.NewReader(s.in)
	for {
		if s.tty {
			_, _ = io.WriteString(s.out, "simulated:"+s.container+"$ ")
		}
		line, err := readLine(lines, s.out, s.tty)
		if err != nil && line == "" {
			return code
		}
		if code = s.script(line); s.exited || err != nil {
			return code
		}
	}
}

// readLine reads up to a line end, echoing what is typed on a terminal; Ctrl-D on an empty line ends.
func readLine(in *bufio.Reader, echo io.Writer, tty bool) (string, error) {
	if !tty {
		line, err := in.ReadString('\n')
		return strings.TrimRight(line, "\r\n"), err
	}
	var line strings.Builder
	for {
		char, _, err := in.ReadRune()
		switch {
		case err != nil:
			return line.String(), err
		case char == 4 && line.Len() == 0:
			return "", io.EOF
		case char == 3:
			_, _ = io.WriteString(echo, "^C\r\n")
			return "", nil
		case char == '\r' || char == '\n':
			_, _ = io.WriteString(echo, "\r\n")
			return line.String(), nil
		case char == 127 || char == '\b':
			typed := []rune(line.String())
			if len(typed) > 0 {
				line.Reset()
				line.WriteString(string(typed[:len(typed)-1]))
				_, _ = io.WriteString(echo, "\b \b")
			}
		case char >= ' ':
			line.WriteRune(char)
			_, _ = io.WriteString(echo, string(char))
		}
	}
}

func (s *shell) say(to io.Writer, line string) {
	end := "\n"
	if s.tty {
		end = "\r\n"
	}
	_, _ = io.WriteString(to, line+end)
}

func (s *shell) exitCode(text string) int {
	code, err := strconv.Atoi(text)
	if err != nil {
		s.say(s.errOut, "exit: illegal number: "+text)
		return 2
	}
	return code
}

func (s *shell) environment() {
	for _, container := range append(s.pod.Spec.Containers, s.pod.Spec.InitContainers...) {
		if container.Name != s.container {
			continue
		}
		for _, variable := range container.Env {
			if variable.ValueFrom == nil {
				s.say(s.out, variable.Name+"="+variable.Value)
			}
		}
	}
}

func (s *shell) cat() int {
	if s.in == nil {
		return 0
	}
	if _, err := io.Copy(s.out, s.in); err != nil && !errors.Is(err, io.EOF) {
		return 1
	}
	return 0
}

func (s *shell) sleep(arguments []string) int {
	if len(arguments) != 1 {
		s.say(s.errOut, "usage: sleep SECONDS")
		return 1
	}
	seconds, err := strconv.ParseFloat(strings.TrimSuffix(arguments[0], "s"), 64)
	if arguments[0] == "infinity" {
		seconds, err = (24 * time.Hour).Seconds(), nil
	}
	if err != nil {
		s.say(s.errOut, "sleep: invalid time interval "+arguments[0])
		return 1
	}
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		return 0
	case <-s.ctx.Done():
		return 130
	}
}
