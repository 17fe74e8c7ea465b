//! The environment's own kubeconfig: one file per environment in `<state>/kubeconfigs/`, readable
//! by its owner alone. The user's own files are not touched.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{KubeconfigError, Target};
use crate::env::Env;
use crate::fs::{self, Access};

/// How the environment's kubeconfig signs in.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// The user's own entry, copied with absolute paths.
    Own,
    /// A token, such as one of the environment's ServiceAccount.
    Token(SecretString),
}

/// What the file says.
#[derive(Debug, Clone)]
pub struct EnvironmentKubeconfig<'a> {
    /// The cluster, and the user where the credentials are the user's own.
    pub target: &'a Target,
    /// The context's name, such as `devbox-shop`.
    pub context: &'a str,
    /// The namespace that the context sets.
    pub namespace: &'a str,
    /// How it signs in.
    pub credentials: Credentials,
}

/// The file of an environment, whether it is there or not. The name is made of the context's
/// letters, digits, dots, dashes and underscores; everything else becomes a dash.
pub fn path(env: &Env, context: &str) -> PathBuf {
    let safe: String = context
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .collect();
    let safe = safe.trim_start_matches('.');
    env.dirs.state.join("kubeconfigs").join(format!("{safe}.yaml"))
}

impl EnvironmentKubeconfig<'_> {
    /// The kubeconfig as a document.
    pub fn document(&self) -> Value {
        let user = match &self.credentials {
            Credentials::Own => self.target.user_body(),
            Credentials::Token(token) => json!({"token": token.expose_secret()}),
        };
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": self.context,
            "contexts": [{
                "name": self.context,
                "context": {"cluster": self.context, "user": self.context, "namespace": self.namespace},
            }],
            "clusters": [{"name": self.context, "cluster": self.target.cluster_body()}],
            "users": [{"name": self.context, "user": user}],
        })
    }

    /// Writes the file (0600, folder 0700, atomically) and gives its path.
    ///
    /// # Errors
    /// Where the state folder cannot be written.
    pub fn write(&self, env: &Env) -> Result<PathBuf, KubeconfigError> {
        let path = path(env, self.context);
        let text = serde_yaml::to_string(&self.document())
            .map_err(|source| KubeconfigError::Syntax { path: path.clone(), source })?;
        if let Some(folder) = path.parent() {
            fs::create_private_dir(folder)?;
        }
        fs::write_atomic(&path, text.as_bytes(), Access::Private)?;
        Ok(path)
    }
}

/// Removes an environment's file; `false` where there was none.
///
/// # Errors
/// Where the file is there and cannot be removed.
pub fn remove(path: &Path) -> Result<bool, KubeconfigError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(fs::FsError { verb: "remove", path: path.to_path_buf(), source }.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::kubeconfig::Kubeconfigs;

    const USERS: &str = "
current-context: x
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: 'https://c:6443', certificate-authority: ca.pem}}]
users: [{name: u, user: {client-certificate: me.pem, client-key: me.key}}]
";

    #[test]
    fn the_file_is_private_and_the_users_own_stays_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let env = Env::under(folder.path());
        let own = folder.path().join("config");
        std::fs::write(&own, USERS).unwrap();
        let target = Kubeconfigs::load(&env, Some(&own)).unwrap().target(None).unwrap();
        let written = EnvironmentKubeconfig {
            target: &target,
            context: "devbox-shop",
            namespace: "dev-me-shop",
            credentials: Credentials::Own,
        }
        .write(&env)
        .unwrap();
        assert_eq!(written, env.dirs.state.join("kubeconfigs/devbox-shop.yaml"));
        assert_eq!(written.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let folder_mode = written.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(folder_mode, 0o700);
        assert_eq!(std::fs::read_to_string(&own).unwrap(), USERS);
        let again = Kubeconfigs::load(&env, Some(&written)).unwrap().target(None).unwrap();
        assert_eq!((again.server.as_str(), again.namespace.as_str()), ("https://c:6443", "dev-me-shop"));
        let root = folder.path().to_str().unwrap();
        assert_eq!(again.user_body()["client-key"], format!("{root}/me.key"));
        assert_eq!(again.cluster_body()["certificate-authority"], format!("{root}/ca.pem"));
        assert!(remove(&written).unwrap());
        assert!(!remove(&written).unwrap());
    }

    #[test]
    fn a_context_name_cannot_leave_the_folder() {
        let env = Env::under(Path::new("/root"));
        assert_eq!(
            path(&env, "../../etc/passwd"),
            env.dirs.state.join("kubeconfigs").join("-..-etc-passwd.yaml")
        );
    }
}
