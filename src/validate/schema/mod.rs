//! What Kubernetes itself says about its kinds: every field, its type, and whether it is required. Taken
//! from an API server's own `/openapi/v3` by `.ci/openapi`; the version is in the file.

mod custom;
mod walk;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::problem::{Problem, report};
use crate::config::did_you_mean;
use crate::render::Manifest;

/// The type of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    /// Anything at all.
    Any,
    Text,
    Bool,
    Int,
    Number,
    /// An amount such as `500m`.
    Quantity,
    /// A port by number or name, a count or a percentage.
    IntOrText,
    /// One of these texts.
    OneOf(Vec<String>),
    List(Box<Type>),
    Map(Box<Type>),
    /// An object type of the schema.
    Named(usize),
    Object(Object),
}

/// An object with known fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Object {
    fields: BTreeMap<String, Type>,
    required: Vec<String>,
    /// It may have fields that are not known.
    open: bool,
}

/// The kinds of one version of Kubernetes.
#[derive(Debug)]
struct Schema {
    version: String,
    /// By `group/version/Kind`, the core group without its own part.
    kinds: BTreeMap<String, Type>,
    types: Vec<Object>,
}

#[derive(Deserialize)]
struct File {
    kubernetes: String,
    kinds: BTreeMap<String, String>,
    types: Vec<FileType>,
}

#[derive(Deserialize)]
struct FileType {
    f: BTreeMap<String, String>,
    #[serde(default)]
    r: Vec<String>,
}

static KUBERNETES: LazyLock<Schema> = LazyLock::new(|| {
    let file: File =
        serde_json::from_str(include_str!("kubernetes.json")).expect("a test reads the embedded schema");
    let types = file.types.into_iter().map(|object| Object {
        fields: object.f.into_iter().map(|(name, text)| (name, Type::parse(&text))).collect(),
        required: object.r,
        open: false,
    });
    Schema {
        version: file.kubernetes,
        types: types.collect(),
        kinds: file.kinds.into_iter().map(|(kind, text)| (kind, Type::parse(&text))).collect(),
    }
});

impl Type {
    /// Reads the short form of the embedded file; see `.ci/openapi`.
    fn parse(text: &str) -> Self {
        if let Some(inner) = text.strip_prefix("[]") {
            return Self::List(Box::new(Self::parse(inner)));
        }
        if let Some(inner) = text.strip_prefix("{}") {
            return Self::Map(Box::new(Self::parse(inner)));
        }
        if let Some(choices) = text.strip_prefix("e:") {
            return Self::OneOf(choices.split('|').map(str::to_owned).collect());
        }
        if let Some(index) = text.strip_prefix('#').and_then(|index| index.parse().ok()) {
            return Self::Named(index);
        }
        match text {
            "s" => Self::Text,
            "b" => Self::Bool,
            "i" => Self::Int,
            "n" => Self::Number,
            "q" => Self::Quantity,
            "x" => Self::IntOrText,
            _ => Self::Any,
        }
    }
}

/// The version of Kubernetes whose kinds are known.
pub fn kubernetes_version() -> &'static str {
    &KUBERNETES.version
}

/// Checks every field of an object against the kind's own schema, or that of a CRD in the set. A kind
/// that neither knows is left to the API server.
pub(super) fn check(manifest: &Manifest, all: &[Manifest], problems: &mut Vec<Problem>) {
    let key = manifest.key();
    let version = match key.group.as_str() {
        "" => key.version.clone(),
        group => format!("{group}/{}", key.version),
    };
    let found = match KUBERNETES.kinds.get(&format!("{version}/{}", key.kind)) {
        Some(kind) => Some(kind.clone()),
        None if is_built_in(&key.group) => return unknown_kind(manifest, &version, &key.kind, problems),
        None => custom::kind(&key.group, &key.version, &key.kind, all),
    };
    let Some(kind) = found else { return };
    for fault in walk::faults(&manifest.object, &kind, &KUBERNETES.types) {
        report(problems, manifest, fault.path, fault.message, fault.hint);
    }
}

/// Groups that only Kubernetes itself defines kinds in.
fn is_built_in(group: &str) -> bool {
    matches!(group, "" | "apps" | "batch" | "autoscaling" | "policy" | "extensions")
}

fn unknown_kind(manifest: &Manifest, version: &str, kind: &str, problems: &mut Vec<Problem>) {
    // What is not stable may be served all the same.
    if version.contains("alpha") || version.contains("beta") {
        return;
    }
    let known = KUBERNETES.kinds.keys().filter_map(|known| known.rsplit_once('/'));
    let elsewhere = known.clone().find(|(_, known)| *known == kind).map(|(version, _)| version);
    let hint = match elsewhere {
        Some(version) => Some(format!("`{kind}` is in `{version}`")),
        None => did_you_mean(kind, known.filter(|(known, _)| *known == version).map(|(_, kind)| kind)),
    };
    let message = format!("there is no kind `{kind}` in `{version}`");
    report(problems, manifest, "kind", message, hint);
}

/// The value as people call it.
fn called(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_schema_knows_the_kinds_that_environments_are_made_of() {
        assert!(kubernetes_version().starts_with("v1."), "{}", kubernetes_version());
        for kind in ["v1/Pod", "apps/v1/StatefulSet", "batch/v1/CronJob", "networking.k8s.io/v1/Ingress"] {
            assert!(matches!(KUBERNETES.kinds.get(kind), Some(Type::Named(_))), "{kind}");
        }
        for object in &KUBERNETES.types {
            assert!(object.required.iter().all(|name| object.fields.contains_key(name)), "{object:?}");
        }
    }
}
