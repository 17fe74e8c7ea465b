//! YAML that every reader understands alike. Kubernetes' tools read YAML 1.1, where a bare `yes` is true
//! and `1:30` is a number: text that any reader could take for something else is quoted.

use std::fmt::Write;

use serde_json::Value;

/// Writes a value as a YAML document, keys in their order, ending with a newline.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => entries(&mut out, value, 0),
        Value::Array(items) if !items.is_empty() => entries(&mut out, value, 0),
        scalar => {
            inline(&mut out, scalar, 0);
            out.push('\n');
        }
    }
    out
}

/// The entries of a map or list, each on lines of its own.
fn entries(out: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let _ = write!(out, "{indent}{}:", scalar(key));
                after_key(out, value, depth + 1);
            }
        }
        Value::Array(items) => {
            for item in items {
                let _ = write!(out, "{indent}-");
                match item {
                    Value::Object(map) if !map.is_empty() => {
                        // The first key stands on the line of the dash.
                        let mut inner = String::new();
                        entries(&mut inner, item, depth + 1);
                        let _ = write!(out, " {}", inner.trim_start_matches(' '));
                    }
                    _ => after_key(out, item, depth + 1),
                }
            }
        }
        _ => {}
    }
}

fn after_key(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            entries(out, value, depth);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            entries(out, value, depth);
        }
        scalar => {
            out.push(' ');
            inline(out, scalar, depth);
            out.push('\n');
        }
    }
}

fn inline(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::String(text) if is_block(text) => {
            let body = text.strip_suffix('\n');
            out.push_str(if body.is_some() { "|" } else { "|-" });
            for line in body.unwrap_or(text).split('\n') {
                out.push('\n');
                if !line.is_empty() {
                    let _ = write!(out, "{}{line}", "  ".repeat(depth.max(1)));
                }
            }
        }
        Value::String(text) => out.push_str(&scalar(text)),
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

/// Several lines that a block shows as they are.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.ends_with('\n')
        && !body.starts_with([' ', '\n'])
        && body.lines().all(|line| !line.ends_with(' '))
        && body.chars().all(|c| c == '\n' || is_printable(c))
}

fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a1}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{10000}'..)
        && !matches!(c, '\u{2028}' | '\u{2029}')
}

fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 11] =
        ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "none", "undefined"];
    let Some(first) = text.chars().next() else { return false };
    let starts_well = first.is_ascii_alphabetic() || "/_$".contains(first) || first.is_ascii_digit();
    // A digit first: text only where a letter is in it that no number, date or time has.
    let no_number = !first.is_ascii_digit()
        || (text.chars().any(|c| c.is_ascii_alphabetic() && !"abcdefABCDEFoxOXTZ".contains(c))
            && !text.contains(':'));
    starts_well
        && no_number
        && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) <= 0xffff => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_another_reader_could_misread_is_quoted() {
        for (text, written) in [
            ("yes", "\"yes\""),
            ("Off", "\"Off\""),
            ("1", "\"1\""),
            ("1e3", "\"1e3\""),
            ("0x1F", "\"0x1F\""),
            ("12:30:45", "\"12:30:45\""),
            ("2001-01-01T00:00:00Z", "\"2001-01-01T00:00:00Z\""),
            (".inf", "\".inf\""),
            ("-a", "\"-a\""),
            ("", "\"\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("1Gi", "1Gi"),
            ("500m", "500m"),
            ("node:22-bookworm-slim", "node:22-bookworm-slim"),
            ("postgresql://app:$(P)@h:5432/app", "postgresql://app:$(P)@h:5432/app"),
            ("npm run dev", "npm run dev"),
        ] {
            assert_eq!(scalar(text), written);
        }
    }

    #[test]
    fn maps_lists_and_blocks_are_laid_out_for_people() {
        let value =
            json!({"a": {"b": [1, {"c": "x", "d": []}, [2]]}, "e": "l1\n\n  l2\n", "f": {}, "g": "a\nb"});
        assert_eq!(
            to_yaml(&value),
            "a:\n  b:\n    - 1\n    - c: x\n      d: []\n    -\n      - 2\ne: |\n  l1\n\n    l2\nf: {}\ng: |-\n  a\n  b\n"
        );
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
            "[ -~\n\t]{0,20}".prop_map(Value::from),
            "[0-9:.eExobT-]{1,8}".prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ -~]{0,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in any_value()) {
            let text = to_yaml(&value);
            let read: Value = serde_yaml::from_str(&text).unwrap();
            prop_assert_eq!(read, value, "{}", text);
        }
    }
}
