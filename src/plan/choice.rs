//! What of a repository runs: the components and services of `devbox.yaml`, else those that detection found.

use std::collections::BTreeSet;

use super::error::PlanError;
use super::name;
use super::origin::place;
use super::question::{Choice, Question};
use super::resolve::Run;
use super::unit::Origin;
use crate::config::{ParamFile, ParamType, UnitEntry, did_you_mean};
use crate::detect::{Component, ComponentKind, Service};
use crate::preset::Param;

/// The names of units leave room for what objects append to them.
const LONGEST_NAME: usize = 40;

/// The name of a service that nobody named: its preset's, without the source that it is from.
fn name_from(preset: &str) -> String {
    preset.rsplit('/').next().unwrap_or(preset).to_owned()
}

/// A component that could run.
pub(super) struct Candidate<'a> {
    pub name: String,
    pub path: String,
    pub facts: Option<&'a Component>,
    pub entry: Option<&'a UnitEntry>,
}

/// A service that could run.
pub(super) struct Wanted<'a> {
    pub name: String,
    pub kind: String,
    pub preset: String,
    pub mentions: Vec<(&'a Component, &'a Service)>,
    pub entry: Option<&'a UnitEntry>,
}

impl<'a> Run<'a> {
    /// The components that are deployed: those of `devbox.yaml`, else those that detection found.
    pub(super) fn choose_components(&mut self) -> Result<Vec<Candidate<'a>>, PlanError> {
        let facts = &self.inputs.facts.components;
        let written = self.inputs.repository.and_then(|repository| repository.components.as_ref());
        let candidates: Vec<Candidate<'a>> = match written {
            Some(entries) => entries
                .iter()
                .map(|(name, entry)| {
                    let found = match &entry.path {
                        Some(path) => facts.iter().find(|component| component.path == *path),
                        None => facts.iter().find(|c| unit_name(c) == *name).or_else(|| only(facts)),
                    };
                    let path = entry.path.clone().or_else(|| found.map(|c| c.path.clone()));
                    Candidate {
                        name: name.clone(),
                        path: path.unwrap_or_else(|| ".".into()),
                        facts: found,
                        entry: Some(entry),
                    }
                })
                .collect(),
            None => self.detected(facts),
        };
        if let (Some(_), Some(repository)) = (written, self.inputs.repository) {
            for candidate in &candidates {
                check_name(&repository.document, "components", &candidate.name)?;
            }
            self.note_new_components(&candidates);
        }
        let choices = candidates
            .iter()
            .map(|candidate| Choice { value: candidate.name.clone(), note: describe(candidate.facts) })
            .collect();
        let ask = written.is_none() && candidates.len() > 1;
        let chosen = self.choose("components", "Which components to run", choices, ask)?;
        Ok(candidates.into_iter().filter(|candidate| chosen.contains(&candidate.name)).collect())
    }

    /// Those that look like what runs, and a tool that somebody names.
    fn detected(&mut self, facts: &'a [Component]) -> Vec<Candidate<'a>> {
        let asked = self.asked("components").map(|(names, _)| names).unwrap_or_default();
        let runs =
            |c: &&Component| is_deployable(c) || (is_startable_tool(c) && asked.contains(&unit_name(c)));
        let mut names = BTreeSet::new();
        let mut candidates = Vec::new();
        for component in facts.iter().filter(runs) {
            let mut name = unit_name(component);
            if names.contains(&name) || self.is_service_name(&name) {
                name = name::dns_label(&format!("{name}-{}", component.path), LONGEST_NAME);
            }
            if names.contains(&name) || self.is_service_name(&name) {
                name = name::dns_label(&format!("{name}-app"), LONGEST_NAME);
            }
            names.insert(name.clone());
            candidates.push(Candidate {
                name,
                path: component.path.clone(),
                facts: Some(component),
                entry: None,
            });
        }
        candidates
    }

    fn is_service_name(&self, name: &str) -> bool {
        self.inputs.catalogue.for_service(name).is_some()
    }

    fn note_new_components(&mut self, candidates: &[Candidate<'_>]) {
        for component in self.inputs.facts.components.iter().filter(|component| is_deployable(component)) {
            if candidates.iter().all(|candidate| candidate.path != component.path) {
                let name = unit_name(component);
                self.plan.warnings.push(format!(
                    "component `{name}` in `{}` is not in devbox.yaml and is left out",
                    component.path
                ));
            }
        }
    }

    /// The services: those of `devbox.yaml`, else those that the chosen components need and a preset
    /// exists for.
    pub(super) fn choose_services(
        &mut self,
        components: &[Candidate<'a>],
    ) -> Result<Vec<Wanted<'a>>, PlanError> {
        let written = self.inputs.repository.and_then(|repository| repository.services.as_ref());
        let mut wanted: Vec<Wanted<'a>> = Vec::new();
        if let (Some(entries), Some(repository)) = (written, self.inputs.repository) {
            for (name, entry) in entries {
                check_name(&repository.document, "services", name)?;
                let preset = entry.extends.clone().unwrap_or_else(|| name.clone());
                let kind = self.kind_of(&preset);
                let mentions = mentions(components, &kind);
                wanted.push(Wanted { name: name.clone(), kind, preset, mentions, entry: Some(entry) });
            }
        } else {
            for kind in self.needed_kinds(components)? {
                let mentions = mentions(components, &kind);
                match self.inputs.catalogue.for_service(&kind) {
                    Some(preset) => {
                        wanted.push(Wanted { name: name_from(&preset), kind, preset, mentions, entry: None })
                    }
                    None => {
                        let users: Vec<&str> =
                            mentions.iter().map(|(component, _)| component.name.as_str()).collect();
                        self.plan.warnings.push(format!(
                            "{} needs {kind}, which no preset provides: it is left out",
                            users.join(", ")
                        ));
                    }
                }
            }
        }
        // Two kinds may be one preset's: `minio` and `s3`.
        let mut names = BTreeSet::new();
        wanted.retain(|service| names.insert(service.name.clone()));
        self.add_asked_services(&mut wanted, written.is_some())?;
        let choices = wanted
            .iter()
            .map(|service| Choice { value: service.name.clone(), note: service.note() })
            .collect();
        let ask = written.is_none() && !wanted.is_empty();
        let chosen = self.choose("services", "Which services to run", choices, ask)?;
        Ok(wanted.into_iter().filter(|service| chosen.contains(&service.name)).collect())
    }

    /// A flag or answer may name a service that detection did not find.
    fn add_asked_services(&self, wanted: &mut Vec<Wanted<'a>>, written: bool) -> Result<(), PlanError> {
        let Some((names, origin)) = self.asked("services") else { return Ok(()) };
        for name in names.iter().map(String::as_str) {
            if wanted.iter().any(|service| service.name == name) {
                continue;
            }
            let preset = self.inputs.catalogue.for_service(name).filter(|_| !written);
            let Some(preset) = preset else {
                let known: Vec<&str> = wanted.iter().map(|service| service.name.as_str()).collect();
                let hint = did_you_mean(name, known).unwrap_or_else(|| "there is none to choose".into());
                return Err(PlanError::Invalid {
                    key: "services".into(),
                    shown: format!("`{name}`"),
                    origin,
                    reason: format!("there is no such service; {hint}"),
                });
            };
            wanted.push(Wanted {
                name: name_from(&preset),
                kind: name.to_owned(),
                preset,
                mentions: Vec::new(),
                entry: None,
            });
        }
        Ok(())
    }

    /// The names that a flag or an answer gives, and which of them.
    fn asked(&self, key: &str) -> Option<(Vec<String>, Origin)> {
        let (value, origin) = self.inputs.layered().get(&[key.to_owned()])?;
        let list = Param(ParamFile { kind: Some(ParamType::List), ..ParamFile::default() });
        let names = list.check(value).unwrap_or_default();
        Some((names.as_array().into_iter().flatten().map(crate::preset::plain).collect(), origin))
    }

    /// The names of what could be started although it looks like a tool.
    pub(super) fn startable_tools(&self) -> Vec<String> {
        self.inputs.facts.components.iter().filter(|c| is_startable_tool(c)).map(unit_name).collect()
    }

    fn needed_kinds(&self, components: &[Candidate<'a>]) -> Result<BTreeSet<String>, PlanError> {
        let mut kinds = BTreeSet::new();
        for candidate in components {
            kinds.extend(candidate.facts.iter().flat_map(|facts| &facts.services).map(|s| s.kind.clone()));
            kinds.extend(self.app_preset(candidate)?.services);
        }
        Ok(kinds)
    }

    /// The kind that a service preset is for, as detection calls it.
    fn kind_of(&self, preset: &str) -> String {
        let found = self.inputs.catalogue.get(preset).ok();
        let kinds = found.and_then(|preset| {
            preset.chain.iter().rev().find_map(|link| link.detects().map(|detects| detects.service.0.clone()))
        });
        kinds.and_then(|kinds| kinds.into_iter().next()).unwrap_or_else(|| preset.to_owned())
    }

    /// Which of several: a flag, an answer, else all.
    fn choose(
        &mut self,
        key: &str,
        text: &str,
        choices: Vec<Choice>,
        ask: bool,
    ) -> Result<Vec<String>, PlanError> {
        let all: Vec<String> = choices.iter().map(|choice| choice.value.clone()).collect();
        let question = Question::selection(key, text, choices);
        let chosen = match self.inputs.layered().get(&[key.to_owned()]) {
            Some((value, origin)) => {
                let checked = question.check(value).map_err(|reason| PlanError::Invalid {
                    key: key.into(),
                    shown: format!("`{}`", crate::preset::plain(value)),
                    origin,
                    reason: if all.is_empty() { "there is none to choose".into() } else { reason },
                })?;
                checked.as_array().into_iter().flatten().map(crate::preset::plain).collect()
            }
            None => {
                if ask {
                    self.questions.push(question);
                }
                all.clone()
            }
        };
        self.left_out.extend(all.into_iter().filter(|name| !chosen.contains(name)));
        Ok(chosen)
    }
}

impl Wanted<'_> {
    fn note(&self) -> String {
        let places: BTreeSet<String> = self
            .mentions
            .iter()
            .flat_map(|(component, _)| &component.evidence)
            .filter(|evidence| evidence.field == format!("services.{}", self.kind))
            .map(|evidence| place(&evidence.file, evidence.line))
            .collect();
        places.into_iter().collect::<Vec<_>>().join(", ")
    }
}

fn check_name(document: &crate::config::Document, section: &str, name: &str) -> Result<(), PlanError> {
    let good = name::dns_label(name, LONGEST_NAME);
    if good == name && name != "environment" {
        return Ok(());
    }
    let message = format!("`{name}` cannot name objects: lower case letters, digits and `-`, a letter first");
    Err(document.error_at(&[section, name], message, Some(format!("such as `{good}`"))).into())
}

/// A name for a component's objects: its own without the scope, `@shop/api` is `api`.
fn unit_name(component: &Component) -> String {
    let own = component.name.rsplit('/').next().unwrap_or(&component.name);
    let name = name::dns_label(own, LONGEST_NAME);
    if name == "environment" { "app".into() } else { name }
}

fn only(components: &[Component]) -> Option<&Component> {
    let mut deployable = components.iter().filter(|component| is_deployable(component));
    deployable.next().filter(|_| deployable.next().is_none())
}

/// Frameworks of programs that run on a screen or a phone.
const ON_A_SCREEN: [&str; 8] =
    ["electron", "expo", "flutter", "maui", "react-native", "tauri", "winforms", "wpf"];

/// Libraries, tools, mere descriptions and what needs a screen are not deployed; what says nothing is,
/// where it can start.
fn is_deployable(component: &Component) -> bool {
    match component.kind {
        ComponentKind::Web | ComponentKind::Worker | ComponentKind::Static => true,
        ComponentKind::Unknown => {
            let on_a_screen = component.framework.as_deref().is_some_and(|name| ON_A_SCREEN.contains(&name));
            !on_a_screen && starts(component)
        }
        ComponentKind::Library | ComponentKind::Cli | ComponentKind::Infrastructure => false,
    }
}

/// A program for the command line, which ends by itself as far as anybody can tell.
fn is_startable_tool(component: &Component) -> bool {
    component.kind == ComponentKind::Cli && starts(component)
}

fn starts(component: &Component) -> bool {
    component.commands.dev.is_some() || component.commands.start.is_some()
}

fn describe(component: Option<&Component>) -> String {
    let Some(component) = component else { return String::new() };
    let parts = [component.framework.as_deref().or(component.language.as_deref()), Some(&component.path)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn mentions<'a>(components: &[Candidate<'a>], kind: &str) -> Vec<(&'a Component, &'a Service)> {
    components
        .iter()
        .filter_map(|candidate| candidate.facts)
        .filter_map(|facts| Some((facts, facts.services.iter().find(|service| service.kind == kind)?)))
        .collect()
}
