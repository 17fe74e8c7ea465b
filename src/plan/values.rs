//! One unit's values: flag > answer > `devbox.yaml` > user config > facts > preset.

use std::sync::LazyLock;

use indexmap::IndexMap;
use regex::Regex;
use serde_json::{Map, Value, json};

use super::error::PlanError;
use super::inputs::Inputs;
use super::question::{Choice, Question, Scope, placeholder};
use super::unit::{Origin, Resolved, Role};
use crate::config::Document;
use crate::detect::Component;
use crate::preset::{Engine, Layer, Param, Preset, TemplateError};

/// A unit before its values are known.
pub(super) struct Draft<'a> {
    pub role: Role,
    pub name: String,
    pub path: Option<String>,
    pub preset: Preset,
    pub facts: Value,
    pub component: Option<&'a Component>,
    /// Its values in `devbox.yaml`.
    pub written: Option<Written<'a>>,
    /// Its parameters can be set without its name in front.
    pub bare_keys: bool,
}

/// A part of `devbox.yaml`.
pub(super) struct Written<'a> {
    pub document: &'a Document,
    pub prefix: Vec<&'a str>,
    pub values: &'a IndexMap<String, Value>,
    pub env: Option<&'a IndexMap<String, Value>>,
}

impl Written<'_> {
    pub(super) fn origin(&self, section: &str, key: &str) -> Origin {
        let line = self.document.locate(&self.path(section, key)).map(|position| position.line);
        Origin::Repository { file: self.document.file.clone(), line }
    }

    pub(super) fn path<'b>(&'b self, section: &'b str, key: &'b str) -> Vec<&'b str> {
        self.prefix.iter().copied().chain([section, key]).collect()
    }
}

impl Draft<'_> {
    /// The keys by which a parameter can be set, the preferred one first.
    pub(super) fn keys(&self, name: &str) -> Vec<String> {
        let long = format!("{}.{name}", self.name);
        match (self.role, self.bare_keys) {
            (Role::Environment, _) => vec![name.to_owned(), format!("environment.{name}")],
            (_, true) => vec![long, name.to_owned()],
            (_, false) => vec![long],
        }
    }
}

/// What came out.
#[derive(Default)]
pub(super) struct Values {
    pub values: IndexMap<String, Resolved>,
    pub questions: Vec<Question>,
}

/// Resolves every parameter and every free value.
pub(super) fn resolve(
    inputs: &Inputs<'_>,
    engine: &Engine,
    base: &Map<String, Value>,
    draft: &Draft<'_>,
) -> Result<Values, PlanError> {
    let mut context = base.clone();
    context.insert("facts".into(), draft.facts.clone());
    let unit = super::context::unit_value(draft.role, &draft.name, draft.path.as_deref());
    context.insert("unit".into(), unit);
    context.insert("values".into(), json!({}));
    let mut resolver =
        Resolver { inputs, engine, draft, context: Value::Object(context), out: Values::default() };
    resolver.reject_unknown_written()?;
    for name in super::order::settle(&draft.preset)? {
        match (draft.preset.params.get(name), draft.preset.values.get(name)) {
            (Some(param), _) => resolver.param(name, param)?,
            (None, Some(value)) => resolver.free(name, value)?,
            (None, None) => {}
        }
    }
    // Shown as declared, whatever had to be settled first.
    let mut out = resolver.out;
    let declared: Vec<&str> = draft.preset.names().collect();
    out.values.sort_by_cached_key(|name, _| declared.iter().position(|known| known == name));
    Ok(out)
}

struct Resolver<'a> {
    inputs: &'a Inputs<'a>,
    engine: &'a Engine,
    draft: &'a Draft<'a>,
    context: Value,
    out: Values,
}

impl Resolver<'_> {
    fn param(&mut self, name: &str, param: &Param) -> Result<(), PlanError> {
        let exists = self.exists(name, param)?;
        if let Some((value, origin)) = self.above_presets(name) {
            if !exists {
                let reason = format!("it is used only where {}", param.0.when.as_deref().unwrap_or("?"));
                return Err(self.invalid(name, param, &value, origin, reason));
            }
            let value = self.checked(name, param, &value, origin.clone())?;
            self.keep(name, value, origin, param.is_secret());
            return Ok(());
        }
        if !exists {
            return Ok(());
        }
        let default = self.default(name, param)?;
        let ambiguity = self.ambiguity(param);
        let decided = matches!(&default, Some((_, Origin::Facts { .. } | Origin::Git)));
        let asked = param.0.ask.is_some() && !decided;
        let required = default.is_none() && !param.is_optional();
        if asked || required || !ambiguity.is_empty() {
            self.ask(name, param, default.as_ref(), ambiguity);
        }
        if let Some((value, origin)) = default {
            self.keep(name, value, origin, param.is_secret());
        }
        Ok(())
    }

    fn exists(&self, name: &str, param: &Param) -> Result<bool, PlanError> {
        let Some(when) = &param.0.when else { return Ok(true) };
        let holds = self.engine.holds(name, when, &self.context);
        holds.map_err(|error| self.placed(&["params", name, "when"], error))
    }

    /// A template in a preset is wrong: says so at the place in the preset's document.
    fn placed(&self, path: &[&str], error: TemplateError) -> PlanError {
        match self.draft.preset.origin(path[0], path[1]) {
            Some(link) => {
                link.error_at(path, format!("its template fails: {}", error.message), error.hint).into()
            }
            None => error.into(),
        }
    }

    fn free(&mut self, name: &str, value: &Value) -> Result<(), PlanError> {
        if name == "env" {
            // Variables have their own layers: see `connection`.
            let value = self.evaluate_all(value).map_err(|error| self.placed(&["values", name], error))?;
            let origin = self.preset_origin("values", name);
            self.keep(name, value, origin, false);
            return Ok(());
        }
        if let Some((value, origin)) = self.above_presets(name) {
            self.keep(name, value, origin, false);
            return Ok(());
        }
        match self.evaluate_all(value) {
            Ok(value) => {
                let origin = self.template_origin(value_text(self.draft.preset.values.get(name)), || {
                    self.preset_origin("values", name)
                });
                self.keep(name, value, origin, false);
                Ok(())
            }
            // It needs a value that is still asked for.
            Err(_) if self.out.questions.iter().any(|question| question.required) => Ok(()),
            Err(error) => Err(self.placed(&["values", name], error)),
        }
    }

    fn keep(&mut self, name: &str, value: Value, origin: Origin, secret: bool) {
        if let Some(Value::Object(values)) = self.context.get_mut("values") {
            values.insert(name.to_owned(), value.clone());
        }
        self.out.values.insert(name.to_owned(), Resolved { value, origin, secret });
    }

    /// Flags, answers, `devbox.yaml`, the user's config.
    fn above_presets(&self, name: &str) -> Option<(Value, Origin)> {
        if let Some((value, origin)) = self.inputs.layered().get(&self.draft.keys(name)) {
            return Some((value.clone(), origin));
        }
        if let Some(written) = &self.draft.written
            && let Some(value) = written.values.get(name).filter(|value| !value.is_null())
        {
            return Some((value.clone(), written.origin("values", name)));
        }
        let user = self.inputs.user;
        let of_a_preset = |preset: &str| user.values.get(preset)?.get(name);
        let mut links = self.draft.preset.chain.iter().rev();
        let value =
            links.find_map(|link| of_a_preset(&link.qualified()).or_else(|| of_a_preset(&link.name)))?;
        let file = user.document.as_ref().map(|document| document.file.clone()).unwrap_or_default();
        Some((value.clone(), Origin::User { file }))
    }

    /// The preset's value or default, evaluated; a template that comes out empty is none.
    fn default(&self, name: &str, param: &Param) -> Result<Option<(Value, Origin)>, PlanError> {
        let preset = &self.draft.preset;
        let (section, written) = match preset.values.get(name) {
            Some(value) => ("values", Some(value)),
            None => ("params", param.0.default.as_ref()),
        };
        let Some(written) = written else { return Ok(None) };
        let value = match self.evaluate_all(written) {
            Ok(Value::String(text)) if text.trim().is_empty() && is_template(written) => return Ok(None),
            Ok(Value::String(text)) if is_template(written) => Value::String(text.trim().to_owned()),
            Ok(value) => value,
            Err(_) if self.out.questions.iter().any(|question| question.required) => return Ok(None),
            Err(error) if section == "params" => return Err(self.placed(&[section, name, "default"], error)),
            Err(error) => return Err(self.placed(&[section, name], error)),
        };
        let origin = self.template_origin(value_text(Some(written)), || self.preset_origin(section, name));
        match param.check(&value) {
            Ok(value) => Ok(Some((value, origin))),
            // What detection found need not fit; then it is asked.
            Err(_) if matches!(origin, Origin::Facts { .. } | Origin::Git) => Ok(None),
            Err(reason) => Err(self.invalid(name, param, &value, origin, reason)),
        }
    }

    fn evaluate_all(&self, value: &Value) -> Result<Value, TemplateError> {
        Ok(match value {
            Value::String(text) => self.engine.evaluate(&self.draft.preset.name, text, &self.context)?,
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.evaluate_all(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => {
                let entries = map.iter().map(|(key, value)| Ok((key.clone(), self.evaluate_all(value)?)));
                Value::Object(entries.collect::<Result<_, TemplateError>>()?)
            }
            other => other.clone(),
        })
    }

    fn preset_origin(&self, section: &str, name: &str) -> Origin {
        let Some(link) = self.draft.preset.origin(section, name) else {
            return Origin::Preset { name: self.draft.preset.name.clone() };
        };
        let path: Vec<&str> = link.prefix.iter().map(String::as_str).chain([section, name]).collect();
        let line = || link.document.locate(&path).map(|position| position.line);
        let file = || link.document.file.clone();
        match &link.layer {
            Layer::Repository => Origin::Repository { file: file(), line: line() },
            Layer::Source(_) => Origin::Source { file: file(), line: line() },
            Layer::BuiltIn | Layer::User => Origin::Preset { name: link.name.clone() },
        }
    }

    /// A default that reads a fact which is there comes from that fact.
    fn template_origin(&self, text: &str, preset: impl Fn() -> Origin) -> Origin {
        if let Some(fact) = fact_names(text).find(|fact| self.has_fact(fact)) {
            let evidence = self.draft.component.and_then(|component| {
                let field = match self.draft.role {
                    Role::Service => format!("services.{}", value_text(self.draft.facts.get("kind"))),
                    _ => evidence_field(fact).to_owned(),
                };
                component.evidence.iter().find(|evidence| evidence.field == field)
            });
            return match evidence {
                Some(evidence) => Origin::Facts { file: evidence.file.clone(), line: evidence.line },
                // Such as a framework's usual port: found, but nowhere written.
                None => Origin::Facts { file: "detection".into(), line: None },
            };
        }
        let from_git = ["project.cloneUrl", "project.branch"].iter().any(|name| {
            let key = name.trim_start_matches("project.");
            text.contains(name) && self.context["project"].get(key).is_some_and(|value| !value.is_null())
        });
        if from_git { Origin::Git } else { preset() }
    }

    fn has_fact(&self, fact: &str) -> bool {
        let pointer = format!("/{}", fact.replace('.', "/"));
        self.draft.facts.pointer(&pointer).is_some_and(|value| !value.is_null())
    }

    /// What speaks for several answers.
    fn ambiguity(&self, param: &Param) -> Vec<Choice> {
        let Some(component) = self.draft.component else { return Vec::new() };
        let fields: Vec<&str> =
            fact_names(value_text(param.0.default.as_ref())).map(evidence_field).collect();
        let here = |a: &&crate::detect::Ambiguity| {
            a.component == component.path && fields.contains(&a.field.as_str())
        };
        let candidates = self.inputs.facts.ambiguous.iter().filter(here).flat_map(|a| &a.candidates);
        candidates
            .map(|candidate| Choice {
                value: candidate.value.clone(),
                note: place(&candidate.file, candidate.line),
            })
            .filter(|choice| param.check(&json!(choice.value)).is_ok())
            .collect()
    }

    fn ask(&mut self, name: &str, param: &Param, default: Option<&(Value, Origin)>, ambiguity: Vec<Choice>) {
        let key = self.draft.keys(name).swap_remove(0);
        let choices = match ambiguity.is_empty() {
            false => ambiguity,
            true => {
                let plain = |value: String| Choice { value, note: String::new() };
                param.choices().into_iter().map(plain).collect()
            }
        };
        let text = param.0.ask.as_ref().or(param.0.summary.as_ref()).map_or(name, String::as_str);
        self.out.questions.push(Question {
            flag: format!("--set {key}={}", placeholder(param.kind())),
            text: match self.draft.role {
                Role::Environment => text.to_owned(),
                _ => format!("{} ({})", text, self.draft.name),
            },
            param: param.clone(),
            default: default.map(|(value, _)| value.clone()).filter(|_| !param.is_secret()),
            choices,
            why: default.map(|(_, origin)| origin.to_string()),
            required: default.is_none() && !param.is_optional(),
            scope: if param.is_secret() { Scope::Environment } else { Scope::Project },
            key,
        });
    }

    fn checked(&self, name: &str, param: &Param, value: &Value, origin: Origin) -> Result<Value, PlanError> {
        param.check(value).map_err(|reason| self.invalid(name, param, value, origin, reason))
    }

    fn invalid(&self, name: &str, param: &Param, value: &Value, origin: Origin, reason: String) -> PlanError {
        let shown = Resolved { value: value.clone(), origin: origin.clone(), secret: param.is_secret() };
        if let (Origin::Repository { .. }, Some(written)) = (&origin, &self.draft.written) {
            let message = format!("`{name}` cannot be `{}`: {reason}", shown.shown());
            return written.document.error_at(&written.path("values", name), message, None).into();
        }
        PlanError::Invalid {
            key: self.draft.keys(name).swap_remove(0),
            shown: format!("`{}`", shown.shown()),
            origin,
            reason,
        }
    }

    fn reject_unknown_written(&self) -> Result<(), PlanError> {
        let Some(written) = &self.draft.written else { return Ok(()) };
        let known: Vec<&str> = self.draft.preset.names().filter(|name| *name != "env").collect();
        match written.values.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                let message = format!("preset `{}` has no value `{name}`", self.draft.preset.name);
                let hint = crate::config::did_you_mean(name, known);
                Err(written.document.error_at(&written.path("values", name), message, hint).into())
            }
            None => Ok(()),
        }
    }
}

pub(super) fn place(file: &str, line: Option<u32>) -> String {
    line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

fn is_template(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{") || text.contains("{%"))
}

fn value_text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// The facts that a template reads, in order.
fn fact_names(text: &str) -> impl Iterator<Item = &str> {
    static FACT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?-u:\b)facts\.([A-Za-z_]+(?:\.[A-Za-z_]+)*)").ok());
    let found: Vec<&str> = FACT
        .as_ref()
        .map(|fact| fact.captures_iter(text).filter_map(|c| c.get(1)).map(|m| m.as_str()).collect())
        .unwrap_or_default();
    found.into_iter()
}

/// The field under which detection gives evidence for what templates call `fact`.
fn evidence_field(fact: &str) -> &str {
    match fact {
        "port" => "ports",
        "constraint" => "version",
        other => other,
    }
}
