//! What the thread that fetches and the thread that waits for it tell each other.

use std::process::Child;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::error::Trouble;

/// A source is at most this large on its way.
pub(super) const MOST_BYTES: u64 = 256 << 20;

/// Shared by the two threads.
#[derive(Debug, Default)]
pub(super) struct Watch {
    bytes: AtomicU64,
    objects: AtomicU64,
    stopped: AtomicBool,
    trouble: Mutex<Option<Trouble>>,
    child: Mutex<Option<Child>>,
}

impl Watch {
    /// Counts what came from the network; too much of it is an error.
    pub(super) fn received(&self, bytes: usize) -> std::io::Result<()> {
        let before = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if before + bytes as u64 > MOST_BYTES {
            return Err(self.fail(Trouble::TooLarge(MOST_BYTES)));
        }
        match self.is_stopped() {
            true => Err(std::io::Error::other("stopped")),
            false => Ok(()),
        }
    }

    /// How far the objects are, for the reader.
    pub(super) fn progress(&self, objects: usize) {
        self.objects.store(objects as u64, Ordering::Relaxed);
    }

    /// Bytes and objects so far.
    pub(super) fn seen(&self) -> (u64, u64) {
        (self.bytes.load(Ordering::Relaxed), self.objects.load(Ordering::Relaxed))
    }

    /// Remembers what went wrong, better than it survives the way through libgit2; the first word counts.
    pub(super) fn fail(&self, trouble: Trouble) -> std::io::Error {
        let error = std::io::Error::other(trouble.to_string().replace('\0', " "));
        if let Ok(mut slot) = self.trouble.lock() {
            slot.get_or_insert(trouble);
        }
        error
    }

    /// What went wrong, once.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.trouble.lock().ok()?.take()
    }

    /// Another try would not change how it ends.
    pub(super) fn is_over(&self) -> bool {
        self.is_stopped() || self.trouble.lock().is_ok_and(|trouble| trouble.is_some())
    }

    /// Keeps the program that the connection runs through, so that it can be ended.
    pub(super) fn keep(&self, child: Child) {
        if let Ok(mut slot) = self.child.lock() {
            *slot = Some(child);
        }
    }

    /// Takes the program back.
    pub(super) fn child(&self) -> Option<Child> {
        self.child.lock().ok()?.take()
    }

    /// Ends the work as soon as it can be ended.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(mut child) = self.child() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}
