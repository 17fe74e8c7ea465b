package main

import (
	"context"
	"fmt"
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // The auth plugins that kubectl knows.
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	kubectlcmd "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserverapp "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanagerapp "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxyapp "k8s.io/kubernetes/cmd/kube-proxy/app"
	schedulerapp "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubeletapp "k8s.io/kubernetes/cmd/kubelet/app"

	"devbox-sandbox/node"
)

func etcd([]string) int {
	etcdmain.Main(os.Args)
	return 0
}

func apiServer([]string) int {
	return cli.Run(apiserverapp.NewAPIServerCommand())
}

func controllerManager([]string) int {
	return cli.Run(controllermanagerapp.NewControllerManagerCommand())
}

func scheduler([]string) int {
	return cli.Run(schedulerapp.NewSchedulerCommand())
}

func proxy([]string) int {
	return cli.Run(proxyapp.NewProxyCommand())
}

func kubelet([]string) int {
	return cli.Run(kubeletapp.NewKubeletCommand(context.Background()))
}

func kubectl([]string) int {
	// As kubectl's own main does it: verbosity first, and errors in kubectl's own words.
	_, _ = logs.GlogSetter(kubectlcmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(kubectlcmd.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err)
	}
	return 0
}

func simulatedNode(args []string) int {
	if err := node.Main(args); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		return 1
	}
	return 0
}
