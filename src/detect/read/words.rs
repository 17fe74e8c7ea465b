//! Whether a text holds one of several words, in one pass: a cheap look before an exact one.

use std::sync::OnceLock;

use regex::Regex;

/// Words of a rule.
#[derive(Debug)]
pub(in crate::detect) struct Words {
    words: &'static [&'static str],
    search: OnceLock<Regex>,
}

impl Words {
    pub(in crate::detect) const fn new(words: &'static [&'static str]) -> Self {
        Self { words, search: OnceLock::new() }
    }

    /// Whether one of the words is in a text, as a part of another word too.
    pub(in crate::detect) fn any_in(&self, text: &str) -> bool {
        self.search.get_or_init(|| any(self.words)).is_match(text)
    }
}

/// Alternatives of plain text, which are searched for without an automaton.
pub(in crate::detect) fn any(words: &[impl AsRef<str>]) -> Regex {
    let words: Vec<String> = words.iter().map(|word| regex::escape(word.as_ref())).collect();
    Regex::new(&words.join("|")).expect("escaped words are a pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_words_is_enough() {
        static WORDS: Words = Words::new(&[".run(", "listen"]);
        assert!(WORDS.any_in("app.listening") && WORDS.any_in("x.run(1)"));
        assert!(!WORDS.any_in("xrun(1)") && !WORDS.any_in(""));
    }
}
