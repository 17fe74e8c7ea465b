//! One connection to one cluster, and who the cluster is.

use std::fmt;
use std::sync::Mutex;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::error::ClusterError;
use super::request::Call;
use super::transport::{self, Line};
use crate::event::Silent;
use crate::kubeconfig::Target;

/// How the server's certificate is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// By the kubeconfig's CA; the SHA-256 of its certificates.
    Authority(String),
    /// By the system's roots.
    System,
    /// Not at all (`insecure-skip-tls-verify`, or plain HTTP).
    Off,
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority(sha256) => write!(f, "sha256:{sha256}"),
            Self::System => f.write_str("system"),
            Self::Off => f.write_str("unverified"),
        }
    }
}

/// Who a cluster is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The server's URL.
    pub server: String,
    /// How its certificate is verified.
    pub verification: Verification,
    /// The UID of the namespace `kube-system`, which lives as long as the cluster; `None` where the
    /// user may not read it.
    pub uid: Option<String>,
}

/// A connection to a cluster.
pub struct Cluster {
    target: Target,
    identity: Identity,
    client: Mutex<(u32, kube::Client)>,
    http2: bool,
    renewing: tokio::sync::Mutex<()>,
    /// Somebody was told that the server has to be tried again.
    pub(super) told: std::sync::atomic::AtomicBool,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("target", &self.target)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Opens a connection; sends no request yet, so who the cluster is remains to be read. Needs a tokio
    /// runtime around it.
    ///
    /// # Errors
    /// Where the kubeconfig entry cannot be used, or the server cannot be reached or trusted.
    pub async fn dial(target: &Target) -> Result<Self, ClusterError> {
        let verification = verification(&target.config()?);
        let Line { client, http2 } = transport::dial(target).await?;
        Ok(Self {
            target: target.clone(),
            identity: Identity { server: target.server.clone(), verification, uid: None },
            client: Mutex::new((0, client)),
            http2,
            renewing: tokio::sync::Mutex::default(),
            told: std::sync::atomic::AtomicBool::new(false),
        })
    }

    /// Connects and reads who the cluster is.
    ///
    /// # Errors
    /// As [`Cluster::dial`], and where the credentials are not accepted.
    pub async fn connect(target: &Target) -> Result<Self, ClusterError> {
        let mut cluster = Self::dial(target).await?;
        cluster.identify().await?;
        Ok(cluster)
    }

    /// Reads who the cluster is, as the first request of a connection.
    ///
    /// # Errors
    /// Where the server does not answer or does not accept the credentials.
    pub async fn identify(&mut self) -> Result<(), ClusterError> {
        let uid = self.uid(true).await?;
        self.identified(uid);
        Ok(())
    }

    pub(super) fn identified(&mut self, uid: Option<String>) {
        self.identity.uid = uid;
    }

    /// Where the connection leads.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Who the cluster was when the connection was made.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The kube client, for exec, logs and port-forward. It does not retry.
    pub fn client(&self) -> kube::Client {
        self.generation().1
    }

    /// Refuses where the cluster of this UID is not the one that was confirmed.
    pub(super) fn refuse_other(
        &self,
        confirmed: &Identity,
        uid: &Option<String>,
    ) -> Result<(), ClusterError> {
        let server = || self.target.server.clone();
        if confirmed.server != self.identity.server || confirmed.verification != self.identity.verification {
            return Err(ClusterError::OtherCluster {
                server: server(),
                difference: "another server or certificate authority was confirmed".into(),
            });
        }
        if *uid == confirmed.uid {
            return Ok(());
        }
        let show = |uid: &Option<String>| uid.clone().unwrap_or_else(|| "unknown".into());
        Err(ClusterError::OtherCluster {
            server: server(),
            difference: format!(
                "the UID of `kube-system` is {}, confirmed was {}",
                show(uid),
                show(&confirmed.uid)
            ),
        })
    }

    /// Reads the UID of `kube-system`; `None` where it may not be read.
    pub(super) async fn uid(&self, first_contact: bool) -> Result<Option<String>, ClusterError> {
        let mut call = Call::get("read namespace `kube-system`", "/api/v1/namespaces/kube-system");
        call.first_contact = first_contact;
        match self.call(&call, &Silent).await {
            Ok(reply) => match reply.body.pointer("/metadata/uid").and_then(Value::as_str) {
                Some(uid) => Ok(Some(uid.to_owned())),
                None => Err(ClusterError::Answer {
                    what: call.what.clone(),
                    source: "it has no metadata.uid".into(),
                }),
            },
            Err(ClusterError::Forbidden { .. } | ClusterError::Rejected { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn generation(&self) -> (u32, kube::Client) {
        let slot = self.client.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (slot.0, slot.1.clone())
    }

    /// After a 401: runs the credential plugin or reads the token file again, once for all requests
    /// that failed with the same credential. `false` where the credential cannot be renewed.
    pub(super) async fn renew(&self, generation: u32) -> Result<bool, ClusterError> {
        let _one = self.renewing.lock().await;
        if self.generation().0 != generation {
            return Ok(true);
        }
        if !renewable(&self.target.config()?) {
            return Ok(false);
        }
        let client = transport::again(&self.target, self.http2).await?;
        let mut slot = self.client.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *slot = (generation + 1, client);
        Ok(true)
    }
}

fn renewable(config: &kube::Config) -> bool {
    config.auth_info.exec.is_some() || config.auth_info.token_file.is_some()
}

fn verification(config: &kube::Config) -> Verification {
    if config.accept_invalid_certs || config.cluster_url.scheme_str() != Some("https") {
        return Verification::Off;
    }
    match &config.root_cert {
        None => Verification::System,
        Some(certificates) => {
            let mut sorted: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
            sorted.sort_unstable();
            let mut hash = Sha256::new();
            for certificate in sorted {
                hash.update((certificate.len() as u64).to_be_bytes());
                hash.update(certificate);
            }
            Verification::Authority(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
        }
    }
}
