//! Compose's own variables: `${NAME}` and its relatives, with the values of the `.env` file beside.

use std::collections::BTreeMap;

/// Names and values, as the `.env` file beside a compose file says them.
pub(super) type Variables = BTreeMap<String, String>;

/// How often a value may name another variable.
const DEPTH: u8 = 6;

/// Replaces what is known; `None` where a variable without a default is unknown.
pub(super) fn strict(text: &str, known: &Variables) -> Option<String> {
    let (text, whole) = replace(text, known, DEPTH);
    whole.then_some(text)
}

/// Replaces what is known and drops what is unknown.
pub(super) fn lenient(text: &str, known: &Variables) -> String {
    replace(text, known, DEPTH).0
}

fn replace(text: &str, known: &Variables, depth: u8) -> (String, bool) {
    let (mut out, mut whole) = (String::new(), true);
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let (name, default) = if let Some(inner) = rest.strip_prefix('{') {
            let Some(end) = closing(inner) else { return (out, false) };
            rest = &inner[end + 1..];
            split(&inner[..end])
        } else {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let name = &rest[..end];
            rest = &rest[end..];
            (name, None)
        };
        if name.is_empty() {
            out.push('$');
            continue;
        }
        match known.get(name).map(String::as_str).or(default).filter(|_| depth > 0) {
            Some(value) => {
                let (value, complete) = replace(value, known, depth - 1);
                out.push_str(&value);
                whole &= complete;
            }
            None => whole = false,
        }
    }
    out.push_str(rest);
    (out, whole)
}

/// Where the bracket closes that opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `NAME:-default`, `NAME-default`, `NAME:?error` and `NAME`.
fn split(inner: &str) -> (&str, Option<&str>) {
    let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    (name, rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_defaults_and_what_is_unknown() {
        let known: Variables =
            [("PORT", "8080"), ("HOST", "api"), ("URL", "http://${HOST}:${PORT}"), ("LOOP", "$LOOP")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(strict("${PORT}:${PORT}", &known), some("8080:8080"));
        assert_eq!(strict("$URL/x", &known), some("http://api:8080/x"));
        assert_eq!(strict("${TAG:-1.${PORT}}", &known), some("1.8080"));
        assert_eq!(strict("a$$b", &known), some("a$b"));
        assert_eq!(strict("http://${NOPE}:80", &known), None);
        assert_eq!(strict("${NOPE:?set it}", &known), None);
        assert_eq!(strict("$LOOP", &known), None);
        assert_eq!(lenient("x:${NOPE}", &known), "x:");
        assert_eq!(strict("${", &known), None);
    }
}
