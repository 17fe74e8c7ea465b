//! What an interrupted person wants to know: whether anything was written yet, and how to go on.

use std::cell::Cell;

use crate::error::{Exit, Failure};

/// Whether anything was written yet.
#[derive(Debug)]
pub(super) struct Begun {
    begun: Cell<bool>,
    before: &'static str,
    after: &'static str,
}

impl Begun {
    /// Of what is about to apply.
    pub(super) fn applying() -> Self {
        Self {
            begun: Cell::new(false),
            before: "nothing was written",
            after: "what was applied so far stays: `devbox up` goes on, `devbox down` removes it",
        }
    }

    /// Of what is about to remove.
    pub(super) fn removing() -> Self {
        Self {
            begun: Cell::new(false),
            before: "nothing was removed",
            after: "what was removed so far is gone, the rest stays: `devbox down` goes on, `devbox up` brings it back",
        }
    }

    /// From here on something may have been written.
    pub(super) fn begin(&self) {
        self.begun.set(true);
    }

    /// Adds to an interruption what it means.
    pub(super) fn explain(&self, failure: Failure) -> Failure {
        match (failure.exit, self.begun.get()) {
            (Exit::Interrupted, true) => failure.hint(self.after),
            (Exit::Interrupted, false) => failure.hint(self.before),
            _ => failure,
        }
    }
}
