//! What went wrong in a template: Tera's reports in our words, with the place and the name that was meant.

use std::fmt;

use tera::ErrorKind;

use super::bounds::remove_added;
use super::document::is_partial;
use crate::config::did_you_mean;

/// What went wrong in a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The template, such as `web/deployment.yaml`.
    pub template: String,
    /// The line, from 1; 0 where it is not known.
    pub line: usize,
    /// The column, from 1; 0 where it is not known.
    pub column: usize,
    /// A lowercase fragment.
    pub message: String,
    /// The line at fault.
    pub excerpt: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "{}: {}", self.template, self.message);
        }
        write!(f, "{}:{}:{}: {}", self.template, self.line, self.column, self.message)?;
        if let Some(excerpt) = &self.excerpt {
            let number = self.line.to_string();
            let gutter = " ".repeat(number.len());
            let before = " ".repeat(self.column.saturating_sub(1));
            write!(f, "\n{number} | {excerpt}\n{gutter} | {before}^")?;
        }
        Ok(())
    }
}

impl std::error::Error for TemplateError {}

pub(super) fn explain(template: &str, error: &tera::Error) -> TemplateError {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            let named = report.filename();
            // Files have one line before their first; expressions have not.
            let (template, before) = match named.starts_with("__tera") || named.is_empty() {
                true => (template, 0),
                false => (named, usize::from(!is_partial(named))),
            };
            let span = report.span();
            let (message, hint) = reword(report.message());
            let (line, ours) = remove_added(&report_line(error), span.start_col);
            TemplateError {
                template: template.into(),
                line: span.start_line.saturating_sub(before).max(1),
                column: span.start_col + 1 - ours,
                excerpt: excerpt(&line),
                message,
                hint,
            }
        }
        other => from_report(template, &other.to_string()),
    }
}

/// Tera gives unknown filters, tests, functions and templates as the text of a report only:
/// `error: MESSAGE`, then `--> TEMPLATE:LINE:COLUMN`, then the line.
fn from_report(template: &str, report: &str) -> TemplateError {
    let mut lines = report.lines().map(str::trim).skip_while(|line| line.is_empty());
    let message = lines.next().unwrap_or_default().trim_start_matches("error: ");
    let place = lines.next().and_then(|line| line.strip_prefix("--> ")).unwrap_or_default();
    let mut parts = place.rsplitn(3, ':');
    let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok()).unwrap_or_default();
    let (column, line) = (number(), number());
    let named = parts.next().filter(|name| !name.starts_with("__tera"));
    let before = named.map_or(0, |name| usize::from(!is_partial(name)));
    let shown = lines.nth(1).and_then(|line| line.split_once(" | ")).map_or("", |(_, text)| text);
    let (shown, ours) = remove_added(shown, column.saturating_sub(1));
    let unknown = message.split('`').nth(1).unwrap_or_default();
    let hint = match message.strip_prefix("Unknown ").and_then(|rest| rest.split(' ').next()) {
        Some("filter") => did_you_mean(unknown, FILTERS),
        Some("function") => did_you_mean(unknown, ["range", "throw"]),
        _ => None,
    };
    TemplateError {
        template: named.unwrap_or(template).into(),
        line: line.saturating_sub(before),
        column: column - ours,
        message: first_lower(message),
        excerpt: excerpt(&shown),
        hint,
    }
}

/// The filters that templates are told about.
const FILTERS: [&str; 31] = [
    "abs",
    "base64",
    "capitalize",
    "default",
    "first",
    "float",
    "get",
    "indent",
    "int",
    "join",
    "json",
    "keys",
    "last",
    "length",
    "literal",
    "lower",
    "nth",
    "pairs",
    "replace",
    "reverse",
    "round",
    "sha256",
    "sort",
    "split",
    "str",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
    "values",
];

/// The line that Tera shows in its report: `12 | text`.
fn report_line(error: &tera::Error) -> String {
    let report = error.to_string();
    let line = report.lines().nth(3).and_then(|line| line.split_once(" | "));
    line.map(|(_, text)| text.to_owned()).unwrap_or_default()
}

pub(super) fn excerpt(line: &str) -> Option<String> {
    let clean: String = line.replace('\t', " ").chars().filter(|c| !c.is_control()).take(160).collect();
    (!clean.trim().is_empty()).then_some(clean)
}

/// Tera lists what is available behind a missing name; we name the closest.
fn reword(message: &str) -> (String, Option<String>) {
    for what in ["Available variables: ", "Available fields: "] {
        if let Some((message, known)) = message.split_once(what) {
            let missing = message.split('`').nth(1).unwrap_or_default();
            let known = known.split(", ").filter(|name| !name.starts_with("__"));
            let message = message.trim().trim_end_matches('.');
            return (first_lower(message), did_you_mean(missing, known));
        }
    }
    // A slip that everybody makes once.
    let hint = message.starts_with("Found `=` but expected").then(|| "compare with `==`".to_owned());
    (first_lower(message.trim_end_matches('.')), hint)
}

fn first_lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}
