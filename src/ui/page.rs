//! A page of aligned rows under headings: what findings, plans and reports are shown as.
//!
//! A page knows no stream: it becomes text, and the caller says where that goes.

use console::{Alignment, Style, measure_text_width, pad_str, truncate_str};

/// One line of a page.
#[derive(Debug, Clone)]
enum Line {
    Heading(String),
    Row { key: String, value: String, note: String },
    Text(String),
}

/// A page under construction.
#[derive(Debug, Clone, Default)]
pub struct Page {
    lines: Vec<Line>,
}

/// The widest key that is aligned with the others; a longer one pushes its own value alone.
const WIDEST_KEY: usize = 24;

/// The widest value that remarks are aligned after.
const WIDEST_VALUE: usize = 60;

impl Page {
    /// Starts an empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a heading, with an empty line above it where something stands before.
    pub fn heading(&mut self, text: impl Into<String>) -> &mut Self {
        self.lines.push(Line::Heading(text.into()));
        self
    }

    /// Adds a row: what it is about, what it is, and a dim remark (may be empty).
    pub fn row(
        &mut self,
        key: impl Into<String>,
        value: impl Into<String>,
        note: impl Into<String>,
    ) -> &mut Self {
        self.lines.push(Line::Row { key: key.into(), value: value.into(), note: note.into() });
        self
    }

    /// Adds a line of plain text, indented like a row.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.lines.push(Line::Text(text.into()));
        self
    }

    /// Lays the page out. `coloured` says whether styles are written; `width` cuts rows (0: never).
    pub fn render(&self, coloured: bool, width: usize) -> String {
        let styled = |style: Style| style.force_styling(coloured);
        let (bold, dim) = (styled(Style::new().bold()), styled(Style::new().dim()));
        let keys = self.widest(|row| row.0).min(WIDEST_KEY);
        let values = self.widest(|row| row.1).min(WIDEST_VALUE);
        let mut text = String::new();
        for (index, line) in self.lines.iter().enumerate() {
            let line = match line {
                Line::Heading(heading) if index == 0 => bold.apply_to(heading).to_string(),
                Line::Heading(heading) => format!("\n{}", bold.apply_to(heading)),
                Line::Text(line) => format!("  {line}"),
                Line::Row { key, value, note } => {
                    let key = pad_str(key, keys, Alignment::Left, None);
                    let row = match note.as_str() {
                        "" => format!("  {key}  {value}"),
                        note => {
                            let value = pad_str(value, values, Alignment::Left, None);
                            format!("  {key}  {value}  {}", dim.apply_to(note))
                        }
                    };
                    row.trim_end().to_owned()
                }
            };
            let line = if width > 0 { truncate_str(&line, width, "…").into_owned() } else { line };
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    fn widest(&self, pick: impl for<'a> Fn((&'a str, &'a str)) -> &'a str) -> usize {
        let widths = self.lines.iter().filter_map(|line| match line {
            Line::Row { key, value, .. } => Some(measure_text_width(pick((key, value)))),
            _ => None,
        });
        widths.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_aligned_and_headings_stand_apart() {
        let mut page = Page::new();
        page.heading("Found").row("api", "Go 1.24", "go.mod:3").row("worker", "Python", "");
        page.heading("Plan").text("nothing to do");
        assert_eq!(
            page.render(false, 0),
            "Found\n  api     Go 1.24  go.mod:3\n  worker  Python\n\nPlan\n  nothing to do\n"
        );
    }
}
