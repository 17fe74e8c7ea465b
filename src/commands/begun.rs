//! What an interrupted person wants to know: whether anything was written yet, and how to go on.

use std::cell::Cell;

use crate::error::{Exit, Failure};

/// How far a command has come that writes.
#[derive(Debug)]
pub(super) struct Begun {
    stage: Cell<Stage>,
    before: &'static str,
    after: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was written.
    Before,
    /// `devbox.yaml` was written, nothing in the cluster.
    Described,
    /// Something in the cluster may have been written.
    Within,
}

impl Begun {
    /// Of what is about to apply.
    pub(super) fn applying() -> Self {
        Self {
            stage: Cell::new(Stage::Before),
            before: "nothing was written",
            after: "what was applied so far stays: `devbox up` goes on, `devbox down` removes it",
        }
    }

    /// Of what is about to remove.
    pub(super) fn removing() -> Self {
        Self {
            stage: Cell::new(Stage::Before),
            before: "nothing was removed",
            after: "what was removed so far is gone, the rest stays: `devbox down` goes on, `devbox up` brings it back",
        }
    }

    /// `devbox.yaml` was written.
    pub(super) fn described(&self) {
        self.stage.set(Stage::Described);
    }

    /// From here on something in the cluster may have been written.
    pub(super) fn begin(&self) {
        self.stage.set(Stage::Within);
    }

    /// Adds to an interruption what it means.
    pub(super) fn explain(&self, failure: Failure) -> Failure {
        if failure.exit != Exit::Interrupted {
            return failure;
        }
        failure.hint(match self.stage.get() {
            Stage::Before => self.before,
            Stage::Described => "`devbox.yaml` was written, nothing was applied: `devbox init` goes on",
            Stage::Within => self.after,
        })
    }
}
