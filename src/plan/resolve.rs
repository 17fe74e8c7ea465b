//! Facts, files and answers become a plan and the questions that are still open.

use std::collections::BTreeSet;

use serde_json::json;

use super::choice::{Candidate, Wanted};
use super::connection::Connection;
use super::context;
use super::error::PlanError;
use super::inputs::Inputs;
use super::name;
use super::question::{Question, Scope};
use super::unit::{Origin, Plan, Resolved, Role, Unit};
use super::values::{self, Draft, Written};
use super::variables;
use crate::config::{ParamFile, ParamType, UnitEntry, did_you_mean};
use crate::detect::Component;
use crate::preset::{Engine, Link, Names, Param, Preset, Traits};

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
        return Err(PlanError::Nothing { tools: run.startable_tools(), project: run.plan.project.name });
    }
    run.base.set(
        "plan",
        &json!({
            "components": components.iter().map(|component| &component.name).collect::<Vec<_>>(),
            "services": services.iter().map(|service| &service.name).collect::<Vec<_>>(),
        }),
    );
    // Asked and shown first, settled last: its quota depends on what everything asks for.
    let asked = run.questions.len();
    let connections = run.services(services)?;
    run.components(components, &connections)?;
    let (units, questions) = (std::mem::take(&mut run.plan.units), run.questions.split_off(asked));
    run.base.set_in("plan", "needs", &super::needs::needs(&units));
    run.environment()?;
    run.access()?;
    run.plan.units.extend(units);
    run.questions.extend(questions);
    run.note_ambiguities();
    run.reject_unknown_keys()?;
    Ok(Outcome { plan: run.plan, questions: run.questions })
}

/// A plan in the making.
pub(super) struct Run<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    engine: Engine,
    base: Names,
    pub(super) plan: Plan,
    pub(super) questions: Vec<Question>,
    keys: BTreeSet<String>,
    /// Names that exist but were not chosen: what is said about them is not wrong.
    pub(super) left_out: BTreeSet<String>,
}

impl<'a> Run<'a> {
    fn start(inputs: &'a Inputs<'a>) -> Result<Self, PlanError> {
        let mut project = inputs.project.clone();
        if let Some(name) = inputs.repository.and_then(|repository| repository.name.clone()) {
            project.name = name;
        }
        let user = name::dns_label(inputs.user.user.as_deref().unwrap_or(&inputs.user_name), 30);
        let (namespace, question) = namespace(inputs, &user, &project.name)?;
        let mut warnings = super::preferences::check(inputs)?;
        if let Some(remote) = &project.remote {
            match context::clone_url(remote) {
                Some(url) if !remote.contains("://") || remote.starts_with("ssh") => {
                    warnings.push(format!("the pod clones over `{url}`: it has no SSH key"));
                }
                Some(_) => {}
                None => warnings.push("the git remote cannot be reached from a cluster".into()),
            }
        }
        let base = Names::of(&json!({
            "project": context::project(&project),
            "user": user,
            "namespace": namespace.value,
        }));
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
    pub(super) fn app_preset(&self, candidate: &Candidate<'_>) -> Result<Preset, PlanError> {
        let facts = candidate.facts;
        let text = |of: fn(&Component) -> &Option<String>| {
            facts.and_then(|component| of(component).as_deref()).unwrap_or_default()
        };
        let traits = Traits {
            language: text(|component| &component.language),
            runtime: text(|component| &component.runtime),
            framework: text(|component| &component.framework),
            kind: facts.map_or("unknown", |component| component.kind.name()),
        };
        let fits = self.inputs.catalogue.for_component(&traits).unwrap_or_else(|| "web".into());
        self.part("components", &candidate.name, candidate.entry, &fits)
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
    pub(super) fn unit(&mut self, draft: Draft<'_>, connections: &[&Connection]) -> Result<Unit, PlanError> {
        let resolved = values::resolve(self.inputs, &self.engine, &self.base, &draft)?;
        for name in draft.preset.names().filter(|name| *name != "env") {
            self.keys.extend(draft.keys(name));
        }
        let environment = match draft.role {
            Role::Component => variables::environment(self.inputs, &draft, &resolved.values, connections)?,
            _ => variables::Environment::default(),
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
