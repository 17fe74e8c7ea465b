//! The whole set fits the quota that is in it.

use serde_json::Value;

use super::problem::{Problem, containers, pod, report};
use crate::preset::Quantity;
use crate::render::Manifest;

pub(super) fn check(manifests: &[Manifest], problems: &mut Vec<Problem>) {
    for quota in manifests.iter().filter(|manifest| manifest.key().kind == "ResourceQuota") {
        for (name, hard) in
            quota.object.pointer("/spec/hard").and_then(Value::as_object).into_iter().flatten()
        {
            let path = format!("spec.hard.{name}");
            let Some(hard) = amount(hard) else {
                report(problems, quota, path, "not an amount", None);
                continue;
            };
            let needed: Quantity = manifests.iter().filter_map(|manifest| need(manifest, name)).sum();
            if needed > hard {
                let hint = Some(format!("raise it to at least {needed}, or ask for less elsewhere"));
                report(problems, quota, path, format!("the set needs {needed}, the quota is {hard}"), hint);
            }
        }
    }
}

/// What one object takes of a resource that a quota names.
fn need(manifest: &Manifest, name: &str) -> Option<Quantity> {
    let is_claim = manifest.key().kind == "PersistentVolumeClaim";
    match name {
        "requests.storage" if is_claim => {
            amount(manifest.object.pointer("/spec/resources/requests/storage")?)
        }
        "persistentvolumeclaims" => is_claim.then(|| Quantity::parse("1"))?,
        "pods" => pod(manifest).and_then(|_| Quantity::parse(&replicas(manifest).to_string())),
        _ => {
            let (section, resource) = name.split_once('.')?;
            let (pod, _) = pod(manifest)?;
            let of = |container: &Value| amount(container.get("resources")?.get(section)?.get(resource)?);
            let sum = |wanted: &'static str| {
                containers(pod).filter(move |(section, _)| *section == wanted).filter_map(move |(_, c)| of(c))
            };
            // Init containers run one after another, before the others.
            let running: Quantity = sum("containers").sum();
            let one = sum("initContainers").chain([running]).max()?;
            Some((0..replicas(manifest)).map(|_| one).sum())
        }
    }
}

fn replicas(manifest: &Manifest) -> u64 {
    manifest.object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1).min(10_000)
}

fn amount(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse(text),
        Value::Number(number) => Quantity::parse(&number.to_string()),
        _ => None,
    }
}
