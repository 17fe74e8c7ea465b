//! A component's environment variables: those of its services, what its own files name, what people set.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::connection::Connection;
use super::error::PlanError;
use super::inputs::Inputs;
use super::origin::place;
use super::question::{Question, Scope};
use super::unit::{EnvEntry, EnvSource, Origin, Resolved, Usage};
use super::values::Draft;
use crate::config::{ParamFile, ParamType};
use crate::detect::EnvVar;
use crate::preset::Param;

/// Variables that the runtime or the shell sets, not the project.
const NOT_THE_PROJECTS: [&str; 14] = [
    "CI", "DEBUG", "HOME", "HOST", "HOSTNAME", "LANG", "NODE_ENV", "PATH", "PORT", "PWD", "SHELL", "TMPDIR",
    "TZ", "USER",
];

/// What came out.
#[derive(Default)]
pub(super) struct Environment {
    pub env: Vec<EnvEntry>,
    pub secrets: IndexMap<String, Option<Resolved>>,
    pub uses: Vec<Usage>,
    pub questions: Vec<Question>,
    pub keys: Vec<String>,
}

/// Puts together the variables of a component: services, port, the preset's, the repository's own.
pub(super) fn environment(
    inputs: &Inputs<'_>,
    draft: &Draft<'_>,
    values: &IndexMap<String, Resolved>,
    connections: &[&Connection],
) -> Result<Environment, PlanError> {
    let mut out = Environment::default();
    let found = draft.component.map(|component| component.env.as_slice()).unwrap_or_default();
    for connection in connections {
        let names = draft
            .component
            .and_then(|component| component.services.iter().find(|service| service.kind == connection.kind))
            .map(|service| service.env.clone())
            .unwrap_or_default();
        let entries = connection.entries(&names, found);
        out.uses.push(connection.usage(entries.iter().map(|entry| entry.name.clone()).collect()));
        for entry in entries {
            if out.env.iter().all(|other| other.name != entry.name) {
                out.env.push(entry);
            }
        }
    }
    for (name, value, origin) in plain_variables(inputs, draft, values, found, &mut out)? {
        match out.env.iter_mut().find(|entry| entry.name == name) {
            // A person's word goes before ours; a default does not.
            Some(entry)
                if !matches!(
                    origin,
                    Origin::Preset { .. } | Origin::Source { .. } | Origin::Facts { .. }
                ) =>
            {
                entry.source = EnvSource::Value(value);
                entry.origin = origin;
            }
            Some(_) => {}
            None => out.env.push(EnvEntry { name, source: EnvSource::Value(value), origin }),
        }
    }
    Ok(out)
}

/// Variables in the clear: the port, the preset's, those that facts give a default, those that a person
/// set; on the way, secrets and open questions.
fn plain_variables(
    inputs: &Inputs<'_>,
    draft: &Draft<'_>,
    values: &IndexMap<String, Resolved>,
    found: &[EnvVar],
    out: &mut Environment,
) -> Result<Vec<(String, String, Origin)>, PlanError> {
    let mut plain: IndexMap<String, (String, Origin)> = IndexMap::new();
    if let Some(port) = values.get("port") {
        plain.insert("PORT".into(), (crate::preset::plain(&port.value), port.origin.clone()));
    }
    if let Some(preset) = values.get("env")
        && let Some(map) = preset.value.as_object()
    {
        // A template that comes out empty sets nothing.
        for (name, value) in map.iter().filter(|(_, value)| value.as_str() != Some("")) {
            plain.insert(name.clone(), (literal(&crate::preset::plain(value)), preset.origin.clone()));
        }
    }
    let taken: Vec<String> = out.env.iter().map(|entry| entry.name.clone()).collect();
    for var in found {
        if taken.contains(&var.name) || NOT_THE_PROJECTS.contains(&var.name.as_str()) {
            continue;
        }
        if var.secret {
            secret(inputs, draft, var, out)?;
        } else if let Some(default) = &var.default {
            let origin = evidence(draft, var);
            plain.insert(var.name.clone(), (literal(default), origin));
        } else if var.required && draft.written.is_none() {
            let question = question(draft, var, ParamType::String);
            if inputs.layered().get(std::slice::from_ref(&question.key)).is_none() {
                out.questions.push(question);
            }
        }
    }
    if let Some(written) = &draft.written
        && let Some(env) = written.env
    {
        for (name, value) in env {
            if out.secrets.contains_key(name) {
                let message =
                    format!("`{name}` looks like a secret: it does not belong into a committed file");
                let hint =
                    Some(format!("remove it here, give it with `--set {}.env.{name}=...`", draft.name));
                return Err(written.document.error_at(&written.path("env", name), message, hint).into());
            }
            match value {
                Value::Null => {
                    plain.shift_remove(name);
                }
                Value::Object(_) | Value::Array(_) => {
                    let message = format!("`{name}` is not text");
                    return Err(written.document.error_at(&written.path("env", name), message, None).into());
                }
                value => {
                    let text = literal(&crate::preset::plain(value));
                    plain.insert(name.clone(), (text, written.origin("env", name)));
                }
            }
        }
    }
    for (key, origin) in inputs.layered().keys() {
        let Some(name) = draft.keys("env").iter().find_map(|prefix| key.strip_prefix(&format!("{prefix}.")))
        else {
            continue;
        };
        out.keys.push(key.to_owned());
        let param = Param(ParamFile { kind: Some(ParamType::EnvName), ..ParamFile::default() });
        if let Err(reason) = param.check(&json!(name)) {
            return Err(PlanError::Invalid { key: key.into(), shown: format!("`{name}`"), origin, reason });
        }
        if !out.secrets.contains_key(name)
            && let Some((value, origin)) = inputs.layered().get(&[key.to_owned()])
        {
            plain.insert(name.to_owned(), (literal(&crate::preset::plain(value)), origin));
        }
    }
    Ok(plain.into_iter().map(|(name, (value, origin))| (name, value, origin)).collect())
}

/// A secret of the app itself: kept in a Secret of the component, never in a file.
fn secret(
    inputs: &Inputs<'_>,
    draft: &Draft<'_>,
    var: &EnvVar,
    out: &mut Environment,
) -> Result<(), PlanError> {
    let question = question(draft, var, ParamType::Secret);
    let keys: Vec<String> = draft.keys("env").iter().map(|key| format!("{key}.{}", var.name)).collect();
    let given = match inputs.layered().get(&keys) {
        Some((value, origin)) => {
            let value = question.check(value).map_err(|reason| PlanError::Invalid {
                key: question.key.clone(),
                shown: "(hidden)".into(),
                origin: origin.clone(),
                reason,
            })?;
            Some(Resolved { value, origin, secret: true })
        }
        None => None,
    };
    if given.is_none() && var.required {
        out.questions.push(question);
    }
    out.secrets.insert(var.name.clone(), given);
    out.env.push(EnvEntry {
        name: var.name.clone(),
        source: EnvSource::Secret {
            name: format!("{}-env", draft.name),
            key: var.name.clone(),
            optional: true,
        },
        origin: evidence(draft, var),
    });
    Ok(())
}

fn question(draft: &Draft<'_>, var: &EnvVar, kind: ParamType) -> Question {
    let key = format!("{}.env.{}", draft.name, var.name);
    let why = match evidence(draft, var) {
        Origin::Facts { file, line } => Some(place(&file, line)),
        _ => None,
    };
    Question {
        flag: format!("--set {key}={}", super::question::placeholder(kind)),
        text: format!("Value of {} ({}, may stay empty)", var.name, draft.name),
        param: Param(ParamFile { kind: Some(kind), optional: Some(true), ..ParamFile::default() }),
        default: None,
        choices: Vec::new(),
        why,
        required: false,
        scope: if kind == ParamType::Secret { Scope::Environment } else { Scope::Project },
        key,
    }
}

fn evidence(draft: &Draft<'_>, var: &EnvVar) -> Origin {
    let field = format!("env.{}", var.name);
    let found = draft.component.and_then(|c| c.evidence.iter().find(|evidence| evidence.field == field));
    match found {
        Some(evidence) => Origin::Facts { file: evidence.file.clone(), line: evidence.line },
        None => Origin::Facts { file: "detection".into(), line: None },
    }
}

/// Text that Kubernetes shall not read references in: `$(` is written `$$(`.
fn literal(text: &str) -> String {
    text.replace("$(", "$$(")
}
