//! Example variables: `.env.example` and its relatives. Commented lines are no variables.

use super::interpolate::{self, Variables};
use crate::detect::draft::{At, Draft, Given, PortSource};
use crate::detect::read::is_below;
use crate::detect::read::{Tree, folder, join};
use crate::detect::rule::variable;

/// Names of files with examples, then files with defaults that a repository commits.
const EXAMPLES: &[&str] = &[
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.local.example",
    ".env.development.example",
    "env.example",
    "example.env",
    "sample.env",
    ".env.defaults",
    ".example.env",
    ".sample.env",
    ".env-example",
    ".env-sample",
    "env.sample",
    "env.template",
    "env-example",
    "env-sample",
    ".env",
    ".env.development",
    ".env.dev",
    "app.env",
];

/// What the names of further examples begin with, of which there may be one for each way of running.
const VARIANTS: &[&str] = &["env-example-", "env.example.", ".env.example.", ".env-example-", ".env.sample."];

/// One `NAME=value` line.
#[derive(Debug, PartialEq, Eq)]
struct Assignment {
    name: String,
    value: String,
    line: u32,
}

fn assignments(text: &str) -> Vec<Assignment> {
    let lines = text.lines().zip(1u32..);
    lines
        .filter_map(|(line, number)| {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line);
            let (name, value) = line.split_once('=')?;
            let name = name.trim();
            let plain = !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            plain.then(|| Assignment { name: name.to_owned(), value: unquote(value), line: number })
        })
        .collect()
}

fn unquote(value: &str) -> String {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote) {
            return inner.split(quote).next().unwrap_or_default().to_owned();
        }
    }
    if value.starts_with('#') {
        return String::new();
    }
    value.split(" #").next().unwrap_or_default().trim().to_owned()
}

/// Whether a value asks to be replaced rather than to be used.
fn placeholder(value: &str) -> bool {
    let lower = value.to_lowercase();
    lower.starts_with('<')
        || lower.starts_with("your")
        || lower.starts_with("changeme")
        || lower.starts_with("change-me")
        || lower.starts_with("change_me")
        || lower.starts_with("replace")
        || lower.starts_with("xxx")
        || lower.contains("your_")
        || lower.contains("your-")
        || lower == "todo"
        || lower == "..."
}

/// Adds the variables of the component's own example file, or of the root's where it is the only one.
pub(super) fn attach(tree: &Tree, draft: &mut Draft, dirs: &[String]) {
    let dir = draft.c.path.clone();
    let own: Vec<String> = EXAMPLES.iter().filter_map(|name| tree.find(&dir, name)).collect();
    let mut files = own;
    if files.is_empty() {
        let variant = |name: &&str| VARIANTS.iter().any(|start| name.starts_with(start));
        files.extend(tree.names(&dir).find(variant).and_then(|name| join(&dir, name)));
    }
    let alone = dirs.iter().filter(|other| is_below(other, folder_of(&dir))).count() == 1;
    if files.is_empty() && dir != "." && alone {
        files = EXAMPLES
            .iter()
            .filter_map(|name| join(folder_of(&dir), name).filter(|file| tree.has(file)))
            .collect();
    }
    if dirs.len() == 1 && files.is_empty() {
        files = EXAMPLES.iter().filter_map(|name| tree.find(".", name)).collect();
    }
    for file in files {
        take(tree, draft, &file);
    }
}

/// Adds the variables of one file.
pub(super) fn take(tree: &Tree, draft: &mut Draft, file: &str) {
    let Some(text) = tree.has(file).then(|| tree.text(file)).flatten() else { return };
    let all = assignments(&text);
    let given = all.iter().filter(|one| !one.value.is_empty() && !placeholder(&one.value));
    let known: Variables = given.map(|one| (one.name.clone(), one.value.clone())).collect();
    for Assignment { name, value, line } in all {
        let at = At::line(file, line);
        // A value may be made of others of the file.
        let composed = if value.contains("${") { interpolate::strict(&value, &known) } else { Some(value) };
        let value = composed.unwrap_or_default();
        let usable = !value.is_empty() && !placeholder(&value);
        draft.env(&name, if usable { Given::File(&value) } else { Given::Nothing }, &at, 0.9);
        if let Some(port) = draft.port_of_variable(&name, &value) {
            draft.port(port, PortSource::DotEnv, &at);
        }
        if let Some(kind) = variable::by_url(&value) {
            // CockroachDB is reached by PostgreSQL's scheme.
            let cockroach = kind == "postgres" && draft.has_service("cockroachdb");
            let kind = if cockroach { "cockroachdb" } else { kind };
            draft.service(kind, None, &at, 0.8);
            draft.service_env(kind, &name);
        }
    }
}

/// What the `.env` file of a folder says, for compose's own variables.
pub(super) fn values(tree: &Tree, dir: &str) -> Variables {
    let file =
        [".env", ".env.example", ".env.sample", ".env.dist"].iter().find_map(|name| tree.find(dir, name));
    let text = file.and_then(|file| tree.text(&file));
    text.map(|text| assignments(&text).into_iter().map(|found| (found.name, found.value)).collect())
        .unwrap_or_default()
}

fn folder_of(dir: &str) -> &str {
    folder(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_no_variables_and_quotes_are_dropped() {
        let found =
            assignments("# DATABASE_URL=x\nA=1 # one\nE= # none\nexport B=\"x # y\"\nnot a line\n=z\n9A=1\n");
        let names: Vec<_> = found.iter().map(|a| (a.name.as_str(), a.value.as_str(), a.line)).collect();
        assert_eq!(names, [("A", "1", 2), ("E", "", 3), ("B", "x # y", 4)]);
    }
}
