//! What is odd about a preset though it works: parameters that nothing reads, values that templates read
//! and nothing declares.

use std::collections::BTreeSet;

use serde_json::Value;

use super::catalogue::Catalogue;
use super::error::PresetError;
use super::inherit::Preset;
use super::layer::Layer;
use super::reads::reads;
use crate::config::{DocumentError, Kind, Position, did_you_mean};

/// Parameters that have a meaning without being read.
const READ_BY_DEVBOX: [(Kind, &str); 3] =
    [(Kind::App, "port"), (Kind::Environment, "access"), (Kind::Access, "lifetime")];

/// Everything that is odd about a preset of the catalogue.
pub fn lint(preset: &Preset, catalogue: &Catalogue) -> Vec<DocumentError> {
    let mut read = BTreeSet::new();
    let mut odd = Vec::new();
    let declared: Vec<&str> = preset.names().collect();
    for file in files(preset, catalogue) {
        let text = catalogue.template_text(&file).unwrap_or_default();
        let guarded = guards(text);
        for (name, line) in reads(text) {
            read.insert(name.to_owned());
            if !declared.contains(&name) && !guarded.contains(name) {
                odd.push(DocumentError {
                    file: file.clone(),
                    position: Some(Position { line, column: 1 }),
                    message: format!(
                        "reads `values.{name}`, which preset `{}` does not declare",
                        preset.name
                    ),
                    excerpt: None,
                    hint: did_you_mean(name, declared.iter().copied()),
                });
            }
        }
    }
    odd.extend(undeclared(preset, &declared));
    for param in preset.params.values() {
        for text in [&param.0.when, &param.0.default.as_ref().and_then(Value::as_str).map(str::to_owned)] {
            note(text.as_deref().unwrap_or_default(), &mut read);
        }
    }
    preset.values.values().for_each(|value| note(&value.to_string(), &mut read));
    // Service templates read parameters by the names in it.
    let given =
        preset.values.get("given").and_then(Value::as_object).into_iter().flat_map(|map| map.values());
    read.extend(given.filter_map(Value::as_str).map(str::to_owned));
    note(&serde_json::to_string(&preset.connection).unwrap_or_default(), &mut read);
    let own = preset.chain.last();
    let unused = preset.params.keys().filter(|name| {
        let is_own = preset.origin("params", name).map(|link| &link.name) == own.map(|link| &link.name);
        let by_devbox = READ_BY_DEVBOX.contains(&(preset.kind, name.as_str()));
        is_own && !by_devbox && !read.contains(*name)
    });
    for name in unused {
        if let Some(PresetError::Document(error)) = own
            .map(|link| link.error_at(&["params", name], format!("nothing reads parameter `{name}`"), None))
        {
            odd.push(error);
        }
    }
    odd
}

/// What the preset's own document reads and no preset of its chain declares. In an `if` or a `when` such a name
/// is no error to the engine, and never true.
fn undeclared(preset: &Preset, declared: &[&str]) -> Vec<DocumentError> {
    let Some(own) = preset.chain.last() else { return Vec::new() };
    let mut texts: Vec<(Vec<&str>, String)> = Vec::new();
    for (name, param) in &preset.params {
        let default = param.0.default.as_ref().and_then(Value::as_str).map(str::to_owned);
        texts.extend(param.0.when.clone().map(|text| (vec!["params", name, "when"], text)));
        texts.extend(default.map(|text| (vec!["params", name, "default"], text)));
    }
    texts
        .extend(preset.values.iter().map(|(name, value)| (vec!["values", name.as_str()], value.to_string())));
    let mut odd = Vec::new();
    for (path, text) in texts.iter().filter(|(path, _)| own.speaks_of(path)) {
        let guarded = text.contains("default(");
        let unknown = reads(text).into_iter().map(|(name, _)| name).find(|name| !declared.contains(name));
        let Some(name) = unknown.filter(|_| !guarded) else { continue };
        let message = format!("reads `values.{name}`, which preset `{}` does not declare", preset.name);
        let hint = did_you_mean(name, declared.iter().copied());
        if let PresetError::Document(error) = own.error_at(path, message, hint) {
            odd.push(error);
        }
    }
    odd
}

fn note(text: &str, read: &mut BTreeSet<String>) {
    read.extend(reads(text).into_iter().map(|(name, _)| name.to_owned()));
}

/// The names that an `if` of the file asks for before they are read.
fn guards(text: &str) -> BTreeSet<&str> {
    let asks = |line: &&str| line.contains("{% if") || line.contains("{% elif") || line.contains("default(");
    text.lines().filter(asks).flat_map(|line| reads(line).into_iter().map(|(name, _)| name)).collect()
}

/// The preset's templates and what they include, by the name that people know.
fn files(preset: &Preset, catalogue: &Catalogue) -> BTreeSet<String> {
    let mut files: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<(&Layer, String)> =
        preset.templates.values().map(|template| (&template.layer, template.path.clone())).collect();
    while let Some((layer, path)) = open.pop() {
        let file = catalogue.template_file(layer, &path);
        let text = catalogue.template_text(&file).unwrap_or_default();
        // Includes go a few files deep; what is known is not opened again.
        if files.insert(file) {
            let included = text.split("{% include \"").skip(1).filter_map(|rest| rest.split('"').next());
            open.extend(included.map(|path| (layer, path.to_owned())));
        }
    }
    files
}
