//! Fields that `kubectl apply` (client side) left: they stay owned by its manager and so are not removed
//! when a manifest drops them (kubernetes#99003). Taken over on request, as client-go's `csaupgrade`
//! does. Pure, but for the one request.

use serde_json::{Map, Value, json};

use super::FIELD_MANAGER;
use super::connect::Cluster;
use super::error::ClusterError;
use super::own;
use super::prepare::Prepared;
use super::request::Call;
use crate::event::Sink;

/// Managers of client-side apply (k8s.io/client-go/util/csaupgrade; `before-first-apply` is the server's
/// own name for fields from before managers were kept).
const CLIENT_SIDE: [&str; 2] = ["kubectl-client-side-apply", "before-first-apply"];

/// How often an object may change under our hands.
const MOST_TRIES: u32 = 5;

/// More fields than this are counted, not named.
const MOST_NAMED: usize = 10;

/// What is said where such fields are left.
pub(super) fn left(live: &Value) -> String {
    let named = named(live);
    let colon = if named.is_empty() { String::new() } else { format!(" (now {named})") };
    format!(
        "fields of it were applied with `kubectl apply`; they stay when the template drops them{colon}, unless `--force-conflicts` takes them over"
    )
}

/// What is said where they would be taken.
pub(super) fn taken(tried: &Value) -> String {
    let named = named(tried);
    match named.is_empty() {
        true => "the fields that `kubectl apply` set are taken over".into(),
        false => format!("fields that only `kubectl apply` set are taken over and removed: {named}"),
    }
}

/// The fields that nobody but client-side apply has, as they are written in messages. What kubectl keeps
/// for itself is not among them.
fn named(live: &Value) -> String {
    let all: Vec<String> = leftovers(live).iter().map(|path| shown(path)).collect();
    let mut all: Vec<&str> =
        all.iter().map(String::as_str).filter(|path| !path.contains(LAST_APPLIED)).collect();
    all.sort_unstable();
    let more = all.len().saturating_sub(MOST_NAMED);
    let names: Vec<String> = all.iter().take(MOST_NAMED).map(|path| format!("`{path}`")).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// The annotation in which kubectl remembers what it applied.
const LAST_APPLIED: &str = "last-applied-configuration";

/// The steps of `fieldsV1` to each part of an object that only client-side apply has.
fn leftovers(live: &Value) -> Vec<Vec<String>> {
    let fields = |entry: &Value| entry["fieldsV1"].as_object().cloned();
    let mut theirs = Map::new();
    for more in entries(live).filter(|entry| is_client_side(entry)).filter_map(fields) {
        unite(&mut theirs, &more);
    }
    let mut others = Map::new();
    for more in entries(live).filter(|entry| !is_client_side(entry)).filter_map(fields) {
        unite(&mut others, &more);
    }
    let mut paths = Vec::new();
    only_in(&theirs, &others, &mut Vec::new(), &mut paths);
    paths
}

fn only_in(
    theirs: &Map<String, Value>,
    others: &Map<String, Value>,
    path: &mut Vec<String>,
    found: &mut Vec<Vec<String>>,
) {
    for (step, below) in theirs.iter().filter(|(step, _)| *step != ".") {
        path.push(step.clone());
        // Each annotation and each label by itself, also where nobody else has one.
        let taken_apart = matches!(step.as_str(), "f:metadata" | "f:annotations" | "f:labels");
        match (others.get(step).and_then(Value::as_object), below.as_object()) {
            (None, Some(below)) if taken_apart => only_in(below, &Map::new(), path, found),
            (None, _) => found.push(path.clone()),
            (Some(others), Some(below)) => only_in(below, others, path, found),
            _ => {}
        }
        path.pop();
    }
}

/// `data.key`, `spec.ports[{"port":80}].name`.
fn shown(path: &[String]) -> String {
    let mut text = String::new();
    for step in path {
        match step.split_once(':') {
            Some(("f", name)) if text.is_empty() => text.push_str(name),
            Some(("f", name)) => text.push_str(&format!(".{name}")),
            Some((_, item)) => text.push_str(&format!("[{item}]")),
            None => {}
        }
    }
    text
}

/// An object as it will be once the fields that only client-side apply has are taken over: without them.
pub(super) fn without_leftovers(live: &Value) -> Value {
    let mut object = live.clone();
    for path in leftovers(live) {
        remove(&mut object, &path);
    }
    // The server keeps no empty annotations and labels.
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|key, value| {
            !(matches!(key.as_str(), "annotations" | "labels")
                && value.as_object().is_some_and(Map::is_empty))
        });
    }
    object
}

fn remove(object: &mut Value, path: &[String]) {
    let Some((step, rest)) = path.split_first() else { return };
    if !rest.is_empty() {
        if let Some(below) = own::at_mut(step, object) {
            remove(below, rest);
        }
        return;
    }
    match object {
        Value::Object(map) => drop(step.strip_prefix("f:").and_then(|name| map.shift_remove(name))),
        Value::Array(items) => items.retain(|item| !own::at_item(step, item)),
        _ => {}
    }
}

/// Whether a live object has fields of client-side apply.
pub(super) fn has_client_side_fields(live: &Value) -> bool {
    entries(live).any(is_client_side)
}

fn entries(live: &Value) -> impl Iterator<Item = &Value> {
    live["metadata"]["managedFields"].as_array().into_iter().flatten()
}

fn is_client_side(entry: &Value) -> bool {
    let manager = entry["manager"].as_str().unwrap_or_default();
    entry["operation"] == "Update" && entry["subresource"].is_null() && CLIENT_SIDE.contains(&manager)
}

/// The managers of a live object after its client-side fields have become ours. `None` where it has
/// none, or we have applied nothing yet.
fn taken_over(live: &Value) -> Option<Vec<Value>> {
    let mut managers: Vec<Value> = entries(live).filter(|entry| !is_client_side(entry)).cloned().collect();
    let ours = managers.iter_mut().find(|entry| own::is_ours(entry))?;
    let mut fields = ours["fieldsV1"].as_object().cloned().unwrap_or_default();
    let mut found = false;
    for entry in entries(live).filter(|entry| is_client_side(entry)) {
        found = true;
        if let Some(more) = entry["fieldsV1"].as_object() {
            unite(&mut fields, more);
        }
    }
    ours["fieldsV1"] = Value::Object(fields);
    found.then_some(managers)
}

/// Both sets of fields: in `fieldsV1` a field is a key, and what is below it a map.
fn unite(fields: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (key, below) in more {
        match (fields.get_mut(key), below) {
            (Some(Value::Object(ours)), Value::Object(theirs)) => unite(ours, theirs),
            (Some(_), _) => {}
            (None, below) => drop(fields.insert(key.clone(), below.clone())),
        }
    }
}

impl Cluster {
    /// Makes client-side fields ours. `false` where there were none. The next apply removes those that
    /// the manifest does not have.
    pub(super) async fn take_client_side_fields(
        &self,
        prepared: &Prepared,
        live: &Value,
        step: &str,
        sink: &dyn Sink,
    ) -> Result<bool, ClusterError> {
        let what = format!("take over the fields of `kubectl apply` in {}", prepared.key);
        let path = format!("{}?fieldManager={FIELD_MANAGER}", prepared.path());
        let mut live = live.clone();
        for tries in 1.. {
            let Some(managers) = taken_over(&live) else { return Ok(tries > 1) };
            // A resourceVersion in a patch makes it hold for that version alone.
            let patch = json!([
                {"op": "replace", "path": "/metadata/managedFields", "value": managers},
                {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
            ]);
            match self.call(&Call::json_patch(&what, &path, &patch).on(step), sink).await {
                Ok(_) => break,
                // A controller wrote its status in between.
                Err(ClusterError::Changed { .. }) if tries < MOST_TRIES => {
                    let read = Call::get(format!("read {}", prepared.key), prepared.path()).on(step);
                    live = self.call(&read, sink).await?.body;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_side_fields_join_ours_and_other_managers_keep_theirs() {
        let live: Value = serde_yaml::from_str(
            "metadata: {managedFields: [
               {manager: devbox, operation: Apply, fieldsV1: {'f:data': {'f:a': {}}}},
               {manager: kubectl-client-side-apply, operation: Update, fieldsV1: {'f:data': {.: {}, 'f:a': {}, 'f:b': {}}, 'f:x': {}}},
               {manager: kubectl-edit, operation: Update, fieldsV1: {'f:data': {'f:c': {}}}}]}",
        )
        .unwrap();
        assert!(has_client_side_fields(&live));
        assert_eq!(
            taken_over(&live).unwrap(),
            [
                json!({"manager": "devbox", "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}, ".": {}, "f:b": {}}, "f:x": {}}}),
                json!({"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:data": {"f:c": {}}}}),
            ]
        );
        let mut clean = live.clone();
        clean["metadata"]["managedFields"] = taken_over(&live).unwrap().into();
        assert!(!has_client_side_fields(&clean) && taken_over(&clean).is_none());
    }

    #[test]
    fn what_only_client_side_apply_has_is_named_and_goes() {
        let live: Value = serde_yaml::from_str(
            r#"
            data: {a: '1', b: '2', c: '3'}
            spec: {ports: [{port: 80, name: web}, {port: 81}]}
            metadata:
              annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}
              managedFields:
              - {manager: devbox, operation: Apply, fieldsV1: {'f:data': {'f:a': {}}, 'f:spec': {'f:ports': {'k:{"port":80}': {.: {}, 'f:port': {}}}}}}
              - manager: kubectl-client-side-apply
                operation: Update
                fieldsV1:
                  'f:data': {.: {}, 'f:a': {}, 'f:b': {}, 'f:c': {}}
                  'f:metadata': {'f:annotations': {.: {}, 'f:kubectl.kubernetes.io/last-applied-configuration': {}}}
                  'f:spec': {'f:ports': {'k:{"port":80}': {.: {}, 'f:port': {}, 'f:name': {}}, 'k:{"port":81}': {.: {}, 'f:port': {}}}}
              - {manager: kubectl-edit, operation: Update, fieldsV1: {'f:data': {'f:c': {}}}}
            "#,
        )
        .unwrap();
        assert_eq!(
            taken(&live),
            r#"fields that only `kubectl apply` set are taken over and removed: `data.b`, `spec.ports[{"port":80}].name`, `spec.ports[{"port":81}]`"#
        );
        let mut left = without_leftovers(&live);
        left["metadata"].as_object_mut().unwrap().remove("managedFields");
        assert_eq!(
            left,
            json!({"data": {"a": "1", "c": "3"}, "spec": {"ports": [{"port": 80}]}, "metadata": {}})
        );
    }
}
