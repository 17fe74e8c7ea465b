//! What stages tell while they work. Stages emit events into a [`Sink`]; `ui` decides how they look
//! (live display, plain lines, JSON lines). Nothing here formats for a terminal.

use std::sync::Mutex;

use serde::Serialize;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Done, and something changed or was found good.
    Done,
    /// Done, nothing had to change.
    Unchanged,
    /// Left out on purpose; the text says why.
    Skipped,
    /// It failed; the text says why in one line.
    Failed,
}

/// One thing that happened. `id` names a step for its lifetime, such as `apply/Deployment/web` or
/// `sandbox/etcd`; ids are stable and appear in `--format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A step began.
    Started {
        /// The step.
        id: String,
        /// What is being done, such as `etcd` or `Deployment/web`.
        text: String,
    },
    /// A running step has something new to say (it replaces what it said before).
    Progress {
        /// The step.
        id: String,
        /// Its present state, such as `1 of 2 replicas ready`.
        text: String,
    },
    /// A step ended.
    Ended {
        /// The step.
        id: String,
        /// How it ended.
        outcome: Outcome,
        /// The closing words, such as `created`.
        text: String,
    },
    /// Something that the reader should know but that stops nothing.
    Warning {
        /// The message, a lowercase fragment.
        text: String,
    },
    /// A remark that stands by itself.
    Note {
        /// The message.
        text: String,
    },
}

impl Event {
    /// Builds [`Event::Started`].
    pub fn started(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Started { id: id.into(), text: text.into() }
    }

    /// Builds [`Event::Progress`].
    pub fn progress(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Progress { id: id.into(), text: text.into() }
    }

    /// Builds [`Event::Ended`].
    pub fn ended(id: impl Into<String>, outcome: Outcome, text: impl Into<String>) -> Self {
        Self::Ended { id: id.into(), outcome, text: text.into() }
    }

    /// Builds [`Event::Warning`].
    pub fn warning(text: impl Into<String>) -> Self {
        Self::Warning { text: text.into() }
    }

    /// Builds [`Event::Note`].
    pub fn note(text: impl Into<String>) -> Self {
        Self::Note { text: text.into() }
    }
}

/// Receives events. Cheap to call from any task; never blocks for long, never fails.
pub trait Sink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);
}

/// A sink that keeps everything, for tests.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    /// The events so far, oldest first.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().map(|events| events.clone()).unwrap_or_default()
    }
}

impl Sink for Recorder {
    fn emit(&self, event: Event) {
        if let Ok(mut events) = self.0.lock() {
            events.push(event);
        }
    }
}

/// A sink that drops everything.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Sink for Silent {
    fn emit(&self, _event: Event) {}
}
