//! An object as far as it matters who owns it and what becomes of it.

use serde_json::Value;

use super::applyset::PART_OF;
use super::own::Own;
use super::resource::Resource;
use crate::render::{KEEP, ObjectKey};

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

#[cfg(test)]
mod tests {
    use super::super::resource::Resources;
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
}
