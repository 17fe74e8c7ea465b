//! What a failure is at the boundary: what happened, what caused it, what to type next, which exit code.
//!
//! Each room has one error type of its own (thiserror) and implements [`Explain`] for it. Only
//! `app` turns a [`Failure`] into text and an exit code.

use std::error::Error;
use std::process::ExitCode;

/// The documented exit codes of the binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The work is done.
    Done = 0,
    /// It failed; the message says what and why.
    Failure = 1,
    /// The command line or an input file cannot be used.
    Usage = 2,
    /// Everything was applied, something is not ready.
    NotReady = 3,
    /// `diff --exit-code` found differences.
    Differences = 4,
    /// The cluster guard refused the target.
    Refused = 5,
    /// Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// What an error type of a room can say beyond its text and its sources.
pub trait Explain: Error {
    /// Says what the reader can do next, most useful first; commands stand in backticks.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }

    /// The exit code that this error ends the program with.
    fn exit(&self) -> Exit {
        Exit::Failure
    }
}

/// A failure ready to be shown: what, caused by, hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A lowercase fragment that names the thing that failed. May span lines.
    pub what: String,
    /// The chain of causes, outermost first, none repeating the one before.
    pub causes: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
    /// The exit code to end with.
    pub exit: Exit,
}

impl Failure {
    /// Creates a plain failure (exit code 1) without cause and hint.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), causes: Vec::new(), hints: Vec::new(), exit: Exit::Failure }
    }

    /// Creates a failure that blames the command line or an input file (exit code 2).
    pub fn usage(what: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(what) }
    }

    /// Creates the failure of an interrupted run (exit code 130).
    pub fn interrupted() -> Self {
        Self { exit: Exit::Interrupted, ..Self::new("interrupted") }
    }

    /// Adds a hint after those that are there.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a cause after those that are there.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut causes: Vec<String> = Vec::new();
        let what = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Several libraries repeat the source's text in their own; a reader needs it once.
            let repeated = causes.last().is_some_and(|last| last.contains(&text)) || what.contains(&text);
            if !repeated && !text.is_empty() {
                causes.push(text);
            }
            source = cause.source();
        }
        Self { what, causes, hints: error.hints(), exit: error.exit() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read `x`")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("no such file")]
    struct Inner;

    impl Explain for Outer {
        fn hints(&self) -> Vec<String> {
            vec!["create `x`".into()]
        }
    }

    #[test]
    fn a_room_error_becomes_what_causes_and_hints() {
        let failure = Failure::from(Outer(Inner));
        assert_eq!(
            failure,
            Failure {
                what: "cannot read `x`".into(),
                causes: vec!["no such file".into()],
                hints: vec!["create `x`".into()],
                exit: Exit::Failure,
            }
        );
    }
}
