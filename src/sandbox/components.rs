//! The components and their command lines. Pure: nothing is started here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::pki::Pki;
use super::{Layout, NodeKind, Ports, cgroups};

/// The name of the node, simulated or not.
pub(super) const NODE_NAME: &str = "devbox-sandbox-node";

/// The address of the containers node; it exists inside the node's network namespace alone.
pub(super) const CONTAINERS_NODE_ADDRESS: &str = "198.18.0.100";

/// Where the API server's requests to kubelets, pods and services enter that namespace, from the
/// sandbox's folder: a socket's name may not be long.
const EGRESS_SOCKET: &str = "node/egress.sock";

pub(super) const ETCD: &str = "etcd";
pub(super) const API_SERVER: &str = "kube-apiserver";
pub(super) const CONTROLLER_MANAGER: &str = "kube-controller-manager";
pub(super) const SCHEDULER: &str = "kube-scheduler";
pub(super) const NODE: &str = "node";

/// Every component, in the order of their start. They are stopped the other way round.
pub(super) const NAMES: [&str; 5] = [ETCD, API_SERVER, CONTROLLER_MANAGER, SCHEDULER, NODE];

/// The controllers that a namespace of a dev cluster relies on; the others (clouds, attached
/// volumes, dynamic resources, bootstrap tokens ...) would only cost memory and time.
const CONTROLLERS: [&str; 29] = [
    "certificatesigningrequest-approving-controller",
    "certificatesigningrequest-signing-controller",
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemonset-controller",
    "deployment-controller",
    "disruption-controller",
    "endpoints-controller",
    "endpointslice-controller",
    "endpointslice-mirroring-controller",
    "ephemeral-volume-controller",
    "garbage-collector-controller",
    "horizontal-pod-autoscaler-controller",
    "job-controller",
    "namespace-controller",
    "node-lifecycle-controller",
    "persistentvolume-binder-controller",
    "persistentvolume-protection-controller",
    "persistentvolumeclaim-protection-controller",
    "pod-garbage-collector-controller",
    "replicaset-controller",
    "resourcequota-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "statefulset-controller",
    "taint-eviction-controller",
    "ttl-after-finished-controller",
    "validatingadmissionpolicy-status-controller",
];

/// What every command line is made from.
#[derive(Clone, Copy)]
pub(super) struct Setup<'a> {
    /// The files of the sandbox.
    pub(super) layout: &'a Layout,
    /// Its keys and certificates.
    pub(super) pki: &'a Pki,
    /// Its ports.
    pub(super) ports: Ports,
    /// The audit policy, if every request is to be logged.
    pub(super) audit: Option<&'a Path>,
    /// The program of the components.
    pub(super) program: &'a Path,
    /// The containers node; `None` where the node is simulated.
    pub(super) containers: Option<&'a ContainersNode>,
}

/// What a containers node is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContainersNode {
    /// The folder of its programs.
    pub programs: PathBuf,
    /// The folder of the CNI plugins.
    pub plugins: PathBuf,
    /// Ports on 127.0.0.1 of this machine that pods may reach.
    pub host_ports: Vec<u16>,
    /// Variables that it gets: where programs are, and the way to a registry.
    pub environment: Vec<(String, OsString)>,
}

impl Setup<'_> {
    /// The arguments of a component, its role first.
    pub(super) fn arguments(&self, component: &str) -> Vec<String> {
        let mut arguments = vec![component.to_owned()];
        arguments.extend(match component {
            ETCD => self.etcd(),
            API_SERVER => self.api_server(),
            CONTROLLER_MANAGER => self.controller_manager(),
            SCHEDULER => self.client_flags(SCHEDULER),
            _ => match self.containers {
                Some(node) => self.containers_node(node),
                None => self.node(),
            },
        });
        arguments
    }

    /// The program that a component is a role of.
    pub(super) fn program(&self, component: &str) -> PathBuf {
        match self.containers {
            Some(node) if component == NODE => node.programs.join("node"),
            _ => self.program.to_path_buf(),
        }
    }

    /// The port on 127.0.0.1 that a component serves on.
    pub(super) fn port(&self, component: &str) -> Option<u16> {
        match component {
            ETCD => Some(self.ports.etcd_client),
            API_SERVER => Some(self.ports.api),
            NODE if self.containers.is_none() => Some(self.ports.node),
            _ => None,
        }
    }

    fn etcd(&self) -> Vec<String> {
        let client = format!("http://127.0.0.1:{}", self.ports.etcd_client);
        let peer = format!("http://127.0.0.1:{}", self.ports.etcd_peer);
        vec![
            flag("data-dir", self.layout.etcd().display()),
            flag("listen-client-urls", &client),
            flag("advertise-client-urls", &client),
            flag("listen-peer-urls", &peer),
            flag("initial-advertise-peer-urls", &peer),
            flag("initial-cluster", format!("default={peer}")),
            // What a crash of the machine loses of a sandbox is no loss; every fsync is time.
            "--unsafe-no-fsync".to_owned(),
            flag("log-level", "warn"),
        ]
    }

    fn api_server(&self) -> Vec<String> {
        let pki = self.pki;
        let mut flags = vec![
            flag("etcd-servers", format!("http://127.0.0.1:{}", self.ports.etcd_client)),
            flag("bind-address", "127.0.0.1"),
            flag("advertise-address", "127.0.0.1"),
            flag("secure-port", self.ports.api),
            flag("tls-cert-file", pki.certificate("api-server").display()),
            flag("tls-private-key-file", pki.key("api-server").display()),
            flag("client-ca-file", pki.certificate("ca").display()),
            flag("kubelet-certificate-authority", pki.certificate("ca").display()),
            flag("kubelet-client-certificate", pki.certificate("kubelet-client").display()),
            flag("kubelet-client-key", pki.key("kubelet-client").display()),
            flag("kubelet-preferred-address-types", "InternalIP,Hostname"),
            flag("service-account-issuer", "https://kubernetes.default.svc"),
            flag("service-account-key-file", pki.service_account_public_key().display()),
            flag("service-account-signing-key-file", pki.key("service-account").display()),
            flag("service-cluster-ip-range", "10.96.0.0/16"),
            flag("authorization-mode", "Node,RBAC"),
            flag("endpoint-reconciler-type", "none"),
            flag("allow-privileged", true),
            flag("profiling", false),
        ];
        if self.containers.is_some() {
            flags.push(flag("egress-selector-config-file", self.layout.folder().join(EGRESS_FILE).display()));
        }
        if let Some(policy) = self.audit {
            flags.push(flag("audit-policy-file", policy.display()));
            flags.push(flag("audit-log-path", self.layout.log("audit").display()));
        }
        flags
    }

    fn controller_manager(&self) -> Vec<String> {
        let mut flags = self.client_flags(CONTROLLER_MANAGER);
        flags.extend([
            flag("controllers", CONTROLLERS.join(",")),
            flag("use-service-account-credentials", true),
            flag("kube-api-qps", 500),
            flag("kube-api-burst", 1000),
            flag("service-account-private-key-file", self.pki.key("service-account").display()),
            flag("root-ca-file", self.pki.certificate("ca").display()),
            flag("cluster-signing-cert-file", self.pki.certificate("ca").display()),
            flag("cluster-signing-key-file", self.pki.key("ca").display()),
        ]);
        flags
    }

    fn node(&self) -> Vec<String> {
        vec![
            flag("name", NODE_NAME),
            flag("kubeconfig", self.layout.component_kubeconfig(NODE).display()),
            flag("port", self.ports.node),
            flag("tls-cert-file", self.pki.certificate("node-server").display()),
            flag("tls-private-key-file", self.pki.key("node-server").display()),
            flag("client-ca-file", self.pki.certificate("ca").display()),
            flag("volumes", self.layout.folder().join("volumes").display()),
        ]
    }

    fn containers_node(&self, node: &ContainersNode) -> Vec<String> {
        let mut flags = vec![
            flag("name", NODE_NAME),
            flag("program", self.program.display()),
            flag("folder", self.layout.node().display()),
            flag("logs", self.layout.logs().display()),
            flag("cgroup", cgroups::name(self.layout)),
            flag("api-port", self.ports.api),
            flag("kubeconfig", self.layout.component_kubeconfig(NODE).display()),
            flag("kubelet-kubeconfig", self.layout.component_kubeconfig("kubelet").display()),
            flag("kube-proxy-kubeconfig", self.layout.component_kubeconfig("kube-proxy").display()),
            flag("tls-cert-file", self.pki.certificate("node-server").display()),
            flag("tls-private-key-file", self.pki.key("node-server").display()),
            flag("client-ca-file", self.pki.certificate("ca").display()),
            flag("cni-plugins", node.plugins.display()),
        ];
        flags.extend(node.host_ports.iter().map(|port| flag("host-port", port)));
        flags
    }

    /// The flags of a component that serves nothing and is the only one of its kind.
    fn client_flags(&self, component: &str) -> Vec<String> {
        let kubeconfig = self.layout.component_kubeconfig(component);
        let mut flags: Vec<String> = ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"]
            .iter()
            .map(|name| flag(name, kubeconfig.display()))
            .collect();
        flags.extend([flag("leader-elect", false), flag("secure-port", 0), flag("profiling", false)]);
        flags
    }
}

/// The file that tells the API server of [`EGRESS_SOCKET`].
pub(super) const EGRESS_FILE: &str = "egress.yaml";

/// Its content.
pub(super) fn egress() -> String {
    format!(
        "apiVersion: apiserver.k8s.io/v1beta1\nkind: EgressSelectorConfiguration\negressSelections:\n\
         - name: cluster\n  connection:\n    proxyProtocol: HTTPConnect\n    transport:\n      \
         uds: {{udsName: {EGRESS_SOCKET}}}\n"
    )
}

/// The kind of node that a setup has.
pub(super) fn node_kind(containers: Option<&ContainersNode>) -> NodeKind {
    if containers.is_some() { NodeKind::Containers } else { NodeKind::Simulated }
}

/// The environment of a component beside `HOME`: the lifeline, and how hard Go's garbage
/// collector works (measured: a third less memory than its defaults, no slower start). The limits
/// are soft; they keep a burst from staying.
pub(super) fn environment(component: &str) -> [(&'static str, &'static str); 3] {
    let limit = match component {
        API_SERVER => "512MiB",
        ETCD | CONTROLLER_MANAGER => "256MiB",
        _ => "128MiB",
    };
    [("DEVBOX_SANDBOX_STDIN_LIFELINE", "1"), ("GOGC", "50"), ("GOMEMLIMIT", limit)]
}

fn flag(name: &str, value: impl std::fmt::Display) -> String {
    format!("--{name}={value}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;

    #[test]
    fn every_server_listens_on_loopback_alone() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(&Env::under(folder.path()), "default").unwrap();
        crate::fs::create_private_dir(layout.folder()).unwrap();
        let pki = Pki::ensure(&layout).unwrap();
        let ports = Ports { etcd_client: 1, etcd_peer: 2, api: 3, node: 4 };
        let program = Path::new("/devbox-sandbox");
        let setup = Setup { layout: &layout, pki: &pki, ports, audit: None, program, containers: None };
        for component in NAMES {
            let arguments = setup.arguments(component);
            assert_eq!(arguments[0], component);
            let addresses = arguments.iter().filter(|argument| {
                ["listen-", "bind-address", "advertise-address"].iter().any(|name| argument.contains(name))
            });
            for address in addresses {
                assert!(address.contains("127.0.0.1"), "{address}");
            }
            assert!(!arguments.iter().any(|argument| argument.contains("0.0.0.0")));
        }
        assert!(setup.arguments(API_SERVER).contains(&"--bind-address=127.0.0.1".to_owned()));
        assert!(setup.arguments(SCHEDULER).contains(&"--secure-port=0".to_owned()));
    }
}
