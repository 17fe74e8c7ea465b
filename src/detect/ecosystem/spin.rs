//! Spin, an application of WebAssembly components: `spin.toml` says what they are and how they are built.

use serde_json::Value;

use super::{Ecosystem, majority};
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind;
use crate::detect::read::{join, lines};
use crate::detect::scope::Scope;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem { markers: &["spin.toml"], describe };

/// The port of `spin up` (`--listen`).
const PORT: u16 = 3000;

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    let Some(file) = scope.find("spin.toml") else { return Vec::new() };
    let (Some(doc), Some(text)) = (scope.tree.doc(&file), scope.tree.text(&file)) else { return Vec::new() };
    // Both forms of the manifest say which they are (version 1 in its first years `spin_version`).
    if doc.get("spin_manifest_version").or_else(|| doc.get("spin_version")).is_none() {
        return Vec::new();
    }
    let whole = At::file(&file);
    let at = |word: &str| At::line(&file, lines::word(&text, word));
    let mut draft = Draft::new("spin", &scope.dir);
    // The sources beside it are a component of the application, whatever they look like by themselves.
    draft.strength = 5;
    if let Some(name) = doc.pointer("/application/name").or_else(|| doc.get("name")).and_then(Value::as_str) {
        draft.name(name, &at("name"));
    }
    if let Some((language, example)) = majority(scope) {
        draft.language(language, &At::file(example), 0.7);
    }
    draft.framework("spin", None, &whole, 0.98);
    draft.kind(kind(&doc), &whole, 0.95);
    draft.port(PORT, PortSource::Default, &whole);
    draft.command(Slot::Build, "spin build", &whole, 0.9);
    draft.command(Slot::Dev, "spin watch", &whole, 0.85);
    draft.command(Slot::Start, "spin up", &whole, 0.85);
    for folder in components(&doc).filter_map(|component| component.pointer("/build/workdir")?.as_str()) {
        draft.needs.extend(join(&scope.dir, folder));
    }
    vec![draft]
}

/// What answers on HTTP is a web application; with other triggers alone (Redis, MQTT, cron) it is a worker.
fn kind(doc: &Value) -> ComponentKind {
    let first = doc.pointer("/trigger/type").and_then(Value::as_str);
    let http = match doc.get("trigger").and_then(Value::as_object) {
        Some(triggers) => triggers.contains_key("http") || first == Some("http"),
        None => true,
    };
    if http { ComponentKind::Web } else { ComponentKind::Worker }
}

/// A table by name in version 2 of the manifest, a list in version 1.
fn components(doc: &Value) -> impl Iterator<Item = &Value> {
    let component = doc.get("component");
    let list = component.and_then(Value::as_array).into_iter().flatten();
    list.chain(component.and_then(Value::as_object).into_iter().flat_map(|table| table.values()))
}
