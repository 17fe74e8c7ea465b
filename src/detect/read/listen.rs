//! Where code listens: from a call such as `app.listen(PORT)` to the number that `PORT` is when the
//! environment says nothing.

pub(in crate::detect) use super::argument::arguments;
pub(in crate::detect) use super::resolve::resolve;

use super::argument::keyword;
use super::caller;
use super::pattern::Pattern;
use super::resolve::{DEPTH, defined, definitions, names, variables};
use super::{Code, Tree};

/// Which part of a call is the address.
#[derive(Debug, Clone, Copy)]
pub(in crate::detect) enum Take {
    /// The argument of this index.
    Argument(usize),
    /// The value of one of these keywords or fields.
    Key(&'static [&'static str]),
    /// What the pattern's first group captured.
    Group,
}

/// A way of listening; `pattern` ends with the call's opening bracket unless it captures a group.
#[derive(Debug)]
pub(in crate::detect) struct Listen {
    pub(in crate::detect) pattern: Pattern,
    pub(in crate::detect) take: Take,
}

/// Builds a row of a table.
pub(in crate::detect) const fn row(pattern: &'static str, take: Take) -> Listen {
    Listen { pattern: Pattern::new(pattern), take }
}

/// A place where code listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::detect) struct Found {
    pub(in crate::detect) file: String,
    pub(in crate::detect) line: u32,
    /// `None` where no literal says it.
    pub(in crate::detect) port: Option<u16>,
    /// Variables that the address is made of.
    pub(in crate::detect) variables: Vec<String>,
    /// The variable that alone says it.
    pub(in crate::detect) variable: Option<String>,
}

/// The places where one of `files` listens, in their order.
pub(in crate::detect) fn search(
    tree: &Tree,
    files: &[&str],
    rows: &[Listen],
    related: &[&str],
) -> Vec<Found> {
    let mut found = Vec::new();
    for file in files {
        let Some(code) = tree.code(file) else { continue };
        for row in rows {
            for captures in code.captures(&row.pattern) {
                let Some(whole) = captures.get(0) else { continue };
                let expression = match row.take {
                    Take::Group => captures.get(1).map(|group| group.as_str()),
                    Take::Argument(index) => arguments(&code.text, whole.end()).get(index).copied(),
                    Take::Key(keys) => keyword(&arguments(&code.text, whole.end()), keys),
                };
                let port = expression.and_then(|expression| {
                    resolve(&code, expression, DEPTH)
                        .or_else(|| elsewhere(tree, &code, expression, file, related))
                        .or_else(|| caller::given(tree, &code, whole.start(), expression, related))
                });
                let variables = expression.map(|expression| variables(&code, expression)).unwrap_or_default();
                let variable = expression.filter(|_| port.is_none()).and_then(|e| variable(&code, e));
                found.push(Found {
                    file: (*file).to_owned(),
                    line: code.line(whole.start()),
                    port,
                    variables,
                    variable,
                });
            }
        }
    }
    found
}

static ENVIRONMENT: Pattern = Pattern::new(
    r#"(?:\bprocess\.env\.|\bprocess\.env\[['"]|\bBun\.env\.|\bDeno\.env\.get\(\s*['"]|\bENV(?:\.fetch\(|\[)\s*['"]|\b[gG]et_?env\(\s*['"]|\benviron(?:\.get\(|\[)\s*['"]|\benv::var\(\s*"|\bGetEnvironmentVariable\(\s*")(\w+)"#,
);

/// The environment variable that an expression, or the definition of a name in it, reads.
fn variable(code: &Code, expression: &str) -> Option<String> {
    if let Some(found) = ENVIRONMENT.captures(expression) {
        return Some(found[1].to_owned());
    }
    names(expression).into_iter().find_map(|name| {
        let assigned = definitions(code, name).next()?;
        Some(ENVIRONMENT.captures(assigned)?[1].to_owned())
    })
}

/// A setting that is asked for by its section and name.
static KEY: Pattern = Pattern::new(r#"\(\s*['"](\w+)\.(?:\w+\.)?port['"]"#);

/// A name that this file does not define may be defined in a file of settings.
fn elsewhere(tree: &Tree, code: &Code, expression: &str, file: &str, related: &[&str]) -> Option<u16> {
    const WORDS: &[&str] = &["config", "env", "const", "setting", "default", "option"];
    let settings = related.iter().filter(|other| {
        let lower = other.to_lowercase();
        **other != file && WORDS.iter().any(|word| lower.contains(word))
    });
    for other in settings.take(12) {
        let Some(code) = tree.code(other) else { continue };
        let ports = names(expression).into_iter().filter(|name| name.to_lowercase().contains("port"));
        if let Some(port) = ports.into_iter().find_map(|name| defined(&code, name, DEPTH)) {
            return Some(port);
        }
    }
    // `config.get("app.port")` is the port of the settings in `app.config.ts`.
    if let Some(found) = KEY.captures(expression) {
        let of = |other: &&&str| super::base(other).split(['.', '-', '_']).any(|part| part == &found[1]);
        let port =
            related.iter().filter(of).find_map(|other| defined(tree.code(other)?.as_ref(), "port", DEPTH));
        if port.is_some() {
            return port;
        }
    }
    let constant = |name: &&str| {
        let named = name.len() > 3 && name.contains("PORT") && name.chars().all(upper);
        named && definitions(code, name).next().is_none()
    };
    names(expression).into_iter().filter(constant).find_map(|name| {
        let holds = |other: &&&str| {
            let text = tree.text(other);
            **other != file
                && text.is_some_and(|text| memchr::memmem::find(text.as_bytes(), name.as_bytes()).is_some())
        };
        let mut files = related.iter().filter(holds).take(12);
        files.find_map(|other| defined(tree.code(other)?.as_ref(), name, DEPTH))
    })
}

/// Whether a character is one of a constant's name.
fn upper(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
}
