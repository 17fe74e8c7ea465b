package node

import (
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// options are the flags of the roles `node` and `inside`, which are the same.
type options struct {
	name         string
	program      string
	folder       string
	logs         string
	cgroup       string
	apiPort      int
	kubeconfig   string
	kubelet      string
	proxy        string
	certFile     string
	keyFile      string
	clientCA     string
	plugins      string
	hostPorts    ports
	instructions []string
}

// ports are ports on 127.0.0.1 of this machine that pods may reach.
type ports []int

func (p *ports) String() string {
	words := make([]string, len(*p))
	for i, port := range *p {
		words[i] = strconv.Itoa(port)
	}
	return strings.Join(words, ",")
}

func (p *ports) Set(text string) error {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return fmt.Errorf("%q is no port", text)
	}
	*p = append(*p, int(port))
	return nil
}

func parse(args []string) (options, error) {
	o := options{instructions: args}
	flags := flag.NewFlagSet("node", flag.ContinueOnError)
	needed := map[string]*string{}
	word := func(target *string, name, usage string) {
		flags.StringVar(target, name, "", usage)
		needed[name] = target
	}
	word(&o.name, "name", "name of the node")
	word(&o.program, "program", "the program with the roles kubelet and kube-proxy")
	word(&o.folder, "folder", "folder of everything that the node keeps")
	word(&o.logs, "logs", "folder of the logs of what runs inside")
	word(&o.cgroup, "cgroup", "name of the control group of every container")
	word(&o.kubeconfig, "kubeconfig", "kubeconfig of a cluster administrator")
	word(&o.kubelet, "kubelet-kubeconfig", "kubeconfig of the kubelet")
	word(&o.proxy, "kube-proxy-kubeconfig", "kubeconfig of kube-proxy")
	word(&o.certFile, "tls-cert-file", "certificate of the kubelet's server")
	word(&o.keyFile, "tls-private-key-file", "key of the kubelet's server")
	word(&o.clientCA, "client-ca-file", "CA whose clients may connect to the kubelet")
	word(&o.plugins, "cni-plugins", "folder of the CNI plugins")
	flags.IntVar(&o.apiPort, "api-port", 0, "port of the API server on 127.0.0.1")
	flags.Var(&o.hostPorts, "host-port", "port on 127.0.0.1 that pods reach at host.devbox.internal; may be repeated")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	for name, value := range needed {
		if *value == "" {
			return o, fmt.Errorf("--%s is needed", name)
		}
	}
	if o.apiPort == 0 {
		return o, fmt.Errorf("--api-port is needed")
	}
	return o, nil
}

// socket names a Unix socket in the node's folder, relative to the working folder: the whole path
// may be longer than the 107 bytes that a socket's name may have.
func (o options) socket(name string) string {
	return filepath.Join(filepath.Base(o.folder), name+".sock")
}
