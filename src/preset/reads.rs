//! Which values a template reads: `values.NAME`, told from its text.

use std::sync::LazyLock;

use regex::Regex;

/// The names behind `values.` in a text, each with its line from 1, in order.
pub fn reads(text: &str) -> Vec<(&str, usize)> {
    static NAME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?-u:\b)values\.([A-Za-z_][A-Za-z0-9_]*)").ok());
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let names = NAME.iter().flat_map(|name| name.captures_iter(line));
        found.extend(names.filter_map(|captures| captures.get(1)).map(|name| (name.as_str(), index + 1)));
    }
    found
}
