//! The template engine, set up in this one place: Tera without files, environment, network, clock or
//! chance, bounded in size, every interpolated text quoted for YAML by construction (see `marker`).

use std::fmt;
use std::io::{self, Write};

use serde_json::Value;
use tera::{Context, ErrorKind, Kwargs, State, Tera};

use super::marker;
use crate::config::did_you_mean;

/// One template file may be this large.
pub(super) const MOST_TEMPLATE_BYTES: usize = 256 << 10;
/// What one template renders to may be this large (markers take two bytes for one).
const MOST_OUTPUT_BYTES: usize = 4 << 20;
/// `range` gives at most this many numbers.
const LONGEST_RANGE: usize = 1_000;
/// Loops may be nested this deep in one template.
const DEEPEST_LOOP: usize = 4;
/// Precedes the template's line number in a document separator.
const LINE_MARK: &str = "_dbxl_";

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

/// The text of one document of a rendered template, markers and all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The line in the template where the document starts, from 1.
    pub line: usize,
    /// YAML with markers; `marker::decode` follows the parser.
    pub text: String,
}

/// Tera with one set of templates.
pub struct Engine {
    tera: Tera,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An engine without templates, for expressions.
    pub fn new() -> Self {
        let mut tera = Tera::default();
        tera.autoescape_on([""]);
        tera.set_escape_fn(|text, out| out.write_all(marker::text(text).as_bytes()));
        // Tera's own lets text pass the escape function.
        tera.register_filter("safe", |value: tera::Value, _: Kwargs, _: &State| value);
        tera.register_filter("json", json);
        tera.register_filter("base64", base64);
        tera.register_filter("literal", |text: &str, _: Kwargs, _: &State| text.replace("$(", "$$("));
        tera.register_function("range", range);
        Self { tera }
    }

    /// An engine that knows these templates, by name, and no others.
    ///
    /// # Errors
    /// A syntax error, a name that no template, filter or function has, or a file that is too large.
    pub fn with_templates<'a>(
        templates: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, TemplateError> {
        let mut engine = Self::new();
        let mut prepared = Vec::new();
        for (name, text) in templates {
            check_bounds(name, text)?;
            prepared.push((name, if is_partial(name) { text.to_owned() } else { number_documents(text) }));
        }
        engine
            .tera
            .add_raw_templates(prepared.iter().map(|(name, text)| (*name, text.as_str())))
            .map_err(|error| explain("", &error))?;
        Ok(engine)
    }

    /// Renders a template and splits it at its document separators; empty documents are left out.
    ///
    /// # Errors
    /// With template, line, column and the missing name.
    pub fn render(&self, template: &str, context: &Value) -> Result<Vec<Rendered>, TemplateError> {
        let mut out = Bounded::default();
        let outcome = self.tera.render_to(template, &context_of(context), &mut out);
        let text = out.finish(template, outcome)?;
        Ok(split(&text))
    }

    /// Evaluates text that may be a template. A text without template syntax is itself; one single
    /// expression keeps its type (number, boolean; list and map through `| json`), all else is text.
    ///
    /// # Errors
    /// With line, column and the missing name; `name` stands for the template.
    pub fn evaluate(&self, name: &str, text: &str, context: &Value) -> Result<Value, TemplateError> {
        if !text.contains("{{") && !text.contains("{%") && !text.contains("{#") {
            return Ok(Value::String(text.to_owned()));
        }
        check_bounds(name, text)?;
        let mut out = Bounded::default();
        let outcome = self.tera.render_str_to(text, &context_of(context), true, &mut out);
        let rendered = out.finish(name, outcome)?;
        if marker::has_marker(&rendered) {
            return Ok(marker::decode_scalar(&rendered));
        }
        let trimmed = text.trim();
        let single =
            trimmed.starts_with("{{") && trimmed.ends_with("}}") && trimmed.matches("{{").count() == 1;
        Ok(match serde_json::from_str::<Value>(rendered.trim()) {
            Ok(value @ (Value::Bool(_) | Value::Number(_))) if single => value,
            _ => Value::String(rendered),
        })
    }

    /// Evaluates a bare expression to true or false.
    ///
    /// # Errors
    /// With the missing name.
    pub fn holds(&self, name: &str, expression: &str, context: &Value) -> Result<bool, TemplateError> {
        let text = format!("{{% if {expression} %}}true{{% endif %}}");
        Ok(self.evaluate(name, &text, context)? == Value::String("true".into()))
    }
}

/// Nulls are left out, so that `default` fills them in and a missing name is an error.
fn context_of(value: &Value) -> Context {
    let mut context = Context::new();
    if let Value::Object(map) = without_nulls(value) {
        for (key, value) in map {
            context.insert(key, &value);
        }
    }
    context
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

fn json(value: tera::Value, _: Kwargs, _: &State) -> tera::TeraResult<tera::Value> {
    let value = serde_json::to_value(&value).map_err(tera::Error::message)?;
    Ok(tera::Value::safe_string(&marker::structure(&value)))
}

fn base64(value: &str, _: Kwargs, _: &State) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(value)
}

fn range(arguments: Kwargs, _: &State) -> tera::TeraResult<Vec<i64>> {
    let start = arguments.get::<i64>("start")?.unwrap_or_default();
    let end = arguments.must_get::<i64>("end")?;
    let numbers: Vec<i64> = (start..end).take(LONGEST_RANGE + 1).collect();
    if numbers.len() > LONGEST_RANGE {
        return Err(tera::Error::message(format!("`range` gives at most {LONGEST_RANGE} numbers")));
    }
    Ok(numbers)
}

/// What can be told without running it: size, depth of loops, and tags that could make a small template
/// grow without bound.
fn check_bounds(name: &str, text: &str) -> Result<(), TemplateError> {
    let refuse = |line: usize, message: String| {
        Err(TemplateError { template: name.into(), line, column: 1, message, excerpt: None, hint: None })
    };
    if text.len() > MOST_TEMPLATE_BYTES {
        return refuse(0, format!("larger than {} KiB", MOST_TEMPLATE_BYTES >> 10));
    }
    let mut depth = 0_usize;
    for (index, line) in text.lines().enumerate() {
        for tag in line.split("{%").skip(1) {
            match tag.trim_start_matches('-').split_whitespace().next() {
                Some("for") => depth += 1,
                Some("endfor") => depth = depth.saturating_sub(1),
                Some("set_global") => return refuse(index + 1, "`set_global` is not available".into()),
                _ => {}
            }
            if depth > DEEPEST_LOOP {
                return refuse(index + 1, format!("loops nested deeper than {DEEPEST_LOOP}"));
            }
        }
    }
    Ok(())
}

/// A file whose name begins with `_` is there to be included.
pub(super) fn is_partial(template: &str) -> bool {
    template.rsplit('/').next().is_some_and(|file| file.starts_with('_'))
}

/// Notes in every document separator which line follows it, and beside every `apiVersion` where it
/// stands, for [`split`] to read.
fn number_documents(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let content_after = |index: usize| {
        let is_content = |line: &&str| {
            let line = line.trim();
            let tag_alone = line.starts_with("{%") && line.ends_with("%}") && line.matches("{%").count() == 1;
            !line.is_empty() && !line.starts_with('#') && !line.starts_with("{#") && !tag_alone
        };
        lines.iter().skip(index).position(is_content).map_or(index, |offset| index + offset) + 1
    };
    // The first separator is ours; it takes a line, so that Tera's line numbers are one too many.
    let mut out = format!("--- #{LINE_MARK}{}\n", content_after(0));
    for (index, line) in lines.iter().enumerate() {
        if line.trim_end() == "---" {
            out.push_str(&format!("--- #{LINE_MARK}{}\n", content_after(index + 1)));
        } else if line.starts_with("apiVersion: ") {
            out.push_str(&format!("{} #{LINE_MARK}{}\n", line.trim_end(), index + 1));
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn split(text: &str) -> Vec<Rendered> {
    let mut documents: Vec<Rendered> = Vec::new();
    for line in text.lines() {
        let (line, mark) = match line.rsplit_once(LINE_MARK) {
            Some((line, mark)) => (line.trim_end_matches([' ', '#']), mark.parse().ok()),
            None => (line, None),
        };
        let last = documents.last_mut();
        if line.trim_end() == "---" {
            let line = mark.or(last.map(|document| document.line)).unwrap_or(1);
            documents.push(Rendered { line, text: String::new() });
        } else if let Some(document) = last {
            document.line = mark.unwrap_or(document.line);
            document.text.push_str(line);
            document.text.push('\n');
        } else if !line.trim().is_empty() {
            documents.push(Rendered { line: 1, text: format!("{line}\n") });
        }
    }
    documents.retain(|document| {
        document.text.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    });
    documents
}

/// Takes output up to a limit.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MOST_OUTPUT_BYTES {
            self.full = true;
            return Err(io::Error::other("too much output"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Bounded {
    fn finish(self, template: &str, outcome: tera::TeraResult<()>) -> Result<String, TemplateError> {
        match outcome {
            Ok(()) => Ok(String::from_utf8_lossy(&self.bytes).into_owned()),
            Err(_) if self.full => Err(TemplateError {
                template: template.into(),
                line: 0,
                column: 0,
                message: format!("renders to more than {} MiB", MOST_OUTPUT_BYTES >> 20),
                excerpt: None,
                hint: None,
            }),
            Err(error) => Err(explain(template, &error)),
        }
    }
}

fn explain(template: &str, error: &tera::Error) -> TemplateError {
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
            TemplateError {
                template: template.into(),
                line: span.start_line.saturating_sub(before).max(1),
                column: span.start_col + 1,
                excerpt: excerpt(&report_line(error)),
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
    let excerpt = lines.nth(1).and_then(|line| line.split_once(" | ")).and_then(|(_, text)| excerpt(text));
    let unknown = message.split('`').nth(1).unwrap_or_default();
    let hint = match message.strip_prefix("Unknown ").and_then(|rest| rest.split(' ').next()) {
        Some("filter") => did_you_mean(unknown, FILTERS),
        Some("function") => did_you_mean(unknown, ["range", "throw"]),
        _ => None,
    };
    TemplateError {
        template: named.unwrap_or(template).into(),
        line: line.saturating_sub(before),
        column,
        message: first_lower(message),
        excerpt,
        hint,
    }
}

/// The filters that templates are told about.
const FILTERS: [&str; 30] = [
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

fn excerpt(line: &str) -> Option<String> {
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
    (first_lower(message.trim_end_matches('.')), None)
}

fn first_lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
