//! What differs between two commits of a source: its files, and the objects that they render to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::config::to_yaml;
use crate::preset::source::Content;
use crate::render::Manifest;

/// One file or object that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// The file or the object.
    pub(super) what: String,
    /// Its text before; empty where it is new.
    pub(super) before: String,
    /// Its text after; empty where it is gone.
    pub(super) after: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Added,
    Removed,
    Changed,
}

impl Change {
    pub(super) fn sign(&self) -> &'static str {
        match self.kind {
            Kind::Added => "+",
            Kind::Removed => "-",
            Kind::Changed => "~",
        }
    }

    pub(super) fn word(&self) -> &'static str {
        match self.kind {
            Kind::Added => "added",
            Kind::Removed => "removed",
            Kind::Changed => "changed",
        }
    }

    pub(super) fn row(&self) -> Value {
        json!({ "what": self.what, "change": self.word(), "before": self.before, "after": self.after })
    }
}

/// The files that differ, presets first.
pub(super) fn of_contents(old: Option<&Content>, new: &Content) -> Vec<Change> {
    let files = |content: &Content| {
        let presets = content.presets.iter().map(|(path, text)| (format!("presets/{path}"), text.clone()));
        let templates =
            content.templates.iter().map(|(path, text)| (format!("templates/{path}"), text.clone()));
        presets.chain(templates).collect::<BTreeMap<_, _>>()
    };
    compare(&old.map(files).unwrap_or_default(), &files(new))
}

/// The objects that differ.
pub(super) fn of_manifests(old: &[Manifest], new: &[Manifest]) -> Vec<Change> {
    let objects = |manifests: &[Manifest]| {
        let text = |manifest: &Manifest| (manifest.key().to_string(), to_yaml(&manifest.object));
        manifests.iter().map(text).collect::<BTreeMap<_, _>>()
    };
    compare(&objects(old), &objects(new))
}

fn compare(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<Change> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |name: &String| {
        let (kind, before, after) = match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) if old == new => return None,
            (Some(old), Some(new)) => (Kind::Changed, old.as_str(), new.as_str()),
            (Some(old), None) => (Kind::Removed, old.as_str(), ""),
            (None, new) => (Kind::Added, "", new.map(String::as_str).unwrap_or_default()),
        };
        Some(Change { what: name.clone(), before: before.to_owned(), after: after.to_owned(), kind })
    };
    names.into_iter().filter_map(change).collect()
}
