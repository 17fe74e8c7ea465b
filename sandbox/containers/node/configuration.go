package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"sigs.k8s.io/yaml"
)

const (
	configFolder     = "/run/devbox/config"
	containerdSocket = "/run/containerd/containerd.sock"
	pauseImage       = "devbox.internal/pause:1"
	// apiPort is where pods find the API server on the node.
	apiPort = 6443
	// overlayMagic is statfs(2)'s word for an overlay, on which no other can be mounted.
	overlayMagic = 0x794c7630
)

func configFile(name string) string { return filepath.Join(configFolder, name) }

func writeConfiguration(o options) error {
	if err := os.MkdirAll(filepath.Join(configFolder, "cni"), 0o755); err != nil {
		return err
	}
	kubelet, err := kubeletConfiguration(o)
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"cni/10-devbox.conflist": cniConfiguration,
		"containerd.toml":        containerdConfiguration(o, snapshotter(o.folder)),
		"kubelet.yaml":           kubelet,
		"resolv.conf":            "nameserver " + resolverAddress + "\n",
		"Corefile":               corefile(o),
	} {
		if err := os.WriteFile(configFile(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return writeRegistries(registries, o.hostPorts, others)
}

// Pods are reached by routes (plugin `ptp`), not by a bridge: what a bridge passes on does not go
// through the packet filter unless a kernel module and a setting of the whole machine say so.
var cniConfiguration = fmt.Sprintf(`{
  "cniVersion": "0.4.0",
  "name": "devbox",
  "plugins": [
    {
      "type": "ptp",
      "mtu": 1500,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/devbox/addresses",
        "ranges": [[{"subnet": %q}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`, podCIDR)

func snapshotter(folder string) string {
	var where syscall.Statfs_t
	if syscall.Statfs(folder, &where) == nil && where.Type == overlayMagic {
		return "native"
	}
	return "overlayfs"
}

func containerdConfiguration(o options, snapshotter string) string {
	return fmt.Sprintf(`version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
oom_score = 0
disabled_plugins = [
  "io.containerd.nri.v1.nri",
  "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.internal.v1.tracing",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.differ.v1.erofs",
]

[grpc]
  address = %q

[plugins."io.containerd.cri.v1.images"]
  snapshotter = %q
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = %q
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = %q

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  # A profile would be loaded into this machine's kernel and stay there.
  disable_apparmor = true
  enable_selinux = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = [%q]
    conf_dir = %q
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        SystemdCgroup = false
`, containerdSocket, snapshotter, pauseImage, registries, o.plugins, filepath.Join(configFolder, "cni"))
}

func kubeletConfiguration(o options) (string, error) {
	text, err := yaml.Marshal(map[string]any{
		"apiVersion":         "kubelet.config.k8s.io/v1beta1",
		"kind":               "KubeletConfiguration",
		"address":            nodeAddress,
		"readOnlyPort":       0,
		"healthzPort":        0,
		"tlsCertFile":        o.certFile,
		"tlsPrivateKeyFile":  o.keyFile,
		"rotateCertificates": false,
		"authentication": map[string]any{
			"anonymous": map[string]any{"enabled": false},
			"webhook":   map[string]any{"enabled": false},
			"x509":      map[string]any{"clientCAFile": o.clientCA},
		},
		"authorization":            map[string]any{"mode": "AlwaysAllow"},
		"containerRuntimeEndpoint": "unix://" + containerdSocket,
		"cgroupDriver":             "cgroupfs",
		"cgroupRoot":               "/" + o.cgroup,
		"failCgroupV1":             false,
		"failSwapOn":               false,
		"clusterDNS":               []string{dnsAddress},
		"clusterDomain":            "cluster.local",
		"resolvConf":               configFile("resolv.conf"),
		// This machine is somebody's: nothing is reserved, evicted or cleaned up for its sake, and
		// its processes are not ranked.
		"enforceNodeAllocatable":      []string{},
		"evictionHard":                map[string]string{},
		"imageGCHighThresholdPercent": 100,
		"oomScoreAdj":                 0,
		// With `tunables` covered, an attempt to change one fails instead of changing it.
		"protectKernelDefaults":     true,
		"nodeStatusReportFrequency": "1m",
		"syncFrequency":             "10s",
	})
	return string(text), err
}

func corefile(o options) string {
	return strings.NewReplacer("{kubeconfig}", o.kubeconfig, "{node}", nodeAddress, "{resolver}", resolverAddress).Replace(`.:53 {
    bind {node}
    errors
    hosts /dev/null {
        {node} host.devbox.internal
        fallthrough
    }
    kubernetes cluster.local in-addr.arpa {
        kubeconfig {kubeconfig}
        pods insecure
        fallthrough in-addr.arpa
        ttl 5
    }
    forward . {resolver}
    cache 30
}
`)
}

func containerdComponent(self string) component {
	return component{
		name: "containerd", program: self, args: []string{"containerd", "--config", configFile("containerd.toml")},
		env: append(proxies(), "GOMEMLIMIT=128MiB"),
	}
}

func coreDNSComponent(self string) component {
	return component{
		name: "coredns", program: self, args: []string{"coredns", "-conf", configFile("Corefile")},
		env: []string{"GOMEMLIMIT=64MiB"},
	}
}

func kubeletComponent(o options) component {
	return component{name: "kubelet", program: o.program, env: []string{"GOMEMLIMIT=160MiB"}, args: []string{
		"kubelet",
		"--config=" + configFile("kubelet.yaml"),
		"--kubeconfig=" + o.kubelet,
		"--root-dir=/var/lib/kubelet",
		"--hostname-override=" + o.name,
		"--node-ip=" + nodeAddress,
		"--node-labels=sandbox.devbox.internal/node=containers",
	}}
}

func proxyComponent(o options) component {
	return component{name: "kube-proxy", program: o.program, env: []string{"GOMEMLIMIT=64MiB"}, args: []string{
		"kube-proxy",
		"--kubeconfig=" + o.proxy,
		"--proxy-mode=iptables",
		"--cluster-cidr=" + podCIDR,
		"--hostname-override=" + o.name,
		"--healthz-bind-address=127.0.0.1:10256",
		"--metrics-bind-address=127.0.0.1:10249",
		"--oom-score-adj=0",
		// Connection tracking is sized for the whole machine, which is not ours.
		"--conntrack-max-per-core=0",
		"--conntrack-tcp-timeout-established=0s",
		"--conntrack-tcp-timeout-close-wait=0s",
	}}
}
