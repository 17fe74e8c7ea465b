//! What one object takes of a resource that a quota names, as the API server counts it
//! (<https://kubernetes.io/docs/concepts/policy/resource-quotas/>).

use serde_json::Value;

use super::amount;
use crate::preset::Quantity;
use crate::render::Manifest;
use crate::validate::problem::pod;

/// What containers get that say nothing themselves.
pub(super) struct Needs<'a> {
    defaults: Vec<&'a Value>,
}

impl<'a> Needs<'a> {
    pub(super) fn of(manifests: &'a [Manifest]) -> Self {
        let ranges = manifests.iter().filter(|manifest| manifest.kind() == "LimitRange");
        let limits = ranges.filter_map(|range| range.object.pointer("/spec/limits")?.as_array()).flatten();
        Self { defaults: limits.filter(|limit| limit["type"] == "Container").collect() }
    }

    /// What an object takes; `None` where it takes none of this.
    pub(super) fn amount(&self, manifest: &Manifest, resource: &str) -> Option<Quantity> {
        match resource {
            "requests.storage" => Some(claims(manifest).filter_map(storage).sum()),
            "persistentvolumeclaims" => Some(claims(manifest).filter_map(|_| Quantity::parse("1")).sum()),
            "pods" => pod(manifest).map(|_| times(manifest, Quantity::parse("1"))),
            // The short names mean requests.
            "cpu" | "memory" | "ephemeral-storage" => self.pods(manifest, "requests", resource),
            _ => {
                let (section, resource) = resource.split_once('.')?;
                matches!(section, "requests" | "limits").then(|| self.pods(manifest, section, resource))?
            }
        }
    }

    fn pods(&self, manifest: &Manifest, section: &str, resource: &str) -> Option<Quantity> {
        let (pod, _) = pod(manifest)?;
        let list = |key: &str| pod.get(key).and_then(Value::as_array).into_iter().flatten();
        let of = |container: &Value| self.container(container, section, resource);
        let (beside, before): (Vec<&Value>, Vec<&Value>) =
            list("initContainers").partition(|container| container["restartPolicy"] == "Always");
        // Init containers run one after another, before the others.
        let running: Quantity = list("containers").chain(beside).filter_map(of).sum();
        let one = before.into_iter().filter_map(of).chain([running]).max();
        Some(times(manifest, one))
    }

    /// What a container asks for, by itself or by the defaults of the namespace.
    fn container(&self, container: &Value, section: &str, resource: &str) -> Option<Quantity> {
        let own = |section: &str| amount(container.get("resources")?.get(section)?.get(resource)?);
        let default =
            |key: &str| self.defaults.iter().find_map(|limit| amount(limit.get(key)?.get(resource)?));
        match section {
            // A request that is left out is as large as the limit.
            "requests" => own("requests")
                .or_else(|| own("limits"))
                .or_else(|| default("defaultRequest"))
                .or_else(|| default("default")),
            _ => own("limits").or_else(|| default("default")),
        }
    }
}

/// The claims that an object is or makes, each as often as it makes it.
fn claims(manifest: &Manifest) -> impl Iterator<Item = &Value> {
    let own = (manifest.kind() == "PersistentVolumeClaim").then_some(&manifest.object);
    let made = manifest.object.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let made = made.into_iter().flatten();
    own.into_iter().chain(made.flat_map(|claim| (0..replicas(manifest)).map(move |_| claim)))
}

fn storage(claim: &Value) -> Option<Quantity> {
    amount(claim.pointer("/spec/resources/requests/storage")?)
}

fn times(manifest: &Manifest, one: Option<Quantity>) -> Quantity {
    (0..replicas(manifest)).filter_map(|_| one).sum()
}

fn replicas(manifest: &Manifest) -> u64 {
    let key = if matches!(manifest.kind(), "Job") { "/spec/parallelism" } else { "/spec/replicas" };
    manifest.object.pointer(key).and_then(Value::as_u64).unwrap_or(1).min(10_000)
}
