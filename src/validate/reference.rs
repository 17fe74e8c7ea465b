//! What objects say about each other: selectors and names.

use serde_json::Value;

use super::problem::{Problem, containers, dotted, pod, report};
use crate::config::did_you_mean;
use crate::render::Manifest;

pub(super) fn check(manifest: &Manifest, all: &[Manifest], problems: &mut Vec<Problem>) {
    selector(manifest, problems);
    service(manifest, all, problems);
    if let Some((pod, path)) = pod(manifest) {
        names(manifest, pod, path, all, problems);
        mounts(manifest, pod, path, problems);
    }
    match manifest.kind() {
        "RoleBinding" => binding(manifest, all, problems),
        "Ingress" => ingress(manifest, all, problems),
        "StatefulSet" => governed(manifest, all, problems),
        _ => {}
    }
}

/// A workload selects its own pods.
fn selector(manifest: &Manifest, problems: &mut Vec<Problem>) {
    let Some(selector) = manifest.object.pointer("/spec/selector/matchLabels").and_then(Value::as_object)
    else {
        return;
    };
    let labels = manifest.object.pointer("/spec/template/metadata/labels");
    for (name, value) in selector {
        if labels.and_then(|labels| labels.get(name)) != Some(value) {
            let message = format!("the pods do not carry `{name}`");
            report(problems, manifest, "spec.selector.matchLabels", message, None);
        }
    }
}

/// A Service selects pods of the set, and its named ports are theirs.
fn service(manifest: &Manifest, all: &[Manifest], problems: &mut Vec<Problem>) {
    if manifest.kind() != "Service" {
        return;
    }
    let Some(selector) = manifest.object.pointer("/spec/selector").and_then(Value::as_object) else { return };
    let selected: Vec<&Manifest> = all
        .iter()
        .filter(|other| {
            let labels = other.object.pointer("/spec/template/metadata/labels");
            labels.is_some_and(|labels| selector.iter().all(|(k, v)| labels.get(k) == Some(v)))
        })
        .collect();
    if selected.is_empty() {
        report(problems, manifest, "spec.selector", "selects no pod of the set", None);
        return;
    }
    let ports: Vec<&str> = selected
        .iter()
        .filter_map(|workload| pod(workload))
        .flat_map(|(pod, _)| containers(pod))
        .flat_map(|(_, container)| container.get("ports").and_then(Value::as_array).into_iter().flatten())
        .filter_map(|port| port.get("name")?.as_str())
        .collect();
    for port in manifest.object.pointer("/spec/ports").and_then(Value::as_array).into_iter().flatten() {
        if let Some(target) = port.get("targetPort").and_then(Value::as_str)
            && !ports.contains(&target)
        {
            let hint = did_you_mean(target, ports.iter().copied());
            let message = format!("no container has a port named `{target}`");
            report(problems, manifest, "spec.ports", message, hint);
        }
    }
}

/// Secrets, config maps, claims and service accounts that a pod names are in the set.
fn names(manifest: &Manifest, pod: &Value, path: &str, all: &[Manifest], problems: &mut Vec<Problem>) {
    let mut references: Vec<(&str, &str, Option<&str>, String)> = Vec::new();
    for (section, container) in containers(pod) {
        let path = format!("{}.{section}.env", dotted(path));
        for source in each(container, "env").filter_map(|entry| entry.get("valueFrom")) {
            for (field, kind) in [("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")] {
                let Some(reference) = source.get(field) else { continue };
                if reference.get("optional") != Some(&Value::Bool(true)) {
                    references.push((kind, text(reference, "name"), key(reference), path.clone()));
                }
            }
        }
        for source in each(container, "envFrom") {
            for (field, kind) in [("secretRef", "Secret"), ("configMapRef", "ConfigMap")] {
                if let Some(reference) = source.get(field) {
                    references.push((kind, text(reference, "name"), None, path.clone()));
                }
            }
        }
    }
    let volumes = format!("{}.volumes", dotted(path));
    for volume in each(pod, "volumes") {
        for (field, inner, kind) in [
            ("persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
            ("secret", "secretName", "Secret"),
            ("configMap", "name", "ConfigMap"),
        ] {
            if let Some(source) =
                volume.get(field).filter(|source| source.get("optional") != Some(&Value::Bool(true)))
            {
                references.push((kind, text(source, inner), None, volumes.clone()));
            }
        }
    }
    if let Some(account) = pod.get("serviceAccountName").and_then(Value::as_str)
        && account != "default"
    {
        let path = format!("{}.serviceAccountName", dotted(path));
        references.push(("ServiceAccount", account, None, path));
    }
    for (kind, name, key, path) in references {
        let of_kind: Vec<&Manifest> = all.iter().filter(|other| other.kind() == kind).collect();
        let Some(target) = of_kind.iter().find(|other| other.name() == name) else {
            let hint = did_you_mean(name, of_kind.iter().map(|other| other.name()));
            report(problems, manifest, path, format!("there is no {kind} `{name}` in the set"), hint);
            continue;
        };
        if let Some(key) = key
            && !has_key(target, key)
        {
            let message = format!("{kind} `{name}` has no key `{key}`");
            report(problems, manifest, path, message, None);
        }
    }
}

/// Given, generated in the cluster, or kept there from an earlier run.
fn has_key(target: &Manifest, key: &str) -> bool {
    let given = ["data", "stringData", "binaryData"]
        .iter()
        .any(|section| target.object.get(section).and_then(|data| data.get(key)).is_some());
    let listed = [crate::render::GENERATE, crate::render::RETAIN]
        .iter()
        .filter_map(|name| target.annotation(name))
        .any(|keys| keys.split(',').any(|name| name.trim() == key));
    given || listed
}

/// Every mount has its volume.
fn mounts(manifest: &Manifest, pod: &Value, path: &str, problems: &mut Vec<Problem>) {
    let volumes: Vec<&str> = each(pod, "volumes").map(|volume| text(volume, "name")).collect();
    let claims = manifest.object.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let claims = claims.into_iter().flatten().filter_map(|claim| claim.pointer("/metadata/name")?.as_str());
    let known: Vec<&str> = volumes.into_iter().chain(claims).collect();
    for (section, container) in containers(pod) {
        for mount in each(container, "volumeMounts").map(|mount| text(mount, "name")) {
            if !known.contains(&mount) {
                let path = format!("{}.{section}.volumeMounts", dotted(path));
                let hint = did_you_mean(mount, known.iter().copied());
                report(problems, manifest, path, format!("there is no volume `{mount}`"), hint);
            }
        }
    }
}

fn binding(manifest: &Manifest, all: &[Manifest], problems: &mut Vec<Problem>) {
    let role = manifest.object.get("roleRef");
    let (kind, name) = role.map_or(("", ""), |role| (text(role, "kind"), text(role, "name")));
    if kind == "Role" && !all.iter().any(|other| other.kind() == kind && other.name() == name) {
        report(problems, manifest, "roleRef", format!("there is no Role `{name}` in the set"), None);
    }
}

/// The Services that an Ingress sends to are in the set, and have the ports that it names.
fn ingress(manifest: &Manifest, all: &[Manifest], problems: &mut Vec<Problem>) {
    let spec = manifest.object.get("spec").unwrap_or(&Value::Null);
    let rules = each(spec, "rules").filter_map(|rule| rule.get("http"));
    let backends = rules.flat_map(|http| each(http, "paths")).filter_map(|path| path.get("backend"));
    for service in backends.chain(spec.get("defaultBackend")).filter_map(|backend| backend.get("service")) {
        let name = text(service, "name");
        let services = || all.iter().filter(|other| other.kind() == "Service");
        let Some(target) = services().find(|other| other.name() == name) else {
            let hint = did_you_mean(name, services().map(|other| other.name()));
            let message = format!("there is no Service `{name}` in the set");
            report(problems, manifest, "spec.rules", message, hint);
            continue;
        };
        let ports: Vec<&Value> =
            target.object.get("spec").into_iter().flat_map(|spec| each(spec, "ports")).collect();
        let wanted = service.get("port").unwrap_or(&Value::Null);
        let has = |key: &str, value: &Value| ports.iter().any(|port| port.get(key) == Some(value));
        if let Some(port) = wanted.get("name").filter(|port| !has("name", port)) {
            let message = format!("Service `{name}` has no port named {port}");
            let known = ports.iter().filter_map(|port| port.get("name")?.as_str());
            let hint = did_you_mean(port.as_str().unwrap_or_default(), known);
            report(problems, manifest, "spec.rules", message, hint);
        }
        if let Some(port) = wanted.get("number").filter(|port| !has("port", port)) {
            report(problems, manifest, "spec.rules", format!("Service `{name}` has no port {port}"), None);
        }
    }
}

/// A StatefulSet's Service is in the set.
fn governed(manifest: &Manifest, all: &[Manifest], problems: &mut Vec<Problem>) {
    let name = manifest.object.pointer("/spec/serviceName").and_then(Value::as_str).unwrap_or_default();
    let is_there = all.iter().any(|other| other.kind() == "Service" && other.name() == name);
    if !name.is_empty() && !is_there {
        let message = format!("there is no Service `{name}` in the set");
        report(problems, manifest, "spec.serviceName", message, None);
    }
}

fn each<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn key(reference: &Value) -> Option<&str> {
    reference.get("key").and_then(Value::as_str)
}
