//! What stands where a cluster has nodes: a simulation, or a kubelet that runs containers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The node of a sandbox. It is chosen when the sandbox is made, and stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// Pods are admitted, scheduled and given a status; nothing runs.
    #[default]
    Simulated,
    /// A kubelet and a container runtime, in namespaces of their own (Linux, root).
    Containers,
}

impl NodeKind {
    /// The word that `--node` takes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Containers => "containers",
        }
    }

    /// What it cannot do, for whoever hands a sandbox over.
    pub fn limits(self) -> &'static [&'static str] {
        match self {
            Self::Simulated => &[
                "the node is simulated: no image is pulled and no container runs",
                "ready means valid, admitted and scheduled, not that the app works",
                "logs, exec and forwarded ports answer with stand-ins; volumes exist in name only",
            ],
            Self::Containers => &[
                "there is one node, which is this machine: its processors, memory and disk are all there is",
                "network policies are accepted and not enforced",
                "nothing serves load balancers and ingresses: forward a port",
            ],
        }
    }
}

impl fmt::Display for NodeKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}
