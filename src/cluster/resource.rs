//! Which URL a kind lives at: a compiled table for what Kubernetes ships, the bundle's own CRDs, and
//! discovery for the rest.

use std::collections::HashMap;

use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope, Resource as Typed};
use serde_json::Value;

use crate::render::ObjectKey;

/// A kind and where the API server keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Resource {
    /// API group; empty for the core group.
    pub(super) group: String,
    /// API version.
    pub(super) version: String,
    /// Kind.
    pub(super) kind: String,
    /// The name in the URL, such as `deployments`.
    pub(super) plural: String,
    /// Objects live in namespaces.
    pub(super) namespaced: bool,
}

impl Resource {
    /// The URL path of the collection, in `namespace` where the kind has one.
    pub(super) fn collection(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        if self.namespaced {
            format!("{root}/namespaces/{namespace}/{}", self.plural)
        } else {
            format!("{root}/{}", self.plural)
        }
    }

    /// The URL path of one object.
    pub(super) fn path(&self, namespace: &str, name: &str) -> String {
        format!("{}/{name}", self.collection(namespace))
    }

    /// `Deployment.apps`, `Secret`: how an apply set names its kinds.
    pub(super) fn group_kind(&self) -> String {
        group_kind(&self.group, &self.kind)
    }

    /// The value of `apiVersion`.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The key of an object of this kind.
    pub(super) fn key(&self, namespace: &str, name: &str) -> ObjectKey {
        ObjectKey {
            group: self.group.clone(),
            version: self.version.clone(),
            kind: self.kind.clone(),
            namespace: self.namespaced.then(|| namespace.to_owned()),
            name: name.to_owned(),
        }
    }
}

/// `Kind.group`, or `Kind` in the core group (Go's `schema.GroupKind.String`).
pub(super) fn group_kind(group: &str, kind: &str) -> String {
    if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") }
}

trait Scope {
    const NAMESPACED: bool;
}

impl Scope for NamespaceResourceScope {
    const NAMESPACED: bool = true;
}

impl Scope for ClusterResourceScope {
    const NAMESPACED: bool = false;
}

fn typed<K: Typed>() -> Resource
where
    K::Scope: Scope,
{
    Resource {
        group: K::GROUP.into(),
        version: K::VERSION.into(),
        kind: K::KIND.into(),
        plural: K::URL_PATH_SEGMENT.into(),
        namespaced: <K::Scope as Scope>::NAMESPACED,
    }
}

/// The kinds that Kubernetes itself serves and that people put into manifests.
fn built_in() -> Vec<Resource> {
    use k8s_openapi::api::{
        admissionregistration::v1 as admission, apps::v1 as apps, autoscaling::v1 as autoscaling1,
        autoscaling::v2 as autoscaling, batch::v1 as batch, certificates::v1 as certificates,
        coordination::v1 as coordination, core::v1 as core, discovery::v1 as discovery,
        flowcontrol::v1 as flowcontrol, networking::v1 as networking, node::v1 as node, policy::v1 as policy,
        rbac::v1 as rbac, resource::v1 as resource, scheduling::v1 as scheduling, storage::v1 as storage,
    };
    use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as apiextensions;
    use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1 as apiregistration;
    vec![
        typed::<core::ConfigMap>(),
        typed::<core::Endpoints>(),
        typed::<core::LimitRange>(),
        typed::<core::Namespace>(),
        typed::<core::Node>(),
        typed::<core::PersistentVolume>(),
        typed::<core::PersistentVolumeClaim>(),
        typed::<core::Pod>(),
        typed::<core::PodTemplate>(),
        typed::<core::ReplicationController>(),
        typed::<core::ResourceQuota>(),
        typed::<core::Secret>(),
        typed::<core::Service>(),
        typed::<core::ServiceAccount>(),
        typed::<apps::ControllerRevision>(),
        typed::<apps::DaemonSet>(),
        typed::<apps::Deployment>(),
        typed::<apps::ReplicaSet>(),
        typed::<apps::StatefulSet>(),
        typed::<autoscaling1::HorizontalPodAutoscaler>(),
        typed::<autoscaling::HorizontalPodAutoscaler>(),
        typed::<batch::CronJob>(),
        typed::<batch::Job>(),
        typed::<certificates::CertificateSigningRequest>(),
        typed::<coordination::Lease>(),
        typed::<discovery::EndpointSlice>(),
        typed::<flowcontrol::FlowSchema>(),
        typed::<flowcontrol::PriorityLevelConfiguration>(),
        typed::<networking::Ingress>(),
        typed::<networking::IngressClass>(),
        typed::<networking::NetworkPolicy>(),
        typed::<node::RuntimeClass>(),
        typed::<policy::PodDisruptionBudget>(),
        typed::<rbac::ClusterRole>(),
        typed::<rbac::ClusterRoleBinding>(),
        typed::<rbac::Role>(),
        typed::<rbac::RoleBinding>(),
        typed::<resource::DeviceClass>(),
        typed::<resource::ResourceClaim>(),
        typed::<resource::ResourceClaimTemplate>(),
        typed::<scheduling::PriorityClass>(),
        typed::<storage::CSIDriver>(),
        typed::<storage::StorageClass>(),
        typed::<admission::MutatingWebhookConfiguration>(),
        typed::<admission::ValidatingWebhookConfiguration>(),
        typed::<admission::ValidatingAdmissionPolicy>(),
        typed::<admission::ValidatingAdmissionPolicyBinding>(),
        typed::<apiextensions::CustomResourceDefinition>(),
        typed::<apiregistration::APIService>(),
    ]
}

/// What is known about kinds without asking the server.
#[derive(Debug, Clone)]
pub(super) struct Resources {
    known: HashMap<(String, String, String), Resource>,
}

impl Default for Resources {
    fn default() -> Self {
        let mut resources = Self { known: HashMap::new() };
        built_in().into_iter().for_each(|resource| resources.learn(resource));
        resources
    }
}

impl Resources {
    /// Adds a kind; what was known before is replaced.
    pub(super) fn learn(&mut self, resource: Resource) {
        let key = (resource.group.clone(), resource.version.clone(), resource.kind.clone());
        self.known.insert(key, resource);
    }

    /// Adds the kinds that a CustomResourceDefinition defines, one per served version.
    pub(super) fn learn_definition(&mut self, definition: &Value) {
        let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str);
        let (Some(group), Some(kind), Some(plural)) =
            (text("/spec/group"), text("/spec/names/kind"), text("/spec/names/plural"))
        else {
            return;
        };
        let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
        for version in versions.into_iter().flatten() {
            let served = version.get("served").and_then(Value::as_bool).unwrap_or(true);
            if let Some(name) = version.get("name").and_then(Value::as_str).filter(|_| served) {
                self.learn(Resource {
                    group: group.into(),
                    version: name.into(),
                    kind: kind.into(),
                    plural: plural.into(),
                    namespaced: text("/spec/scope") != Some("Cluster"),
                });
            }
        }
    }

    /// Adds the kinds of an `APIResourceList`, the discovery document of one group and version.
    pub(super) fn learn_discovered(&mut self, group: &str, version: &str, list: &Value) {
        for entry in list.get("resources").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| entry.get(key).and_then(Value::as_str);
            let (Some(kind), Some(plural)) = (text("kind"), text("name")) else { continue };
            if plural.contains('/') {
                continue; // a subresource
            }
            self.learn(Resource {
                group: text("group").unwrap_or(group).into(),
                version: text("version").unwrap_or(version).into(),
                kind: kind.into(),
                plural: plural.into(),
                namespaced: entry.get("namespaced").and_then(Value::as_bool).unwrap_or(false),
            });
        }
    }

    /// Finds the kind of an object.
    pub(super) fn find(&self, group: &str, version: &str, kind: &str) -> Option<&Resource> {
        self.known.get(&(group.to_owned(), version.to_owned(), kind.to_owned()))
    }

    /// Finds a kind by an apply set's `Kind.group`, in the version that sorts first as stable.
    pub(super) fn find_group_kind(&self, group_kind: &str) -> Option<&Resource> {
        let (kind, group) = group_kind.split_once('.').unwrap_or((group_kind, ""));
        self.known.values().filter(|resource| resource.group == group && resource.kind == kind).max_by_key(
            |resource| {
                (
                    !resource.version.contains("alpha"),
                    !resource.version.contains("beta"),
                    resource.version.clone(),
                )
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_kinds_have_their_paths() {
        let resources = Resources::default();
        let path = |group, version, kind| resources.find(group, version, kind).unwrap().path("ns", "x");
        assert_eq!(path("", "v1", "Secret"), "/api/v1/namespaces/ns/secrets/x");
        assert_eq!(path("", "v1", "Namespace"), "/api/v1/namespaces/x");
        assert_eq!(path("apps", "v1", "Deployment"), "/apis/apps/v1/namespaces/ns/deployments/x");
        assert_eq!(
            path("networking.k8s.io", "v1", "NetworkPolicy"),
            "/apis/networking.k8s.io/v1/namespaces/ns/networkpolicies/x"
        );
        assert_eq!(
            path("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x"
        );
    }

    #[test]
    fn a_definition_in_the_bundle_teaches_its_served_versions() {
        let mut resources = Resources::default();
        let definition = serde_yaml::from_str(
            "spec: {group: a.dev, scope: Namespaced, names: {kind: Toy, plural: toys},
                    versions: [{name: v1, served: true}, {name: v1alpha1, served: false}]}",
        )
        .unwrap();
        resources.learn_definition(&definition);
        assert_eq!(
            resources.find("a.dev", "v1", "Toy").unwrap().collection("n"),
            "/apis/a.dev/v1/namespaces/n/toys"
        );
        assert_eq!(resources.find("a.dev", "v1alpha1", "Toy"), None);
        assert_eq!(resources.find_group_kind("Toy.a.dev").unwrap().version, "v1");
    }

    #[test]
    fn of_several_versions_the_stable_one_stands_for_the_kind() {
        let resources = Resources::default();
        assert_eq!(resources.find_group_kind("HorizontalPodAutoscaler.autoscaling").unwrap().version, "v2");
        assert_eq!(resources.find_group_kind("Secret").unwrap().plural, "secrets");
    }
}
