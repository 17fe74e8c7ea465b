//! The environment's own kubeconfig: one file per environment in `<state>/kubeconfigs/`, readable
//! by its owner alone. The user's own files are not touched here.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{KubeconfigError, Target};
use crate::env::Env;
use crate::fs::{self, Access};

/// The extension of a context that names the kubeconfigs that its file was made from.
const ORIGIN: &str = "devbox.internal/origin";

/// The cluster and user entries that a target stands for. Paths are absolute, so that they hold in another
/// file.
pub fn entries(target: &Target) -> (Value, Value) {
    (target.cluster_body(), target.user_body())
}

/// The folder of the environments' files.
fn folder(env: &Env) -> PathBuf {
    env.dirs.state.join("kubeconfigs")
}

/// The folder of the copies of a person's files that were changed.
pub(super) fn copies(env: &Env) -> PathBuf {
    folder(env).join("copies")
}

/// The file is one of an environment, so not the person's own.
pub(super) fn is_own(env: &Env, file: &Path) -> bool {
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    file.parent().is_some_and(|parent| canonical(parent) == canonical(&folder(env)))
}

/// The kubeconfigs that an environment's file says it was made from; none where that was the usual one.
pub(super) fn origin(document: &Value) -> Vec<PathBuf> {
    let extensions = document.pointer("/contexts/0/context/extensions").and_then(Value::as_array);
    let origin = extensions.into_iter().flatten().find(|entry| entry["name"] == ORIGIN);
    let files = origin.and_then(|entry| entry.pointer("/extension/files")?.as_array());
    files.into_iter().flatten().filter_map(Value::as_str).map(PathBuf::from).collect()
}

/// The file of an environment, whether it is there or not. Of its name the letters, digits, dots,
/// dashes and underscores are taken; everything else becomes a dash.
pub fn path(env: &Env, name: &str) -> PathBuf {
    let safe: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .collect();
    let safe = safe.trim_start_matches('.');
    folder(env).join(format!("{safe}.yaml"))
}

/// Where a token of an environment is kept until it ends, for tools that ask again and again.
pub fn kept_token(env: &Env, name: &str) -> PathBuf {
    path(env, name).with_extension("token.json")
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
        let (cluster, user) = entries(&target);
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
