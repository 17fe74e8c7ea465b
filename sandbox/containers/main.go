// Command devbox-sandbox-containers is the sandbox's containers node: a machine of its own, made of
// namespaces, in which a kubelet and a container runtime run.
//
// The first argument chooses the role. `node` is what the supervisor starts; it runs the others.
package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"devbox-sandbox-containers/node"
)

var roles = map[string]func(args []string) int{
	"node":       node.Main,
	node.Inside:  node.InsideMain,
	"containerd": containerd,
	"coredns":    coreDNS,
}

func main() {
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	run, known := roles[name]
	if !known {
		names := slices.Sorted(maps.Keys(roles))
		fmt.Fprintf(os.Stderr, "usage: devbox-sandbox-containers ROLE [FLAG...]\nroles: %s\n", strings.Join(names, ", "))
		os.Exit(2)
	}
	// The components read the process's arguments, the first of which names the program.
	os.Args = os.Args[1:]
	os.Exit(run(os.Args[1:]))
}
