//! Runtime classes that pods ask for, looked up before the first write: without one the API server takes
//! the workload and refuses its pods.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::Value;

use super::ClusterError;
use super::connect::Cluster;
use super::request::Call;
use crate::event::Sink;
use crate::render::{Manifest, REQUIRES};

impl Cluster {
    /// Refuses a bundle with pods whose `RuntimeClass` is neither in it nor in the cluster. Who may not read
    /// them learns it from the pods.
    pub(super) async fn check_runtime_classes(
        &self,
        manifests: &[Manifest],
        sink: &dyn Sink,
    ) -> Result<(), ClusterError> {
        let lookups = asked_for(manifests).into_iter().map(|(name, manifest)| async move {
            let path = format!("/apis/node.k8s.io/v1/runtimeclasses/{name}");
            let found = self.find(&Call::get_metadata(format!("read RuntimeClass/{name}"), path), sink).await;
            match found {
                Ok(Some(_)) | Err(ClusterError::Forbidden { .. }) => Ok(()),
                Ok(None) => Err(ClusterError::NoRuntimeClass {
                    name: name.to_owned(),
                    object: manifest.key().to_string(),
                    template: format!("{}:{}", manifest.template, manifest.line),
                    requires: manifest.annotation(REQUIRES).map(Into::into),
                }),
                Err(error) => Err(error),
            }
        });
        try_join_all(lookups).await.map(drop)
    }
}

/// The runtime classes that a bundle names and does not bring, each with the first object that names it.
fn asked_for(manifests: &[Manifest]) -> BTreeMap<&str, &Manifest> {
    let mut found = BTreeMap::new();
    let is = |manifest: &Manifest, kind: &str| manifest.object["kind"] == kind;
    for manifest in manifests.iter().filter(|manifest| !is(manifest, "CustomResourceDefinition")) {
        let mut names = Vec::new();
        collect(&manifest.object, &mut names);
        for name in names {
            found.entry(name).or_insert(manifest);
        }
    }
    for brought in manifests.iter().filter(|manifest| is(manifest, "RuntimeClass")) {
        if let Some(name) = brought.object["metadata"]["name"].as_str() {
            found.remove(name);
        }
    }
    found
}

/// The field has this name in pods, and in what operators make pods of.
fn collect<'a>(value: &'a Value, names: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            names.extend(map.get("runtimeClassName").and_then(Value::as_str).filter(|name| !name.is_empty()));
            map.values().for_each(|value| collect(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bundle_brings_needs_no_look() {
        let manifests: Vec<Manifest> = [
            "{kind: RuntimeClass, metadata: {name: own}, handler: own}",
            "{kind: Deployment, metadata: {name: a}, spec: {template: {spec: {runtimeClassName: own}}}}",
            "{kind: Deployment, metadata: {name: b}, spec: {template: {spec: {runtimeClassName: gvisor}}}}",
            "{kind: SpinAppExecutor, metadata: {name: c}, spec: {deploymentConfig: {runtimeClassName: spin}}}",
            "{kind: Pod, metadata: {name: d}, spec: {runtimeClassName: gvisor}}",
        ]
        .iter()
        .map(|yaml| Manifest {
            object: serde_yaml::from_str(yaml).unwrap(),
            template: "t.yaml".into(),
            line: 1,
            unit: "web".into(),
        })
        .collect();
        let found: Vec<(&str, String)> =
            asked_for(&manifests).into_iter().map(|(name, by)| (name, by.key().name)).collect();
        assert_eq!(found, [("gvisor", "b".to_owned()), ("spin", "c".to_owned())]);
    }
}
