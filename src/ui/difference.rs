//! The difference between two texts, line by line: a file that is about to be replaced, a field of several
//! lines.

use console::Style;
use similar::{ChangeTag, TextDiff};

use super::{Ui, printable};

impl Ui {
    /// Lays out what changes from `old` to `new`, with three lines around each change.
    pub fn difference(&self, old: &str, new: &str) -> String {
        line_changes(old, new, 3, "  ", |style, line| self.err_style(style).apply_to(line).to_string())
    }
}

/// Lays out what changes from `old` to `new` with `around` lines around each change: sign and line behind
/// `indent`, as `paint` colours them. Nothing in the texts acts on a terminal.
pub(super) fn line_changes(
    old: &str,
    new: &str,
    around: usize,
    indent: &str,
    paint: impl Fn(Style, &str) -> String,
) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::new();
    for (index, group) in diff.grouped_ops(around).iter().enumerate() {
        if index > 0 {
            text.push_str(&format!("{indent}...\n"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ("-", Style::new().red()),
                ChangeTag::Insert => ("+", Style::new().green()),
                ChangeTag::Equal => (" ", Style::new().dim()),
            };
            let line = format!("{sign} {}", printable(change.value().trim_end_matches('\n')));
            text.push_str(&format!("{indent}{}\n", paint(style, &line)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::*;

    #[test]
    fn a_difference_shows_the_lines_around_it_and_lets_no_escape_sequence_act() {
        let shown = Ui::plain(Format::Human).difference(
            "a\nb\nc\nd\nname: shop\ne\n",
            "a\nb\nc\nd\nname: shop\u{1b}]0;owned\u{7}\u{1b}[2J\ne\n",
        );
        assert_eq!(
            shown,
            "    b\n    c\n    d\n  - name: shop\n  + name: shop\\u{1b}]0;owned\\u{7}\\u{1b}[2J\n    e\n"
        );
    }
}
