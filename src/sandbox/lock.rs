//! Waiting for a lock without blocking the thread, so that Ctrl-C still works.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use crate::fs::{self, FsError};

/// How often a lock that somebody else holds is tried.
const PAUSE: Duration = Duration::from_millis(200);

/// Takes a lock; calls `waiting` once if another process holds it.
pub(super) async fn lock(path: &Path, waiting: impl FnOnce()) -> Result<File, FsError> {
    if let Some(lock) = fs::try_lock(path)? {
        return Ok(lock);
    }
    waiting();
    loop {
        tokio::time::sleep(PAUSE).await;
        if let Some(lock) = fs::try_lock(path)? {
            return Ok(lock);
        }
    }
}
