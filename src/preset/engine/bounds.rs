//! What keeps a template finite. Some of it is told from its text: its size, the depth of its loops, the
//! words that it may use. The rest is counted while it renders: every turn of a loop, every included
//! file and every variable that is set draws on one budget, by calls that are added to the text here.

use std::cell::Cell;

use serde_json::Value;
use tera::{Kwargs, State};

use super::document::is_partial;
use super::failure::TemplateError;
use super::tag::{Kind, Tag, tags};
use crate::config::did_you_mean;

/// One template file may be this large.
pub(in crate::preset) const MOST_TEMPLATE_BYTES: usize = 256 << 10;
/// `range` gives at most this many numbers.
const LONGEST_RANGE: usize = 1_000;
/// Loops may be nested this deep in one template.
const DEEPEST_LOOP: usize = 4;
/// Files may include each other this deep; each level takes a part of the stack.
const DEEPEST_INCLUDE: usize = 6;
/// A variable that a template sets, and what a filter gives, may be this large.
const LARGEST_VALUE: usize = 256 << 10;
/// What one rendering may use up: bytes of template that loops and includes run through, and bytes of
/// the variables that it sets.
const BUDGET: usize = 16 << 20;
/// What a turn of a loop or an include costs at least.
const LEAST_COST: usize = 128;
/// The statements that templates have. Blocks that capture output (`set` without `=`, `filter`, `block`,
/// `component`) are left out: what they hold would pass by every bound.
const STATEMENTS: [&str; 11] =
    ["if", "elif", "else", "endif", "for", "endfor", "set", "include", "break", "continue", "raw"];
/// The function that draws on the budget.
const SPEND: &str = "__spend";

thread_local! {
    static LEFT: Cell<usize> = const { Cell::new(0) };
}

/// Begins a rendering with the whole budget.
pub(super) fn start() {
    LEFT.set(BUDGET);
}

fn spend(amount: usize) -> tera::TeraResult<()> {
    match LEFT.get().checked_sub(amount) {
        Some(left) => {
            LEFT.set(left);
            Ok(())
        }
        None => Err(tera::Error::message("takes too long: its loops and variables grow without bound")),
    }
}

/// What can be told without running it.
pub(super) fn check(name: &str, text: &str) -> Result<(), TemplateError> {
    let refuse = |at: usize, message: String, hint: Option<String>| {
        let before = text.get(..at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Err(TemplateError {
            template: name.into(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message,
            excerpt: text[line_start..].lines().next().and_then(super::failure::excerpt),
            hint,
        })
    };
    if text.len() > MOST_TEMPLATE_BYTES {
        let message = format!("larger than {} KiB", MOST_TEMPLATE_BYTES >> 10);
        let (template, excerpt) = (name.into(), None);
        return Err(TemplateError { template, line: 0, column: 0, message, excerpt, hint: None });
    }
    let mut open: Vec<(&str, usize)> = Vec::new();
    for tag in tags(text) {
        let mut tokens = tag.tokens();
        if tag.kind == Kind::Statement {
            let word = tokens.next().unwrap_or_default();
            match word {
                "for" | "if" => open.push((word, tag.start)),
                // Where they do not belong together Tera says so.
                "endfor" | "endif" => drop(open.pop()),
                // Tera has something to say about a tag without a word.
                word if word.is_empty() || STATEMENTS.contains(&word) => {}
                word => {
                    let hint = did_you_mean(word, STATEMENTS);
                    return refuse(tag.start, format!("`{word}` is not available"), hint);
                }
            }
            if open.iter().filter(|(word, _)| *word == "for").count() > DEEPEST_LOOP {
                return refuse(tag.start, format!("loops nested deeper than {DEEPEST_LOOP}"), None);
            }
            if word == "set" && tag.tokens().nth(2) != Some("=") {
                let hint = Some("write `{% set name = expression %}`".into());
                return refuse(tag.start, "`set` without `=` is not available".into(), hint);
            }
        }
        if tokens.any(|token| token == "for") {
            let hint = Some("write a `{% for %}` loop".into());
            return refuse(
                tag.start,
                "lists made by `for` inside an expression are not available".into(),
                hint,
            );
        }
    }
    match open.pop() {
        Some((word, at)) => {
            let hint = Some(format!("end it with `{{% end{word} %}}`"));
            refuse(at, format!("`{word}` has no end"), hint)
        }
        None => Ok(()),
    }
}

/// No file includes others too deep, or itself.
pub(super) fn check_includes<'a>(
    templates: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<(), TemplateError> {
    let files: Vec<(&str, Vec<&str>)> =
        templates.into_iter().map(|(name, text)| (name, included(text))).collect();
    // The files whose includes are at most so deep, more with every round.
    let mut settled: Vec<&str> = Vec::new();
    for _ in 0..=DEEPEST_INCLUDE {
        let known = |name: &&str| settled.contains(name) || files.iter().all(|(file, _)| file != name);
        let next = files.iter().filter(|(_, includes)| includes.iter().all(known));
        settled = next.map(|(name, _)| *name).collect();
    }
    match files.iter().find(|(name, _)| !settled.contains(name)) {
        None => Ok(()),
        Some((name, _)) => Err(TemplateError {
            template: (*name).into(),
            line: 0,
            column: 0,
            message: format!("includes itself, or files nested deeper than {DEEPEST_INCLUDE}"),
            excerpt: None,
            hint: None,
        }),
    }
}

/// The files that a text includes.
fn included(text: &str) -> Vec<&str> {
    let statements = tags(text).into_iter().filter(|tag| tag.kind == Kind::Statement);
    let includes = statements.filter(|tag| tag.tokens().next() == Some("include"));
    includes
        .flat_map(|tag| tag.tokens().skip(1).collect::<Vec<_>>())
        .filter(|token| token.starts_with(['"', '\'', '`']))
        .map(|token| token.trim_matches(['"', '\'', '`']))
        .collect()
}

/// Adds the calls that draw on the budget. Lines stay as they are.
pub(super) fn instrument(name: &str, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    if is_partial(name) {
        out.push_str(&format!("{{{{ {SPEND}(n={}) }}}}", text.len()));
    }
    let mut copied = 0;
    let tags = tags(text);
    for (index, tag) in tags.iter().enumerate() {
        let mut tokens = tag.tokens();
        let argument = match (tag.kind, tokens.next()) {
            (Kind::Statement, Some("for")) => format!("n={}", body(&tags[index..])),
            (Kind::Statement, Some("set")) => match tokens.next() {
                Some(name) => format!("v={name}"),
                None => continue,
            },
            _ => continue,
        };
        out.push_str(&text[copied..tag.end]);
        let end = if tag.trims_after { " -}}" } else { " }}" };
        out.push_str(&format!("{{{{ {SPEND}({argument}){end}"));
        copied = tag.end;
    }
    out.push_str(&text[copied..]);
    out
}

/// The length of the body of the loop that the tags begin with.
fn body(tags: &[Tag<'_>]) -> usize {
    let mut depth = 0;
    for tag in tags.iter().filter(|tag| tag.kind == Kind::Statement) {
        match tag.tokens().next() {
            Some("for") => depth += 1,
            Some("endfor") => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return tag.start.saturating_sub(tags[0].end);
        }
    }
    0
}

/// Takes the added calls out of a line that Tera shows; gives how many columns before `column` were ours.
pub(super) fn remove_added(line: &str, column: usize) -> (String, usize) {
    let (mut out, mut ours, mut at) = (String::new(), 0, 0);
    let opening = format!("{{{{ {SPEND}(");
    let mut rest = line;
    while let Some(start) = rest.find(&opening) {
        let Some(length) = rest[start..].find("}}").map(|end| end + 2) else { break };
        out.push_str(&rest[..start]);
        at += rest[..start].chars().count();
        let added = rest[start..start + length].chars().count();
        if at < column {
            ours += added.min(column - at);
        }
        at += added;
        rest = &rest[start + length..];
    }
    out.push_str(rest);
    (out, ours)
}

/// Replaces what grows without bound in Tera by bounded ones.
pub(super) fn register(tera: &mut tera::Tera) {
    tera.register_function("range", range);
    tera.register_function(SPEND, |arguments: Kwargs, _: &State| -> tera::TeraResult<tera::Value> {
        if let Some(amount) = arguments.get::<usize>("n")? {
            spend(amount.max(LEAST_COST))?;
        }
        if let Some(value) = arguments.get::<tera::Value>("v")? {
            spend(size(&value)?)?;
        }
        Ok(tera::Value::safe_string(""))
    });
    tera.register_filter("replace", replace);
    tera.register_filter("join", join);
    tera.register_filter("indent", indent);
}

/// The size of a value, or an error where it is larger than a value may be.
fn size(value: &tera::Value) -> tera::TeraResult<usize> {
    let mut left = LARGEST_VALUE;
    measure(value, &mut left).map(|()| LARGEST_VALUE - left)
}

fn measure(value: &tera::Value, left: &mut usize) -> tera::TeraResult<()> {
    let own = value.as_str().map_or(8, |text| text.len() + 8);
    *left = left.checked_sub(own).ok_or_else(too_large)?;
    if let Some(items) = value.as_array() {
        items.iter().try_for_each(|item| measure(item, left))?;
    } else if let Some(map) = value.as_map() {
        for (key, value) in map {
            *left = left.checked_sub(key.as_str().map_or(8, str::len)).ok_or_else(too_large)?;
            measure(value, left)?;
        }
    }
    Ok(())
}

fn too_large() -> tera::Error {
    tera::Error::message(format!("a value grows to more than {} KiB", LARGEST_VALUE >> 10))
}

fn bounded(size: usize) -> tera::TeraResult<()> {
    if size > LARGEST_VALUE { Err(too_large()) } else { Ok(()) }
}

fn replace(value: &str, arguments: Kwargs, _: &State) -> tera::TeraResult<String> {
    let (from, to) = (arguments.must_get::<&str>("from")?, arguments.must_get::<&str>("to")?);
    bounded(value.len().saturating_add(value.matches(from).count().saturating_mul(to.len())))?;
    Ok(value.replace(from, to))
}

fn join(value: &[tera::Value], arguments: Kwargs, _: &State) -> tera::TeraResult<String> {
    let separator = arguments.get::<&str>("sep")?.unwrap_or_default();
    let mut out = String::new();
    for (index, item) in value.iter().enumerate() {
        size(item)?;
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(&item.to_string());
        bounded(out.len())?;
    }
    Ok(out)
}

fn indent(value: &str, arguments: Kwargs, _: &State) -> tera::TeraResult<String> {
    let width = arguments.get::<usize>("width")?.unwrap_or(4);
    let first = arguments.get::<bool>("first")?.unwrap_or(false);
    let blank = arguments.get::<bool>("blank")?.unwrap_or(false);
    bounded(value.lines().count().saturating_mul(width).saturating_add(value.len()))?;
    let pad = " ".repeat(width);
    let mut out = String::with_capacity(value.len() * 2);
    for (index, line) in value.split_inclusive('\n').enumerate() {
        let is_blank = line.trim_end_matches('\n').is_empty();
        if (index > 0 || first) && (!is_blank || blank) {
            out.push_str(&pad);
        }
        out.push_str(line);
    }
    Ok(out)
}

fn range(arguments: Kwargs, _: &State) -> tera::TeraResult<Vec<i64>> {
    let start = arguments.get::<i64>("start")?.unwrap_or_default();
    let end = arguments.must_get::<i64>("end")?;
    let step = arguments.get::<usize>("step_by")?.filter(|step| *step > 0).unwrap_or(1);
    let numbers: Vec<i64> = (start..end).step_by(step).take(LONGEST_RANGE + 1).collect();
    if numbers.len() > LONGEST_RANGE {
        return Err(tera::Error::message(format!("`range` gives at most {LONGEST_RANGE} numbers")));
    }
    Ok(numbers)
}

/// A structure for `json`, no larger than a value may be.
pub(super) fn structure(value: &tera::Value) -> tera::TeraResult<Value> {
    size(value)?;
    serde_json::to_value(value).map_err(tera::Error::message)
}
