//! Quoting by construction. Interpolated text leaves the engine as a marker of letters, digits and
//! underscores; the rendered text is parsed as YAML, and only then are markers inside scalars replaced
//! by what they stand for. So no value can add a key, an object or a comment, whether the template's
//! author wrote quotes or not.

use std::fmt::Write;

use serde_json::{Map, Value};

/// Stands for text.
const TEXT: &str = "_dbxv_";
/// Stands for a structure (`| json`), where it is a whole scalar.
const STRUCTURE: &str = "_dbxj_";
const END: char = '_';

/// The marker of a text.
pub(super) fn text(value: &str) -> String {
    encode(TEXT, value)
}

/// The marker of a structure.
pub(super) fn structure(value: &Value) -> String {
    encode(STRUCTURE, &value.to_string())
}

fn encode(prefix: &str, value: &str) -> String {
    let mut marker = String::with_capacity(prefix.len() + 2 * value.len() + 1);
    marker.push_str(prefix);
    for byte in value.bytes() {
        let _ = write!(marker, "{byte:02x}");
    }
    marker.push(END);
    marker
}

/// Replaces the markers in every scalar and key. What a marker stands for is not looked at again.
/// Entries whose value is null are dropped: to Kubernetes they are the same as absent ones.
pub fn decode(value: Value) -> Value {
    match value {
        Value::String(scalar) => decode_scalar(&scalar),
        Value::Array(items) => Value::Array(items.into_iter().map(decode).collect()),
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| (decode_text(&key), decode(value)))
                .filter(|(_, value)| !value.is_null())
                .collect::<Map<_, _>>(),
        ),
        other => other,
    }
}

/// Replaces the markers in one scalar.
pub(super) fn decode_scalar(scalar: &str) -> Value {
    if let Some(json) = scalar.trim().strip_prefix(STRUCTURE).and_then(|rest| rest.strip_suffix(END))
        && let Some(json) = unhex(json)
        && let Ok(value) = serde_json::from_str(&json)
    {
        return value;
    }
    Value::String(decode_text(scalar))
}

/// Replaces the markers in text.
pub fn decode_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, length)) = next_marker(rest) {
        out.push_str(&rest[..start]);
        let body = &rest[start + length..];
        match body.split_once(END).and_then(|(hex, after)| Some((unhex(hex)?, after))) {
            Some((decoded, after)) => {
                out.push_str(&decoded);
                rest = after;
            }
            None => {
                out.push_str(&rest[start..start + length]);
                rest = body;
            }
        }
    }
    out.push_str(rest);
    out
}

fn next_marker(text: &str) -> Option<(usize, usize)> {
    [TEXT, STRUCTURE].iter().filter_map(|prefix| text.find(prefix).map(|start| (start, prefix.len()))).min()
}

/// Any marker at all.
pub(super) fn has_marker(text: &str) -> bool {
    next_marker(text).is_some()
}

fn unhex(hex: &str) -> Option<String> {
    if !hex.len().is_multiple_of(2) || !hex.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn markers_are_decoded_in_scalars_and_keys_once() {
        let inner = text("x");
        let yaml = format!("{}: a{}b\n", text("k: 1"), text(&inner));
        let value: Value = serde_yaml::from_str(&yaml).unwrap();
        assert_eq!(decode(value), json!({"k: 1": format!("a{inner}b")}));
    }

    #[test]
    fn a_structure_alone_becomes_one_and_stays_text_elsewhere() {
        let list = structure(&json!(["a", 1]));
        let value: Value = serde_yaml::from_str(&format!("a: {list}\nb: x{list}\n")).unwrap();
        assert_eq!(decode(value), json!({"a": ["a", 1], "b": "x[\"a\",1]"}));
    }

    #[test]
    fn a_broken_marker_is_left_as_it_is() {
        assert_eq!(decode_text("_dbxv_6_ _dbxv_zz_ _dbxv_61"), "_dbxv_6_ _dbxv_zz_ _dbxv_61");
    }
}
