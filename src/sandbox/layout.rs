//! Where a sandbox keeps its files: `<state>/sandbox/<name>/`.

use std::path::{Path, PathBuf};

use super::SandboxError;
use crate::env::Env;

/// The name of a sandbox that was given none.
pub const DEFAULT_NAME: &str = "default";

/// The files of one sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    name: String,
    folder: PathBuf,
}

impl Layout {
    /// The files of the sandbox of that name; nothing is created.
    ///
    /// # Errors
    /// Where the name cannot be a part of a context's and a folder's name.
    pub fn new(env: &Env, name: &str) -> Result<Self, SandboxError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let edges = !name.starts_with('-') && !name.ends_with('-');
        if name.is_empty() || name.len() > 40 || !edges || !name.bytes().all(allowed) {
            return Err(SandboxError::Name(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), folder: env.dirs.state.join("sandbox").join(name) })
    }

    /// The sandbox's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The context that its kubeconfig holds.
    pub fn context(&self) -> String {
        match self.name.as_str() {
            DEFAULT_NAME => "devbox-sandbox".to_owned(),
            name => format!("devbox-sandbox-{name}"),
        }
    }

    /// The folder of everything below.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// The kubeconfig of a component.
    pub fn component_kubeconfig(&self, component: &str) -> PathBuf {
        self.folder.join(format!("{component}.kubeconfig"))
    }

    /// What the supervisor says about itself.
    pub fn record(&self) -> PathBuf {
        self.folder.join("sandbox.json")
    }

    /// Keys and certificates.
    pub fn pki(&self) -> PathBuf {
        self.folder.join("pki")
    }

    /// etcd's data: every object of the cluster.
    pub fn etcd(&self) -> PathBuf {
        self.folder.join("etcd")
    }

    /// What a containers node keeps: images, volumes, and the sockets that lead into it.
    pub fn node(&self) -> PathBuf {
        self.folder.join("node")
    }

    /// Logs, one file per component.
    pub fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// The log of a component or of the supervisor.
    pub fn log(&self, component: &str) -> PathBuf {
        self.logs().join(format!("{component}.log"))
    }

    /// Held by the supervisor for its whole life; its content is the supervisor's process.
    pub fn supervisor_lock(&self) -> PathBuf {
        self.folder.join("supervisor.lock")
    }

    /// Held by `start` and `stop`. Beside the folder, which `stop --delete` removes.
    pub fn verb_lock(&self) -> PathBuf {
        self.folder.with_extension("lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_leave_the_state_folder_is_refused() {
        let env = Env::under(Path::new("/r"));
        for name in ["", "..", "a/b", "A", "-a", "a-", "a.b", &"a".repeat(41)] {
            assert!(matches!(Layout::new(&env, name), Err(SandboxError::Name(_))), "{name}");
        }
        assert_eq!(Layout::new(&env, "ci-1").unwrap().context(), "devbox-sandbox-ci-1");
        assert_eq!(Layout::new(&env, "default").unwrap().context(), "devbox-sandbox");
    }
}
