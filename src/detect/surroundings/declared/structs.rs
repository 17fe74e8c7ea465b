//! Structs of Rust that envy, figment or config fill from the environment: a field is the variable of its name,
//! in upper case and behind the prefix. Only a struct that the same file defines and fills so is read; what
//! renames all its fields, reads its prefix from elsewhere or has files of settings too, says nothing here.

use super::Declared;
use super::fields::{Items, Reader, block, fields};
use crate::detect::read::Code;
use crate::detect::read::pattern::Pattern;

static READER: Pattern = Pattern::new(
    r#"\benvy::(?:(from_env)\b|prefixed\s*\(\s*"(\w+)"\s*\))|\bEnv::(?:(raw)\s*\(\s*\)|prefixed\s*\(\s*"(\w+)"\s*\))|\bEnvironment::(?:(default)\s*\(\s*\)|with_prefix\s*\(\s*"(\w+)"\s*\))"#,
);
static FILLS: Pattern = Pattern::new(r"\b(?:from_env|extract(?:_lossy)?|try_deserialize|try_into)\b");
static TURBOFISH: Pattern =
    Pattern::new(r"\b(?:from_env|extract(?:_lossy)?|try_deserialize|try_into)::<\s*([A-Z]\w*)\s*>");
static BOUND: Pattern = Pattern::new(r"\blet\s+\w+\s*:\s*(?:\w+<)?\s*([A-Z]\w*)\s*[,>=]");
static HELD: Pattern = Pattern::new(r"\bstatic\s+\w+\s*:\s*(?:\w+::)*\w+<\s*([A-Z]\w*)\s*>");
static RETURNS: Pattern = Pattern::new(r"->\s*(?:\w+::)*(?:(?:Result|Option)<\s*)?([A-Z]\w*)");
static IMPLEMENTS: Pattern = Pattern::new(r"\bimpl(?:<[^>]*>)?\s+(?:[\w:<>]+\s+for\s+)?([A-Z]\w*)[^{;]*\{");
static SEPARATOR: Pattern = Pattern::new(r#"\.\s*(?:separator|split)\s*\(\s*"([^"]+)"\s*\)"#);
static AFTER_PREFIX: Pattern = Pattern::new(r#"\.\s*prefix_separator\s*\(\s*"([^"]+)"\s*\)"#);
/// What changes names in a way that is not followed.
static CHANGES: Pattern =
    Pattern::new(r"\.\s*(?:map|filter|filter_map|only|ignore|lowercase|global|profile|source)\s*\(");
/// Files of settings that a variable only overrides.
static FILES: Pattern =
    Pattern::new(r"\b(?:File(?:::\w+)?|Toml|Json|Json5|Yaml)(?:::<[^>]*>)?::\w+|\badd_async_source\b");
/// Defaults in the code.
static DEFAULTS: Pattern = Pattern::new(r"\bSerialized::\w+|\bset_default\b");

/// How deep structs may stand in each other.
const DEPTH: usize = 3;

/// How many readers of one file are followed.
const READERS: usize = 20;

pub(super) fn declared(code: &Code) -> Vec<Declared<'_>> {
    let mut readers = code.captures(&READER).take(READERS).peekable();
    if readers.peek().is_none() {
        return Vec::new();
    }
    let mut items = Items::of(code);
    let mut declared = Vec::new();
    for found in readers {
        let Some(at) = found.get(0).map(|whole| whole.start()) else { continue };
        let (function, body) = around(&items, at);
        let chain = &code.text[at..at + chain(&code.text[at..])];
        let Some(reader) = reader(&found, chain, body) else { continue };
        if let Some(name) = target(code, at, function, body) {
            declared.extend(fields(&mut items, name, &reader, &reader.prefix, DEPTH));
        }
    }
    declared
}

fn reader<'c>(found: &regex::Captures<'_>, chain: &'c str, body: &str) -> Option<Reader<'c>> {
    let text = |n: usize| found.get(n).map(|prefix| prefix.as_str().to_uppercase());
    let flat = found.get(1).or(found.get(2)).is_some();
    if !flat && (CHANGES.is_match(chain) || FILES.is_match(body)) {
        return None;
    }
    let separator = SEPARATOR.captures(chain).and_then(|found| Some(found.get(1)?.as_str()));
    let prefix = match text(6) {
        // config puts its separator behind the prefix, `_` where there is none.
        Some(prefix) => {
            let after = AFTER_PREFIX.captures(chain).and_then(|found| Some(found.get(1)?.as_str()));
            format!("{prefix}{}", after.or(separator).unwrap_or("_"))
        }
        None => text(2).or_else(|| text(4)).unwrap_or_default(),
    };
    Some(Reader { prefix, separator, flat, defaults: !flat && DEFAULTS.is_match(body) })
}

/// The function around a place: where it begins and its text. Outside of one, the statement.
fn around<'c>(items: &Items<'c>, at: usize) -> (Option<usize>, &'c str) {
    let text = items.code.text.as_str();
    let before = items.functions.partition_point(|head| head.start < at);
    if let Some(head) = before.checked_sub(1).map(|last| &items.functions[last]) {
        let end = head.end + block(items.code, head.end);
        if end > at {
            return (Some(head.start), &text[head.start..end]);
        }
    }
    let begin = text[..at].rfind([';', '}']).map_or(0, |found| found + 1);
    (None, &text[begin..at + text[at..].find(';').unwrap_or(text.len() - at)])
}

/// The name of the struct that is filled.
fn target<'c>(code: &'c Code, at: usize, function: Option<usize>, body: &'c str) -> Option<&'c str> {
    if !FILLS.is_match(body) {
        return None;
    }
    let first = |found: regex::Captures<'c>| found.get(1).map(|name| name.as_str());
    let named = |pattern: &'static Pattern, text: &'c str| pattern.captures(text).and_then(first);
    // Of several readers in one function, each names its own.
    let statement = {
        let text = code.text.as_str();
        let begin = text[..at].rfind([';', '{', '}']).map_or(0, |found| found + 1);
        &text[begin..at + chain(&text[at..])]
    };
    let own = named(&TURBOFISH, statement).or_else(|| named(&BOUND, statement));
    let whole = || {
        let mut all = TURBOFISH.captures_iter(body).filter_map(first);
        let one = all.next().filter(|one| all.all(|other| other == *one));
        one.or_else(|| {
            let filled = body.split(';').find(|part| FILLS.is_match(part) && BOUND.is_match(part))?;
            named(&BOUND, filled)
        })
    };
    let Some(start) = function else { return own.or_else(|| named(&HELD, body)) };
    let returned = || {
        let head = &body[..body.find('{')?];
        named(&RETURNS, head).and_then(|name| match name {
            "Self" => {
                let all = code
                    .captures(&IMPLEMENTS)
                    .filter(|found| found.get(0).is_some_and(|w| w.start() < start));
                all.last().and_then(first)
            }
            name => Some(name),
        })
    };
    own.or_else(whole).or_else(returned)
}

/// How long a chain of calls is: to the end of its statement, or of the call that it is an argument of.
fn chain(text: &str) -> usize {
    let (mut depth, mut quote) = (0i32, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quote = !quote,
            _ if quote => {}
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return at,
            b')' | b']' | b'}' => depth -= 1,
            b';' | b',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}
