//! State: which environment belongs to which project folder on this machine.
//!
//! One small JSON file per project folder in `<state>/environments`. It holds no secret: the token is
//! in the environment's kubeconfig alone. Losing the file loses nothing in the cluster; `devbox init`
//! writes it again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::env::Env;
use crate::error::Explain;
use crate::fs::{self, Access, FsError};

/// The environment of one project folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvironmentRecord {
    /// The version of this shape, always 1.
    pub schema: u32,
    /// The project folder, absolute.
    pub root: PathBuf,
    /// The project's name: the apply set is `devbox-<project>`.
    pub project: String,
    /// Where it runs.
    pub place: Place,
    /// Its namespace.
    pub namespace: String,
    /// The environment's own kubeconfig file, once written.
    pub kubeconfig: Option<PathBuf>,
    /// The kinds that it had when it was applied, so that they can be asked for in one round trip. What
    /// counts is the record in the cluster.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<String>,
}

/// Where an environment runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// On the sandbox of that name.
    Sandbox(String),
    /// On a context of the user's kubeconfig.
    #[serde(rename_all = "camelCase")]
    Context {
        /// The context's name.
        context: String,
        /// The `--kubeconfig` file that was given, absolute; `None` for the usual lookup.
        kubeconfig: Option<PathBuf>,
    },
}

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Reading or writing failed.
    #[error(transparent)]
    File(#[from] FsError),
    /// It is not what devbox wrote.
    #[error("`{}` is not a record of an environment", path.display())]
    Corrupt {
        /// The record's file.
        path: PathBuf,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
}

impl Explain for RecordError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::File(error) => error.hints(),
            Self::Corrupt { path, .. } => vec![format!(
                "remove it (`rm {}`) and run `devbox init` again: the cluster is not touched by this",
                path.display()
            )],
        }
    }
}

impl EnvironmentRecord {
    fn file(env: &Env, root: &Path) -> PathBuf {
        let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
        let id: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        env.dirs.state.join("environments").join(format!("{id}.json"))
    }

    /// Reads the record of a project folder; `None` where it has no environment.
    ///
    /// # Errors
    /// Where the file is unreadable or not ours.
    pub fn read(env: &Env, root: &Path) -> Result<Option<Self>, RecordError> {
        let path = Self::file(env, root);
        let Some(text) = fs::read_optional(&path)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|source| RecordError::Corrupt { path, source })
    }

    /// What the environment's own files are called: unique on this machine, since no two folders share
    /// a namespace of a cluster. A namespace has no dot, so the two parts cannot run into each other.
    pub fn file_name(&self) -> String {
        match &self.place {
            Place::Sandbox(name) => format!("{}.sandbox.{name}", self.namespace),
            Place::Context { context, .. } => format!("{}.{context}", self.namespace),
        }
    }

    /// The record of another project folder that lives in the same namespace of the same cluster: two
    /// folders that share a name must not share an environment by accident. A folder that is gone
    /// does not count, nor does a record that cannot be read: it belongs to its own folder's next run.
    pub fn neighbour(&self, env: &Env) -> Option<Self> {
        let records = std::fs::read_dir(env.dirs.state.join("environments")).ok()?;
        records
            .filter_map(|entry| fs::read_optional(&entry.ok()?.path()).ok()?)
            .filter_map(|text| serde_json::from_str::<Self>(&text).ok())
            .find(|other| {
                other.root != self.root
                    && other.namespace == self.namespace
                    && other.place == self.place
                    && other.root.is_dir()
            })
    }

    /// Writes the record.
    ///
    /// # Errors
    /// Where the state folder is not writable.
    pub fn write(&self, env: &Env) -> Result<(), RecordError> {
        let path = Self::file(env, &self.root);
        if let Some(folder) = path.parent() {
            fs::create_private_dir(folder)?;
        }
        let text = serde_json::to_string_pretty(self)
            .map_err(|source| RecordError::Corrupt { path: path.clone(), source })?;
        Ok(fs::write_atomic(&path, text.as_bytes(), Access::Private)?)
    }

    /// Removes the record; one that is gone already is fine.
    ///
    /// # Errors
    /// Where the file is there and cannot be removed.
    pub fn remove(env: &Env, root: &Path) -> Result<(), RecordError> {
        Ok(fs::remove_optional(&Self::file(env, root))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(root: &Path) -> EnvironmentRecord {
        EnvironmentRecord {
            schema: 1,
            root: root.into(),
            project: "shop".into(),
            place: Place::Context { context: "dev".into(), kubeconfig: None },
            namespace: "dev-me-shop".into(),
            kubeconfig: None,
            kinds: BTreeSet::new(),
        }
    }

    #[test]
    fn a_record_is_read_back_as_written_and_gone_once_removed() {
        let folder = tempfile::tempdir().unwrap();
        let env = Env::under(folder.path());
        let root = folder.path().join("shop");
        record(&root).write(&env).unwrap();
        assert_eq!(EnvironmentRecord::read(&env, &root).unwrap(), Some(record(&root)));
        EnvironmentRecord::remove(&env, &root).unwrap();
        EnvironmentRecord::remove(&env, &root).unwrap();
        assert_eq!(EnvironmentRecord::read(&env, &root).unwrap(), None);
    }

    #[test]
    fn another_folder_in_the_same_namespace_is_noticed_while_it_exists() {
        let folder = tempfile::tempdir().unwrap();
        let env = Env::under(folder.path());
        let (mine, theirs) = (folder.path().join("a/shop"), folder.path().join("b/shop"));
        std::fs::create_dir_all(&theirs).unwrap();
        record(&mine).write(&env).unwrap();
        assert_eq!(record(&mine).neighbour(&env), None);
        record(&theirs).write(&env).unwrap();
        assert_eq!(record(&mine).neighbour(&env), Some(record(&theirs)));
        let elsewhere = EnvironmentRecord { namespace: "other".into(), ..record(&mine) };
        assert_eq!(elsewhere.neighbour(&env), None);
        std::fs::remove_dir(&theirs).unwrap();
        assert_eq!(record(&mine).neighbour(&env), None);
    }
}
