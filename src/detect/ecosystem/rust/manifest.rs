//! `Cargo.toml`: dependencies with their features, the workspace around, the toolchain.

use std::sync::Arc;

use serde_json::Value;

use crate::detect::draft::{At, Draft};
use crate::detect::ecosystem::shared::Dependency;
use crate::detect::ecosystem::tools;
use crate::detect::read::version::bare;
use crate::detect::read::{join, lines};
use crate::detect::scope::Scope;

/// The manifest of the workspace around.
pub(super) fn workspace(scope: &Scope<'_>) -> Option<Arc<Value>> {
    tools::upward(&scope.dir).find_map(|dir| {
        let doc = scope.tree.doc(&scope.tree.find(dir, "Cargo.toml")?)?;
        doc.get("workspace").is_some().then_some(doc)
    })
}

/// What `rust-toolchain` pins.
pub(super) fn toolchain(scope: &Scope<'_>) -> Option<tools::Pin> {
    tools::upward(&scope.dir).find_map(|dir| {
        if let Some(file) = scope.tree.find(dir, "rust-toolchain.toml") {
            let doc = scope.tree.doc(&file)?;
            let text = doc.pointer("/toolchain/channel")?.as_str()?.to_owned();
            let line = scope.tree.text(&file).and_then(|text| lines::word(&text, "channel"));
            return Some(tools::Pin { text, at: At::line(file, line) });
        }
        let file = scope.tree.find(dir, "rust-toolchain")?;
        let text = scope.tree.text(&file)?;
        let channel = text.lines().find_map(|line| {
            line.trim().strip_prefix("channel").map(|rest| rest.trim_matches([' ', '=', '"']).to_owned())
        });
        let text = channel.or_else(|| text.lines().next().map(|line| line.trim().to_owned()))?;
        Some(tools::Pin { text, at: At::file(file) })
    })
}

/// Direct dependencies, and one more per feature: `sqlx+postgres`.
pub(super) fn dependencies(
    scope: &Scope<'_>,
    doc: &Value,
    root: Option<&Value>,
    file: &str,
    text: &str,
    draft: &mut Draft,
) -> Vec<Dependency> {
    let mut found = Vec::new();
    let table = doc.get("dependencies").and_then(Value::as_object);
    for (key, value) in table.into_iter().flatten() {
        let name = value.get("package").and_then(Value::as_str).unwrap_or(key);
        let shared = value
            .get("workspace")
            .is_some()
            .then(|| root?.pointer("/workspace/dependencies")?.get(key))
            .flatten();
        let version = [Some(value), shared]
            .into_iter()
            .flatten()
            .find_map(|value| value.as_str().or_else(|| value.get("version")?.as_str()));
        let at =
            At::line(file, lines::word_after(text, "[dependencies]", key).or_else(|| lines::word(text, key)));
        found.push(Dependency { name: name.to_owned(), version: version.and_then(bare), at: at.clone() });
        for value in [Some(value), shared].into_iter().flatten() {
            for feature in value
                .get("features")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                found.push(Dependency { name: format!("{name}+{feature}"), version: None, at: at.clone() });
            }
            if let Some(path) = value.get("path").and_then(Value::as_str) {
                draft.needs.extend(join(&scope.dir, path));
                draft.needs.insert(name.to_owned());
            }
        }
    }
    found
}

/// Whether a dependency is there unless a feature takes it in that is off by default.
pub(super) fn enabled(doc: &Value, name: &str) -> bool {
    let tables = doc.get("dependencies").and_then(Value::as_object).into_iter().flatten();
    let mut entries =
        tables.filter(|(key, value)| value.get("package").and_then(Value::as_str).unwrap_or(key) == name);
    let Some((key, value)) = entries.next() else { return true };
    if value.get("optional").and_then(Value::as_bool) != Some(true) {
        return true;
    }
    let mut open = vec!["default"];
    let mut seen = Vec::new();
    while let Some(feature) = open.pop() {
        if seen.contains(&feature) || seen.len() > 200 {
            continue;
        }
        seen.push(feature);
        let parts = doc.get("features").and_then(|all| all.get(feature)).and_then(Value::as_array);
        open.extend(parts.into_iter().flatten().filter_map(Value::as_str));
    }
    seen.iter().any(|part| {
        let part = part.trim_start_matches("dep:");
        part == key || part.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with('/'))
    })
}
