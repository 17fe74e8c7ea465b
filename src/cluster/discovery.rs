//! Asks the server for kinds that no table knows.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde_json::Value;

use super::ClusterError;
use super::connect::Cluster;
use super::request::Call;
use super::resource::{Resource, Resources};
use crate::event::Sink;
use crate::render::Manifest;

impl Cluster {
    /// Finds where every manifest's kind lives; asks the server only for kinds that neither the table
    /// nor a definition in the bundle knows.
    pub(super) async fn resolve(
        &self,
        manifests: &[Manifest],
        sink: &dyn Sink,
    ) -> Result<Resources, ClusterError> {
        let mut resources = Resources::default();
        for manifest in manifests {
            if manifest.key().kind == "CustomResourceDefinition" {
                resources.learn_definition(&manifest.object);
            }
        }
        let unknown: BTreeSet<(String, String)> = manifests
            .iter()
            .map(Manifest::key)
            .filter(|key| resources.find(&key.group, &key.version, &key.kind).is_none())
            .map(|key| (key.group, key.version))
            .collect();
        for (group, version, list) in try_join_all(unknown.into_iter().map(|(group, version)| async move {
            let list = self.served(&group, &version, sink).await?;
            Ok::<_, ClusterError>((group, version, list))
        }))
        .await?
        {
            if let Some(list) = list {
                resources.learn_discovered(&group, &version, &list);
            }
        }
        Ok(resources)
    }

    async fn served(
        &self,
        group: &str,
        version: &str,
        sink: &dyn Sink,
    ) -> Result<Option<Value>, ClusterError> {
        let path =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        self.find(&Call::get(format!("discover `{group}/{version}`"), path), sink).await
    }

    /// Finds where the kinds of an apply set's parent live. A kind that the cluster does not serve any
    /// more has no objects either and is left out.
    pub(super) async fn resolve_kinds(
        &self,
        kinds: &BTreeSet<String>,
        resources: &mut Resources,
        sink: &dyn Sink,
    ) -> Result<Vec<Resource>, ClusterError> {
        let mut found = Vec::new();
        for kind in kinds {
            if resources.find_group_kind(kind).is_none() {
                let group = kind.split_once('.').map_or("", |(_, group)| group);
                let call = Call::get(format!("discover `{group}`"), format!("/apis/{group}"));
                let document = self.find(&call, sink).await?;
                let preferred = document.as_ref().and_then(|d| d["preferredVersion"]["version"].as_str());
                if let Some(version) = preferred
                    && let Some(list) = self.served(group, version, sink).await?
                {
                    resources.learn_discovered(group, version, &list);
                }
            }
            found.extend(resources.find_group_kind(kind).cloned());
        }
        Ok(found)
    }

    /// Every namespaced kind that the cluster serves and lists, in its preferred version (aggregated
    /// discovery, KEP-3352).
    pub(super) async fn listable(&self, sink: &dyn Sink) -> Result<Vec<Resource>, ClusterError> {
        let calls = [Call::discover("/api"), Call::discover("/apis")];
        let (core, groups) = tokio::try_join!(self.call(&calls[0], sink), self.call(&calls[1], sink))?;
        Ok([core.body, groups.body].iter().flat_map(listable_in).collect())
    }
}

fn listable_in(document: &Value) -> Vec<Resource> {
    let array =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut found = Vec::new();
    for group in array(document, "items") {
        // The first version is the preferred one.
        let Some(version) = array(&group, "versions").into_iter().next() else { continue };
        for resource in array(&version, "resources") {
            let lists = array(&resource, "verbs").iter().any(|verb| verb == "list");
            if !lists || resource["scope"] != "Namespaced" {
                continue;
            }
            let text = |pointer: &str| resource.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            found.push(Resource {
                group: group["metadata"]["name"].as_str().unwrap_or_default().into(),
                version: version["version"].as_str().unwrap_or_default().into(),
                kind: text("/responseKind/kind").into(),
                plural: text("/resource").into(),
                namespaced: true,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregated_discovery_gives_the_kinds_that_can_be_listed_in_a_namespace() {
        let document = serde_yaml::from_str(
            "items:
            - metadata: {name: apps}
              versions:
              - version: v1
                resources:
                - {resource: deployments, responseKind: {kind: Deployment}, scope: Namespaced, verbs: [list, get]}
                - {resource: reviews, responseKind: {kind: Review}, scope: Namespaced, verbs: [create]}
                - {resource: nodes, responseKind: {kind: Node}, scope: Cluster, verbs: [list]}
              - {version: v1beta1, resources: [{resource: old, responseKind: {kind: Old}, scope: Namespaced, verbs: [list]}]}",
        )
        .unwrap();
        let paths: Vec<String> = listable_in(&document).iter().map(|r| r.collection("n")).collect();
        assert_eq!(paths, ["/apis/apps/v1/namespaces/n/deployments"]);
    }
}
