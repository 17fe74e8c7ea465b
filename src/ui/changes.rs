//! What an apply would do, laid out for people: a sign per object, its fields below it.

use console::Style;
use serde_json::Value;

use super::difference::line_changes;
use super::{Ui, printable};
use crate::cluster::{Diff, Difference, FieldChange, ObjectDiff};

/// How much of a difference is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// Every field of every object that differs.
    Fields,
    /// The fields of objects that change; one line for each that is created or pruned.
    Changes,
}

/// Lays a difference out.
struct Changes<'a> {
    diff: &'a Diff,
    detail: Detail,
    coloured: bool,
}

impl Ui {
    /// Prints a difference to stdout as data.
    pub fn changes(&self, diff: &Diff) {
        let coloured = self.colour_out;
        self.data(&Changes { diff, detail: Detail::Fields, coloured }.text());
    }

    /// Shows a difference on stderr, as a part of the conversation.
    pub fn show_changes(&self, diff: &Diff) {
        let coloured = self.colours_prompts();
        self.status(Changes { diff, detail: Detail::Changes, coloured }.text().trim_end());
    }
}

impl Changes<'_> {
    fn text(&self) -> String {
        let mut text = String::new();
        for object in &self.diff.objects {
            self.object(object, &mut text);
        }
        let counts = self.diff.counts();
        let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&if self.diff.differs() { counts.join(", ") } else { self.nothing(&counts) });
        text.push('\n');
        text
    }

    fn nothing(&self, counts: &[String]) -> String {
        format!("nothing to change ({})", counts.join(", "))
    }

    fn object(&self, object: &ObjectDiff, text: &mut String) {
        let (sign, word, style) = match &object.difference {
            Difference::Unchanged => return,
            Difference::Created => ("+", "created", Style::new().green()),
            Difference::Changed => ("~", "changed", Style::new().yellow()),
            Difference::Recreated(why) => ("±", why.as_str(), Style::new().yellow().bold()),
            Difference::Pruned => ("-", "pruned", Style::new().red()),
            Difference::Conflicting => ("!", "conflict", Style::new().red().bold()),
            Difference::Refused(why) => ("!", why.as_str(), Style::new().red().bold()),
            Difference::Kept(why) | Difference::LeftAlone(why) => ("=", why.as_str(), Style::new().dim()),
        };
        let head = format!("{sign} {}", object.key);
        let word = printable(word).replace('\n', "\n    ");
        text.push_str(&format!("{}  {}\n", self.paint(style, &head), self.paint(Style::new().dim(), &word)));
        for conflict in &object.conflicts {
            let verb =
                if object.difference == Difference::Conflicting { "is managed by" } else { "taken from" };
            text.push_str(&format!("    ! {} {verb} `{}`\n", printable(&conflict.field), conflict.manager));
        }
        let shown = match object.difference {
            Difference::Created | Difference::Pruned => self.detail == Detail::Fields,
            _ => true,
        };
        let whole = matches!(object.difference, Difference::Created | Difference::Pruned);
        let told = |field: &&FieldChange| whole && IN_THE_HEAD.contains(&field.path.as_str());
        if shown {
            object.fields.iter().filter(|field| !told(field)).for_each(|field| self.field(field, text));
        }
        for warning in &object.warnings {
            text.push_str(&format!(
                "    {} {}\n",
                self.paint(Style::new().yellow(), "warning:"),
                printable(warning)
            ));
        }
        for hint in &object.hints {
            text.push_str(&format!("    {} {}\n", self.paint(Style::new().cyan(), "hint:"), printable(hint)));
        }
    }

    fn field(&self, field: &FieldChange, text: &mut String) {
        let path = &field.path;
        let line = match (&field.before, &field.after) {
            (Some(Value::String(before)), Some(Value::String(after)))
                if !field.hidden && (before.contains('\n') || after.contains('\n')) =>
            {
                text.push_str(&format!("    {} {path}:\n", self.paint(Style::new().yellow(), "~")));
                let paint = |style, line: &str| self.paint(style, line);
                text.push_str(&line_changes(before, after, 2, "        ", paint));
                return;
            }
            (before, after) => {
                let (sign, style) = match (before, after) {
                    (None, _) => ("+", Style::new().green()),
                    (_, None) => ("-", Style::new().red()),
                    _ => ("~", Style::new().yellow()),
                };
                let change = match (before, after) {
                    (Some(_), Some(_)) if field.hidden => "(hidden), changed".to_owned(),
                    (Some(before), Some(after)) => format!("{} -> {}", value(before), value(after)),
                    (one, other) => one.as_ref().or(other.as_ref()).map(value).unwrap_or_default(),
                };
                format!("    {} {path}: {change}\n", self.paint(style, sign))
            }
        };
        text.push_str(&line);
    }

    fn paint(&self, style: Style, text: &str) -> String {
        style.force_styling(self.coloured).apply_to(text).to_string()
    }
}

/// What the line of an object that comes or goes says already.
const IN_THE_HEAD: [&str; 4] = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];

/// A value on one line: text as it is where nothing is lost by it, everything else as JSON.
fn value(value: &Value) -> String {
    match value {
        Value::String(text) if is_bare(text) => text.clone(),
        other => printable(&other.to_string()).into_owned(),
    }
}

fn is_bare(text: &str) -> bool {
    let looks_otherwise = serde_json::from_str::<Value>(text).is_ok();
    !text.is_empty() && !looks_otherwise && text.trim() == text && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_quoted_where_it_would_be_taken_for_something_else() {
        let shown = |text: &str| value(&Value::from(text));
        assert_eq!(shown("nginx:1.27"), "nginx:1.27");
        assert_eq!(shown("true"), r#""true""#);
        assert_eq!(shown("80"), r#""80""#);
        assert_eq!(shown(""), r#""""#);
        assert_eq!(value(&Value::from(80)), "80");
        assert_eq!(shown("a\nb"), r#""a\nb""#);
    }
}
