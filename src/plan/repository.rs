//! The text of `devbox.yaml`: what the project's people decided, in a stable order. No secret, no name of
//! a person, no cluster.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use super::unit::EnvSource;
use super::unit::{Origin, Plan, Resolved, Role, Unit};
use crate::config::Repository;

const HEADER: &str = "\
# How this repository runs in a Kubernetes dev environment: `devbox init` brings it up, asking nothing
# that is answered here. Commit this file. Secrets and personal settings have no place in it.
";

#[derive(Serialize)]
struct File {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    extends: Option<String>,
    #[serde(skip_serializing_if = "is_empty")]
    params: Value,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    values: IndexMap<String, Value>,
    #[serde(skip_serializing_if = "is_empty")]
    templates: Value,
    components: IndexMap<String, Part>,
    services: IndexMap<String, Part>,
}

#[derive(Serialize)]
struct Part {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    extends: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<Vec<String>>,
    #[serde(skip_serializing_if = "is_empty")]
    params: Value,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    values: IndexMap<String, Value>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    env: IndexMap<String, Value>,
    #[serde(skip_serializing_if = "is_empty")]
    templates: Value,
}

/// Writes a plan down for the next person. `before` is the file that the plan was made with: parameters
/// and templates of its own are carried over.
///
/// # Errors
/// Never for a plan that `resolve` made; the serializer's error type says nothing to a reader.
pub fn to_yaml(plan: &Plan, before: Option<&Repository>) -> Result<String, serde_yaml::Error> {
    let own = |path: &str| {
        before.and_then(|file| file.document.value.pointer(path)).cloned().unwrap_or(Value::Null)
    };
    let part = |unit: &Unit| {
        let section = if unit.role == Role::Component { "components" } else { "services" };
        let part = Part {
            path: unit.path.clone(),
            extends: unit.preset.clone(),
            uses: (unit.role == Role::Component)
                .then(|| unit.uses.iter().map(|usage| usage.name.clone()).collect()),
            params: own(&format!("/{section}/{}/params", unit.name)),
            values: decided(unit),
            env: env(unit),
            templates: own(&format!("/{section}/{}/templates", unit.name)),
        };
        (unit.name.clone(), part)
    };
    let environment = plan.environment();
    let file = File {
        name: plan.project.name.clone(),
        extends: environment.map(|unit| unit.preset.clone()).filter(|preset| preset != "namespace"),
        params: own("/params"),
        values: environment.map(decided).unwrap_or_default(),
        templates: own("/templates"),
        components: plan.of_role(Role::Component).map(part).collect(),
        services: plan.of_role(Role::Service).map(part).collect(),
    };
    Ok(format!("{HEADER}{}", serde_yaml::to_string(&file)?))
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_none_or(serde_json::Map::is_empty)
}

/// What people decided and what was found in files and would be asked where it is not; defaults of
/// presets stay with the presets, a user's own preferences with the user.
fn decided(unit: &Unit) -> IndexMap<String, Value> {
    let is_decided = |resolved: &Resolved| match &resolved.origin {
        Origin::Flag | Origin::Answers | Origin::Repository { .. } => !resolved.secret,
        _ => false,
    };
    let decided = unit.values.iter().filter(|(_, resolved)| is_decided(resolved));
    decided.map(|(name, resolved)| (name.clone(), resolved.value.clone())).collect()
}

fn env(unit: &Unit) -> IndexMap<String, Value> {
    let decided = unit.env.iter().filter_map(|entry| match (&entry.source, &entry.origin) {
        (EnvSource::Value(value), Origin::Flag | Origin::Answers | Origin::Repository { .. })
            if entry.name != "PORT" =>
        {
            Some((entry.name.clone(), value.replace("$$(", "$(").into()))
        }
        _ => None,
    });
    decided.collect()
}
