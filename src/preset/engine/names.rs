//! What templates see, in Tera's own form: made once and added to, not made anew for every text.

use serde_json::Value;
use tera::Context;

/// Names and what they stand for. Nulls are left out, so that `default` fills them in and a missing name
/// is an error.
#[derive(Debug, Clone, Default)]
pub struct Names(pub(super) Context);

impl Names {
    /// Every entry of a map by its name.
    pub fn of(value: &Value) -> Self {
        Self::default().with(value)
    }

    /// These, and every entry of a map by its name.
    #[must_use]
    pub fn with(mut self, value: &Value) -> Self {
        value.as_object().into_iter().flatten().for_each(|(name, value)| self.set(name, value));
        self
    }

    /// Gives a name a value, whatever it stood for before.
    pub fn set(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => drop(self.0.remove(name)),
            value => self.0.insert_value(name.to_owned(), converted(value)),
        }
    }

    /// Gives a name within a map a value: `values.port`.
    pub fn set_in(&mut self, map: &str, name: &str, value: &Value) {
        if value.is_null() {
            return;
        }
        let mut inner = self.0.remove(map).and_then(tera::Value::into_map).unwrap_or_default();
        inner.insert(name.to_owned().into(), converted(value));
        self.0.insert_value(map.to_owned(), inner.into());
    }
}

fn converted(value: &Value) -> tera::Value {
    match has_nulls(value) {
        true => tera::Value::from_serializable(&without_nulls(value)),
        false => tera::Value::from_serializable(value),
    }
}

fn has_nulls(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().any(has_nulls),
        Value::Array(items) => items.iter().any(has_nulls),
        _ => false,
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}
