//! The control groups of a containers node: the one thing that the kernel does not take away with its
//! processes. The node removes them when it ends; this does where the node was killed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Layout;
use crate::fs::FsError;

/// How long the kernel may take to be done with the last process of a group.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often that is looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// Where the hierarchies are mounted.
const ROOT: &str = "/sys/fs/cgroup";

/// The name of a sandbox's control group: no two sandboxes of this machine share it.
pub(super) fn name(layout: &Layout) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(layout.folder().as_os_str().as_encoded_bytes());
    let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("devbox-sandbox-{}-{hash}", layout.name())
}

/// The folders that a control group has: one (version 2), or one per hierarchy (version 1).
pub(super) fn folders(name: &str) -> Vec<PathBuf> {
    let root = Path::new(ROOT);
    if root.join("cgroup.controllers").exists() {
        return vec![root.join(name)];
    }
    let hierarchies = std::fs::read_dir(root).into_iter().flatten().flatten();
    hierarchies
        .map(|entry| entry.path())
        .filter(|path| !path.is_symlink())
        .map(|path| path.join(name))
        .collect()
}

/// Removes the control groups of a sandbox whose processes have ended, or are about to.
pub(super) async fn remove(layout: &Layout) -> Result<(), FsError> {
    let folders = folders(&name(layout));
    let begun = Instant::now();
    loop {
        let removed = folders.iter().try_for_each(|folder| remove_tree(folder));
        if removed.is_ok() || begun.elapsed() > PATIENCE {
            return removed;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Only folders can be removed: the files in them are the kernel's.
fn remove_tree(folder: &Path) -> Result<(), FsError> {
    let failed = |source| FsError { verb: "remove", path: folder.to_path_buf(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path())?;
        }
    }
    match std::fs::remove_dir(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;

    #[test]
    fn sandboxes_of_one_name_in_two_state_folders_have_two_control_groups() {
        let of = |root: &str| name(&Layout::new(&Env::under(Path::new(root)), "default").unwrap());
        assert_ne!(of("/a"), of("/b"));
        assert!(of("/a").starts_with("devbox-sandbox-default-"));
    }

    #[test]
    fn folders_are_removed_from_the_inside_and_none_is_fine() {
        let root = tempfile::tempdir().unwrap();
        let group = root.path().join("group");
        std::fs::create_dir_all(group.join("kubepods/pod")).unwrap();
        remove_tree(&group).unwrap();
        remove_tree(&group).unwrap();
        assert!(!group.exists());
    }
}
