//! What we own of a live object, as the API server's `managedFields` say (`fieldsV1`,
//! sigs.k8s.io/structured-merge-diff): enough to tell whether an apply changed anything of ours, and
//! whether it would. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

use super::FIELD_MANAGER;

/// Our fields of a live object and what stands in them, in a form that is small and compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Own {
    /// `fieldsV1`, as text.
    fields: String,
    /// A hash of the values.
    values: u64,
}

impl Own {
    /// Reads a whole live object; `None` where we have applied nothing to it.
    pub(super) fn read(live: &Value) -> Option<Self> {
        let fields = entry(live)?["fieldsV1"].as_object()?;
        Some(Self { fields: Value::Object(fields.clone()).to_string(), values: hash_of(fields, live)? })
    }

    /// Whether applying `desired` would change nothing: it has exactly our fields, with the values that
    /// they have. `false` also where that cannot be told.
    pub(super) fn holds(&self, desired: &Value) -> bool {
        let Ok(Value::Object(fields)) = serde_json::from_str(&self.fields) else { return false };
        hash_of(&fields, desired) == Some(self.values) && is_covered(&fields, desired, true)
    }
}

/// Our entry of an object's `managedFields`.
fn entry(live: &Value) -> Option<&Value> {
    live["metadata"]["managedFields"].as_array()?.iter().find(|entry| is_ours(entry))
}

/// Whether an entry of `managedFields` is what we applied.
pub(super) fn is_ours(entry: &Value) -> bool {
    entry["manager"] == FIELD_MANAGER && entry["operation"] == "Apply" && entry["subresource"].is_null()
}

/// The hash of the values that the fields have in an object; `None` where it lacks one.
fn hash_of(fields: &Map<String, Value>, object: &Value) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    hash_fields(fields, object, &mut hasher)?;
    Some(hasher.finish())
}

fn hash_fields(fields: &Map<String, Value>, object: &Value, hasher: &mut DefaultHasher) -> Option<()> {
    for (step, below) in fields {
        step.hash(hasher);
        let value = at(step, object)?;
        match below.as_object().filter(|below| !below.is_empty()) {
            Some(below) => hash_fields(below, value, hasher)?,
            // The thing itself, not what is in it.
            None if step == "." => {}
            None => hash_value(value, hasher),
        }
    }
    Some(())
}

/// The part of an object that a step of `fieldsV1` leads to: `f:name`, `k:{"name":"web"}`, `v:1`, `i:0`
/// or `.`.
fn at<'a>(step: &str, object: &'a Value) -> Option<&'a Value> {
    if step == "." {
        return Some(object);
    }
    let (kind, rest) = step.split_once(':')?;
    match kind {
        "f" => object.get(rest),
        "i" => object.get(rest.parse::<usize>().ok()?),
        "k" => {
            let keys: Map<String, Value> = serde_json::from_str(rest).ok()?;
            object.as_array()?.iter().find(|item| is_item(item, &keys))
        }
        "v" => {
            let wanted: Value = serde_json::from_str(rest).ok()?;
            object.as_array()?.iter().find(|item| **item == wanted)
        }
        _ => None,
    }
}

/// As [`at`], to be changed.
pub(super) fn at_mut<'a>(step: &str, object: &'a mut Value) -> Option<&'a mut Value> {
    match object {
        Value::Object(map) => map.get_mut(step.strip_prefix("f:")?),
        Value::Array(items) => items.iter_mut().find(|item| at_item(step, item)),
        _ => None,
    }
}

fn is_item(item: &Value, keys: &Map<String, Value>) -> bool {
    keys.iter().all(|(key, value)| item.get(key) == Some(value))
}

/// Whether the fields reach everything that an object says, but for what names it.
fn is_covered(fields: &Map<String, Value>, object: &Value, top: bool) -> bool {
    match object {
        Value::Object(map) => map.iter().all(|(key, value)| {
            if top && matches!(key.as_str(), "apiVersion" | "kind") {
                return true;
            }
            match fields.get(&format!("f:{key}")).and_then(Value::as_object) {
                Some(below) if below.is_empty() => true,
                Some(below) if top && key == "metadata" => is_metadata_covered(below, value),
                Some(below) => is_covered(below, value, false),
                None => top && key == "metadata" && is_metadata_covered(&Map::new(), value),
            }
        }),
        Value::Array(items) => items.iter().all(|item| {
            let step = fields.iter().find(|(step, _)| at_item(step, item));
            step.and_then(|(_, below)| below.as_object())
                .is_some_and(|below| below.is_empty() || is_covered(below, item, false))
        }),
        _ => false,
    }
}

fn is_metadata_covered(fields: &Map<String, Value>, metadata: &Value) -> bool {
    let mut metadata = metadata.clone();
    if let Some(map) = metadata.as_object_mut() {
        map.retain(|key, _| !matches!(key.as_str(), "name" | "namespace"));
    }
    is_covered(fields, &metadata, false)
}

/// Whether a step of `fieldsV1` leads to an item of a list.
pub(super) fn at_item(step: &str, item: &Value) -> bool {
    match step.split_once(':') {
        Some(("k", keys)) => serde_json::from_str(keys).is_ok_and(|keys| is_item(item, &keys)),
        Some(("v", value)) => serde_json::from_str::<Value>(value).is_ok_and(|value| value == *item),
        _ => false,
    }
}

/// Hashes a value whatever the order of its keys.
fn hash_value(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Object(map) => {
            let mut sorted: Vec<(&String, &Value)> = map.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            sorted.len().hash(hasher);
            for (key, value) in sorted {
                key.hash(hasher);
                hash_value(value, hasher);
            }
        }
        Value::Array(items) => {
            items.len().hash(hasher);
            items.iter().for_each(|item| hash_value(item, hasher));
        }
        other => other.to_string().hash(hasher),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(yaml: &str) -> Value {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn live(data: &str, fields: &str, more: &str) -> Value {
        value(&format!(
            "{{apiVersion: v1, kind: ConfigMap, {more} metadata: {{name: a, namespace: n, resourceVersion: '1', labels: {{l: '1'}},
              managedFields: [{{manager: kubectl-edit, operation: Update, fieldsV1: {{'f:data': {{'f:theirs': {{}}}}}}}},
                {{manager: devbox, operation: Apply, fieldsV1: {{'f:metadata': {{'f:labels': {{'f:l': {{}}}}}}, 'f:data': {fields}}}}}]}}, data: {data}}}"
        ))
    }

    const ONE: &str = "{'f:k': {}}";
    const DESIRED: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: n, labels: {l: '1'}}, data: {k: v}}";

    #[test]
    fn what_others_write_changes_nothing_of_ours() {
        let before = Own::read(&live("{k: v}", ONE, "")).unwrap();
        let after = live("{k: v, theirs: x}", ONE, "status: {phase: Bound},");
        assert_eq!(Own::read(&after).unwrap(), before);
        assert_ne!(Own::read(&live("{k: other}", ONE, "")).unwrap(), before);
        assert_ne!(Own::read(&live("{k: v, more: v}", "{'f:k': {}, 'f:more': {}}", "")).unwrap(), before);
        assert_eq!(Own::read(&value("metadata: {managedFields: []}")), None);
    }

    #[test]
    fn an_apply_that_has_exactly_our_fields_with_their_values_would_change_nothing() {
        let own = Own::read(&live("{k: v, theirs: x}", ONE, "")).unwrap();
        assert!(own.holds(&value(DESIRED)));
        for (there, instead) in [
            ("k: v", "k: w"),
            ("k: v", "k: v, more: v"),
            ("{k: v}", "{}"),
            ("l: '1'", "l: '2'"),
            ("l: '1'", "l: '1', more: '2'"),
            ("data:", "immutable: true, data:"),
        ] {
            assert!(!own.holds(&value(&DESIRED.replace(there, instead))), "{instead}");
        }
        // A field that we own and would give up.
        let own = Own::read(&live("{k: v, old: x}", "{'f:k': {}, 'f:old': {}}", "")).unwrap();
        assert!(!own.holds(&value(DESIRED)));
    }

    #[test]
    fn items_of_lists_are_found_by_their_keys() {
        let fields = r#"{"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:protocol": {}, "f:name": {}}}, "f:names": {'v:"a"': {}}}}"#;
        let live = |name: &str| {
            value(&format!(
                "{{metadata: {{managedFields: [{{manager: devbox, operation: Apply, fieldsV1: {fields}}}]}},
                  spec: {{names: [b, a], ports: [{{port: 90, protocol: TCP}}, {{port: 80, protocol: TCP, name: {name}, nodePort: 3}}]}}}}"
            ))
        };
        let own = Own::read(&live("web")).unwrap();
        assert_ne!(Own::read(&live("other")).unwrap(), own);
        let desired = |ports: &str| {
            value(&format!("{{metadata: {{name: a}}, spec: {{names: [a], ports: [{ports}]}}}}"))
        };
        assert!(own.holds(&desired("{port: 80, protocol: TCP, name: web}")));
        assert!(!own.holds(&desired("{port: 80, protocol: TCP, name: web}, {port: 90, protocol: TCP}")));
        // The key that the server added is not in it: not known to be the same.
        assert!(!own.holds(&desired("{port: 80, name: web}")));
    }
}
