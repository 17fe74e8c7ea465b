//! Manifests made ready to be sent: placed in the namespace, labelled, free of what cannot be applied
//! stably. Pure; refuses before anything is written.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::applyset::{CREATED_BY, Environment, PART_OF};
use super::resource::{Resource, Resources};
use super::wave::Wave;
use super::{ClusterError, FIELD_MANAGER};
use crate::render::{GENERATE, Manifest, ObjectKey, REQUIRES, RETAIN};

/// A manifest that may be sent.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) key: ObjectKey,
    pub(super) resource: Resource,
    pub(super) wave: Wave,
    /// What is sent; a Secret still lacks its generated and retained values.
    pub(super) object: Value,
    /// Keys of a Secret whose values are generated once.
    pub(super) generate: Vec<String>,
    /// Keys of a Secret whose live values stay.
    pub(super) retain: Vec<String>,
}

impl Prepared {
    /// The id of its step: `apply/Deployment/web`.
    pub(super) fn step(&self) -> String {
        format!("apply/{}", self.key)
    }

    /// The URL path of the object.
    pub(super) fn path(&self) -> String {
        self.resource.path(self.key.namespace.as_deref().unwrap_or_default(), &self.key.name)
    }

    /// The URL of its server-side apply: one field manager, unknown fields refused.
    pub(super) fn apply_path(&self, force: bool) -> String {
        format!("{}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict&force={force}", self.path())
    }

    /// Needs its live object to be read before it is sent.
    pub(super) fn takes_over(&self) -> bool {
        !self.generate.is_empty() || !self.retain.is_empty()
    }
}

/// Makes every manifest ready, or refuses them all.
///
/// # Errors
/// Where an object lies outside the environment, appears twice, belongs to another set, or is of an
/// unknown kind.
pub(super) fn prepare(
    environment: &Environment,
    manifests: &[Manifest],
    resources: &Resources,
) -> Result<Vec<Prepared>, ClusterError> {
    let mut outside = Vec::new();
    let mut foreign = Vec::new();
    let mut seen: HashMap<(String, String, String), String> = HashMap::new();
    let mut prepared = Vec::with_capacity(manifests.len());
    for manifest in manifests {
        let key = manifest.key();
        let place = format!("{}:{}", manifest.template, manifest.line);
        let resource =
            resources.find(&key.group, &key.version, &key.kind).ok_or_else(|| ClusterError::UnknownKind {
                kind: key.kind.clone(),
                api_version: manifest.object["apiVersion"].as_str().unwrap_or_default().into(),
                template: place.clone(),
                requires: manifest.annotation(REQUIRES).map(Into::into),
            })?;
        if let Some(problem) = outside_of(environment, resource, &key) {
            outside.push(format!("{key} ({place}): {problem}"));
            continue;
        }
        let identity = (key.group.clone(), key.kind.clone(), key.name.clone());
        if let Some(first) = seen.insert(identity, place.clone()) {
            outside.push(format!("{key} ({place}): it is already in {first}"));
            continue;
        }
        let owner = manifest.object["metadata"]["labels"][PART_OF].as_str();
        if let Some(owner) = owner.filter(|owner| *owner != environment.id()) {
            foreign.push(format!("{key} ({place}): it says that it belongs to `{owner}`"));
            continue;
        }
        prepared.push(one(environment, manifest, resource));
    }
    if !outside.is_empty() {
        return Err(ClusterError::Outside { objects: outside });
    }
    if !foreign.is_empty() {
        return Err(ClusterError::Foreign { objects: foreign });
    }
    Ok(prepared)
}

/// Why an object would land outside the environment.
fn outside_of(environment: &Environment, resource: &Resource, key: &ObjectKey) -> Option<String> {
    let ours = &environment.namespace;
    match &key.namespace {
        Some(namespace) if resource.namespaced && namespace != ours => {
            Some(format!("its namespace is `{namespace}`, the environment's is `{ours}`"))
        }
        _ if resource.kind == "Namespace" && resource.group.is_empty() && key.name != *ours => {
            Some(format!("it is another namespace than the environment's, `{ours}`"))
        }
        _ => None,
    }
}

fn one(environment: &Environment, manifest: &Manifest, resource: &Resource) -> Prepared {
    let key = resource.key(&environment.namespace, &manifest.key().name);
    let wave = Wave::of(&key.group, &key.kind);
    let mut object = manifest.object.clone();
    if is_built_in_group(&key.group) && wave != Wave::Definitions {
        strip_nulls(&mut object);
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    let metadata = child(&mut object, "metadata");
    for field in ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"] {
        metadata.remove(field);
    }
    match &key.namespace {
        Some(namespace) => metadata.insert("namespace".into(), json!(namespace)),
        None => metadata.remove("namespace"),
    };
    if wave == Wave::Namespace {
        child(&mut object["metadata"], "annotations").insert(CREATED_BY.into(), json!(environment.id()));
    } else {
        child(&mut object["metadata"], "labels").insert(PART_OF.into(), json!(environment.id()));
    }
    match (key.group.as_str(), key.kind.as_str()) {
        ("", "Secret") => encode_string_data(&mut object),
        ("apps", "StatefulSet") => label_claims(&mut object, &environment.id()),
        _ => {}
    }
    let keys = |annotation: &str| {
        let list = if key.kind == "Secret" { manifest.annotation(annotation) } else { None };
        let names = list.unwrap_or_default().split(',').map(str::trim);
        names.filter(|name| !name.is_empty()).map(Into::into).collect()
    };
    Prepared { generate: keys(GENERATE), retain: keys(RETAIN), key, resource: resource.clone(), wave, object }
}

/// A mapping in a mapping, made where it is missing.
fn child<'a>(value: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    let slot = &mut value[key];
    if !slot.is_object() {
        *slot = json!({});
    }
    slot.as_object_mut().expect("it was just made a mapping")
}

/// Null means "not set" in built-in kinds; sent as it is, it would differ from what is stored for
/// ever. In custom resources it may be a value.
fn is_built_in_group(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// `stringData` is write-only: as an applied field it would be owned and never be seen again, so keys
/// could not be removed. It becomes `data`, as in Flux (`ssa/normalize`).
fn encode_string_data(secret: &mut Value) {
    let Some(Value::Object(plain)) = secret.as_object_mut().and_then(|map| map.remove("stringData")) else {
        return;
    };
    let data = child(secret, "data");
    for (key, value) in plain {
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        data.insert(key, json!(STANDARD.encode(text)));
    }
}

/// Claims that a StatefulSet makes have no owner; with our label `down --volumes` can find them.
fn label_claims(stateful_set: &mut Value, id: &str) {
    let templates = stateful_set.pointer_mut("/spec/volumeClaimTemplates").and_then(Value::as_array_mut);
    for template in templates.into_iter().flatten() {
        child(template, "metadata");
        child(&mut template["metadata"], "labels").insert(PART_OF.into(), json!(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment { project: "shop".into(), namespace: "dev".into() }
    }

    fn manifest(yaml: &str) -> Manifest {
        Manifest {
            object: serde_yaml::from_str(yaml).unwrap(),
            template: "t.yaml".into(),
            line: 1,
            unit: "web".into(),
        }
    }

    fn refusal(yaml: &[&str]) -> String {
        let manifests: Vec<Manifest> = yaml.iter().map(|yaml| manifest(yaml)).collect();
        prepare(&environment(), &manifests, &Resources::default()).unwrap_err().to_string()
    }

    fn prepared(yaml: &str) -> Prepared {
        prepare(&environment(), &[manifest(yaml)], &Resources::default()).unwrap().remove(0)
    }

    #[test]
    fn an_object_gets_namespace_and_label_and_loses_what_the_server_keeps() {
        let object = prepared(
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, uid: x, creationTimestamp: null, managedFields: []},
              data: {k: v, none: null}, status: {}}",
        )
        .object;
        assert_eq!(
            object,
            json!({
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "a", "namespace": "dev", "labels": {PART_OF: environment().id()}},
                "data": {"k": "v"},
            })
        );
    }

    #[test]
    fn an_object_of_another_namespace_is_refused() {
        assert_eq!(
            refusal(&["{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: kube-system}}"]),
            "refused before anything was written: Secret/a (t.yaml:1): its namespace is `kube-system`, the environment's is `dev`"
        );
        assert_eq!(
            refusal(&["{apiVersion: v1, kind: Namespace, metadata: {name: default}}"]),
            "refused before anything was written: Namespace/default (t.yaml:1): it is another namespace than the environment's, `dev`"
        );
    }

    #[test]
    fn an_object_that_appears_twice_or_belongs_to_another_set_is_refused() {
        let one = "{apiVersion: v1, kind: Secret, metadata: {name: a}}";
        assert_eq!(
            refusal(&[one, one]),
            "refused before anything was written: Secret/a (t.yaml:1): it is already in t.yaml:1"
        );
        assert_eq!(
            refusal(&[
                "{apiVersion: v1, kind: Secret, metadata: {name: a, labels: {applyset.kubernetes.io/part-of: other}}}"
            ]),
            "refused before anything was written: Secret/a (t.yaml:1): it says that it belongs to `other`"
        );
    }

    #[test]
    fn a_namespace_is_annotated_and_not_labelled_a_member() {
        let object = prepared("{apiVersion: v1, kind: Namespace, metadata: {name: dev}}").object;
        assert_eq!(
            object["metadata"],
            json!({"name": "dev", "annotations": {CREATED_BY: environment().id()}})
        );
    }

    #[test]
    fn string_data_becomes_data_and_the_annotated_keys_are_read() {
        let secret = prepared(
            "{apiVersion: v1, kind: Secret, stringData: {user: me},
              metadata: {name: a, annotations: {devbox.internal/generate: 'password, token', devbox.internal/retain: key}}}",
        );
        assert_eq!(secret.object["data"], json!({"user": "bWU="}));
        assert_eq!(secret.object.get("stringData"), None);
        assert_eq!(
            (secret.generate, secret.retain),
            (vec!["password".into(), "token".into()], vec!["key".into()])
        );
    }

    #[test]
    fn claims_of_a_stateful_set_carry_the_label() {
        let set = prepared(
            "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {volumeClaimTemplates: [{metadata: {name: data}}]}}",
        );
        assert_eq!(
            set.object["spec"]["volumeClaimTemplates"][0]["metadata"],
            json!({"name": "data", "labels": {PART_OF: environment().id()}})
        );
    }
}
