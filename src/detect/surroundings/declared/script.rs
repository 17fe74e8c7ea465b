//! Schemas of JavaScript and TypeScript: zod and t3-env, valibot, Joi, yup, envalid, TypeBox, JSON Schema.

use super::{Declared, Need};
use crate::detect::read::Code;
use crate::detect::read::listen::arguments;
use crate::detect::read::pattern::Pattern;

/// `NAME: ` and the first word of a schema.
static ENTRY: Pattern = Pattern::new(
    r"\b([A-Z][A-Z0-9_]{2,})['\x22]?\s*:\s*(?:(z|v|[jJ]oi|yup|Type)\s*\.|(str|num|bool|port|url|host|email|json)\s*\(|(\{))",
);
static CLEAN: Pattern = Pattern::new(r"\bcleanEnv\s*\(");
/// Packages that check variables by JSON Schema.
static BY_SCHEMA: Pattern = Pattern::new(r"fastify/env|fastify-env|env-schema|envSchema");
static REQUIRED: Pattern = Pattern::new(r"\brequired\s*:\s*\[([^\]]*)\]");
static FALLBACK: Pattern = Pattern::new(r"\.\s*(?:default|catch|prefault)\s*\(");
static OPTIONAL: Pattern = Pattern::new(r"\.\s*(?:optional|nullish|nullable)\s*\(");
static DEMANDED: Pattern = Pattern::new(r"\.\s*(?:required|exist)\s*\(");
static KEY: Pattern = Pattern::new(r"\bdefault\s*:\s*([^,}\n]+)");

pub(super) fn declared(code: &Code) -> Vec<Declared<'_>> {
    let text = code.text.as_str();
    let (mut clean, mut schema) = (None, None);
    let variable = |found: regex::Captures<'_>| {
        let (name, word) = (found.get(1)?, (2..=4).find_map(|n| found.get(n))?);
        let value = *arguments(text, word.start()).first()?;
        let need = match word.as_str() {
            "z" => chained(value, Need::Required),
            "v" | "Type" => wrapped(value),
            "Joi" | "joi" | "yup" if DEMANDED.is_match(value) => chained(value, Need::Required),
            "Joi" | "joi" | "yup" => chained(value, Need::Optional),
            "{" => {
                let required = schema.get_or_insert_with(|| of_schema(code)).as_ref()?;
                value.contains("type").then_some(())?;
                let demanded = || required.iter().any(|word| *word == name.as_str());
                keyed(value).unwrap_or_else(|| if demanded() { Need::Required } else { Need::Optional })
            }
            _ => {
                clean.get_or_insert_with(|| code.matches(&CLEAN)).then_some(())?;
                keyed(value).unwrap_or(Need::Required)
            }
        };
        Some(Declared { name: name.as_str().to_owned(), offset: name.start(), need })
    };
    code.captures(&ENTRY).filter_map(variable).collect()
}

/// `z.string().default("x")`: what the chain says, else `otherwise`.
fn chained<'c>(value: &'c str, otherwise: Need<'c>) -> Need<'c> {
    let fallback = FALLBACK.captures(value).and_then(|found| Some(found.get(0)?.end()));
    match fallback.and_then(|end| arguments(value, end).first().copied()) {
        Some(default) => Need::Default(default),
        None if OPTIONAL.is_match(value) => Need::Optional,
        None => otherwise,
    }
}

/// `v.optional(v.string(), "x")` and `Type.String({ default: "x" })`.
fn wrapped(value: &str) -> Need<'_> {
    let Some((call, _)) = value.split_once('(') else { return Need::Required };
    let optional = ["optional", "nullish", "Optional"].iter().any(|word| call.ends_with(word));
    let second = arguments(value, call.len() + 1).get(1).copied();
    match (optional, second) {
        (true, Some(default)) => Need::Default(default),
        (optional, _) => keyed(value).unwrap_or(if optional { Need::Optional } else { Need::Required }),
    }
}

/// `{ default: "x" }`.
fn keyed(value: &str) -> Option<Need<'_>> {
    Some(Need::Default(KEY.captures(value)?.get(1)?.as_str()))
}

/// The names that a JSON Schema for variables requires; `None` where the file has no such schema.
fn of_schema(code: &Code) -> Option<Vec<&str>> {
    if !BY_SCHEMA.is_match(&code.text) {
        return None;
    }
    let lists = code.captures(&REQUIRED).filter_map(|found| code.text.get(found.get(1)?.range()));
    Some(lists.flat_map(|list| list.split(',')).map(|word| word.trim().trim_matches(['"', '\''])).collect())
}
