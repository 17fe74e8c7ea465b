//! Lists whose items have names: two of one name are one too many. Server-side apply refuses them.

use serde_json::Value;

use super::problem::{Problem, containers, dotted, pod, report};
use crate::render::Manifest;

pub(super) fn check(manifest: &Manifest, problems: &mut Vec<Problem>) {
    if manifest.kind() == "Service" {
        unique(manifest, manifest.object.pointer("/spec/ports"), "spec.ports", problems);
    }
    let Some((pod, path)) = pod(manifest) else { return };
    let path = dotted(path);
    for list in ["initContainers", "containers", "volumes"] {
        unique(manifest, pod.get(list), &format!("{path}.{list}"), problems);
    }
    for (section, container) in containers(pod) {
        for list in ["env", "ports"] {
            unique(manifest, container.get(list), &format!("{path}.{section}.{list}"), problems);
        }
    }
}

fn unique(manifest: &Manifest, list: Option<&Value>, path: &str, problems: &mut Vec<Problem>) {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    let mut seen: Vec<&str> = Vec::new();
    for name in items.filter_map(|item| item.get("name")?.as_str()) {
        if seen.contains(&name) {
            report(problems, manifest, path, format!("`{name}` is there twice"), None);
        }
        seen.push(name);
    }
}
