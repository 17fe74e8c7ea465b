//! Regular expressions that live in tables and are compiled when first used.
//!
//! `\w`, `\d`, `\s` and `\b` mean ASCII: manifests, keywords and variables are written in it, and the
//! Unicode classes cost ten times the time to compile and keep the fast engine from running.

use std::sync::OnceLock;

use regex::{CaptureMatches, Captures, Regex};

use super::needle::Needles;

/// A pattern of ours; a wrong one is a programming error that the table's test finds. It is compiled when
/// a text holds what every match of it must hold.
#[derive(Debug)]
pub(in crate::detect) struct Pattern {
    text: &'static str,
    needles: OnceLock<Needles>,
    regex: OnceLock<Regex>,
}

impl Pattern {
    pub(in crate::detect) const fn new(text: &'static str) -> Self {
        Self { text, needles: OnceLock::new(), regex: OnceLock::new() }
    }

    /// The first match.
    pub(in crate::detect) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.within(text)?.captures(text)
    }

    /// All matches.
    pub(in crate::detect) fn captures_iter<'p, 't>(
        &'p self,
        text: &'t str,
    ) -> std::iter::Flatten<std::option::IntoIter<CaptureMatches<'p, 't>>> {
        self.within(text).map(|regex| regex.captures_iter(text)).into_iter().flatten()
    }

    /// Whether there is a match.
    pub(in crate::detect) fn is_match(&self, text: &str) -> bool {
        self.within(text).is_some_and(|regex| regex.is_match(text))
    }
}

/// What finds matches.
pub(in crate::detect) trait Search {
    /// The expression to search a text with; `None` where there is no match for certain.
    fn within(&self, text: &str) -> Option<&Regex>;
}

impl Search for Regex {
    fn within(&self, _text: &str) -> Option<&Regex> {
        Some(self)
    }
}

impl<S: Search> Search for &S {
    fn within(&self, text: &str) -> Option<&Regex> {
        (**self).within(text)
    }
}

impl Search for Pattern {
    fn within(&self, text: &str) -> Option<&Regex> {
        let needles = self.needles.get_or_init(|| Needles::of(self.text));
        needles.may_be_in(text).then(|| &**self)
    }
}

impl std::ops::Deref for Pattern {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        self.regex.get_or_init(|| Regex::new(&ascii(self.text)).expect("a pattern of a table is valid"))
    }
}

/// Writes the classes of Perl out as ASCII, inside of brackets and outside.
fn ascii(pattern: &str) -> String {
    let mut written = String::with_capacity(pattern.len() * 2);
    let mut brackets = false;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let class = chars.next();
                let set = match class {
                    Some('w') => "0-9A-Za-z_",
                    Some('d') => "0-9",
                    Some('s') => r" \t\n\r\x0B\x0C",
                    Some('b') if !brackets => {
                        written.push_str(r"(?-u:\b)");
                        continue;
                    }
                    _ => {
                        written.push(c);
                        written.extend(class);
                        continue;
                    }
                };
                if brackets {
                    written.push_str(set);
                } else {
                    written.extend(["[", set, "]"]);
                }
            }
            '[' if !brackets => {
                brackets = true;
                written.push(c);
            }
            ']' if brackets => {
                brackets = false;
                written.push(c);
            }
            _ => written.push(c),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ascii_in_and_out_of_brackets() {
        assert_eq!(ascii(r"\bx\d[\w.-]+\(\s*"), r"(?-u:\b)x[0-9][0-9A-Za-z_.-]+\([ \t\n\r\x0B\x0C]*");
        assert_eq!(ascii(r"\\w[^\]\d]\[\d\]"), r"\\w[^\]0-9]\[[0-9]\]");
    }

    #[test]
    fn names_beside_other_scripts_are_still_found() {
        static NAME: Pattern = Pattern::new(r"\bPORT\s*=\s*(\d+)");
        assert_eq!(&NAME.captures("größe; PORT = 80 // größe").unwrap()[1], "80");
    }
}
