//! A plan of presets in a made-up repository: what a preset is checked with before anybody uses it.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::error::PlanError;
use super::inputs::Inputs;
use super::name::dns_label;
use super::question::Question;
use super::resolve::resolve;
use super::unit::Plan;
use crate::config::{FILE_NAME, Kind, ParamType, Project, Repository, UserConfig};
use crate::detect::{Facts, Files};
use crate::preset::{Catalogue, Preset};

/// More questions than any preset asks.
const MOST_ROUNDS: usize = 200;

/// Plans an environment of these presets in a namespace. What a preset asks and has no default for is answered with
/// something of its type.
///
/// # Errors
/// Where a preset cannot be resolved, or nothing made up fits a parameter.
pub fn trial(catalogue: &Catalogue, presets: &[Preset], namespace: &str) -> Result<Plan, PlanError> {
    let repository = Repository::parse(FILE_NAME, &repository(presets))?;
    let facts = Facts {
        schema: 1,
        root: "trial".into(),
        ambiguous: Vec::new(),
        components: Vec::new(),
        files: Files::default(),
        warnings: Vec::new(),
    };
    let project = Project {
        name: "trial".into(),
        remote: Some("https://git.example/team/trial.git".into()),
        branch: Some("main".into()),
        ..Project::default()
    };
    let user = UserConfig::default();
    let flags: IndexMap<String, Value> = [("namespace".to_owned(), json!(namespace))].into();
    let mut answers: IndexMap<String, Value> = IndexMap::new();
    for _ in 0..MOST_ROUNDS {
        let outcome = resolve(&Inputs {
            facts: &facts,
            repository: Some(&repository),
            user: &user,
            answers: &answers,
            flags: &flags,
            catalogue,
            project: project.clone(),
            user_name: "trial".into(),
        })?;
        let open = outcome.questions.iter().filter(|q| q.required && q.default.is_none());
        // One of each unit at a time: the next ones of a unit may depend on it, those of others do not.
        let mut units = BTreeSet::new();
        let first = open.filter(|question| units.insert(question.key.rsplit_once('.').map(|(unit, _)| unit)));
        let samples: Vec<(String, Value)> =
            first.filter_map(|question| Some((question.key.clone(), sample(question)?))).collect();
        if samples.is_empty() {
            return outcome.ready();
        }
        answers.extend(samples);
    }
    Err(PlanError::Nothing { project: "trial".into(), tools: Vec::new() })
}

/// A `devbox.yaml` that names the presets; an app without services, where there is neither, gives the
/// environment something to hold.
fn repository(presets: &[Preset]) -> String {
    let (mut components, mut services, mut file) = (json!({}), json!({}), json!({"name": "trial"}));
    for preset in presets {
        let name = dns_label(&preset.name, 40);
        match preset.kind {
            Kind::App => components[name] = json!({ "path": ".", "extends": preset.name, "uses": [] }),
            Kind::Service => services[name] = json!({ "extends": preset.name }),
            Kind::Environment => file["extends"] = json!(preset.name),
            Kind::Access => file["access"] = json!({ "extends": preset.name }),
        }
    }
    if components == json!({}) && services == json!({}) {
        components["app"] = json!({ "path": ".", "extends": "web", "uses": [] });
    }
    file["components"] = components;
    file["services"] = services;
    crate::config::to_yaml(&file)
}

/// Something of the parameter's type, where something made up fits its rules.
fn sample(question: &Question) -> Option<Value> {
    let of_type = match question.param.kind() {
        ParamType::Bool => json!(true),
        ParamType::Int => json!(1),
        ParamType::Port => json!(8080),
        ParamType::Quantity => json!("1Gi"),
        ParamType::Duration => json!("1m"),
        ParamType::Image => json!("registry.example/team/trial:1.0"),
        ParamType::Url => json!("https://trial.example/path"),
        ParamType::EnvName => json!("TRIAL"),
        _ => json!("trial"),
    };
    let choices = question.choices.iter().map(|choice| json!(choice.value));
    let more = ["1", "1.0", "/trial", "trial.example", "trial@trial.example", "a", "TRIAL"].map(Value::from);
    let bounds = [&question.param.0.min, &question.param.0.max].into_iter().flatten().cloned();
    let mut tries = choices.chain([of_type]).chain(bounds).chain(more);
    tries.find(|answer| question.check(answer).is_ok())
}
