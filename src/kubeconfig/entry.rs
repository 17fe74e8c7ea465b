//! One named entry of a kubeconfig and the file that it came from. Pure.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The body of a cluster, user or context entry. Users hold secrets, so it does not print.
#[derive(Clone, PartialEq)]
pub(super) struct Entry {
    /// The entry's body, paths as they are in the file.
    pub(super) body: Value,
    /// The file that the entry is in.
    pub(super) file: PathBuf,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("file", &self.file).finish_non_exhaustive()
    }
}

/// The keys that hold paths, relative to the file that they are in (client-go
/// `clientcmd.GetClusterFileReferences`, `GetAuthInfoFileReferences`).
const PATHS: [&str; 4] = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

impl Entry {
    /// A text of the body; numbers and booleans count as text, as YAML's untyped scalars do.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        text(self.body.get(key)?)
    }

    /// The body with every relative path made absolute against the entry's own file. An exec
    /// command is a path only where it has a separator.
    pub(super) fn absolute(&self) -> Value {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        let mut body = self.body.clone();
        for key in PATHS {
            if let Some(value) = body.get_mut(key) {
                resolve(value, folder);
            }
        }
        if let Some(command) = body.pointer_mut("/exec/command")
            && command.as_str().is_some_and(|text| text.contains(std::path::MAIN_SEPARATOR))
        {
            resolve(command, folder);
        }
        body
    }
}

fn resolve(value: &mut Value, folder: &Path) {
    if let Some(path) = value.as_str().filter(|path| !path.is_empty()) {
        *value = Value::String(folder.join(path).to_string_lossy().into_owned());
    }
}

/// A scalar as text; empty text counts as absent, as in client-go.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn relative_paths_resolve_against_their_own_file() {
        let entry = Entry {
            body: json!({
                "client-certificate": "certs/me.pem",
                "client-key": "/keys/me.key",
                "tokenFile": "",
                "exec": {"command": "bin/login"},
            }),
            file: "/home/me/.kube/team/config".into(),
        };
        assert_eq!(
            entry.absolute(),
            json!({
                "client-certificate": "/home/me/.kube/team/certs/me.pem",
                "client-key": "/keys/me.key",
                "tokenFile": "",
                "exec": {"command": "/home/me/.kube/team/bin/login"},
            })
        );
    }

    #[test]
    fn a_bare_exec_command_is_left_to_the_path() {
        let entry = Entry { body: json!({"exec": {"command": "aws"}}), file: "/k/config".into() };
        assert_eq!(entry.absolute(), json!({"exec": {"command": "aws"}}));
    }

    #[test]
    fn an_entry_does_not_print_its_secrets() {
        let entry = Entry { body: json!({"token": "hush"}), file: "/k".into() };
        assert_eq!(format!("{entry:?}"), r#"Entry { file: "/k", .. }"#);
    }
}
