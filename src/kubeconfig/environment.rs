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

/// The cluster and user entries of an environment's kubeconfig: where the target leads, and how it is
/// signed in there. Paths are absolute, so that they hold in another file.
pub fn entries(target: &Target, credentials: &Credentials) -> (Value, Value) {
    let user = match credentials {
        Credentials::Own => target.user_body(),
        Credentials::Token(token) => json!({"token": token.expose_secret()}),
    };
    (target.cluster_body(), user)
}

/// The file of an environment, whether it is there or not. Of its name the letters, digits, dots,
/// dashes and underscores are taken; everything else becomes a dash.
pub fn path(env: &Env, name: &str) -> PathBuf {
    let safe: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .collect();
    let safe = safe.trim_start_matches('.');
    env.dirs.state.join("kubeconfigs").join(format!("{safe}.yaml"))
}

/// Writes an environment's file (0600, folder 0700, atomically).
///
/// # Errors
/// Where the state folder cannot be written.
pub fn write(path: &Path, text: &str) -> Result<(), KubeconfigError> {
    if let Some(folder) = path.parent() {
        fs::create_private_dir(folder)?;
    }
    Ok(fs::write_atomic(path, text.as_bytes(), Access::Private)?)
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
        let (cluster, user) = entries(&target, &Credentials::Own);
        let written = path(&env, "devbox-shop");
        write(&written, "secret").unwrap();
        assert_eq!(written, env.dirs.state.join("kubeconfigs/devbox-shop.yaml"));
        assert_eq!(written.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let folder_mode = written.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(folder_mode, 0o700);
        assert_eq!(std::fs::read_to_string(&own).unwrap(), USERS);
        let root = folder.path().to_str().unwrap();
        assert_eq!(user["client-key"], format!("{root}/me.key"));
        assert_eq!(cluster["certificate-authority"], format!("{root}/ca.pem"));
    }

    #[test]
    fn a_name_cannot_leave_the_folder() {
        let env = Env::under(Path::new("/root"));
        assert_eq!(
            path(&env, "../../etc/passwd"),
            env.dirs.state.join("kubeconfigs").join("-..-etc-passwd.yaml")
        );
    }
}
