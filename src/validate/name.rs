//! Names of objects, as the API server checks them per kind.

use serde_json::{Value, json};

use super::problem::{Problem, containers, dotted, pod, report};
use crate::config::{ParamFile, ParamType};
use crate::preset::Param;
use crate::render::Manifest;

pub(super) fn check(manifest: &Manifest, problems: &mut Vec<Problem>) {
    let key = manifest.key();
    // Namespaces and Services become parts of host names; RBAC names are paths and take nearly anything.
    let grammar = match key.kind.as_str() {
        "Namespace" | "Service" => Some(ParamType::DnsLabel),
        "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" => None,
        _ => Some(ParamType::DnsName),
    };
    if let Some(kind) = grammar
        && let Err(reason) = fits(kind, &key.name)
    {
        report(problems, manifest, "metadata.name", format!("`{}`: {reason}", key.name), None);
    }
    // A workload's pods carry its name and a suffix in their host names and labels.
    if matches!(key.kind.as_str(), "StatefulSet" | "Deployment" | "CronJob" | "Job") && key.name.len() > 52 {
        let message = format!("`{}` has more than 52 characters: its pods cannot be named", key.name);
        report(problems, manifest, "metadata.name", message, None);
    }
    for (section, labels) in [("labels", true), ("annotations", false)] {
        let path = format!("metadata.{section}");
        let entries = manifest.object.pointer(&format!("/metadata/{section}")).and_then(Value::as_object);
        for (name, value) in entries.into_iter().flatten() {
            match value.as_str() {
                None => report(problems, manifest, &path, format!("`{name}` is not text"), None),
                Some(text) if labels && !is_label_value(text) => {
                    let message = format!("`{name}: {text}` is no label: 63 letters, digits, `-_.`");
                    report(problems, manifest, &path, message, None);
                }
                Some(_) => {}
            }
        }
    }
    if let Some((pod, path)) = pod(manifest) {
        for (section, container) in containers(pod) {
            let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
            if let Err(reason) = fits(ParamType::DnsLabel, name) {
                let path = format!("{}.{section}", dotted(path));
                report(problems, manifest, path, format!("container `{name}`: {reason}"), None);
            }
        }
    }
}

fn fits(kind: ParamType, text: &str) -> Result<Value, String> {
    Param(ParamFile { kind: Some(kind), ..ParamFile::default() }).check(&json!(text))
}

fn is_label_value(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let edge = |b: Option<&u8>| b.is_none_or(u8::is_ascii_alphanumeric);
    text.len() <= 63
        && text.bytes().all(inner)
        && edge(text.as_bytes().first())
        && edge(text.as_bytes().last())
}
