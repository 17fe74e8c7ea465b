//! Which objects belong to an environment: an apply set (KEP-3659). Pure.
//!
//! Constants and rules follow kubectl's code (`k8s.io/kubectl/pkg/cmd/apply/applyset.go`), where the
//! label group is `applyset.kubernetes.io`. The parent is the ConfigMap `devbox-<project>` in the
//! environment's namespace: who may not read Secrets can still run `status`.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ClusterError;

/// Label of the parent: the set's ID.
pub(super) const ID_LABEL: &str = "applyset.kubernetes.io/id";
/// Label of every member: the ID of its set.
pub(super) const PART_OF: &str = "applyset.kubernetes.io/part-of";
const TOOLING: &str = "applyset.kubernetes.io/tooling";
const KINDS: &str = "applyset.kubernetes.io/contains-group-kinds";

/// The field manager of the parent.
pub(super) const PARENT_MANAGER: &str = "devbox-applyset";

/// Annotation on a Namespace: the ID of the set whose run created it. A namespace without it was
/// there before, and is neither changed nor removed.
pub(super) const CREATED_BY: &str = "devbox.internal/created-by";

const TOOL: &str = "devbox";

/// One developer's environment: an apply set in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The project, a DNS label; names the set's parent.
    pub project: String,
    /// The namespace.
    pub namespace: String,
}

impl Environment {
    /// The name of the parent ConfigMap.
    pub fn parent(&self) -> String {
        format!("devbox-{}", self.project)
    }

    /// The apply set's ID.
    pub fn id(&self) -> String {
        id(&self.parent(), &self.namespace, "ConfigMap", "")
    }

    /// The URL path of the parent.
    pub(super) fn parent_path(&self) -> String {
        format!("/api/v1/namespaces/{}/configmaps/{}", self.namespace, self.parent())
    }

    /// The parent as it shall be.
    pub(super) fn parent_object(&self, kinds: &BTreeSet<String>) -> Value {
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": self.parent(),
                "namespace": self.namespace,
                "labels": {ID_LABEL: self.id()},
                "annotations": {
                    TOOLING: format!("{TOOL}/v{}", env!("CARGO_PKG_VERSION")),
                    KINDS: kinds.join(","),
                },
            },
        })
    }

    /// Reads the kinds from the live parent; none where there is no parent yet.
    ///
    /// # Errors
    /// Where something else lives under that name: no apply set, another tool's, or another ID.
    pub(super) fn kinds_of(&self, live: Option<&Value>) -> Result<BTreeSet<String>, ClusterError> {
        let Some(live) = live else { return Ok(BTreeSet::new()) };
        let metadata = |field: &str, key: &str| live["metadata"][field][key].as_str();
        let foreign = |problem: String| ClusterError::ForeignParent {
            parent: format!("ConfigMap/{}", self.parent()),
            namespace: self.namespace.clone(),
            problem,
        };
        let tooling = metadata("annotations", TOOLING).unwrap_or_default();
        if tooling.split('/').next() != Some(TOOL) {
            return Err(foreign(match tooling {
                "" => "it has no apply set annotations".into(),
                other => format!("it belongs to `{other}`"),
            }));
        }
        match metadata("labels", ID_LABEL) {
            Some(id) if id == self.id() => {}
            other => {
                let other = other.unwrap_or("none");
                return Err(foreign(format!("its ID is `{other}` and should be `{}`", self.id())));
            }
        }
        let kinds = metadata("annotations", KINDS).unwrap_or_default();
        Ok(kinds.split(',').filter(|kind| !kind.is_empty()).map(Into::into).collect())
    }
}

/// `applyset-` + base64url without padding of sha256 of `name.namespace.Kind.group` + `-v1` (KEP-3659).
fn id(name: &str, namespace: &str, kind: &str, group: &str) -> String {
    let hash = Sha256::digest(format!("{name}.{namespace}.{kind}.{group}"));
    format!("applyset-{}-v1", URL_SAFE_NO_PAD.encode(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment { project: "shop".into(), namespace: "dev".into() }
    }

    #[test]
    fn the_id_is_the_one_of_kubectl() {
        assert_eq!(
            id("my-set", "test", "Secret", ""),
            "applyset-0eFHV8ySqp7XoShsGvyWFQD3s96yqwHmzc4e0HR1dsY-v1"
        );
    }

    #[test]
    fn a_parent_is_read_back_as_it_was_written_with_kinds_sorted() {
        let kinds: BTreeSet<String> = ["Service", "ConfigMap", "Deployment.apps"].map(Into::into).into();
        let object = environment().parent_object(&kinds);
        assert_eq!(object["metadata"]["annotations"][KINDS], "ConfigMap,Deployment.apps,Service");
        assert_eq!(environment().kinds_of(Some(&object)).unwrap(), kinds);
        assert_eq!(environment().kinds_of(None).unwrap(), BTreeSet::new());
    }

    #[test]
    fn what_is_not_our_parent_is_refused() {
        let problem = |change: &dyn Fn(&mut Value)| {
            let mut object = environment().parent_object(&BTreeSet::new());
            change(&mut object);
            environment().kinds_of(Some(&object)).unwrap_err().to_string()
        };
        let prefix =
            "`ConfigMap/devbox-shop` in namespace `dev` is not devbox's record of this environment: ";
        assert_eq!(
            problem(&|object| object["metadata"]["annotations"][TOOLING] = "kubectl/v1.36".into()),
            format!("{prefix}it belongs to `kubectl/v1.36`")
        );
        assert_eq!(
            problem(&|object| object["metadata"]["annotations"] = Value::Null),
            format!("{prefix}it has no apply set annotations")
        );
        assert_eq!(
            problem(&|object| object["metadata"]["labels"][ID_LABEL] = "applyset-x-v1".into()),
            format!("{prefix}its ID is `applyset-x-v1` and should be `{}`", environment().id())
        );
    }
}
