//! The difference between two texts, line by line, for a file that is about to be replaced.

use console::Style;
use similar::{ChangeTag, TextDiff};

use super::Ui;

impl Ui {
    /// Lays out what changes from `old` to `new`, with three lines around each change.
    pub fn difference(&self, old: &str, new: &str) -> String {
        let diff = TextDiff::from_lines(old, new);
        let mut text = String::new();
        for (index, group) in diff.grouped_ops(3).iter().enumerate() {
            if index > 0 {
                text.push_str("  ...\n");
            }
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let (sign, style) = match change.tag() {
                    ChangeTag::Delete => ("-", Style::new().red()),
                    ChangeTag::Insert => ("+", Style::new().green()),
                    ChangeTag::Equal => (" ", Style::new().dim()),
                };
                let line = format!("  {sign} {}", change.value().trim_end_matches('\n'));
                text.push_str(&format!("{}\n", self.err_style(style).apply_to(line)));
            }
        }
        text
    }
}
