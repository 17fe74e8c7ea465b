//! Settings classes of pydantic, whose fields are variables of the same name, and schemes of django-environ.

use super::{Declared, Need};
use crate::detect::read::Code;
use crate::detect::read::listen::arguments;
use crate::detect::read::pattern::Pattern;

static SETTINGS: Pattern = Pattern::new(r"(?m)^class\s+\w+\([^)\n]*\bBaseSettings\b[^)\n]*\)\s*:");
static FIELD: Pattern = Pattern::new(r"^    ([A-Za-z]\w*)\s*:\s*([^=\n]+?)(?:\s*=\s*(.+))?$");
static PREFIX: Pattern = Pattern::new(r#"\benv_prefix['"]?\s*[=:]\s*['"](\w+)['"]"#);
static SCHEME: Pattern = Pattern::new(r"\b(?:environ\.)?Env\(\s*");

pub(super) fn declared(code: &Code) -> Vec<Declared<'_>> {
    let classes = code.captures(&SETTINGS).filter_map(|found| Some(found.get(0)?.end()));
    let mut found: Vec<Declared<'_>> = classes.flat_map(|start| settings(code, start)).collect();
    let schemes = code.captures(&SCHEME).filter_map(|found| Some(found.get(0)?.end()));
    found.extend(schemes.flat_map(|start| scheme(code, start)));
    found
}

/// The fields of the class whose body begins at `start`.
fn settings(code: &Code, start: usize) -> Vec<Declared<'_>> {
    let text = code.text.as_str();
    let mut lines = Vec::new();
    let mut offset = start + text[start..].find('\n').map_or(text.len() - start, |at| at + 1);
    for line in text[offset..].split_inclusive('\n') {
        let blank = line.trim().is_empty();
        if !blank && !line.starts_with("    ") && code.is_code(offset) {
            break;
        }
        lines.push((offset, line.trim_end()));
        offset += line.len();
    }
    let prefix = PREFIX.captures(&text[start..offset]).map(|found| found[1].to_uppercase());
    let prefix = prefix.unwrap_or_default();
    let field = |(offset, line): (usize, &str)| {
        let found = FIELD.captures(line).filter(|_| code.is_code(offset))?;
        let (name, kind) = (&found[1], &found[2]);
        if name == "model_config" || kind.starts_with("ClassVar") {
            return None;
        }
        let value = found.get(3).map(|value| (value.as_str(), offset + value.start()));
        let (alias, need) = value.map_or((None, Need::Required), |(value, at)| match field_call(value) {
            Some(open) => of_call(&arguments(text, at + open)),
            None => (None, Need::Default(&text[at..at + value.len()])),
        });
        let need = match need {
            Need::Required if kind.contains("None") || kind.contains("Optional") => Need::Optional,
            need => need,
        };
        let name = alias.map_or_else(|| format!("{prefix}{}", name.to_uppercase()), str::to_uppercase);
        Some(Declared { name, offset, need })
    };
    lines.into_iter().filter_map(field).collect()
}

/// Where the arguments of `Field(` begin.
fn field_call(value: &str) -> Option<usize> {
    value
        .find("Field(")
        .filter(|at| value[..*at].chars().all(|c| c.is_alphanumeric() || c == '.'))
        .map(|at| at + 6)
}

/// The variable's own name and what holds without it, as the arguments of `Field` say.
fn of_call<'c>(arguments: &[&'c str]) -> (Option<&'c str>, Need<'c>) {
    let value = |key: &str| {
        arguments.iter().find_map(|argument| argument.strip_prefix(key)?.trim_start().strip_prefix('='))
    };
    let alias = ["validation_alias", "alias", "env"].into_iter().find_map(value).map(str::trim);
    let alias = alias.and_then(|alias| alias.strip_prefix(['"', '\''])?.strip_suffix(['"', '\'']));
    let first = arguments.first().copied().filter(|first| {
        let name = first.split('=').next().unwrap_or_default().trim();
        !first.contains('=') || !name.chars().all(|c| c.is_alphanumeric() || c == '_')
    });
    let need = match first.or_else(|| value("default").map(str::trim)) {
        Some("...") => Need::Required,
        Some(default) => Need::Default(default),
        None if value("default_factory").is_some() => Need::Optional,
        None => Need::Required,
    };
    (alias, need)
}

/// `DEBUG=(bool, False)` has a default, `LEVEL=str` has none.
fn scheme(code: &Code, start: usize) -> Vec<Declared<'_>> {
    let text = code.text.as_str();
    let variable = |argument: &'_ str| {
        let (name, value) = argument.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let upper =
            name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        let offset = name.as_ptr() as usize - text.as_ptr() as usize;
        let at = value.as_ptr() as usize - text.as_ptr() as usize;
        let need = match value.strip_prefix('(') {
            Some(_) => {
                arguments(text, at + 1).get(1).map_or(Need::Required, |default| Need::Default(default))
            }
            None => Need::Required,
        };
        upper.then(|| Declared { name: name.to_owned(), offset, need })
    };
    arguments(text, start).into_iter().filter_map(variable).collect()
}
