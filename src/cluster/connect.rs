//! One connection to one cluster: TLS, HTTP/2, credentials, proxy, and who the cluster is.
//!
//! kube's own client speaks HTTP/1.1, so every parallel request would cost a handshake. Here the
//! hyper-rustls stack offers `h2` first and is handed to [`kube::Client::new`]; HTTP/1.1 stays
//! possible for servers behind an old proxy. The first request runs alone, so that all later ones
//! find the one connection that it opened.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use http::Uri;
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ConfigExt};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower::{BoxError, Service, ServiceBuilder};

use super::error::ClusterError;
use super::request::Call;
use crate::event::Silent;
use crate::kubeconfig::Target;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A dead connection is noticed within this while requests are open on it...
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);
/// ...plus this.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// Connects and reads who the cluster is. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// Where the kubeconfig entry cannot be used, the server cannot be reached or trusted, or the
    /// credentials are not accepted.
    pub async fn connect(target: &Target) -> Result<Self, ClusterError> {
        let (client, verification) = build(target).await?;
        let mut cluster = Self {
            target: target.clone(),
            identity: Identity { server: target.server.clone(), verification, uid: None },
            client: Mutex::new((0, client)),
            renewing: tokio::sync::Mutex::default(),
            told: std::sync::atomic::AtomicBool::new(false),
        };
        let mut call = cluster.identity_call();
        call.first_contact = true;
        cluster.identity.uid = cluster.kube_system(&call).await?;
        Ok(cluster)
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

    /// Reads again who the cluster is, and refuses where it is not the one that was confirmed.
    pub(super) async fn verify(&self, confirmed: &Identity) -> Result<(), ClusterError> {
        let server = || self.target.server.clone();
        if confirmed.server != self.identity.server || confirmed.verification != self.identity.verification {
            return Err(ClusterError::OtherCluster {
                server: server(),
                difference: "another server or certificate authority was confirmed".into(),
            });
        }
        let uid = self.kube_system(&self.identity_call()).await?;
        if uid == confirmed.uid {
            return Ok(());
        }
        let show = |uid: &Option<String>| uid.clone().unwrap_or_else(|| "unknown".into());
        Err(ClusterError::OtherCluster {
            server: server(),
            difference: format!(
                "the UID of `kube-system` is {}, confirmed was {}",
                show(&uid),
                show(&confirmed.uid)
            ),
        })
    }

    fn identity_call(&self) -> Call {
        Call::get("read namespace `kube-system`", "/api/v1/namespaces/kube-system")
    }

    async fn kube_system(&self, call: &Call) -> Result<Option<String>, ClusterError> {
        match self.call(call, &Silent).await {
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
        let (client, _) = build(&self.target).await?;
        let mut slot = self.client.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *slot = (generation + 1, client);
        Ok(true)
    }
}

fn renewable(config: &kube::Config) -> bool {
    config.auth_info.exec.is_some() || config.auth_info.token_file.is_some()
}

async fn build(target: &Target) -> Result<(kube::Client, Verification), ClusterError> {
    let config = target.config()?;
    let verification = verification(&config);
    let server = target.server.clone();
    let setup = |source: BoxError| ClusterError::Setup { server: server.clone(), source };

    let (auth, tls) = credentials(config.clone(), target).await?;
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let client = match proxy(target, &config.cluster_url).map_err(setup)? {
        None => stack(http, &config, auth, tls),
        Some((uri, authorization)) => {
            let mut tunnel = Tunnel::new(uri, http);
            if let Some(value) = authorization {
                tunnel = tunnel.with_auth(value);
            }
            stack(tunnel, &config, auth, tls)
        }
    };
    Ok((client.map_err(setup)?, verification))
}

type AuthLayer = kube::client::middleware::AuthLayer;

/// Runs the credential plugin, where there is one, on a thread of its own (it may ask for a login).
///
/// kube runs the plugin once for the header and once for the client certificate that it may give
/// instead; a plugin that gave a token is not run again.
async fn credentials(
    config: kube::Config,
    target: &Target,
) -> Result<(Option<AuthLayer>, rustls::ClientConfig), ClusterError> {
    let context = target.context.clone();
    let server = target.server.clone();
    let work = move || {
        let subject = super::error::Subject { what: "get a credential", server: &server, context: &context };
        let auth = config.auth_layer().map_err(|error| super::error::from_kube(error, &subject))?;
        let mut without_plugin = config;
        if auth.is_some() {
            without_plugin.auth_info.exec = None;
        }
        let tls = without_plugin
            .rustls_client_config()
            .map_err(|error| ClusterError::Setup { server: server.clone(), source: Box::new(error) })?;
        Ok((auth, tls))
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ClusterError::Setup { server: target.server.clone(), source: Box::new(error) }),
    }
}

fn stack<C>(
    connector: C,
    config: &kube::Config,
    auth: Option<AuthLayer>,
    tls: rustls::ClientConfig,
) -> Result<kube::Client, BoxError>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError> + StdError + Send + Sync + 'static,
{
    let mut builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    if let Some(name) = &config.tls_server_name {
        builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name.clone().try_into()?));
    }
    let https = builder.enable_all_versions().wrap_connector(connector);
    let http: hyper_util::client::legacy::Client<_, Body> =
        hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .http2_keep_alive_interval(KEEP_ALIVE_EVERY)
            .http2_keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .http2_adaptive_window(true)
            .build(https);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(auth)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    Ok(kube::Client::new(service, config.default_namespace.clone()))
}

type ProxyParts = (Uri, Option<http::HeaderValue>);

/// The proxy that the way to the server leads through: the cluster entry's own for every server, the
/// surroundings' never for loopback (as Go's `http.ProxyURL` and `http.ProxyFromEnvironment` do).
fn proxy(target: &Target, server: &Uri) -> Result<Option<ProxyParts>, BoxError> {
    let setting = target.proxy();
    let Some(url) = setting.url else { return Ok(None) };
    let except = match setting.except {
        Some("*") => return Ok(None),
        Some(list) => format!("{list},localhost,127.0.0.0/8,::1"),
        None => String::new(),
    };
    let matcher = Matcher::builder().all(url).no(except).build();
    match matcher.intercept(server) {
        None => Ok(None),
        Some(intercept) if intercept.uri().scheme_str() == Some("http") => {
            Ok(Some((intercept.uri().clone(), intercept.basic_auth().cloned())))
        }
        Some(intercept) => Err(format!(
            "proxies of kind `{}` are not supported; use an `http://` proxy",
            intercept.uri().scheme_str().unwrap_or("unknown")
        )
        .into()),
    }
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
