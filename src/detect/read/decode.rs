//! From bytes to text, and from YAML to the one kind of value that rules read.

use std::borrow::Cow;

use serde_json::Value;

/// Appends UTF-8 (leniently) or UTF-16 with a byte order mark; gives false for binary.
pub(super) fn decode(bytes: &[u8], into: &mut String) -> bool {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    let text = match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ if memchr::memchr(0, bytes).is_some() => return false,
        // Valid text is checked many bytes at a time, and only the rest piece by piece.
        _ => std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed),
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // Most files have no carriage return and are copied once.
    match memchr::memchr(b'\r', text.as_bytes()) {
        Some(_) => into.push_str(&text.replace("\r\n", "\n")),
        None => into.push_str(text),
    }
    true
}

/// The first document of a YAML file, merge keys applied, tags dropped.
pub(in crate::detect) fn yaml(text: &str) -> Result<Value, String> {
    use serde::Deserialize;
    let Some(document) = serde_yaml::Deserializer::from_str(text).next() else { return Ok(Value::Null) };
    let mut value = serde_yaml::Value::deserialize(document).map_err(|error| error.to_string())?;
    // A merge that cannot be applied leaves the keys as they are.
    let _ = value.apply_merge();
    Ok(plain(value))
}

fn plain(value: serde_yaml::Value) -> Value {
    use serde_yaml::Value as Yaml;
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => serde_json::to_value(&number).unwrap_or(Value::Null),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(plain).collect()),
        Yaml::Mapping(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| {
                    let key = match key {
                        Yaml::String(text) => text,
                        Yaml::Bool(flag) => flag.to_string(),
                        Yaml::Number(number) => number.to_string(),
                        _ => String::new(),
                    };
                    (key, plain(value))
                })
                .collect(),
        ),
        Yaml::Tagged(tagged) => plain(tagged.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_text_and_nul_is_binary() {
        let text = |bytes: &[u8]| {
            let mut text = String::new();
            decode(bytes, &mut text).then_some(text)
        };
        assert_eq!(text(b"\xff\xfea\0b\0").as_deref(), Some("ab"));
        assert_eq!(text(b"a\0b"), None);
        assert_eq!(text(b"\xef\xbb\xbfa").as_deref(), Some("a"));
        assert_eq!(text(b"a\r\nb").as_deref(), Some("a\nb"));
    }

    #[test]
    fn yaml_tags_merge_keys_and_odd_keys_are_read() {
        let value = yaml("x: &x {a: 1}\ny: {<<: *x, b: !reset 2}\n3: z\n").unwrap();
        assert_eq!(value["y"]["a"], 1);
        assert_eq!(value["y"]["b"], 2);
        assert_eq!(value["3"], "z");
    }
}
