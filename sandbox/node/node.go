// Package node simulates one node: pods on it get a status, and nothing is pulled or run.
//
// One process does what a kubelet, a storage driver and the first minute of an administrator do:
// it registers the node and the storage classes, plays the stages (through kwok), makes volumes
// for claims, and answers logs, exec, attach and port-forward.
package node

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// Prefix is what every label and annotation that the simulation understands begins with.
const Prefix = "sandbox.devbox.internal/"

// options are the flags of the role `node`.
type options struct {
	kubeconfig string
	name       string
	port       int
	certFile   string
	keyFile    string
	clientCA   string
	podCIDR    string
	volumes    string
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("node", flag.ContinueOnError)
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig of a cluster administrator")
	flags.StringVar(&o.name, "name", "devbox-sandbox-node", "name of the node")
	flags.IntVar(&o.port, "port", 0, "port on 127.0.0.1 for logs, exec and port-forward")
	flags.StringVar(&o.certFile, "tls-cert-file", "", "certificate of that server")
	flags.StringVar(&o.keyFile, "tls-private-key-file", "", "key of that server")
	flags.StringVar(&o.clientCA, "client-ca-file", "", "CA whose clients may connect to that server")
	flags.StringVar(&o.podCIDR, "pod-cidr", "10.244.0.0/16", "range of the addresses that pods show")
	flags.StringVar(&o.volumes, "volumes", "", "folder that hostPath volumes are named in; nothing is written there")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	for name, value := range map[string]string{
		"kubeconfig": o.kubeconfig, "tls-cert-file": o.certFile, "tls-private-key-file": o.keyFile,
		"client-ca-file": o.clientCA, "volumes": o.volumes,
	} {
		if value == "" {
			return o, fmt.Errorf("--%s is needed", name)
		}
	}
	if o.port == 0 {
		return o, errors.New("--port is needed")
	}
	return o, nil
}

// Main runs the node until SIGTERM or SIGINT, or until one of its parts fails.
func Main(args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return err
	}
	config.UserAgent = "devbox-sandbox-node"
	config.QPS = -1 // The API server's own fairness bounds us.
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	// Listening first: once the node is registered, somebody may connect.
	failed := make(chan error, 1)
	server, err := listen(o, client)
	if err != nil {
		return err
	}
	go func() { failed <- server.serve(ctx) }()

	if err := register(ctx, client, o); err != nil {
		return fmt.Errorf("register the node: %w", err)
	}
	if err := simulate(ctx, o); err != nil {
		return fmt.Errorf("simulate pods: %w", err)
	}
	if err := startVolumes(ctx, client, o); err != nil {
		return fmt.Errorf("make volumes: %w", err)
	}

	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}
