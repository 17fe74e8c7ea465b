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

/// What is said where such fields are left.
pub(super) const LEFT: &str = "fields of it were applied with `kubectl apply`; they stay when the template drops them, unless `--force-conflicts` takes them over";

/// What is said where they would be taken.
pub(super) const TAKEN: &str = "fields that only `kubectl apply` set will be removed from it";

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
}
