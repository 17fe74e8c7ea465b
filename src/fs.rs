//! Files that must never be seen half-written: atomic replacement, private folders, advisory locks.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::Explain;

/// A file operation that failed, with the path it was about.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} `{path}`")]
pub struct FsError {
    /// What was tried: `write`, `read`, `lock`, `create`.
    pub verb: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The operating system's answer.
    #[source]
    pub source: io::Error,
}

impl Explain for FsError {
    fn hints(&self) -> Vec<String> {
        match self.source.kind() {
            io::ErrorKind::PermissionDenied => {
                vec![format!("check who owns it: `ls -ld {}`", self.path.display())]
            }
            io::ErrorKind::InvalidData => vec!["save it as UTF-8 text".into()],
            io::ErrorKind::StorageFull => vec!["free some disk space and run the same command again".into()],
            _ => Vec::new(),
        }
    }
}

fn failed(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FsError {
    let path = path.to_path_buf();
    move |source| FsError { verb, path, source }
}

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The user alone (0600): kubeconfigs, keys, state.
    Private,
    /// As the umask says (0644 usually): what belongs to the repository.
    Shared,
}

/// Reads a text file; `None` where there is none.
///
/// # Errors
/// Where the file is there but cannot be read as UTF-8 text.
pub fn read_optional(path: &Path) -> Result<Option<String>, FsError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// Removes a file; one that is not there is fine.
///
/// # Errors
/// Where the file is there and cannot be removed.
pub fn remove_optional(path: &Path) -> Result<(), FsError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Creates a folder and its parents that only the user can enter (0700 on Unix).
///
/// # Errors
/// Where a part of the path is no folder or may not be written.
pub fn create_private_dir(path: &Path) -> Result<(), FsError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed("create", path))
}

/// Replaces a file in one step: temporary file in the same folder, fsync, rename. A reader sees the
/// old content or the new, never a part. An existing file keeps its mode, and a symlink stays a
/// symlink: the file that it points to is replaced.
///
/// # Errors
/// Where the folder is missing or not writable; the old file is then untouched.
pub fn write_atomic(path: &Path, content: &[u8], access: Access) -> Result<(), FsError> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new()
        .prefix(".devbox-")
        .permissions(mode_for(&target, access))
        .tempfile_in(folder)
        .map_err(failed("write", path))?;
    temporary.write_all(content).map_err(failed("write", path))?;
    // The mode given at creation passes through the umask; an existing file's mode must not.
    if let Ok(existing) = target.metadata() {
        temporary.as_file().set_permissions(existing.permissions()).map_err(failed("write", path))?;
    }
    temporary.as_file().sync_all().map_err(failed("write", path))?;
    temporary.persist(&target).map_err(|error| failed("write", path)(error.error))?;
    sync_folder(folder);
    Ok(())
}

#[cfg(unix)]
fn mode_for(target: &Path, access: Access) -> Permissions {
    use std::os::unix::fs::PermissionsExt;
    match (target.metadata(), access) {
        (Ok(existing), _) => existing.permissions(),
        (Err(_), Access::Private) => Permissions::from_mode(0o600),
        (Err(_), Access::Shared) => Permissions::from_mode(0o666),
    }
}

#[cfg(not(unix))]
fn mode_for(target: &Path, _access: Access) -> Permissions {
    target
        .metadata()
        .or_else(|_| Path::new(".").metadata())
        .map(|m| m.permissions())
        .expect("a folder has a mode")
}

/// Makes the rename itself durable; where a folder cannot be synced (some network file systems) the
/// file's own sync has to do.
fn sync_folder(folder: &Path) {
    if let Ok(handle) = File::open(folder) {
        let _ = handle.sync_all();
    }
}

/// Takes an advisory lock on `path` (created empty where missing) and holds it until the returned
/// handle is dropped. The lock dies with the process, so no stale lock can stay.
///
/// # Errors
/// Where the file cannot be created or locked.
pub fn lock(path: &Path) -> Result<File, FsError> {
    let file = open_lock(path)?;
    file.lock().map_err(failed("lock", path))?;
    Ok(file)
}

/// Like [`lock`], but gives `None` at once where another process holds it.
///
/// # Errors
/// Where the file cannot be created or locked.
pub fn try_lock(path: &Path) -> Result<Option<File>, FsError> {
    let file = open_lock(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(failed("lock", path)(error)),
    }
}

fn open_lock(path: &Path) -> Result<File, FsError> {
    if let Some(folder) = path.parent() {
        create_private_dir(folder)?;
    }
    OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(failed("lock", path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_private_file_is_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kubeconfig");
        write_atomic(&file, b"a", Access::Private).unwrap();
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn an_existing_mode_is_kept_and_nothing_is_left_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        write_atomic(&file, b"new", Access::Private).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(mode(&file), 0o640);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_symlink_stays_a_symlink() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        let link = folder.path().join("link");
        std::fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_atomic(&link, b"new", Access::Shared).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "new");
    }

    #[test]
    fn a_second_lock_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = lock(&path).unwrap();
        assert!(try_lock(&path).unwrap().is_none());
        drop(first);
        assert!(try_lock(&path).unwrap().is_some());
    }
}
