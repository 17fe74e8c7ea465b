//! One YAML document of our own formats: its value, and the place of every key in its text.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::strict::{self, Fault};
use super::wording::{self, reword};
use crate::error::{Exit, Explain};

/// Larger than any file that a person writes; smaller than what takes long to parse.
const MOST_BYTES: usize = 1 << 20;

/// A place in a text file, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

/// A parsed YAML document that still knows its text.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file's name as people know it: relative to the repository, or `built-in:apps/web.yaml`.
    pub file: String,
    /// The content.
    pub value: Value,
    text: Arc<str>,
}

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    /// The file.
    pub file: String,
    /// The place, where one is known.
    pub position: Option<Position>,
    /// A lowercase fragment.
    pub message: String,
    /// The line at fault.
    pub excerpt: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Position { line, column }) = self.position else {
            return write!(f, "{}: {}", self.file, self.message);
        };
        write!(f, "{}:{line}:{column}: {}", self.file, self.message)?;
        if let Some(excerpt) = &self.excerpt {
            let number = line.to_string();
            let gutter = " ".repeat(number.len());
            let before = " ".repeat(column.saturating_sub(1));
            write!(f, "\n{number} | {excerpt}\n{gutter} | {before}^")?;
        }
        Ok(())
    }
}

impl std::error::Error for DocumentError {}

impl Explain for DocumentError {
    fn hints(&self) -> Vec<String> {
        self.hint.iter().cloned().collect()
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

impl Document {
    /// Parses text. An empty document is an empty map.
    ///
    /// # Errors
    /// Where the text is no YAML, is larger than 1 MiB, holds several documents, repeats a key, or is
    /// not a map with text keys.
    pub fn parse(file: impl Into<String>, text: &str) -> Result<Self, DocumentError> {
        // Some editors begin a file with a mark that says nothing.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut document = Self { file: file.into(), value: Value::Null, text: text.into() };
        if text.len() > MOST_BYTES {
            return Err(document.error(None, "larger than 1 MiB".into(), None));
        }
        // By way of the YAML value: it refuses repeated keys, JSON's map would keep the last.
        let yaml: serde_yaml::Value = serde_yaml::from_str(text).map_err(|e| document.explain(&e))?;
        document.value = match serde_yaml::from_value::<Value>(yaml).map_err(|e| document.explain(&e))? {
            Value::Null => Value::Object(serde_json::Map::new()),
            value @ Value::Object(_) => value,
            _ => return Err(document.error(None, "not a map of keys and values".into(), None)),
        };
        Ok(document)
    }

    /// Reads the document as a type that rejects unknown keys.
    ///
    /// # Errors
    /// Names the place, the key at fault and the closest known one.
    pub fn typed<T: DeserializeOwned + Default>(&self) -> Result<T, DocumentError> {
        if self.value.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(T::default());
        }
        serde_yaml::from_str(&self.text).map_err(|error| self.explain(&error))
    }

    /// Where the key at the end of `path` is written; `None` where it is not.
    pub fn locate(&self, path: &[&str]) -> Option<Position> {
        if path.is_empty() {
            return None;
        }
        // The parser tells places only in errors: walk to the key and fail there.
        let walk = Walk { path };
        let error = walk.deserialize(serde_yaml::Deserializer::from_str(&self.text)).err()?;
        let location = error.location()?;
        error
            .to_string()
            .contains(FOUND)
            .then(|| Position { line: location.line(), column: location.column() })
    }

    /// Builds an error at the key at the end of `path`, or at the nearest key above it that is there.
    pub fn error_at(&self, path: &[&str], message: impl Into<String>, hint: Option<String>) -> DocumentError {
        let position = (1..=path.len()).rev().find_map(|depth| self.locate(&path[..depth]));
        self.error(position, message.into(), hint)
    }

    fn error(&self, position: Option<Position>, message: String, hint: Option<String>) -> DocumentError {
        let excerpt = position
            .and_then(|position| self.text.lines().nth(position.line - 1))
            .map(|line| line.replace('\t', " ").chars().filter(|c| !c.is_control()).take(120).collect());
        DocumentError { file: self.file.clone(), position, message, excerpt, hint }
    }

    fn explain(&self, error: &serde_yaml::Error) -> DocumentError {
        let said = error.to_string();
        let is_about_a_key = said.contains("duplicate entry ") || said.contains("expected a string key");
        match is_about_a_key.then(|| strict::find(&self.text)).flatten() {
            Some(Fault::Twin(path, second)) => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let first = self.locate(&path).map(|first| format!(", first in line {}", first.line));
                let key = path.last().copied().unwrap_or_default();
                let message = format!("`{key}` is there twice{}", first.unwrap_or_default());
                return self.error(Some(second), message, Some("leave one of them out".into()));
            }
            Some(Fault::NoText(place)) => {
                let hint = wording::unquoted(self.line(place));
                return self.error(Some(place), "a map stands where a key belongs".into(), hint);
            }
            None => {}
        }
        if said.contains("more than one document") {
            let second = self.text.lines().enumerate().skip(1).find(|(_, line)| line.starts_with("---"));
            let second = second.map(|(index, _)| Position { line: index + 1, column: 1 });
            return self.error(second, "a second document begins, and only one is read".into(), None);
        }
        let position = error.location().map(|l| Position { line: l.line(), column: l.column() });
        let (message, hint) = reword(&said);
        let line = position.map(|place| self.line(place)).unwrap_or_default();
        let hint = hint.or_else(|| wording::unquoted(line)).or_else(|| wording::tab(line));
        self.error(position, message, hint)
    }

    fn line(&self, place: Position) -> &str {
        self.text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default()
    }
}

const FOUND: &str = "devbox: this is the place";

#[derive(Clone, Copy)]
struct Walk<'a> {
    path: &'a [&'a str],
}

struct Key<'a> {
    wanted: &'a str,
    stop: bool,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            return IgnoredAny::deserialize(deserializer).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.path.split_first() else { return Ok(()) };
        while let Some(hit) = map.next_key_seed(Key { wanted: first, stop: rest.is_empty() })? {
            if hit {
                map.next_value_seed(Walk { path: rest })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.path.split_first() else { return Ok(()) };
        let mut index = 0;
        while let Some(()) =
            seq.next_element_seed(Walk { path: if first.parse() == Ok(index) { rest } else { &[] } })?
        {
            index += 1;
        }
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<bool, E> {
        match key == self.wanted {
            true if self.stop => Err(E::custom(FOUND)),
            hit => Ok(hit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Shape {
        port: u16,
        inner: Option<Box<Shape>>,
    }

    fn shown(error: &DocumentError) -> String {
        let hint = error.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        format!("{error}{hint}")
    }

    #[test]
    fn an_unknown_key_is_shown_in_its_line_with_the_key_that_was_meant() {
        let document = Document::parse("devbox.yaml", "port: 1\ninner:\n  prot: 2\n").unwrap();
        let error = document.typed::<Shape>().unwrap_err();
        assert_eq!(
            shown(&error),
            "devbox.yaml:3:3: unknown key `prot`\n3 |   prot: 2\n  |   ^\nhint: did you mean `port`?"
        );
    }

    #[test]
    fn broken_yaml_is_shown_in_its_line() {
        let error = Document::parse("devbox.yaml", "port: 1\n  inner: [\n").unwrap_err();
        assert_eq!(
            shown(&error),
            "devbox.yaml:2:8: mapping values are not allowed in this context\n2 |   inner: [\n  |        ^"
        );
    }

    #[test]
    fn a_repeated_key_is_refused() {
        let error = Document::parse("devbox.yaml", "port: 1\nport: 2\n").unwrap_err();
        assert_eq!(
            shown(&error),
            "devbox.yaml:2:1: `port` is there twice, first in line 1\n2 | port: 2\n  | ^\nhint: leave one of them out"
        );
    }

    #[test]
    fn usual_slips_of_yaml_are_told_with_what_helps() {
        for (text, message) in [
            (
                "a:\n\tb: 1\n",
                "f:2:1: found character that cannot start any token\n2 |  b: 1\n  | ^\nhint: indent with spaces: YAML takes no tabs for that",
            ),
            (
                "a: {{ facts.x | default(value='1') }}\n",
                "f:1:5: a map stands where a key belongs\n1 | a: {{ facts.x | default(value='1') }}\n  |     ^\nhint: put the template in quotes: `\"{{ ... }}\"`",
            ),
            ("a: 1\n---\nb: 2\n", "f:2:1: a second document begins, and only one is read\n2 | ---\n  | ^"),
        ] {
            assert_eq!(shown(&Document::parse("f", text).unwrap_err()), message);
        }
        assert_eq!(Document::parse("f", "\u{feff}a: 1\n").unwrap().value["a"], 1);
    }

    #[test]
    fn keys_are_located_through_maps_and_lists() {
        let document = Document::parse("f", "a:\n  - x: 1\n  - b: 2\n    c: {d: 3}\n").unwrap();
        assert_eq!(document.locate(&["a"]), Some(Position { line: 1, column: 1 }));
        assert_eq!(document.locate(&["a", "1", "c", "d"]), Some(Position { line: 4, column: 9 }));
        assert_eq!(document.locate(&["a", "1", "x"]), None);
    }
}
