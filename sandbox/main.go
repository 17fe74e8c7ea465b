// Command devbox-sandbox is a Kubernetes control plane and a simulated node in one program.
//
// The first argument chooses the role. Every component keeps global state and reads the process's
// arguments, so each runs as a process of its own; devbox starts and watches them.
package main

import (
	"os"

	_ "time/tzdata" // CronJobs name time zones, and a developer's machine may have no zone files.

	_ "k8s.io/component-base/metrics/prometheus/clientgo" // Client and version metrics, as the
	_ "k8s.io/component-base/metrics/prometheus/version"  // components' own programs link them.

	"devbox-sandbox-shared/roles"
)

// A role is one component: it runs until it is told to stop and returns the exit code.
type role struct {
	run func(args []string) int
	// server says that the role runs until it is stopped, and so obeys the lifeline.
	server bool
}

var all = map[string]role{
	"etcd":                    {run: etcd, server: true},
	"kube-apiserver":          {run: apiServer, server: true},
	"kube-controller-manager": {run: controllerManager, server: true},
	"kube-scheduler":          {run: scheduler, server: true},
	"kube-proxy":              {run: proxy, server: true},
	"kubelet":                 {run: kubelet, server: true},
	"node":                    {run: simulatedNode, server: true},
	"kubectl":                 {run: kubectl},
	"version":                 {run: printVersion},
}

func main() {
	chosen := roles.Choose("devbox-sandbox", all)
	if chosen.server && os.Getenv(lifelineVariable) == "1" {
		go followLifeline(os.Stdin)
	}
	os.Exit(chosen.run(os.Args[1:]))
}
