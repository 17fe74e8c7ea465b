//! Broken sets, and what is said about them.

use serde_json::Value;

use super::*;

/// Objects as a template gives them.
pub(super) fn manifests(yaml: &str) -> Vec<Manifest> {
    yaml.split("---\n")
        .map(|text| Manifest {
            object: serde_yaml::from_str::<Value>(text).unwrap(),
            template: "t.yaml".into(),
            line: 1,
            unit: "u".into(),
        })
        .collect()
}

fn problems(yaml: &str) -> Vec<String> {
    validate(&manifests(yaml)).iter().map(Problem::to_string).collect()
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
fn what_the_kinds_own_schema_does_not_know_is_found() {
    let found = problems(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replcas: 1, selector: {matchLabels: {app: a}},
          template: {metadata: {labels: {app: a}}, spec: {restartPolicy: Alwais, containers: [{name: a, image: 3,
            ports: [{containerPort: http}], resources: {limits: {memory: 1GB}}, env: [{value: x}]}]}}}}
---
{apiVersion: apps/v1, kind: Deploymnet, metadata: {name: a}}
---
{apiVersion: v1, kind: CronJob, metadata: {name: a}}",
    );
    let pod = "t.yaml:1: Deployment/a: spec.template.spec";
    assert_eq!(
        found,
        [
            "t.yaml:1: Deployment/a: spec.replcas: there is no such field (did you mean `replicas`?)".to_owned(),
            format!("{pod}.restartPolicy: `Alwais` is not one of its values (did you mean `Always`?)"),
            format!("{pod}.containers[0].image: is a number, and takes text (put it in quotes)"),
            format!("{pod}.containers[0].ports[0].containerPort: is text, and takes a whole number (leave out the quotes)"),
            format!("{pod}.containers[0].resources.limits.memory: `1GB` is no amount such as `500m` or `1Gi`"),
            format!("{pod}.containers[0].env[0]: `name` is missing"),
            "t.yaml:1: Deploymnet/a: kind: there is no kind `Deploymnet` in `apps/v1` (did you mean `Deployment`?)".into(),
            "t.yaml:1: CronJob/a: kind: there is no kind `CronJob` in `v1` (`CronJob` is in `batch/v1`)".into(),
        ]
    );
}

#[test]
fn a_crd_of_the_set_checks_its_custom_resources_and_others_are_left_alone() {
    let found = problems(
        "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: as.x.io}, spec: {group: x.io,
          scope: Namespaced, names: {kind: A, plural: as}, versions: [{name: v1, served: true, storage: true, schema:
            {openAPIV3Schema: {type: object, properties: {spec: {type: object, required: [size], properties: {
              size: {type: integer}, mode: {type: string, enum: [fast, slow]}, free: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}}}}]}}
---
{apiVersion: x.io/v1, kind: A, metadata: {name: good}, spec: {size: 1, mode: fast, free: {any: [1]}}}
---
{apiVersion: x.io/v1, kind: A, metadata: {name: bad}, spec: {sise: 1, mode: fats}}
---
{apiVersion: y.io/v1, kind: B, metadata: {name: unknown}, spec: {whatever: 1}}",
    );
    assert_eq!(
        found,
        [
            "t.yaml:1: A/bad: spec.sise: there is no such field (did you mean `size`?)",
            "t.yaml:1: A/bad: spec.mode: `fats` is not one of its values (did you mean `fast`?)",
            "t.yaml:1: A/bad: spec: `size` is missing",
        ]
    );
}

#[test]
fn two_of_one_name_and_a_missing_backend_are_found() {
    let found = problems(
        "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{name: http, port: 80}, {name: http, port: 81}]}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i}, spec: {rules: [{http: {paths: [
  {path: /, pathType: Prefix, backend: {service: {name: wbe, port: {number: 80}}}},
  {path: /a, pathType: Prefix, backend: {service: {name: web, port: {name: htp}}}}]}}]}}",
    );
    assert_eq!(
        found,
        [
            "t.yaml:1: Service/web: spec.ports: `http` is there twice",
            "t.yaml:1: Ingress/i: spec.rules: there is no Service `wbe` in the set (did you mean `web`?)",
            "t.yaml:1: Ingress/i: spec.rules: Service `web` has no port named \"htp\" (did you mean `http`?)",
        ]
    );
}

#[test]
fn a_problem_is_placed_at_its_field_in_the_template_or_what_it_includes() {
    let files = [
        (
            "templates/a.yaml",
            "kind: X\nspec: {}\n---\napiVersion: apps/v1\nkind: Deployment\nspec:\n  replcas: 1\n  template:\n    spec:\n{% include \"_pod.yaml\" %}\n",
        ),
        ("templates/_pod.yaml", "      containers:\n        - name: a\n          imgae: b\n"),
    ];
    let text = |file: &str| files.iter().find(|(name, _)| *name == file).map(|(_, text)| *text);
    let problem = |path: &str| Problem {
        template: "templates/a.yaml".into(),
        line: 4,
        object: "Deployment/a".into(),
        path: path.into(),
        message: String::new(),
        hint: None,
    };
    let mut problems = [
        problem("spec.replcas"),
        problem("spec.template.spec.containers[0].imgae"),
        problem("spec.nowhere.else"),
    ];
    place::place(&mut problems, &text);
    let places: Vec<(&str, usize)> = problems.iter().map(|p| (p.template.as_str(), p.line)).collect();
    assert_eq!(places, [("templates/a.yaml", 7), ("templates/_pod.yaml", 3), ("templates/a.yaml", 6)]);
}
