//! Inheritance: a chain of documents from the root to the child becomes one preset. Maps merge, lists
//! and scalars replace, `null` removes (RFC 7396); every part remembers the document it came from.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::PresetError;
use super::grammar;
use super::layer::Layer;
use super::param::{Param, whole};
use crate::config::{ConnectionFile, Detects, Document, Kind, ParamType, PresetFile};

/// One document of a chain, or a part of one (a component in `devbox.yaml`).
#[derive(Debug, Clone)]
pub struct Link {
    /// The preset's name.
    pub name: String,
    /// Where it belongs.
    pub layer: Layer,
    /// The document.
    pub document: Arc<Document>,
    /// The path of keys to the preset in the document; empty for the whole.
    pub prefix: Vec<String>,
    pub(super) detects: Option<Detects>,
    pub(super) summary: Option<String>,
    pub(super) extends: Option<String>,
    pub(super) body: Value,
}

/// Documents from the root to the child.
pub type Chain = Vec<Link>;

/// A preset with its inheritance resolved.
#[derive(Debug, Clone)]
pub struct Preset {
    /// The name of the last document.
    pub name: String,
    /// One line.
    pub summary: String,
    /// What it describes.
    pub kind: Kind,
    /// What it is for.
    pub detects: Option<Detects>,
    /// What can be set, in order of declaration, parents first.
    pub params: IndexMap<String, Param>,
    /// Values by name; text may be a template.
    pub values: IndexMap<String, Value>,
    /// Kinds of services that it always needs.
    pub services: Vec<String>,
    /// Its templates, by the names that presets give them.
    pub templates: IndexMap<String, TemplateRef>,
    /// How others reach it.
    pub connection: Option<ConnectionFile>,
    /// The documents, root first.
    pub chain: Chain,
}

/// A template file and the layer whose set it is rendered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRef {
    /// The layer of the document that named it.
    pub layer: Layer,
    /// The file in the layer's `templates` folder.
    pub path: String,
}

#[derive(Debug, Deserialize)]
struct Merged {
    kind: Option<Kind>,
    #[serde(default)]
    params: IndexMap<String, Param>,
    #[serde(default)]
    values: IndexMap<String, Value>,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    templates: IndexMap<String, String>,
    connection: Option<ConnectionFile>,
}

impl Link {
    /// Reads a whole document as a preset.
    pub(super) fn parse(layer: Layer, document: Document) -> Result<Self, PresetError> {
        let file: PresetFile = document.typed()?;
        let Some(name) = file.name else {
            return Err(document.error_at(&[], "a preset needs a `name`", None).into());
        };
        check_names(&name, &document)?;
        let body =
            body(&document.value, &["kind", "params", "values", "services", "templates", "connection"]);
        Ok(Self {
            name,
            layer,
            prefix: Vec::new(),
            detects: file.detects,
            summary: file.summary,
            extends: file.extends,
            body,
            document: Arc::new(document),
        })
    }

    /// Takes a component, a service or the top level of `devbox.yaml` as a preset that extends `parent`.
    /// Its values are not part of it: they rank above the user's own.
    pub fn part(document: &Document, prefix: &[&str], parent: &str) -> Self {
        let pointer: String = prefix.iter().map(|key| format!("/{}", escape_pointer(key))).collect();
        let value = document.value.pointer(&pointer).cloned().unwrap_or(Value::Null);
        Self {
            name: parent.to_owned(),
            layer: Layer::Repository,
            prefix: prefix.iter().map(|key| (*key).to_owned()).collect(),
            detects: None,
            summary: None,
            extends: Some(parent.to_owned()),
            body: body(&value, &["params", "templates"]),
            document: Arc::new(document.clone()),
        }
    }

    /// The name that means this one and no other: `SOURCE/NAME` for a source's.
    pub fn qualified(&self) -> String {
        match &self.layer {
            Layer::Source(source) => format!("{}/{}", source.name, self.name),
            _ => self.name.clone(),
        }
    }

    /// What it says it is for.
    pub fn detects(&self) -> Option<&Detects> {
        self.detects.as_ref()
    }

    /// Names a place in the document.
    pub fn error_at(&self, path: &[&str], message: String, hint: Option<String>) -> PresetError {
        let full: Vec<&str> = self.prefix.iter().map(String::as_str).chain(path.iter().copied()).collect();
        self.document.error_at(&full, message, hint).into()
    }

    /// Where a key of a section is written: file and line, from 1.
    pub fn place(&self, section: &str, key: &str) -> (&str, Option<usize>) {
        let path: Vec<&str> = self.prefix.iter().map(String::as_str).chain([section, key]).collect();
        (&self.document.file, self.document.locate(&path).map(|position| position.line))
    }

    pub(super) fn speaks_of(&self, path: &[&str]) -> bool {
        path.iter().try_fold(&self.body, |value, key| value.get(key)).is_some()
    }

    fn has(&self, section: &str, key: &str) -> bool {
        self.body.get(section).and_then(|section| section.get(key)).is_some()
    }
}

/// Names are shown, typed and made into names of objects.
fn check_names(name: &str, document: &Document) -> Result<(), PresetError> {
    let fits = |name: &str| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        !name.is_empty() && name.len() <= 63 && name.bytes().all(inner) && !name.starts_with(['-', '.'])
    };
    let wrong = |path: &[&str], name: &str, what: &str| {
        let message = format!("`{}` cannot name a {what}", name.escape_debug());
        let hint = "at most 63 letters, digits, `-`, `_` and `.`".to_owned();
        Err(document.error_at(path, message, Some(hint)).into())
    };
    if !fits(name) {
        return wrong(&["name"], name, "preset");
    }
    for (section, what) in [("templates", "template"), ("values", "value")] {
        let names = document.value.get(section).and_then(Value::as_object);
        if let Some(name) = names.into_iter().flat_map(Map::keys).find(|name| !fits(name)) {
            return wrong(&[section, name], name, what);
        }
    }
    Ok(())
}

fn escape_pointer(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn body(value: &Value, keys: &[&str]) -> Value {
    let kept = |map: &Map<String, Value>| {
        map.iter()
            .filter(|(key, _)| keys.contains(&key.as_str()))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    Value::Object(value.as_object().map(kept).unwrap_or_default())
}

impl Preset {
    /// Merges a chain, root first.
    ///
    /// # Errors
    /// Where the outcome lacks what a preset needs, at the place that should have it.
    pub(super) fn merge(chain: Chain) -> Result<Self, PresetError> {
        let mut merged = Value::Object(Map::new());
        for link in &chain {
            merge_patch(&mut merged, link.body.clone());
        }
        let last = chain.last().cloned().expect("a chain has at least its child");
        let mut merged: Merged = serde_json::from_value(merged)
            .map_err(|error| last.error_at(&[], format!("does not fit its parent: {error}"), None))?;
        merged.values.retain(|_, value| !value.is_null());
        let Some(kind) = merged.kind else {
            let message = "a preset without a parent needs a `kind`".to_owned();
            let hint = Some("one of `environment`, `app`, `service`, `access`".to_owned());
            return Err(last.error_at(&["name"], message, hint));
        };
        for (name, param) in &merged.params {
            check_param(&chain, name, param)?;
        }
        if let Some(password) = merged.connection.as_ref().and_then(|connection| connection.password.as_ref())
        {
            let parts =
                [("variable", &password.variable), ("secret", &password.secret), ("key", &password.key)];
            if let Some((part, _)) = parts.iter().find(|(_, text)| text.is_empty()) {
                let message = format!("the connection's password has no `{part}`");
                return Err(last.error_at(&["connection", "password"], message, None));
            }
        }
        let templates = merged
            .templates
            .into_iter()
            .map(|(key, path)| {
                let layer = origin(&chain, "templates", &key).map_or(&last.layer, |link| &link.layer);
                let reference = TemplateRef { layer: layer.clone(), path };
                (key, reference)
            })
            .collect();
        Ok(Self {
            name: last.qualified(),
            summary: chain.iter().rev().find_map(|link| link.summary.clone()).unwrap_or_default(),
            kind,
            detects: last.detects.clone(),
            params: merged.params,
            values: merged.values,
            services: merged.services,
            templates,
            connection: merged.connection,
            chain,
        })
    }

    /// The document that last spoke of a key: `origin("values", "image")`.
    pub fn origin(&self, section: &str, key: &str) -> Option<&Link> {
        origin(&self.chain, section, key)
    }

    /// The whole names of the chain, child first.
    pub fn ancestry(&self) -> impl Iterator<Item = String> {
        self.chain.iter().rev().map(Link::qualified)
    }

    /// Every name that can be set: parameters, then free values.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let free = self.values.keys().filter(|name| !self.params.contains_key(*name));
        self.params.keys().chain(free).map(String::as_str)
    }
}

fn origin<'a>(chain: &'a Chain, section: &str, key: &str) -> Option<&'a Link> {
    chain.iter().rev().find(|link| link.has(section, key))
}

fn check_param(chain: &Chain, name: &str, param: &Param) -> Result<(), PresetError> {
    let Some(link) = origin(chain, "params", name) else { return Ok(()) };
    let wrong = |path: &[&str], message: String, hint: Option<&str>| {
        let full: Vec<&str> = ["params", name].iter().chain(path).copied().collect();
        // The part at fault may have been said further up than the parameter's last word.
        let at = chain.iter().rev().find(|link| link.speaks_of(&full)).unwrap_or(link);
        Err(at.error_at(&full, message, hint.map(Into::into)))
    };
    if grammar::env_name(name).is_err() {
        let hint = "templates read it as `values.NAME`: letters, digits and `_`, no digit first";
        return wrong(&[], format!("`{}` cannot name a parameter", name.escape_debug()), Some(hint));
    }
    if param.0.kind.is_none() {
        return wrong(&[], format!("parameter `{name}` has no `type`"), Some("such as `type: string`"));
    }
    if param.kind() == ParamType::Choice && param.choices().is_empty() {
        return wrong(&[], format!("parameter `{name}` is a choice without `choices`"), None);
    }
    if let Some(pattern) = &param.0.pattern
        && let Err(error) = whole(pattern)
    {
        let said = error.to_string();
        let reason = said.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
        return wrong(&["pattern"], format!("bad pattern of `{name}`: {reason}"), None);
    }
    if param.is_secret() && param.0.default.is_some() {
        let hint = "leave it out: it is asked for, or given with `--set`, and kept in the cluster";
        return wrong(&["default"], format!("secret `{name}` would stand in a file"), Some(hint));
    }
    if let Err((key, message)) = param.check_rules() {
        return wrong(&[key], format!("bad {key} of `{name}`: {message}"), None);
    }
    if let Some(default) = &param.0.default
        && !default.as_str().is_some_and(|text| text.contains("{{") || text.contains("{%"))
        && let Err(reason) = param.check(default)
    {
        return wrong(&["default"], format!("bad default of `{name}`: {reason}"), None);
    }
    Ok(())
}

/// RFC 7396, section 2.
pub(super) fn merge_patch(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        for (key, value) in patch {
            if value.is_null() {
                target.shift_remove(&key);
            } else {
                merge_patch(target.entry(key).or_insert(Value::Null), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merging_follows_the_examples_of_rfc_7396() {
        // Appendix A.
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut merged = target;
            merge_patch(&mut merged, patch);
            assert_eq!(merged, result);
        }
    }
}
