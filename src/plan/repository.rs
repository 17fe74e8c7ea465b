//! The text of `devbox.yaml`: what the project's people decided, in a stable order. No secret, no name of
//! a person, no cluster.

use serde_json::{Map, Value};

use super::unit::EnvSource;
use super::unit::{Origin, Plan, Resolved, Role, Unit};
use crate::config::{Repository, SchemaOf};

const HEADER: &str = "\
# How this repository runs in a Kubernetes dev environment: `devbox init` brings it up, asking nothing
# that is answered here. Commit this file. Secrets and personal settings have no place in it.
";

/// Writes a plan down for the next person. `before` is the file that the plan was made with: parameters
/// and templates of its own are carried over.
pub fn to_yaml(plan: &Plan, before: Option<&Repository>) -> String {
    let own = |pointer: String| before.and_then(|file| file.document.value.pointer(&pointer)).cloned();
    let mut file = Section::default();
    let environment = plan.environment();
    let parent = environment.map(|unit| unit.preset.as_str()).filter(|preset| *preset != "namespace");
    file.put("name", Some(plan.project.name.as_str().into()));
    file.put("extends", parent.map(Value::from));
    file.put("sources", own("/sources".into()));
    file.put("values", environment.map(|unit| decided(unit, own("/params".into()).as_ref())));
    file.put("params", own("/params".into()));
    file.put("templates", own("/templates".into()));
    if let Some(unit) = plan.access() {
        let own = |key: &str| own(format!("/access/{key}"));
        let mut part = Section::default();
        // A flag may have chosen another than the file names.
        part.put("extends", own("extends").map(|_| unit.preset.as_str().into()));
        part.put("values", Some(decided(unit, own("params").as_ref())));
        part.put("params", own("params"));
        part.put("templates", own("templates"));
        file.put("access", Some(Value::Object(part.0)));
    }
    for (section, role) in [("components", Role::Component), ("services", Role::Service)] {
        let mut parts = Map::new();
        for unit in plan.of_role(role) {
            let own = |key: &str| own(format!("/{section}/{}/{key}", unit.name));
            let uses = unit.uses.iter().map(|usage| usage.name.clone()).collect::<Value>();
            let mut part = Section::default();
            part.put("path", unit.path.as_deref().map(Value::from));
            part.put("extends", Some(unit.preset.as_str().into()));
            // An empty list says that it uses none, whatever detection finds.
            if role == Role::Component {
                part.0.insert("uses".into(), uses);
            }
            part.put("values", Some(decided(unit, own("params").as_ref())));
            part.put("params", own("params"));
            part.put("env", Some(env(unit)));
            part.put("templates", own("templates"));
            parts.insert(unit.name.clone(), Value::Object(part.0));
        }
        file.0.insert(section.into(), Value::Object(parts));
    }
    format!("{}{HEADER}{}", SchemaOf::Project.line(), crate::config::to_yaml(&Value::Object(file.0)))
}

#[derive(Default)]
struct Section(Map<String, Value>);

impl Section {
    fn put(&mut self, key: &str, value: Option<Value>) {
        let filled = |value: &Value| !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty());
        if let Some(value) = value.filter(filled) {
            self.0.insert(key.into(), value);
        }
    }
}

/// What people decided and what was found in files and would be asked where it is not; defaults of
/// presets stay with the presets, a user's own preferences with the user.
///
/// `params` are the file's own: a default among them stays where it is.
fn decided(unit: &Unit, params: Option<&Value>) -> Value {
    let is_decided = |name: &str, resolved: &Resolved| match &resolved.origin {
        Origin::Flag | Origin::Answers => !resolved.secret,
        Origin::Repository { .. } => {
            !resolved.secret && params.and_then(|params| params.get(name)?.get("default")).is_none()
        }
        _ => false,
    };
    let decided = unit.values.iter().filter(|(name, resolved)| is_decided(name, resolved));
    Value::Object(decided.map(|(name, resolved)| (name.clone(), resolved.value.clone())).collect())
}

fn env(unit: &Unit) -> Value {
    let decided = unit.env.iter().filter_map(|entry| match (&entry.source, &entry.origin) {
        (EnvSource::Value(value), Origin::Flag | Origin::Answers | Origin::Repository { .. })
            if entry.name != "PORT" =>
        {
            Some((entry.name.clone(), value.replace("$$(", "$(").into()))
        }
        _ => None,
    });
    Value::Object(decided.collect())
}
