// Command devbox-sandbox-containers is the sandbox's containers node: a machine of its own, made of
// namespaces, in which a kubelet and a container runtime run.
//
// The first argument chooses the role. `node` is what the supervisor starts; it runs the others.
package main

import (
	"os"

	"devbox-sandbox-containers/node"
	"devbox-sandbox-shared/roles"
)

var all = map[string]func(args []string) int{
	"node":       node.Main,
	node.Inside:  node.InsideMain,
	"containerd": containerd,
	"coredns":    coreDNS,
}

func main() {
	chosen := roles.Choose("devbox-sandbox-containers", all)
	os.Exit(chosen(os.Args[1:]))
}
