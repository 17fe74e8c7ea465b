//! Regular expressions that live in tables and are compiled when first used.

use std::sync::OnceLock;

use regex::Regex;

/// A pattern of ours; a wrong one is a programming error that the table's test finds.
#[derive(Debug)]
pub(in crate::detect) struct Pattern {
    text: &'static str,
    regex: OnceLock<Regex>,
}

impl Pattern {
    pub(in crate::detect) const fn new(text: &'static str) -> Self {
        Self { text, regex: OnceLock::new() }
    }
}

impl std::ops::Deref for Pattern {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        self.regex.get_or_init(|| Regex::new(self.text).expect("a pattern of a table is valid"))
    }
}
