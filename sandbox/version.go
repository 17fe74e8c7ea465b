package main

import (
	"encoding/json"
	"os"
	"runtime/debug"

	"go.etcd.io/etcd/api/v3/version"
	kubernetes "k8s.io/component-base/version"
)

// source identifies the sources that this program was built from; build.sh sets it.
var source string

// versions is what `devbox-sandbox version` prints, as JSON.
type versions struct {
	Kubernetes string `json:"kubernetes"`
	Etcd       string `json:"etcd"`
	Kwok       string `json:"kwok"`
	Go         string `json:"go"`
	Source     string `json:"source"`
}

func printVersion([]string) int {
	linked := versions{
		Kubernetes: kubernetes.Get().GitVersion,
		Etcd:       "v" + version.Version,
		Go:         kubernetes.Get().GoVersion,
		Source:     source,
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == "sigs.k8s.io/kwok" {
				linked.Kwok = module.Version
			}
		}
	}
	if json.NewEncoder(os.Stdout).Encode(linked) != nil {
		return 1
	}
	return 0
}
