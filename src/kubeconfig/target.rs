//! Where a context leads: cluster, server, namespace, user, and the `kube::Config` for it.

use std::fmt;
use std::path::PathBuf;

use kube::config::{Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use serde_json::{Value, json};

use super::KubeconfigError;
use super::entry::Entry;
use super::load::{Kubeconfigs, Proxy};

/// A context resolved to where it leads. Holds credentials, so printing it shows only the names.
#[derive(Clone)]
pub struct Target {
    /// The context.
    pub context: String,
    /// The cluster entry that it names.
    pub cluster: String,
    /// The cluster's URL, as in the file.
    pub server: String,
    /// The context's namespace, `default` where it sets none.
    pub namespace: String,
    /// The user entry that it names.
    pub user: Option<String>,
    /// The file that defines the context.
    pub file: PathBuf,
    cluster_entry: Entry,
    user_entry: Option<Entry>,
    proxy: Proxy,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("context", &self.context)
            .field("cluster", &self.cluster)
            .field("server", &self.server)
            .field("namespace", &self.namespace)
            .field("user", &self.user)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl Target {
    pub(super) fn resolve(all: &Kubeconfigs, name: &str, entry: &Entry) -> Result<Self, KubeconfigError> {
        let dangling = |what, missing: &str| KubeconfigError::Dangling {
            context: name.into(),
            path: entry.file.clone(),
            what,
            name: missing.into(),
        };
        let cluster = entry.text("cluster").unwrap_or_default();
        let cluster_entry = all.clusters.get(&cluster).ok_or_else(|| dangling("cluster", &cluster))?;
        let user = entry.text("user");
        let user_entry = match &user {
            Some(user) => Some(all.users.get(user).ok_or_else(|| dangling("user", user))?.clone()),
            None => None,
        };
        let server = cluster_entry.text("server").ok_or_else(|| KubeconfigError::Entry {
            key: format!("`clusters[{cluster}].server`"),
            path: cluster_entry.file.clone(),
            source: "it is missing or empty".into(),
        })?;
        Ok(Self {
            context: name.into(),
            server,
            namespace: entry.text("namespace").unwrap_or_else(|| "default".into()),
            file: entry.file.clone(),
            cluster,
            user,
            cluster_entry: cluster_entry.clone(),
            user_entry,
            proxy: all.proxy.clone(),
        })
    }

    /// The cluster entry with absolute paths, for the environment's own kubeconfig.
    pub(super) fn cluster_body(&self) -> Value {
        self.cluster_entry.absolute()
    }

    /// The user entry with absolute paths; an empty mapping where the context names no user.
    pub(super) fn user_body(&self) -> Value {
        self.user_entry.as_ref().map_or_else(|| json!({}), Entry::absolute)
    }

    /// The proxy to reach the server through: `proxy-url` of the cluster entry, for every server, or
    /// what the surroundings say (`HTTPS_PROXY`, without what `NO_PROXY` names).
    pub fn proxy(&self) -> ProxySetting<'_> {
        match (self.cluster_entry.body.get("proxy-url").and_then(Value::as_str), &self.proxy.https) {
            (Some(url), _) if !url.is_empty() => ProxySetting { url: Some(url), except: None },
            (_, Some(url)) => ProxySetting {
                url: Some(url),
                except: Some(self.proxy.none.as_deref().map_or("", str::trim)),
            },
            _ => ProxySetting { url: None, except: None },
        }
    }

    /// The cluster entry names a proxy, so the server is looked up from there.
    pub fn has_proxy_of_its_own(&self) -> bool {
        self.cluster_entry.text("proxy-url").is_some()
    }

    /// `tls-server-name` of the cluster entry.
    pub fn tls_server_name(&self) -> Option<String> {
        self.cluster_entry.text("tls-server-name")
    }

    /// The connection settings for kube. Reads certificate files; runs no exec plugin yet.
    ///
    /// # Errors
    /// Where an entry has a key of the wrong type, or a certificate or key cannot be read.
    pub fn config(&self) -> Result<kube::Config, KubeconfigError> {
        let cluster_key = format!("`clusters[{}]`", self.cluster);
        let cluster = serde_json::from_value(without_nulls(self.cluster_body()))
            .map_err(|error| entry_error(&cluster_key, &self.cluster_entry, error))?;
        let user = match &self.user_entry {
            Some(entry) => {
                let key = format!("`users[{}]`", self.user.as_deref().unwrap_or_default());
                let body = without_nulls(entry.absolute());
                let info = serde_json::from_value(body).map_err(|error| entry_error(&key, entry, error))?;
                Some((key, entry, info))
            }
            None => None,
        };
        let user_key = user.as_ref().map(|(key, entry, _)| (key.clone(), *entry));
        let kubeconfig = Kubeconfig {
            clusters: vec![NamedCluster {
                name: "c".into(),
                cluster: Some(cluster),
                ..NamedCluster::default()
            }],
            auth_infos: user
                .map(|(_, _, info)| NamedAuthInfo {
                    name: "u".into(),
                    auth_info: Some(info),
                    ..NamedAuthInfo::default()
                })
                .into_iter()
                .collect(),
            contexts: vec![NamedContext {
                name: "x".into(),
                context: Some(kube::config::Context {
                    cluster: "c".into(),
                    user: self.user.as_ref().map(|_| "u".into()),
                    namespace: Some(self.namespace.clone()),
                    ..kube::config::Context::default()
                }),
                ..NamedContext::default()
            }],
            current_context: Some("x".into()),
            ..Kubeconfig::default()
        };
        kube::Config::try_from(kubeconfig).map_err(|error| {
            use kube::config::KubeconfigError as Kube;
            match (&error, user_key) {
                (Kube::LoadClientCertificate(_) | Kube::LoadClientKey(_), Some((key, entry))) => {
                    entry_error(&key, entry, error)
                }
                _ => entry_error(&cluster_key, &self.cluster_entry, error),
            }
        })
    }
}

/// A proxy and the hosts that go round it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxySetting<'a> {
    /// The proxy's URL.
    pub url: Option<&'a str>,
    /// A `NO_PROXY` list that applies to it.
    pub except: Option<&'a str>,
}

fn entry_error(
    key: &str,
    entry: &Entry,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> KubeconfigError {
    KubeconfigError::Entry { key: key.into(), path: entry.file.clone(), source: source.into() }
}

/// `null` means absent in a kubeconfig; typed readers take it for a wrong type here and there.
fn without_nulls(mut value: Value) -> Value {
    if value.is_null() {
        return json!({});
    }
    if let Value::Object(map) = &mut value {
        map.retain(|_, value| !value.is_null());
    }
    value
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::env::Env;

    fn load(text: &str) -> (tempfile::TempDir, Target) {
        let folder = tempfile::tempdir().unwrap();
        let mut env = Env::under(folder.path());
        env.https_proxy = Some("http://proxy:3128".into());
        env.no_proxy = Some("internal".into());
        let file = folder.path().join("config");
        std::fs::write(&file, text).unwrap();
        let target = Kubeconfigs::load(&env, Some(Path::new(&file))).unwrap().target(None).unwrap();
        (folder, target)
    }

    const ONE: &str = "
current-context: x
contexts: [{name: x, context: {cluster: c, user: u, namespace: n}}]
clusters: [{name: c, cluster: {server: 'https://c:6443', certificate-authority: missing.pem}}]
users: [{name: u, user: {token: hush, client-key: null}}]
";

    #[test]
    fn a_missing_certificate_names_file_and_key() {
        let (folder, target) = load(ONE);
        let error = target.config().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot use `clusters[c]` in `{}`", folder.path().join("config").display())
        );
    }

    #[test]
    fn the_surroundings_proxy_is_used_where_the_entry_names_none() {
        let (_folder, target) = load(ONE);
        assert_eq!(target.proxy(), ProxySetting { url: Some("http://proxy:3128"), except: Some("internal") });
    }

    #[test]
    fn a_target_does_not_print_its_token() {
        let (_folder, target) = load(ONE);
        assert!(!format!("{target:?}").contains("hush"));
    }

    #[test]
    fn the_config_carries_server_and_namespace() {
        let (_folder, target) = load(&ONE.replace(", certificate-authority: missing.pem", ""));
        let config = target.config().unwrap();
        assert_eq!(config.cluster_url.to_string(), "https://c:6443/");
        assert_eq!(config.default_namespace, "n");
    }
}
