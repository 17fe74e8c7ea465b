//! One unit's values: flag > answer > `devbox.yaml` > user config > facts > preset.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::error::PlanError;
use super::inputs::Inputs;
use super::origin::{evidence_field, fact_names, place};
use super::question::{Choice, Question, Scope, placeholder};
use super::unit::{Origin, Resolved, Role};
use crate::config::Document;
use crate::detect::Component;
use crate::preset::{Engine, Names, Param, Preset, TemplateError};

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
    base: &Names,
    draft: &Draft<'_>,
) -> Result<Values, PlanError> {
    let mut names = base.clone();
    names.set("facts", &draft.facts);
    names.set("unit", &super::context::unit_value(draft.role, &draft.name, draft.path.as_deref()));
    names.set("values", &json!({}));
    let mut resolver = Resolver { inputs, engine, draft, names, out: Values::default() };
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

pub(super) struct Resolver<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    engine: &'a Engine,
    pub(super) draft: &'a Draft<'a>,
    names: Names,
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
        let holds = self.engine.holds(name, when, &self.names);
        holds.map_err(|error| self.placed(&["params", name, "when"], error))
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
        self.names.set_in("values", name, &value);
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
        let (preset, value) = self.preferred(name)?;
        let document = self.inputs.user.document.as_ref();
        let file = document.map(|document| document.file.clone()).unwrap_or_default();
        let place = document.and_then(|document| document.locate(&["values", preset, name]));
        Some((value.clone(), Origin::User { file, line: place.map(|place| place.line) }))
    }

    /// What the user's config says, and for which preset of the chain.
    pub(super) fn preferred(&self, name: &str) -> Option<(&str, &Value)> {
        let of_a_preset = |preset: &str| {
            let (preset, values) = self.inputs.user.values.get_key_value(preset)?;
            Some((preset.as_str(), values.get(name)?))
        };
        let mut links = self.draft.preset.chain.iter().rev();
        links.find_map(|link| of_a_preset(&link.qualified()).or_else(|| of_a_preset(&link.name)))
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
            Err(reason) => Err(self.bad_default(section, name, param, &value, &reason)),
        }
    }

    fn evaluate_all(&self, value: &Value) -> Result<Value, TemplateError> {
        Ok(match value {
            Value::String(text) => self.engine.evaluate(&self.draft.preset.name, text, &self.names)?,
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
}

fn is_template(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{") || text.contains("{%"))
}

pub(super) fn value_text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}
