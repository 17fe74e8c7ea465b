//! What was made of a file, made once: two threads that ask for the same file wait for one answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

type Slot<T> = Arc<OnceLock<Option<Arc<T>>>>;

/// Answers by path; `None` is an answer too.
#[derive(Debug)]
pub(super) struct Cache<T>(Mutex<HashMap<String, Slot<T>>>);

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Cache<T> {
    /// The answer for `path`, made by `make` when nobody asked before.
    pub(super) fn get(&self, path: &str, make: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match slots.get(path) {
                Some(slot) => Arc::clone(slot),
                None => Arc::clone(slots.entry(path.to_owned()).or_default()),
            }
        };
        slot.get_or_init(|| make().map(Arc::new)).clone()
    }
}
