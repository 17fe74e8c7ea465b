//! Facts, files and answers become a plan and the questions that are still open.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::connection::{self, Connection};
use super::context;
use super::error::PlanError;
use super::inputs::Inputs;
use super::name;
use super::question::{Choice, Question, Scope};
use super::unit::{Origin, Plan, Resolved, Role, Unit};
use super::values::{self, Draft, Written};
use crate::config::{ParamFile, ParamType, UnitEntry, did_you_mean};
use crate::detect::{Component, ComponentKind, Service};
use crate::preset::{Engine, Link, Param, Preset};

/// The names of units leave room for what objects append to them.
const LONGEST_NAME: usize = 40;

/// A plan and what is open in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The plan with a default wherever there is one.
    pub plan: Plan,
    /// What is open, in the order to ask it in.
    pub questions: Vec<Question>,
}

impl Outcome {
    /// The plan, where every value that it needs has an answer or a default.
    ///
    /// # Errors
    /// Names every missing value with its flag.
    pub fn ready(self) -> Result<Plan, PlanError> {
        let missing: Vec<Question> =
            self.questions.into_iter().filter(|q| q.required && q.default.is_none()).collect();
        if missing.is_empty() { Ok(self.plan) } else { Err(PlanError::Missing { questions: missing }) }
    }
}

/// Resolves everything.
///
/// # Errors
/// Where a file, a preset, a flag or an answer is wrong. What is only missing is a question.
pub fn resolve(inputs: &Inputs<'_>) -> Result<Outcome, PlanError> {
    let mut run = Run::start(inputs)?;
    let components = run.choose_components()?;
    let services = run.choose_services(&components)?;
    if components.is_empty() && services.is_empty() {
        return Err(PlanError::Nothing { project: run.plan.project.name });
    }
    // The environment's quota may depend on how much runs in it.
    run.base.insert(
        "plan".into(),
        json!({
            "components": components.iter().map(|component| &component.name).collect::<Vec<_>>(),
            "services": services.iter().map(|service| &service.name).collect::<Vec<_>>(),
        }),
    );
    run.environment()?;
    let connections = run.services(services)?;
    run.components(components, &connections)?;
    run.note_ambiguities();
    run.reject_unknown_keys()?;
    Ok(Outcome { plan: run.plan, questions: run.questions })
}

struct Run<'a> {
    inputs: &'a Inputs<'a>,
    engine: Engine,
    base: Map<String, Value>,
    plan: Plan,
    questions: Vec<Question>,
    keys: BTreeSet<String>,
    /// Names that exist but were not chosen: what is said about them is not wrong.
    left_out: BTreeSet<String>,
}

/// A component that could run.
struct Candidate<'a> {
    name: String,
    path: String,
    facts: Option<&'a Component>,
    entry: Option<&'a UnitEntry>,
}

/// A service that could run.
struct Wanted<'a> {
    name: String,
    kind: String,
    preset: String,
    mentions: Vec<(&'a Component, &'a Service)>,
    entry: Option<&'a UnitEntry>,
}

impl<'a> Run<'a> {
    fn start(inputs: &'a Inputs<'a>) -> Result<Self, PlanError> {
        let mut project = inputs.project.clone();
        if let Some(name) = inputs.repository.and_then(|repository| repository.name.clone()) {
            project.name = name;
        }
        let user = name::dns_label(inputs.user.user.as_deref().unwrap_or(&inputs.user_name), 30);
        let (namespace, question) = namespace(inputs, &user, &project.name)?;
        let mut warnings = Vec::new();
        if let Some(remote) = &project.remote {
            match context::clone_url(remote) {
                Some(url) if !remote.contains("://") || remote.starts_with("ssh") => {
                    warnings.push(format!("the pod clones over `{url}`: it has no SSH key"));
                }
                Some(_) => {}
                None => warnings.push("the git remote cannot be reached from a cluster".into()),
            }
        }
        let mut base = Map::new();
        base.insert("project".into(), context::project(&project));
        base.insert("user".into(), json!(user));
        base.insert("namespace".into(), namespace.value.clone());
        Ok(Self {
            inputs,
            engine: Engine::new(),
            base,
            plan: Plan { project, user, namespace, units: Vec::new(), warnings },
            questions: question.into_iter().collect(),
            keys: ["namespace", "components", "services"].map(str::to_owned).into(),
            left_out: BTreeSet::new(),
        })
    }

    fn environment(&mut self) -> Result<(), PlanError> {
        let repository = self.inputs.repository;
        let parent = repository.and_then(|r| r.extends.clone()).unwrap_or_else(|| "namespace".into());
        let preset = match repository {
            Some(repository) => {
                self.inputs.catalogue.extend(Link::part(&repository.document, &[], &parent))?
            }
            None => self.inputs.catalogue.get(&parent)?,
        };
        let draft = Draft {
            role: Role::Environment,
            name: "environment".into(),
            path: None,
            facts: json!({}),
            component: None,
            written: repository.map(|repository| Written {
                document: &repository.document,
                prefix: Vec::new(),
                values: &repository.values,
                env: None,
            }),
            bare_keys: true,
            preset,
        };
        self.unit(draft, &[])?;
        Ok(())
    }

    /// The components that are deployed: those of `devbox.yaml`, else those that detection found.
    fn choose_components(&mut self) -> Result<Vec<Candidate<'a>>, PlanError> {
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

    fn detected(&mut self, facts: &'a [Component]) -> Vec<Candidate<'a>> {
        let mut names = BTreeSet::new();
        let mut candidates = Vec::new();
        for component in facts.iter().filter(|component| is_deployable(component)) {
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
    fn choose_services(&mut self, components: &[Candidate<'a>]) -> Result<Vec<Wanted<'a>>, PlanError> {
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
                    Some(preset) => wanted.push(Wanted {
                        name: preset.to_owned(),
                        kind,
                        preset: preset.to_owned(),
                        mentions,
                        entry: None,
                    }),
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
        wanted.dedup_by(|a, b| a.name == b.name);
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
        let Some((value, origin)) = self.inputs.layered().get(&["services".to_owned()]) else {
            return Ok(());
        };
        let list = Param(ParamFile { kind: Some(ParamType::List), ..ParamFile::default() });
        let names = list.check(value).unwrap_or_default();
        for name in names.as_array().into_iter().flatten().filter_map(Value::as_str) {
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
                name: preset.to_owned(),
                kind: name.to_owned(),
                preset: preset.to_owned(),
                mentions: Vec::new(),
                entry: None,
            });
        }
        Ok(())
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

    fn services(&mut self, services: Vec<Wanted<'a>>) -> Result<Vec<Connection>, PlanError> {
        let mut connections = Vec::new();
        for service in services {
            let preset = self.part("services", &service.name, service.entry, &service.preset)?;
            let draft = Draft {
                role: Role::Service,
                path: None,
                facts: context::service(&service.kind, &service.mentions),
                component: service.mentions.first().map(|(component, _)| *component),
                written: self.written("services", &service.name, service.entry),
                bare_keys: false,
                preset: preset.clone(),
                name: service.name,
            };
            let unit = self.unit(draft, &[])?;
            connections.extend(Connection::of(&self.engine, &self.base, &preset, &unit, &service.kind)?);
        }
        Ok(connections)
    }

    fn components(
        &mut self,
        components: Vec<Candidate<'a>>,
        connections: &[Connection],
    ) -> Result<(), PlanError> {
        let alone = components.len() == 1;
        for candidate in components {
            let preset = self.app_preset(&candidate)?;
            let needed = preset.services.clone();
            let facts = match candidate.facts {
                Some(component) => context::component(component),
                None => json!({ "path": candidate.path, "commands": {}, "services": [], "ports": [] }),
            };
            let explicit = candidate.entry.and_then(|entry| entry.uses.as_ref());
            let used: Vec<&Connection> = connections
                .iter()
                .filter(|connection| match explicit {
                    Some(names) => names.contains(&connection.service),
                    None => {
                        let found = candidate.facts.iter().flat_map(|facts| &facts.services);
                        found.clone().any(|service| service.kind == connection.kind)
                            || needed.contains(&connection.kind)
                    }
                })
                .collect();
            if let (Some(names), Some(repository)) = (explicit, self.inputs.repository)
                && let Some(missing) = names.iter().find(|name| {
                    connections.iter().all(|c| c.service != **name) && !self.left_out.contains(*name)
                })
            {
                let message = format!("`{}` uses `{missing}`, which is no service here", candidate.name);
                let hint = did_you_mean(missing, connections.iter().map(|c| c.service.as_str()));
                let path = ["components", candidate.name.as_str(), "uses"];
                return Err(repository.document.error_at(&path, message, hint).into());
            }
            let draft = Draft {
                role: Role::Component,
                path: Some(candidate.path),
                facts,
                component: candidate.facts,
                written: self.written("components", &candidate.name, candidate.entry),
                bare_keys: alone,
                preset,
                name: candidate.name,
            };
            self.unit(draft, &used)?;
        }
        Ok(())
    }

    /// The preset of a component: the one it names, else the one that fits its facts.
    fn app_preset(&self, candidate: &Candidate<'_>) -> Result<Preset, PlanError> {
        let facts = candidate.facts;
        let kind = facts.map_or("unknown", |component| kind_name(component.kind));
        let language = facts.and_then(|component| component.language.as_deref()).unwrap_or_default();
        let framework = facts.and_then(|component| component.framework.as_deref()).unwrap_or_default();
        let fits = self.inputs.catalogue.for_component(language, framework, kind).unwrap_or("web");
        self.part("components", &candidate.name, candidate.entry, fits)
    }

    fn part(
        &self,
        section: &str,
        name: &str,
        entry: Option<&UnitEntry>,
        fits: &str,
    ) -> Result<Preset, PlanError> {
        let parent = entry.and_then(|entry| entry.extends.as_deref()).unwrap_or(fits);
        let preset = match (entry, self.inputs.repository) {
            (Some(_), Some(repository)) => {
                self.inputs.catalogue.extend(Link::part(&repository.document, &[section, name], parent))?
            }
            _ => self.inputs.catalogue.get(parent)?,
        };
        Ok(preset)
    }

    fn written(&self, section: &'a str, name: &str, entry: Option<&'a UnitEntry>) -> Option<Written<'a>> {
        let repository = self.inputs.repository?;
        let entry = entry?;
        let entries = match section {
            "components" => repository.components.as_ref(),
            _ => repository.services.as_ref(),
        };
        let name = entries?.get_key_value(name)?.0.as_str();
        Some(Written {
            document: &repository.document,
            prefix: vec![section, name],
            values: &entry.values,
            env: Some(&entry.env),
        })
    }

    /// Resolves one unit and adds it to the plan.
    fn unit(&mut self, draft: Draft<'_>, connections: &[&Connection]) -> Result<Unit, PlanError> {
        let resolved = values::resolve(self.inputs, &self.engine, &self.base, &draft)?;
        for name in draft.preset.names().filter(|name| *name != "env") {
            self.keys.extend(draft.keys(name));
        }
        let environment = match draft.role {
            Role::Component => connection::environment(self.inputs, &draft, &resolved.values, connections)?,
            _ => connection::Environment::default(),
        };
        self.keys.extend(environment.keys);
        self.questions.extend(resolved.questions);
        self.questions.extend(environment.questions);
        let mut values = resolved.values;
        values.shift_remove("env");
        let unit = Unit {
            role: draft.role,
            name: draft.name,
            preset: draft.preset.name.clone(),
            path: draft.path,
            values,
            env: environment.env,
            secrets: environment.secrets,
            uses: environment.uses,
            templates: draft.preset.templates,
            facts: draft.facts,
        };
        self.plan.units.push(unit.clone());
        Ok(unit)
    }

    /// What detection left open and no question covers.
    fn note_ambiguities(&mut self) {
        for ambiguity in &self.inputs.facts.ambiguous {
            let in_plan = self.plan.units.iter().any(|u| u.path.as_ref() == Some(&ambiguity.component));
            if in_plan && self.inputs.repository.is_none() {
                self.plan.warnings.push(format!("{}: {}", ambiguity.component, ambiguity.reason));
            }
        }
    }

    fn reject_unknown_keys(&self) -> Result<(), PlanError> {
        for (key, origin) in self.inputs.layered().keys() {
            let unit = key.split('.').next().unwrap_or_default();
            if self.keys.contains(key) || self.left_out.contains(unit) {
                continue;
            }
            let hint = did_you_mean(key, self.keys.iter().map(String::as_str));
            return Err(PlanError::UnknownKey { key: key.into(), origin, hint });
        }
        Ok(())
    }
}

impl Wanted<'_> {
    fn note(&self) -> String {
        let places: BTreeSet<String> = self
            .mentions
            .iter()
            .flat_map(|(component, _)| &component.evidence)
            .filter(|evidence| evidence.field == format!("services.{}", self.kind))
            .map(|evidence| values::place(&evidence.file, evidence.line))
            .collect();
        places.into_iter().collect::<Vec<_>>().join(", ")
    }
}

fn namespace(
    inputs: &Inputs<'_>,
    user: &str,
    project: &str,
) -> Result<(Resolved, Option<Question>), PlanError> {
    let param = Param(ParamFile { kind: Some(ParamType::DnsLabel), ..ParamFile::default() });
    if let Some((value, origin)) = inputs.layered().get(&["namespace".to_owned()]) {
        let value = param.check(value).map_err(|reason| PlanError::Invalid {
            key: "namespace".into(),
            shown: format!("`{}`", crate::preset::plain(value)),
            origin: origin.clone(),
            reason,
        })?;
        return Ok((Resolved::new(value, origin), None));
    }
    let default = name::namespace(user, project);
    let question = Question {
        key: "namespace".into(),
        flag: "--namespace NAME".into(),
        text: "Namespace".into(),
        param,
        default: Some(default.clone().into()),
        choices: Vec::new(),
        why: None,
        required: true,
        scope: Scope::Environment,
    };
    Ok((Resolved::new(default, Origin::Preset { name: "namespace".into() }), Some(question)))
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

/// Libraries, tools and mere descriptions are not deployed; what says nothing is, where it can start.
fn is_deployable(component: &Component) -> bool {
    match component.kind {
        ComponentKind::Web | ComponentKind::Worker | ComponentKind::Static => true,
        ComponentKind::Unknown => component.commands.dev.is_some() || component.commands.start.is_some(),
        ComponentKind::Library | ComponentKind::Cli | ComponentKind::Infrastructure => false,
    }
}

fn kind_name(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::Web => "web",
        ComponentKind::Worker => "worker",
        ComponentKind::Static => "static",
        ComponentKind::Library => "library",
        ComponentKind::Cli => "cli",
        ComponentKind::Infrastructure => "infrastructure",
        ComponentKind::Unknown => "unknown",
    }
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
