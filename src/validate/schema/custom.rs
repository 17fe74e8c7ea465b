//! Custom resources: the schema that a CRD in the same set brings.

use serde_json::Value;

use super::{Object, Type};
use crate::render::Manifest;

/// A schema deeper than this is taken as anything.
const DEEPEST: usize = 64;

/// The type of a custom kind, where a CRD of the set defines this version of it.
pub(super) fn kind(group: &str, version: &str, kind: &str, all: &[Manifest]) -> Option<Type> {
    let definition = all.iter().map(|manifest| &manifest.object).find(|object| {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        text("/kind") == "CustomResourceDefinition"
            && text("/spec/group") == group
            && text("/spec/names/kind") == kind
    })?;
    let versions = definition.pointer("/spec/versions")?.as_array()?;
    let found = versions.iter().find(|entry| entry.get("name").and_then(Value::as_str) == Some(version))?;
    let mut root = of(found.pointer("/schema/openAPIV3Schema")?, DEEPEST);
    if let Type::Object(object) = &mut root {
        // Every object has these, whether its schema says so or not.
        for (name, kind) in [("apiVersion", Type::Text), ("kind", Type::Text), ("metadata", Type::Any)] {
            object.fields.insert(name.into(), kind);
        }
    }
    Some(root)
}

fn of(schema: &Value, depth: usize) -> Type {
    let is = |key: &str| schema.get(key) == Some(&Value::Bool(true));
    if depth == 0 {
        return Type::Any;
    }
    if is("x-kubernetes-int-or-string") {
        return Type::IntOrText;
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let texts: Option<Vec<String>> = choices.iter().map(|c| c.as_str().map(str::to_owned)).collect();
        return texts.map_or(Type::Any, Type::OneOf);
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => Type::Text,
        Some("boolean") => Type::Bool,
        Some("integer") => Type::Int,
        Some("number") => Type::Number,
        Some("array") => {
            let items = schema.get("items").map_or(Type::Any, |items| of(items, depth - 1));
            Type::List(Box::new(items))
        }
        Some("object") => object(schema, depth),
        _ => Type::Any,
    }
}

fn object(schema: &Value, depth: usize) -> Type {
    if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
        return Type::Map(Box::new(of(values, depth - 1)));
    }
    let flag = |key: &str| schema.get(key) == Some(&Value::Bool(true));
    let fields = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    Type::Object(Object {
        fields: fields
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), of(schema, depth - 1)))
            .collect(),
        required: required.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        open: flag("x-kubernetes-preserve-unknown-fields") || flag("additionalProperties"),
    })
}
