//! A page of aligned rows under headings: what findings, plans and reports are shown as.
//!
//! A page knows no stream: it becomes text, and the caller says where that goes.

use std::collections::BTreeSet;

use console::{Alignment, Style, measure_text_width, pad_str, truncate_str};

/// One line of a page.
#[derive(Debug, Clone)]
enum Line {
    Heading(String),
    Row { key: String, value: String, note: String },
    Text(String),
}

impl Line {
    fn is_heading(&self) -> bool {
        matches!(self, Self::Heading(_))
    }
}

/// A page under construction.
#[derive(Debug, Clone, Default)]
pub struct Page {
    lines: Vec<Line>,
    /// Which lines may be left out.
    minor: BTreeSet<usize>,
}

/// The widest key that is aligned with the others; a longer one pushes its own value alone.
const WIDEST_KEY: usize = 44;

/// The widest value that remarks are aligned after.
const WIDEST_VALUE: usize = 60;

impl Page {
    /// Starts an empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a heading, with an empty line above it where something stands before.
    pub fn heading(&mut self, text: impl Into<String>) -> &mut Self {
        self.lines.push(Line::Heading(shown(text)));
        self
    }

    /// Adds a row: what it is about, what it is, and a dim remark (may be empty).
    pub fn row(
        &mut self,
        key: impl Into<String>,
        value: impl Into<String>,
        note: impl Into<String>,
    ) -> &mut Self {
        self.lines.push(Line::Row { key: shown(key), value: shown(value), note: shown(note) });
        self
    }

    /// Adds a line of plain text, indented like a row.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.lines.push(Line::Text(shown(text)));
        self
    }

    /// Marks the last line as one that may be left out where there is not enough room.
    pub fn minor(&mut self) -> &mut Self {
        self.minor.extend(self.lines.len().checked_sub(1));
        self
    }

    /// The page in at most so many lines, 3 at least: minor lines are left out from the end, then others,
    /// and the last line says how many. The first lines always stay.
    pub fn fitted(&self, rows: usize) -> Self {
        let rows = rows.max(3);
        if height(&self.lines) <= rows {
            return self.clone();
        }
        let mut kept: Vec<(Line, bool)> = self
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| (line.clone(), self.minor.contains(&index)))
            .collect();
        let mut left_out = 0;
        // One more for the line that says so.
        while height(kept.iter().map(|(line, _)| line)) + 1 > rows && kept.len() > 1 {
            let index = kept.iter().rposition(|(_, minor)| *minor).unwrap_or(kept.len() - 1);
            left_out += usize::from(!kept.remove(index).0.is_heading());
            // A heading of nothing says nothing.
            if index > 1
                && kept[index - 1].0.is_heading()
                && kept.get(index).is_none_or(|(line, _)| line.is_heading())
            {
                kept.remove(index - 1);
            }
        }
        let mut page = Self { lines: kept.into_iter().map(|(line, _)| line).collect(), ..Self::default() };
        page.text(format!("… {left_out} more lines: make the terminal higher to see them"));
        page
    }

    /// Lays the page out, the columns of each section by themselves. `coloured` says whether styles are
    /// written; `width` cuts rows (0: never).
    pub fn render(&self, coloured: bool, width: usize) -> String {
        let styled = |style: Style| style.force_styling(coloured);
        let (bold, dim) = (styled(Style::new().bold()), styled(Style::new().dim()));
        let mut text = String::new();
        let mut columns = Columns::of(&self.lines);
        for (index, line) in self.lines.iter().enumerate() {
            let line = match line {
                Line::Heading(heading) => {
                    columns = Columns::of(&self.lines[index + 1..]);
                    let gap = if index == 0 { "" } else { "\n" };
                    format!("{gap}{}", bold.apply_to(heading))
                }
                Line::Text(line) => format!("  {line}"),
                Line::Row { key, value, note } if note.is_empty() => columns.row(key, value),
                Line::Row { key, value, note } => {
                    let value = pad_str(value, columns.values, Alignment::Left, None);
                    format!("{}  {}", columns.row(key, &value), dim.apply_to(note))
                }
            };
            let line = line.trim_end();
            let line = if width > 0 { truncate_str(line, width, "…") } else { line.into() };
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

/// How many lines it takes: a heading has an empty one above it, but for the first.
fn height<'a>(lines: impl IntoIterator<Item = &'a Line>) -> usize {
    let lines = lines.into_iter().enumerate();
    lines.map(|(index, line)| if index > 0 && line.is_heading() { 2 } else { 1 }).sum()
}

fn shown(text: impl Into<String>) -> String {
    super::printable(&text.into()).into_owned()
}

/// The widths of a section's columns.
struct Columns {
    keys: usize,
    values: usize,
}

impl Columns {
    /// Measures the rows up to the next heading. Values are as wide as those that a remark follows.
    fn of(lines: &[Line]) -> Self {
        let section = lines.iter().take_while(|line| !matches!(line, Line::Heading(_)));
        let (mut keys, mut values) = (0, 0);
        for line in section {
            let Line::Row { key, value, note } = line else { continue };
            keys = keys.max(measure_text_width(key));
            if !note.is_empty() {
                values = values.max(measure_text_width(value));
            }
        }
        Self { keys: keys.min(WIDEST_KEY), values: values.min(WIDEST_VALUE) }
    }

    fn row(&self, key: &str, value: &str) -> String {
        format!("  {}  {value}", pad_str(key, self.keys, Alignment::Left, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_aligned_and_headings_stand_apart() {
        let mut page = Page::new();
        page.heading("Found").row("api", "Go 1.24", "go.mod:3").row("worker", "Python 3.12 and more", "");
        page.heading("Plan").text("nothing to do").row("a", "b", "");
        assert_eq!(
            page.render(false, 0),
            "Found\n  api     Go 1.24  go.mod:3\n  worker  Python 3.12 and more\n\nPlan\n  nothing to do\n  a  b\n"
        );
    }

    #[test]
    fn a_page_that_is_too_long_keeps_its_top_and_what_matters_and_says_how_much_is_left_out() {
        let mut page = Page::new();
        page.heading("shop is not ready");
        page.row("a", "ready", "")
            .minor()
            .row("b", "failed", "")
            .text("    why")
            .row("c", "ready", "")
            .minor();
        page.heading("Quota").row("pods", "1 of 2", "").minor().row("cpu", "1 of 2", "").minor();
        let fitted = |rows| page.fitted(rows).render(false, 0);
        assert_eq!(fitted(9), page.render(false, 0));
        let more = |count| format!("  … {count} more lines: make the terminal higher to see them\n");
        assert_eq!(
            fitted(8),
            format!("shop is not ready\n  a  ready\n  b  failed\n      why\n  c  ready\n{}", more(2))
        );
        assert_eq!(fitted(4), format!("shop is not ready\n  b  failed\n      why\n{}", more(4)));
        assert_eq!(fitted(1), format!("shop is not ready\n  b  failed\n{}", more(5)));
    }
}
