//! What tests of presets may have left on a sandbox: one file per namespace that a test uses, locked for as
//! long as the test runs. A file that nobody holds is that of a test which was killed.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::env::Env;
use crate::error::Failure;
use crate::fs::{self, FsError};

/// The mark of a running test.
pub(super) struct Trace {
    path: PathBuf,
    /// The lock ends with it.
    _lock: File,
}

impl Trace {
    /// Marks a namespace as used by this process.
    ///
    /// # Errors
    /// Where another test uses it, or the state folder cannot be written.
    pub(super) fn begin(env: &Env, sandbox: &str, namespace: &str) -> Result<Self, Failure> {
        let folder = folder(env, sandbox);
        fs::create_private_dir(&folder)?;
        let path = folder.join(namespace);
        take(&path)?.ok_or_else(|| {
            Failure::new(format!("another test is running in namespace `{namespace}` of sandbox `{sandbox}`"))
                .hint("wait until it has ended")
        })
    }

    /// Nothing is left of it.
    ///
    /// # Errors
    /// Where the file cannot be removed.
    pub(super) fn erase(self) -> Result<(), FsError> {
        fs::remove_optional(&self.path)
    }

    /// The traces of tests that were killed, with their namespaces.
    ///
    /// # Errors
    /// Where a file cannot be locked.
    pub(super) fn left(env: &Env, sandbox: &str) -> Result<Vec<(String, Self)>, FsError> {
        let mut left = Vec::new();
        for entry in std::fs::read_dir(folder(env, sandbox)).into_iter().flatten().flatten() {
            let Ok(namespace) = entry.file_name().into_string() else { continue };
            left.extend(take(&entry.path())?.map(|trace| (namespace, trace)));
        }
        left.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(left)
    }
}

fn folder(env: &Env, sandbox: &str) -> PathBuf {
    env.dirs.state.join("preset-tests").join(sandbox)
}

/// Locks a file; whoever held it before may have removed it meanwhile, then it is made again.
fn take(path: &Path) -> Result<Option<Trace>, FsError> {
    loop {
        let Some(lock) = fs::try_lock(path)? else { return Ok(None) };
        if path.exists() {
            return Ok(Some(Trace { path: path.to_path_buf(), _lock: lock }));
        }
    }
}
