//! Where a key is that no document of ours may have: one that is written a second time, or one that is no text.
//! The parser that refuses them tells the place of the map, or none.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::document::Position;

/// What is wrong with a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is there twice: the keys and indices down to it, itself last, and where it stands the second time.
    Twin(Vec<String>, Position),
    /// It is a map or a list.
    NoText(Position),
}

const FOUND: &str = "devbox: a second time";
const KEY: &str = "a key of text";

/// The first key of a text that is at fault.
pub(super) fn find(text: &str) -> Option<Fault> {
    let mut path = Vec::new();
    let error = Any { path: &mut path }.deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
    let place = error.location().map(|place| Position { line: place.line(), column: place.column() })?;
    match error.to_string() {
        message if message.contains(FOUND) => Some(Fault::Twin(path, place)),
        message if message.contains(KEY) => Some(Fault::NoText(place)),
        _ => None,
    }
}

struct Any<'a> {
    path: &'a mut Vec<String>,
}

struct Key<'a> {
    seen: &'a mut BTreeSet<String>,
    path: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while map.next_key_seed(Key { seen: &mut seen, path: self.path })?.is_some() {
            map.next_value_seed(Any { path: self.path })?;
            self.path.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.path.push(format!("{index}"));
            if seq.next_element_seed(Any { path: self.path })?.is_none() {
                self.path.pop();
                break;
            }
            self.path.pop();
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        Ok(())
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, data: A) -> Result<(), A::Error> {
        // A tag: what stands behind it is looked through as well.
        use serde::de::VariantAccess;
        let (_, value) = data.variant::<IgnoredAny>()?;
        value.newtype_variant_seed(self)
    }
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(KEY)
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        self.path.push(key.to_owned());
        if self.seen.insert(key.to_owned()) { Ok(()) } else { Err(E::custom(FOUND)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_where_it_stands_the_second_time() {
        for (text, path, line, column) in [
            ("a: 1\nb: 2\na: 3\n", "a", 3, 1),
            ("x:\n  - {k: 1}\n  - c: 1\n    d: 2\n    c: 3\n", "x/1/c", 5, 5),
            ("web: {port: 1, cpu: 2, port: 3}\n", "web/port", 1, 24),
        ] {
            let path = path.split('/').map(str::to_owned).collect();
            assert_eq!(find(text), Some(Fault::Twin(path, Position { line, column })), "{text}");
        }
        assert_eq!(find("a: 1\nb: {a: 1}\nc: [{a: 1}, {a: 1}]\n"), None);
    }

    #[test]
    fn a_key_that_is_a_map_is_found() {
        assert_eq!(find("a: 1\nb: {{ x }}\n"), Some(Fault::NoText(Position { line: 2, column: 5 })));
    }
}
