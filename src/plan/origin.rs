//! Who decided a value that a preset gives: the preset itself, a fact that its template reads, or git.

use std::sync::LazyLock;

use regex::Regex;

use super::unit::{Origin, Role};
use super::values::{Resolver, value_text};
use crate::preset::Layer;

impl Resolver<'_> {
    pub(super) fn preset_origin(&self, section: &str, name: &str) -> Origin {
        let Some(link) = self.draft.preset.origin(section, name) else {
            return Origin::Preset { name: self.draft.preset.name.clone() };
        };
        let place = || {
            let (file, line) = link.place(section, name);
            (file.to_owned(), line)
        };
        match &link.layer {
            Layer::Repository => {
                let (file, line) = place();
                Origin::Repository { file, line }
            }
            Layer::Source(_) => {
                let (file, line) = place();
                Origin::Source { file, line }
            }
            Layer::BuiltIn | Layer::User => Origin::Preset { name: link.name.clone() },
        }
    }

    /// A default that reads a fact which is there comes from that fact.
    pub(super) fn template_origin(&self, text: &str, preset: impl Fn() -> Origin) -> Origin {
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
        let project = &self.inputs.project;
        let cloned = || project.remote.as_deref().and_then(super::context::clone_url).is_some();
        let from_git = (text.contains("project.cloneUrl") && cloned())
            || (text.contains("project.branch") && project.branch.is_some());
        if from_git { Origin::Git } else { preset() }
    }

    pub(super) fn has_fact(&self, fact: &str) -> bool {
        let pointer = format!("/{}", fact.replace('.', "/"));
        self.draft.facts.pointer(&pointer).is_some_and(|value| !value.is_null())
    }
}

pub(super) fn place(file: &str, line: Option<u32>) -> String {
    line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

/// The facts that a template reads, in order.
pub(super) fn fact_names(text: &str) -> impl Iterator<Item = &str> {
    static FACT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?-u:\b)facts\.([A-Za-z_]+(?:\.[A-Za-z_]+)*)").ok());
    let found: Vec<&str> = FACT
        .as_ref()
        .map(|fact| fact.captures_iter(text).filter_map(|c| c.get(1)).map(|m| m.as_str()).collect())
        .unwrap_or_default();
    found.into_iter()
}

/// The field under which detection gives evidence for what templates call `fact`.
pub(super) fn evidence_field(fact: &str) -> &str {
    match fact {
        "port" => "ports",
        "constraint" => "version",
        other => other,
    }
}
