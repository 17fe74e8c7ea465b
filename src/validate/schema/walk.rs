//! A value beside its type: what does not fit, and where.

use serde_json::Value;

use super::{Object, Type, called};
use crate::config::did_you_mean;
use crate::preset::Quantity;

/// One thing that does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The field: `spec.containers[0].image`.
    pub path: String,
    /// A lowercase fragment.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Everything in a value that does not fit its type.
pub(super) fn faults(value: &Value, kind: &Type, types: &[Object]) -> Vec<Fault> {
    let mut walk = Walk { types, faults: Vec::new() };
    walk.value(value, kind, "");
    walk.faults
}

struct Walk<'a> {
    types: &'a [Object],
    faults: Vec<Fault>,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value, kind: &Type, path: &str) {
        match (kind, value) {
            // Kubernetes drops nulls.
            (Type::Any, _)
            | (_, Value::Null)
            | (Type::Text, Value::String(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Number, Value::Number(_))
            | (Type::IntOrText, Value::String(_)) => {}
            (Type::Int | Type::IntOrText, Value::Number(number)) if number.is_i64() || number.is_u64() => {}
            (Type::Quantity, Value::Number(_)) => {}
            (Type::Quantity, Value::String(text)) => {
                if Quantity::parse(text).is_none() {
                    self.fault(path, format!("`{text}` is no amount such as `500m` or `1Gi`"), None);
                }
            }
            (Type::OneOf(choices), Value::String(text)) => {
                // An empty text stands for the default in many of them.
                if !text.is_empty() && !choices.contains(text) {
                    let hint = did_you_mean(text, choices.iter().map(String::as_str));
                    self.fault(path, format!("`{text}` is not one of its values"), hint);
                }
            }
            (Type::List(of), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, of, &format!("{path}[{index}]"));
                }
            }
            (Type::Map(of), Value::Object(map)) => {
                for (key, value) in map {
                    self.value(value, of, &join(path, key));
                }
            }
            (Type::Named(index), Value::Object(map)) => {
                if let Some(object) = self.types.get(*index) {
                    self.object(map, object, path);
                }
            }
            (Type::Object(object), Value::Object(map)) => self.object(map, object, path),
            (kind, value) => {
                let hint = match (kind, value) {
                    (Type::Text | Type::OneOf(_), Value::Number(_) | Value::Bool(_)) => {
                        Some("put it in quotes".to_owned())
                    }
                    (Type::Int, Value::String(_)) => Some("leave out the quotes".to_owned()),
                    _ => None,
                };
                self.fault(path, format!("is {}, and takes {}", called(value), wanted(kind)), hint);
            }
        }
    }

    fn object(&mut self, map: &serde_json::Map<String, Value>, object: &Object, path: &str) {
        for (key, value) in map {
            match object.fields.get(key) {
                Some(kind) => self.value(value, kind, &join(path, key)),
                None if object.open => {}
                None => {
                    let hint = did_you_mean(key, object.fields.keys().map(String::as_str));
                    self.fault(&join(path, key), "there is no such field".into(), hint);
                }
            }
        }
        for name in &object.required {
            if map.get(name).is_none_or(Value::is_null) {
                self.fault(path, format!("`{name}` is missing"), None);
            }
        }
    }

    fn fault(&mut self, path: &str, message: String, hint: Option<String>) {
        self.faults.push(Fault { path: path.into(), message, hint });
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn wanted(kind: &Type) -> &'static str {
    match kind {
        Type::Any => "anything",
        Type::Text | Type::OneOf(_) => "text",
        Type::Bool => "true or false",
        Type::Int => "a whole number",
        Type::Number => "a number",
        Type::Quantity => "an amount",
        Type::IntOrText => "a whole number or text",
        Type::List(_) => "a list",
        Type::Map(_) | Type::Named(_) | Type::Object(_) => "a map",
    }
}
