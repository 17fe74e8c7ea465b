//! Structs of Rust that envy, figment or config fill from the environment: a field is the variable of its name,
//! in upper case and behind the prefix. Only a struct that the same file defines and fills so is read; what
//! renames all its fields, reads its prefix from elsewhere or has files of settings too, says nothing here.

use super::{Declared, Need};
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
static FUNCTION: Pattern = Pattern::new(r"\bfn\s+\w+[^{};]*\{");
static RETURNS: Pattern = Pattern::new(r"->\s*(?:\w+::)*(?:(?:Result|Option)<\s*)?([A-Z]\w*)");
static IMPLEMENTS: Pattern = Pattern::new(r"\bimpl(?:<[^>]*>)?\s+(?:[\w:<>]+\s+for\s+)?([A-Z]\w*)[^{;]*\{");
static STRUCT: Pattern = Pattern::new(r"\bstruct\s+([A-Z]\w*)\s*\{");
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
static FIELD: Pattern = Pattern::new(r"^(?:pub(?:\s*\([^)]*\))?\s+)?(?:r#)?([a-z_]\w*)\s*:\s*(.+)$");
static RENAME: Pattern = Pattern::new(r#"\brename\s*=\s*"([^"]+)""#);
static FALLBACK: Pattern = Pattern::new(r#"\bdefault\s*(?:=\s*"(\w+)")?\s*(?:,|\)|$)"#);

/// How deep structs may stand in each other.
const DEPTH: usize = 3;

/// How names are made and what fills the struct beside the environment.
struct Reader<'c> {
    prefix: String,
    /// Between a struct and its fields; without one a struct in a struct is filled by no variable.
    separator: Option<&'c str>,
    /// Every type is read from one variable.
    flat: bool,
    /// The code has defaults for all fields.
    defaults: bool,
}

pub(super) fn declared(code: &Code) -> Vec<Declared<'_>> {
    code.captures(&READER)
        .filter_map(|found| {
            let at = found.get(0)?.start();
            let (function, body) = around(code, at);
            let reader = reader(&found, &code.text[at..at + chain(&code.text[at..])], body)?;
            let name = target(code, at, function, body)?;
            Some(fields(code, name, &reader, &reader.prefix, DEPTH))
        })
        .flatten()
        .collect()
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
fn around(code: &Code, at: usize) -> (Option<usize>, &str) {
    let text = code.text.as_str();
    let functions = code.captures(&FUNCTION).filter_map(|found| Some(found.get(0)?.range()));
    let last = functions.take_while(|head| head.start < at).last();
    if let Some(head) = last {
        let end = head.end + block(code, head.end);
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

/// How long the block is whose brace opened right before `start`.
fn block(code: &Code, start: usize) -> usize {
    let text = &code.text[start..];
    let mut depth = 0i32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if code.is_code(start + at) => depth += 1,
            b'}' if depth == 0 && code.is_code(start + at) => return at,
            b'}' if code.is_code(start + at) => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The variables of a struct's fields.
fn fields<'c>(
    code: &'c Code,
    name: &str,
    reader: &Reader<'_>,
    prefix: &str,
    depth: usize,
) -> Vec<Declared<'c>> {
    let Some((head, body, start)) = structure(code, name) else { return Vec::new() };
    if !head.contains("Deserialize") || head.contains("rename_all") {
        return Vec::new();
    }
    let copes = reader.defaults || FALLBACK.is_match(serde(head));
    let mut found = Vec::new();
    for (offset, part) in parts(body) {
        let (attributes, rest) = split_attributes(part);
        let Some(field) = FIELD.captures(rest) else { continue };
        let said = serde(attributes);
        if said.contains("skip") || said.contains("flatten") {
            continue;
        }
        let renamed = RENAME.captures(said).map(|found| found[1].to_owned());
        let own = renamed.unwrap_or_else(|| field[1].to_owned());
        let plain = own.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !plain || reader.separator.is_some_and(|separator| own.contains(separator)) {
            continue;
        }
        let variable = format!("{prefix}{}", own.to_uppercase());
        let kind = field.get(2).map_or("", |kind| kind.as_str()).trim();
        let (optional, kind) = match kind.strip_prefix("Option<").and_then(|kind| kind.strip_suffix('>')) {
            Some(inner) => (true, inner.trim()),
            None => (false, kind),
        };
        if !reader.flat && structure(code, kind).is_some() {
            if let Some(separator) = reader.separator.filter(|_| depth > 0) {
                found.extend(fields(code, kind, reader, &format!("{variable}{separator}"), depth - 1));
            }
            continue;
        }
        if !reader.flat && !leaf(kind) {
            continue;
        }
        let need = match FALLBACK.captures(said) {
            Some(default) => default
                .get(1)
                .and_then(|path| made(code, path.as_str()))
                .map_or(Need::Optional, Need::Default),
            None if optional || copes => Need::Optional,
            None => Need::Required,
        };
        found.push(Declared { name: variable, offset: start + offset, need });
    }
    found
}

/// Whether one variable fills a value of a type.
fn leaf(kind: &str) -> bool {
    const NAMES: &[&str] =
        &["String", "bool", "char", "PathBuf", "IpAddr", "SocketAddr", "Url", "SecretString"];
    let number =
        kind.strip_prefix(['u', 'i', 'f']).is_some_and(|rest| rest == "size" || rest.parse::<u8>().is_ok());
    let last = kind.rsplit("::").next().unwrap_or(kind);
    number || NAMES.contains(&last) || last.starts_with("Secret<String") || last.starts_with("SecretBox<str")
}

/// What stands before a struct, its fields, and where they begin.
fn structure<'c>(code: &'c Code, name: &str) -> Option<(&'c str, &'c str, usize)> {
    let found = code.captures(&STRUCT).find(|found| &found[1] == name)?;
    let whole = found.get(0)?;
    let head = &code.text[..whole.start()];
    let begin = head.rfind([';', '}']).map_or(0, |at| at + 1);
    let end = whole.end() + block(code, whole.end());
    Some((&head[begin..], &code.text[whole.end()..end], whole.end()))
}

/// The fields, each with its attributes and where it begins.
fn parts(body: &str) -> Vec<(usize, &str)> {
    let (mut depth, mut quote, mut begin) = (0i32, false, 0);
    let mut found = Vec::new();
    let mut add = |begin: usize, end: usize| {
        let part = &body[begin..end];
        let trimmed = part.trim_start();
        if !trimmed.is_empty() {
            found.push((begin + part.len() - trimmed.len(), trimmed.trim_end()));
        }
    };
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            b'"' => quote = !quote,
            _ if quote => {}
            b'(' | b'[' | b'{' | b'<' => depth += 1,
            b')' | b']' | b'}' | b'>' => depth -= 1,
            b',' if depth == 0 => {
                add(begin, at);
                begin = at + 1;
            }
            _ => {}
        }
    }
    add(begin, body.len());
    found
}

/// The attributes of a field, and the field.
fn split_attributes(part: &str) -> (&str, &str) {
    let mut rest = part;
    while let Some(inner) = rest.strip_prefix("#[") {
        let Some(end) = close(inner) else { break };
        rest = inner[end + 1..].trim_start();
    }
    part.split_at(part.len() - rest.len())
}

/// Where an attribute's bracket closes.
fn close(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0i32, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quote = !quote,
            _ if quote => {}
            b'[' => depth += 1,
            b']' if depth == 0 => return Some(at),
            b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What attributes say to serde.
fn serde(attributes: &str) -> &str {
    attributes.find("serde(").map_or("", |at| &attributes[at + 6..])
}

/// What a function without arguments gives, where that is one expression.
fn made<'c>(code: &'c Code, function: &str) -> Option<&'c str> {
    let head = code.captures(&FUNCTION).find(|found| {
        let rest = found[0].strip_prefix("fn").unwrap_or_default().trim_start();
        rest.strip_prefix(function).is_some_and(|rest| rest.trim_start().starts_with("()"))
    })?;
    let start = head.get(0)?.end();
    let body = code.text[start..start + block(code, start)].trim();
    (!body.contains([';', '{'])).then_some(body)
}
