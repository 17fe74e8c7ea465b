//! The fields of structs of Rust that serde fills: names, types, and what attributes say of them.

use std::collections::HashMap;
use std::ops::Range;

use super::{Declared, Need};
use crate::detect::read::Code;
use crate::detect::read::pattern::Pattern;

/// A function, to its body.
static FUNCTION: Pattern = Pattern::new(r"\bfn\s+(\w+)\s*(\(\s*\))?[^{};]*\{");
static STRUCT: Pattern = Pattern::new(r"\bstruct\s+([A-Z]\w*)\s*\{");
static FIELD: Pattern = Pattern::new(r"^(?:pub(?:\s*\([^)]*\))?\s+)?(?:r#)?([a-z_]\w*)\s*:\s*(.+)$");
static RENAME: Pattern = Pattern::new(r#"\brename\s*=\s*"([^"]+)""#);
static FALLBACK: Pattern = Pattern::new(r#"\bdefault\s*(?:=\s*"(\w+)")?\s*(?:,|\)|$)"#);

/// How names are made and what fills the struct beside the environment.
pub(super) struct Reader<'c> {
    pub(super) prefix: String,
    /// Between a struct and its fields; without one a struct in a struct is filled by no variable.
    pub(super) separator: Option<&'c str>,
    /// Every type is read from one variable.
    pub(super) flat: bool,
    /// The code has defaults for all fields.
    pub(super) defaults: bool,
}

/// What a file defines, looked up once.
pub(super) struct Items<'c> {
    pub(super) code: &'c Code,
    /// Where each function's head is, in order.
    pub(super) functions: Vec<Range<usize>>,
    /// Where the body of a function without arguments begins.
    plain: HashMap<&'c str, usize>,
    /// Where a struct and its fields begin.
    structs: HashMap<&'c str, Range<usize>>,
    /// How many structs are still entered: in each other they may stand very many times.
    left: usize,
}

/// How many structs of one file are entered.
const STRUCTS: usize = 100;

impl<'c> Items<'c> {
    pub(super) fn of(code: &'c Code) -> Self {
        let mut items = Self {
            code,
            functions: Vec::new(),
            plain: HashMap::new(),
            structs: HashMap::new(),
            left: STRUCTS,
        };
        for found in code.captures(&FUNCTION) {
            let (Some(head), Some(name)) = (found.get(0), found.get(1)) else { continue };
            items.functions.push(head.range());
            if found.get(2).is_some() {
                items.plain.entry(name.as_str()).or_insert(head.end());
            }
        }
        for found in code.captures(&STRUCT) {
            if let (Some(head), Some(name)) = (found.get(0), found.get(1)) {
                items.structs.entry(name.as_str()).or_insert(head.range());
            }
        }
        items
    }

    /// What stands before a struct, its fields, and where they begin.
    fn structure(&self, name: &str) -> Option<(&'c str, &'c str, usize)> {
        let Range { start, end } = self.structs.get(name)?.clone();
        let head = &self.code.text[..start];
        let begin = head.rfind([';', '}']).map_or(0, |at| at + 1);
        let close = end + block(self.code, end);
        Some((&head[begin..], &self.code.text[end..close], end))
    }

    /// What a function without arguments gives, where that is one expression.
    fn made(&self, function: &str) -> Option<&'c str> {
        let start = *self.plain.get(function)?;
        let body = self.code.text[start..start + block(self.code, start)].trim();
        (!body.contains([';', '{'])).then_some(body)
    }
}

/// How long the block is whose brace opened right before `start`.
pub(super) fn block(code: &Code, start: usize) -> usize {
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
pub(super) fn fields<'c>(
    items: &mut Items<'c>,
    name: &str,
    reader: &Reader<'_>,
    prefix: &str,
    depth: usize,
) -> Vec<Declared<'c>> {
    let Some((head, body, start)) = items.structure(name).filter(|_| items.left > 0) else {
        return Vec::new();
    };
    items.left -= 1;
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
        if !reader.flat && items.structs.contains_key(kind) {
            if let Some(separator) = reader.separator.filter(|_| depth > 0) {
                found.extend(fields(items, kind, reader, &format!("{variable}{separator}"), depth - 1));
            }
            continue;
        }
        if !reader.flat && !leaf(kind) {
            continue;
        }
        let need = match FALLBACK.captures(said) {
            Some(default) => default
                .get(1)
                .and_then(|path| items.made(path.as_str()))
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
