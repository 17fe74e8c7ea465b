//! What is there: members of apply sets by label, one metadata LIST per kind, and discovery for kinds
//! that no table knows.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde_json::Value;

use super::ClusterError;
use super::applyset::{Environment, PART_OF};
use super::connect::Cluster;
use super::own::Own;
use super::request::Call;
use super::resource::{Resource, Resources};
use crate::event::Sink;
use crate::render::{KEEP, Manifest, ObjectKey};

/// An object's metadata, as far as ownership goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) resource: Resource,
    pub(super) key: ObjectKey,
    pub(super) uid: String,
    pub(super) resource_version: String,
    /// The apply set that it is part of.
    pub(super) part_of: Option<String>,
    /// Annotated to be kept.
    pub(super) keep: bool,
    /// Being deleted.
    pub(super) deleting: bool,
    pub(super) finalizers: Vec<String>,
    /// The field manager that put the finalizers there, where it is not devbox.
    pub(super) finalizers_by: Option<String>,
    /// Another object owns it and takes it along.
    pub(super) owned: bool,
    /// What is ours of it, where that was asked for.
    pub(super) own: Option<Own>,
    /// The whole object, where it was asked for.
    pub(super) live: Option<Value>,
}

impl Member {
    pub(super) fn read(resource: &Resource, object: &Value) -> Option<Self> {
        let metadata = object.get("metadata")?;
        let text = |key: &str| metadata.get(key).and_then(Value::as_str);
        let finalizers = metadata.get("finalizers").and_then(Value::as_array);
        Some(Self {
            key: resource.key(text("namespace").unwrap_or_default(), text("name")?),
            uid: text("uid")?.into(),
            resource_version: text("resourceVersion").unwrap_or_default().into(),
            part_of: metadata["labels"][PART_OF].as_str().map(Into::into),
            keep: metadata["annotations"][KEEP].as_str() == Some("true"),
            deleting: text("deletionTimestamp").is_some(),
            finalizers: finalizers
                .into_iter()
                .flatten()
                .filter_map(|finalizer| finalizer.as_str().map(Into::into))
                .collect(),
            finalizers_by: finalizers_by(metadata),
            owned: metadata
                .get("ownerReferences")
                .and_then(Value::as_array)
                .is_some_and(|all| !all.is_empty()),
            resource: resource.clone(),
            own: None,
            live: None,
        })
    }

    /// Reads as much as was asked for; a whole object gets the type that lists leave out.
    pub(super) fn read_to(depth: Depth, resource: &Resource, mut object: Value) -> Option<Self> {
        let member = Self::read(resource, &object)?;
        match depth {
            Depth::Metadata => Some(member),
            Depth::Own => Some(Self { own: Own::read(&object), ..member }),
            Depth::Whole => {
                object["apiVersion"] = resource.api_version().into();
                object["kind"] = resource.kind.clone().into();
                Some(Self { live: Some(object), ..member })
            }
        }
    }

    /// The URL path of the object.
    pub(super) fn path(&self) -> String {
        self.resource.path(self.key.namespace.as_deref().unwrap_or_default(), &self.key.name)
    }

    /// It stays unless volumes are asked for.
    pub(super) fn holds_data(&self) -> bool {
        self.keep || self.is_claim()
    }

    pub(super) fn is_claim(&self) -> bool {
        self.resource.group.is_empty() && self.resource.kind == "PersistentVolumeClaim"
    }
}

/// The manager that owns the finalizers in `managedFields`, unless it is devbox.
fn finalizers_by(metadata: &Value) -> Option<String> {
    let mut entries = metadata.get("managedFields")?.as_array()?.iter();
    let entry = entries.find(|entry| entry.pointer("/fieldsV1/f:metadata/f:finalizers").is_some())?;
    let manager = entry.get("manager")?.as_str()?;
    (manager != super::FIELD_MANAGER).then(|| manager.to_owned())
}

/// Which objects a LIST asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Select<'a> {
    /// Members of any set.
    Members,
    /// Members of this set.
    MembersOf(&'a str),
    /// Everything.
    All,
}

/// How much of each object a LIST asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Its metadata.
    Metadata,
    /// All of it, of which only what is ours is kept.
    Own,
    /// All of it.
    Whole,
}

/// Objects per page, as client-go's pager asks for.
const PAGE: usize = 500;

impl Cluster {
    /// Lists the metadata of a kind in a namespace; nothing where the kind is not served.
    pub(super) async fn list(
        &self,
        resource: &Resource,
        namespace: &str,
        select: Select<'_>,
        sink: &dyn Sink,
    ) -> Result<Vec<Member>, ClusterError> {
        self.list_to(Depth::Metadata, resource, namespace, select, sink).await
    }

    /// Lists a kind in a namespace as deep as asked for; nothing where the kind is not served.
    pub(super) async fn list_to(
        &self,
        depth: Depth,
        resource: &Resource,
        namespace: &str,
        select: Select<'_>,
        sink: &dyn Sink,
    ) -> Result<Vec<Member>, ClusterError> {
        let base = format!("{}?limit={PAGE}{}", resource.collection(namespace), selector(select));
        let what = format!("list `{}`", resource.plural);
        let mut members = Vec::new();
        let mut token = String::new();
        loop {
            let path = format!("{base}{token}");
            let page = match depth {
                Depth::Metadata => Call::list_metadata(&what, path),
                Depth::Own | Depth::Whole => Call::get(&what, path),
            };
            // The kind may not be served yet (its definition is in the bundle), or not any more.
            let Some(mut body) = self.find(&page, sink).await? else { return Ok(members) };
            let Value::Array(items) = body["items"].take() else { return Ok(members) };
            members.extend(items.into_iter().filter_map(|item| Member::read_to(depth, resource, item)));
            match body.pointer("/metadata/continue").and_then(Value::as_str) {
                Some(next) if !next.is_empty() => token = format!("&continue={next}"),
                _ => return Ok(members),
            }
        }
    }

    /// Lists a set's members of several kinds at once.
    pub(super) async fn members(
        &self,
        environment: &Environment,
        resources: impl IntoIterator<Item = &Resource>,
        sink: &dyn Sink,
    ) -> Result<Vec<Member>, ClusterError> {
        self.members_to(Depth::Metadata, environment, resources, sink).await
    }

    /// Lists a set's members of several kinds at once, as deep as asked for.
    pub(super) async fn members_to(
        &self,
        depth: Depth,
        environment: &Environment,
        resources: impl IntoIterator<Item = &Resource>,
        sink: &dyn Sink,
    ) -> Result<Vec<Member>, ClusterError> {
        let id = environment.id();
        let lists = resources.into_iter().map(|resource| {
            self.list_to(depth, resource, &environment.namespace, Select::MembersOf(&id), sink)
        });
        Ok(try_join_all(lists).await?.into_iter().flatten().collect())
    }

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

fn selector(select: Select<'_>) -> String {
    // A slash may stand as it is in a query (RFC 3986 section 3.4).
    match select {
        Select::Members => format!("&labelSelector={PART_OF}"),
        Select::MembersOf(id) => format!("&labelSelector={PART_OF}%3D{id}"),
        Select::All => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_as_far_as_ownership_goes() {
        let resource = Resources::default().find("", "v1", "Secret").unwrap().clone();
        let object = serde_yaml::from_str(
            "metadata: {name: a, namespace: n, uid: u, resourceVersion: '7', finalizers: [x/y],
               labels: {applyset.kubernetes.io/part-of: set}, annotations: {devbox.internal/keep: 'true'},
               deletionTimestamp: 2026-01-01T00:00:00Z, ownerReferences: [{uid: o}]}",
        )
        .unwrap();
        let member = Member::read(&resource, &object).unwrap();
        assert_eq!(member.path(), "/api/v1/namespaces/n/secrets/a");
        assert_eq!((member.uid.as_str(), member.resource_version.as_str()), ("u", "7"));
        assert_eq!((member.keep, member.deleting, member.owned), (true, true, true));
        assert_eq!(
            (member.part_of.as_deref(), member.finalizers.as_slice()),
            (Some("set"), &["x/y".to_owned()][..])
        );
    }

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
