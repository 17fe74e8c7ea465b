//! Struct tags: `env:"PORT" envDefault:"8080"` and its relatives.

use super::{Declared, Need};
use crate::detect::read::Code;
use crate::detect::read::pattern::Pattern;

static TAGGED: Pattern = Pattern::new(
    r#"(?m)^[ \t]*(?:\w+[ \t]+)?\*?([\w.\[\]]+)[ \t]+`([^`\n]*\b(?:env|envconfig|mapstructure|envPrefix):"[^`\n]*)`"#,
);
static KEY: Pattern = Pattern::new(r#"([\w-]+):"([^"\n]*)""#);
static STRUCT: Pattern = Pattern::new(r"(?m)^type\s+(\w+)\s+struct\b");

/// Keys of tags that name the variable.
const NAMES: &[&str] = &["env", "envconfig", "mapstructure"];
const DEFAULTS: &[&str] = &["envDefault", "default", "env-default"];
const REQUIRED: &[&str] = &["required", "env-required"];

/// A tag's keys with their values.
type Keys<'c> = Vec<(&'c str, &'c str)>;

pub(super) fn declared<'c>(code: &'c Code) -> Vec<Declared<'c>> {
    let text = code.text.as_str();
    let tags: Vec<(usize, &str, Keys<'c>)> = code
        .captures(&TAGGED)
        .filter_map(|found| {
            let (whole, kind, tag) = (found.get(0)?, found.get(1)?.as_str(), found.get(2)?);
            let keys = KEY.captures_iter(&text[tag.range()]);
            let keys = keys.filter_map(|key| Some((key.get(1)?.as_str(), key.get(2)?.as_str())));
            Some((whole.start(), kind, keys.collect()))
        })
        .collect();
    let prefixes: Vec<(&str, &str)> =
        tags.iter().filter_map(|(_, kind, keys)| Some((*kind, value(keys, &["envPrefix"])?))).collect();
    let structs: Vec<(usize, &str)> = code
        .captures(&STRUCT)
        .filter_map(|found| Some((found.get(0)?.start(), text.get(found.get(1)?.range())?)))
        .collect();
    // Where some are marked as required, the others are not.
    let marks = tags.iter().any(|(_, _, keys)| required(keys));
    let variable = |(offset, keys): (usize, Keys<'c>)| {
        let name = value(&keys, NAMES)?.split(',').next().unwrap_or_default().trim().to_owned();
        let upper = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        let around = structs.iter().rev().find(|(start, _)| *start < offset).map(|(_, name)| *name);
        let prefix = prefixes.iter().find(|(kind, _)| Some(*kind) == around).map_or("", |(_, prefix)| prefix);
        let need = match fallback(&keys) {
            Some(default) => Need::Text(default),
            None if required(&keys) || !marks => Need::Required,
            None => Need::Optional,
        };
        upper.then(|| Declared { name: format!("{prefix}{name}"), offset, need })
    };
    tags.into_iter().map(|(offset, _, keys)| (offset, keys)).filter_map(variable).collect()
}

fn value<'c>(keys: &Keys<'c>, names: &[&str]) -> Option<&'c str> {
    keys.iter().find(|(key, _)| names.contains(key)).map(|(_, value)| *value)
}

/// What follows the name in its own key: `env:"PORT, default=80"`.
fn options<'c>(keys: &Keys<'c>) -> impl Iterator<Item = &'c str> {
    value(keys, NAMES).into_iter().flat_map(|value| value.split(',').skip(1)).map(str::trim)
}

fn required(keys: &Keys<'_>) -> bool {
    options(keys).any(|option| option == "required" || option == "notEmpty")
        || value(keys, REQUIRED).is_some_and(|value| value != "false")
}

fn fallback<'c>(keys: &Keys<'c>) -> Option<&'c str> {
    options(keys).find_map(|option| option.strip_prefix("default=")).or_else(|| value(keys, DEFAULTS))
}
