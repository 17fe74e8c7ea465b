//! Broken sets, and what is said about them.

use serde_json::Value;

use super::*;

fn problems(yaml: &str) -> Vec<String> {
    let manifests: Vec<Manifest> = yaml
        .split("---\n")
        .map(|text| Manifest {
            object: serde_yaml::from_str::<Value>(text).unwrap(),
            template: "t.yaml".into(),
            line: 1,
            unit: "u".into(),
        })
        .collect();
    let shown = |problem: &Problem| match &problem.hint {
        Some(hint) => format!("{problem} ({hint})"),
        None => problem.to_string(),
    };
    validate(&manifests).iter().map(shown).collect()
}

#[test]
fn a_selector_that_misses_its_pods_is_found() {
    let found = problems(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {app: a}},
          template: {metadata: {labels: {app: b}}, spec: {containers: [{name: a, image: a}]}}}}",
    );
    assert_eq!(found, ["t.yaml:1: Deployment/a: spec.selector.matchLabels: the pods do not carry `app`"]);
}

#[test]
fn references_to_what_is_not_in_the_set_are_found() {
    let found = problems(
        "{apiVersion: v1, kind: Secret, metadata: {name: db, annotations: {devbox.internal/generate: password}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: a,
  env: [{name: P, valueFrom: {secretKeyRef: {name: db, key: password}}},
        {name: Q, valueFrom: {secretKeyRef: {name: db, key: user}}},
        {name: R, valueFrom: {secretKeyRef: {name: bd, key: user}}},
        {name: S, valueFrom: {secretKeyRef: {name: none, key: user, optional: true}}}],
  volumeMounts: [{name: dta, mountPath: /d}]}], volumes: [{name: data, persistentVolumeClaim: {claimName: c}}]}}",
    );
    assert_eq!(
        found,
        [
            "t.yaml:1: Pod/a: spec.containers.env: Secret `db` has no key `user`",
            "t.yaml:1: Pod/a: spec.containers.env: there is no Secret `bd` in the set (known are `db`)",
            "t.yaml:1: Pod/a: spec.volumes: there is no PersistentVolumeClaim `c` in the set",
            "t.yaml:1: Pod/a: spec.containers.volumeMounts: there is no volume `dta` (did you mean `data`?)",
        ]
    );
}

#[test]
fn a_service_selects_pods_and_names_their_ports() {
    let found = problems(
        "{apiVersion: v1, kind: Service, metadata: {name: A_b}, spec: {selector: {app: a}, ports: [{port: 1, targetPort: htp}]}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {app: a}},
  template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: a, ports: [{name: http, containerPort: 1}]}]}}}}",
    );
    assert_eq!(
        found,
        [
            "t.yaml:1: Service/A_b: metadata.name: `A_b`: a label has lower case letters, digits and `-` only",
            "t.yaml:1: Service/A_b: spec.ports: no container has a port named `htp` (did you mean `http`?)",
        ]
    );
}

#[test]
fn a_set_that_does_not_fit_its_quota_is_found() {
    let found = problems(
        "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {requests.cpu: '1', pods: '3', requests.memory: 1Gi}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 3, selector: {matchLabels: {app: a}},
  template: {metadata: {labels: {app: a}}, spec: {
    initContainers: [{name: i, image: i, resources: {requests: {cpu: 400m}}}],
    containers: [{name: a, image: a, resources: {requests: {cpu: 150m, memory: 100Mi}}}]}}}}",
    );
    assert_eq!(
        found,
        [
            "t.yaml:1: ResourceQuota/q: spec.hard.requests.cpu: the set needs 1200m, the quota is 1 (raise it to at least 1200m, or ask for less elsewhere)"
        ]
    );
}
