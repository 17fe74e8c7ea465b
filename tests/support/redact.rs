//! Replaces what differs between two machines or two runs, so that whole outputs can be compared.

use std::path::Path;

use regex::Regex;

/// Stand-ins, in the order in which they are put in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactions(Vec<(Regex, String)>);

impl Redactions {
    /// Those that every output needs: ports of this machine, times, durations, UIDs.
    pub(crate) fn new() -> Self {
        Self::default()
            .pattern(r"\b(127\.0\.0\.1|localhost|\[::1\]):\d{4,5}\b", "$1:[PORT]")
            .pattern(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[TIME]")
            .pattern(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "[UID]")
            .pattern(r"\b\d+(\.\d+)?(ms|s)\b", "[DURATION]")
    }

    /// Replaces a folder.
    #[must_use]
    pub(crate) fn path(self, folder: &Path, with: &str) -> Self {
        self.pattern(&regex::escape(&folder.display().to_string()), with)
    }

    /// Replaces what a regular expression matches; `$1` is its first group.
    #[must_use]
    pub(crate) fn pattern(mut self, pattern: &str, with: &str) -> Self {
        self.0.push((Regex::new(pattern).unwrap(), with.to_owned()));
        self
    }

    /// Puts the stand-ins in.
    pub(crate) fn apply(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (pattern, with)| {
            pattern.replace_all(&text, with.as_str()).into_owned()
        })
    }
}
