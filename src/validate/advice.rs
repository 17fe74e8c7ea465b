//! What the API server takes and a preset's author should not leave so: containers that ask for nothing,
//! that nobody can tell are ready, or whose image may be another one tomorrow.

use serde_json::Value;

use super::problem::{Problem, containers, dotted, pod, report};
use crate::render::Manifest;

/// Advice about every container of the set. `text` gives a template's text by its name.
pub fn advice<'a>(manifests: &[Manifest], text: &dyn Fn(&str) -> Option<&'a str>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for manifest in manifests {
        let Some((pod, path)) = pod(manifest) else { continue };
        for (section, container) in containers(pod) {
            let path = format!("{}.{section}", dotted(path));
            let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
            for resource in ["cpu", "memory"] {
                if container.pointer(&format!("/resources/requests/{resource}")).is_none() {
                    let message = format!("container `{name}` requests no {resource}");
                    report(&mut problems, manifest, path.as_str(), message, None);
                }
            }
            let listens = container.get("ports").and_then(Value::as_array).is_some_and(|p| !p.is_empty());
            if section == "containers" && listens && container.get("readinessProbe").is_none() {
                let message = format!("container `{name}` listens and has no readiness probe");
                report(&mut problems, manifest, path.as_str(), message, None);
            }
            let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
            if !is_pinned(image) {
                let message = format!("image `{image}` names no version");
                report(&mut problems, manifest, path, message, Some("give it a tag or a digest".into()));
            }
        }
    }
    super::place::place(&mut problems, text);
    problems
}

fn is_pinned(image: &str) -> bool {
    let last = image.rsplit('/').next().unwrap_or(image);
    image.contains('@') || last.split_once(':').is_some_and(|(_, tag)| tag != "latest")
}
