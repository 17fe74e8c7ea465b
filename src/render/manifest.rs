//! One rendered Kubernetes object and the template that it came from.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// Annotation on a Secret: comma-separated keys whose values the apply engine generates once and
/// takes over from the live object for ever after. The rendered object has no such data.
pub const GENERATE: &str = "devbox.internal/generate";

/// Annotation on a Secret: comma-separated keys that keep their live value where the rendered object
/// has none (a secret that a person typed on an earlier run).
pub const RETAIN: &str = "devbox.internal/retain";

/// Annotation `"true"` on an object that `down` and pruning keep unless volumes are asked for:
/// claims and the credentials of the data in them.
pub const KEEP: &str = "devbox.internal/keep";

/// Annotation: what has to be installed where the cluster lacks the object's kind or its `RuntimeClass`.
pub const REQUIRES: &str = "devbox.internal/requires";

/// A rendered object. `object` always has `apiVersion`, `kind` and `metadata.name` as strings: the
/// renderer refuses anything else.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// The object, as JSON.
    pub object: Value,
    /// The template, such as `templates/web/deployment.yaml`.
    pub template: String,
    /// The line in the template where the document starts, from 1.
    pub line: usize,
    /// The unit of the plan (component, service or environment) that it belongs to.
    pub unit: String,
}

/// What tells one object from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ObjectKey {
    /// API group; empty for the core group.
    pub group: String,
    /// API version, such as `v1`.
    pub version: String,
    /// Kind, such as `Deployment`.
    pub kind: String,
    /// Namespace; `None` for cluster-scoped objects, or where the template gave none.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl fmt::Display for ObjectKey {
    /// `Deployment/web`, as people read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl Manifest {
    /// Kind, such as `Deployment`.
    pub fn kind(&self) -> &str {
        self.object.get("kind").and_then(Value::as_str).unwrap_or_default()
    }

    /// Name.
    pub fn name(&self) -> &str {
        self.object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Which object this is.
    pub fn key(&self) -> ObjectKey {
        let text = |pointer: &str| self.object.pointer(pointer).and_then(Value::as_str);
        let api_version = text("/apiVersion").unwrap_or_default();
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        ObjectKey {
            group: group.into(),
            version: version.into(),
            kind: self.kind().into(),
            namespace: text("/metadata/namespace").map(Into::into),
            name: self.name().into(),
        }
    }

    /// The object as it may be shown: a Secret's values are hidden.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        if self.kind() == "Secret" {
            for section in ["data", "stringData"] {
                if let Some(Value::Object(data)) = self.object.get_mut(section) {
                    data.values_mut().for_each(|value| *value = "(hidden)".into());
                }
            }
        }
        self
    }

    /// The value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.object.get("metadata")?.get("annotations")?.get(name)?.as_str()
    }
}
