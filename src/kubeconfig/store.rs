//! Writes a person's kubeconfig: under the lock that client-go uses, in one step, with a copy of what was
//! there. What is written is decided under the lock.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};

use super::edit::edited;
use super::guest::Changes;
use super::load::Kubeconfigs;
use super::{KubeconfigError, environment};
use crate::env::Env;
use crate::fs::{self, Access, FsError};

/// How long a lock that somebody else holds is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Copies that are kept of a file.
const COPIES: usize = 5;

/// What was written.
pub struct Written {
    /// What changed.
    pub changes: Changes,
    /// The copy of what was there; `None` where there was nothing, or nothing was written.
    pub copy: Option<PathBuf>,
}

/// A person's kubeconfigs, to be changed.
pub struct Store<'a> {
    env: &'a Env,
    explicit: Option<PathBuf>,
}

impl<'a> Store<'a> {
    /// Those of `KUBECONFIG` or the usual one, or one file alone, which may not be there yet.
    pub fn new(env: &'a Env, explicit: Option<&Path>) -> Self {
        Self { env, explicit: explicit.map(|file| env.cwd.join(file)) }
    }

    /// Reads them.
    ///
    /// # Errors
    /// Where a file is there and is no kubeconfig.
    pub fn load(&self) -> Result<Kubeconfigs, KubeconfigError> {
        match &self.explicit {
            Some(file) if !file.exists() => Ok(Kubeconfigs::default()),
            explicit => Kubeconfigs::load(self.env, explicit.as_deref()),
        }
    }

    /// The file that a context goes to: where it is already, else the one that was named, the only one, the
    /// first that is there, the last listed (client-go `clientcmd.ModifyConfig`,
    /// `ClientConfigLoadingRules.GetDefaultFilename`).
    pub fn file(&self, all: &Kubeconfigs, context: &str) -> PathBuf {
        if let Some(file) = &self.explicit {
            return file.clone();
        }
        let there = all.contexts.get(context).map(|entry| entry.file.clone());
        let first = || all.files().iter().find(|file| file.exists()).cloned();
        there.or_else(first).or_else(|| all.files().last().cloned()).unwrap_or_default()
    }

    /// Makes the changes that `decide` finds in what is there under the lock.
    ///
    /// # Errors
    /// What `decide` says; where the lock is not to be had, or the file cannot be changed without touching
    /// more, or not be written.
    pub fn change(
        &self,
        decide: impl Fn(&Kubeconfigs) -> Result<Option<Changes>, KubeconfigError>,
    ) -> Result<Option<Written>, KubeconfigError> {
        let mut file = match decide(&self.load()?)? {
            Some(changes) => changes.file,
            None => return Ok(None),
        };
        loop {
            let _lock = Lock::take(&file)?;
            let Some(changes) = decide(&self.load()?)? else { return Ok(None) };
            if changes.file == file {
                return self.write(changes).map(Some);
            }
            file = changes.file;
        }
    }

    fn write(&self, changes: Changes) -> Result<Written, KubeconfigError> {
        let file = &changes.file;
        let before = fs::read_optional(file)?;
        let text = before.as_deref().unwrap_or_default();
        let after =
            edited(text, &changes.edits).ok_or_else(|| KubeconfigError::Style { path: file.clone() })?;
        if after == text {
            return Ok(Written { changes, copy: None });
        }
        let copy = match &before {
            Some(before) => Some(self.keep(file, before)?),
            None => None,
        };
        fs::write_atomic(file, after.as_bytes(), Access::Private)?;
        Ok(Written { changes, copy })
    }

    /// Keeps a copy, the newest with the number 1.
    fn keep(&self, file: &Path, content: &str) -> Result<PathBuf, KubeconfigError> {
        let digest = Sha256::digest(resolved(file).as_os_str().as_encoded_bytes());
        let id: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let copy = |number: usize| environment::copies(self.env).join(format!("{name}.{id}.{number}"));
        fs::create_private_dir(&environment::copies(self.env))?;
        for number in (1..COPIES).rev() {
            // Those that are not there yet need not move.
            let _ = std::fs::rename(copy(number), copy(number + 1));
        }
        fs::write_atomic(&copy(1), content.as_bytes(), Access::Private)?;
        Ok(copy(1))
    }
}

/// The file that a path leads to.
fn resolved(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| file.to_path_buf())
}

/// `<file>.lock`, held (client-go `clientcmd.lockFile`: created exclusively, removed in the end).
struct Lock {
    path: PathBuf,
}

impl Lock {
    fn take(file: &Path) -> Result<Self, KubeconfigError> {
        let mut path = resolved(file).into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            fs::create_private_dir(folder)?;
        }
        let start = Instant::now();
        loop {
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(_) => return Ok(Self { path }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(source) => return Err(FsError { verb: "lock", path, source }.into()),
            }
            if start.elapsed() > PATIENCE {
                let age = age(&path);
                return Err(KubeconfigError::Locked { lock: path, age });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// For how long a lock is there.
fn age(lock: &Path) -> Duration {
    let made = File::open(lock).and_then(|file| file.metadata()?.modified()).ok();
    made.and_then(|made| SystemTime::now().duration_since(made).ok()).unwrap_or_default()
}
