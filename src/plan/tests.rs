//! Plans from facts written out by hand.

use indexmap::IndexMap;
use serde_json::Value;

use super::*;
use crate::config::{FILE_NAME, Repository, UserConfig};
use crate::detect::{Commands, Component, ComponentKind, EnvVar, Evidence, Facts, Files, Service, Version};
use crate::preset::Catalogue;

/// A repository with a Node.js API, PostgreSQL and Redis.
pub(crate) fn shop() -> Facts {
    let evidence = |field: &str, value: &str, file: &str, line| Evidence {
        field: field.into(),
        value: value.into(),
        file: file.into(),
        line: Some(line),
        confidence: 0.9,
    };
    let env = |name: &str, required, secret, default: Option<&str>| EnvVar {
        name: name.into(),
        required,
        secret,
        default: default.map(Into::into),
    };
    facts(vec![Component {
        path: ".".into(),
        name: "@acme/shop".into(),
        kind: ComponentKind::Web,
        language: Some("JavaScript".into()),
        version: Version { constraint: Some(">=20".into()), resolved: Some("20".into()) },
        framework: Some("express".into()),
        framework_version: Some("4.19".into()),
        package_manager: Some("npm".into()),
        runtime: None,
        ports: vec![3000],
        commands: Commands {
            install: Some("npm ci".into()),
            dev: Some("npm run dev".into()),
            start: Some("npm start".into()),
            ..Commands::default()
        },
        services: vec![
            Service {
                kind: "postgres".into(),
                version: Some("16-alpine".into()),
                env: vec!["DATABASE_URL".into(), "PGHOST".into()],
            },
            Service { kind: "redis".into(), version: None, env: vec![] },
        ],
        env: vec![
            env("DATABASE_URL", true, true, None),
            env("LOG_LEVEL", true, false, Some("$(debug)")),
            env("NODE_ENV", true, false, None),
            env("PGHOST", true, false, Some("localhost")),
            env("PUBLIC_URL", true, false, None),
            env("STRIPE_KEY", true, true, None),
        ],
        evidence: vec![
            evidence("ports", "3000", "src/server.js", 12),
            evidence("version", "20", "package.json", 8),
            evidence("services.postgres", "postgres", "compose.yaml", 4),
            evidence("env.STRIPE_KEY", "STRIPE_KEY", ".env.example", 3),
        ],
    }])
}

pub(crate) fn facts(components: Vec<Component>) -> Facts {
    Facts {
        schema: 1,
        root: "shop".into(),
        ambiguous: Vec::new(),
        components,
        files: Files::default(),
        warnings: Vec::new(),
    }
}

/// What a test says about the surroundings of the facts.
#[derive(Default)]
pub(crate) struct Given {
    pub facts: Option<Facts>,
    pub repository: Option<&'static str>,
    pub file: Option<String>,
    pub user: &'static str,
    pub answers: Vec<(&'static str, Value)>,
    pub flags: Vec<(&'static str, Value)>,
    pub remote: Option<&'static str>,
    pub no_remote: bool,
}

impl Given {
    pub(crate) fn resolve(self) -> Result<Outcome, PlanError> {
        let map = |list: Vec<(&'static str, Value)>| -> IndexMap<String, Value> {
            list.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
        };
        let text = self.file.or(self.repository.map(Into::into));
        let repository = text.map(|text| Repository::parse(FILE_NAME, &text)).transpose()?;
        let remote = self.remote.unwrap_or("https://git.example/acme/shop.git").to_owned();
        resolve(&Inputs {
            facts: &self.facts.unwrap_or_else(shop),
            repository: repository.as_ref(),
            user: &UserConfig::parse("config.yaml", self.user)?,
            answers: &map(self.answers),
            flags: &map(self.flags),
            catalogue: &Catalogue::built_in()?,
            project: crate::config::Project {
                name: "shop".into(),
                remote: (!self.no_remote).then_some(remote),
                branch: Some("main".into()),
                commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
                ..crate::config::Project::default()
            },
            user_name: "Ada".into(),
        })
    }

    pub(crate) fn plan(self) -> Plan {
        self.resolve().unwrap().ready().unwrap()
    }

    fn failure(self) -> String {
        let failure = crate::error::Failure::from(self.resolve().unwrap_err());
        let hints: String = failure.hints.iter().map(|hint| format!("\nhint: {hint}")).collect();
        format!("{}{hints}", failure.what)
    }
}

#[test]
fn a_node_repository_becomes_a_plan_with_origins() {
    let outcome = Given::default().resolve().unwrap();
    insta::assert_snapshot!(shown(&outcome));
}

/// A plan as lines: what, its value, who decided it; then the questions.
fn shown(outcome: &Outcome) -> String {
    let plan = &outcome.plan;
    let mut lines = vec![format!("namespace = {:?}", plan.namespace)];
    for unit in &plan.units {
        lines.push(format!("{:?} {} ({})", unit.role, unit.name, unit.preset));
        for (name, value) in &unit.values {
            lines.push(format!("  {name} = {value:?}"));
        }
        for entry in &unit.env {
            let value = match &entry.source {
                EnvSource::Value(value) => value.clone(),
                EnvSource::Secret { name, key, optional } => {
                    format!("secret {name}/{key}{}", if *optional { ", optional" } else { "" })
                }
            };
            lines.push(format!("  ${} = {value} <- {}", entry.name, entry.origin));
        }
        lines.extend(unit.uses.iter().map(|usage| format!("  uses {} ({})", usage.name, usage.kind)));
    }
    lines.extend(plan.warnings.iter().map(|warning| format!("warning: {warning}")));
    for question in &outcome.questions {
        let default = question.default.as_ref().map_or_else(|| "none".into(), ToString::to_string);
        let need = if question.required { "required" } else { "optional" };
        lines.push(format!(
            "{:?} {need}: {} [{default}] {}{}",
            question.scope,
            question.text,
            question.flag,
            question.why.as_ref().map(|why| format!(" <- {why}")).unwrap_or_default()
        ));
        let choices = question.choices.iter();
        lines.extend(choices.map(|choice| format!("  {} {}", choice.value, choice.note)));
    }
    lines.join("\n")
}

#[test]
fn devbox_yaml_gives_the_same_plan_and_asks_nothing_about_the_project() {
    let first = Given::default().plan();
    let text = to_yaml(&first, None);
    insta::assert_snapshot!(text);
    let again = Given { file: Some(text), ..Given::default() }.resolve().unwrap();
    let about_the_project: Vec<_> =
        again.questions.iter().filter(|q| q.scope == Scope::Project).map(|q| &q.key).collect();
    assert_eq!(about_the_project, Vec::<&String>::new());
    let manifests = |plan: &Plan| crate::render::render(plan, &Catalogue::built_in().unwrap()).unwrap();
    assert_eq!(manifests(&again.plan), manifests(&first));
}

#[test]
fn an_unknown_key_is_named_with_the_one_that_was_meant() {
    let flags = vec![("shop.prot", Value::from("3000"))];
    assert_eq!(
        Given { flags, ..Given::default() }.failure(),
        "there is nothing called `shop.prot` to set (flag)\nhint: did you mean `shop.port`?"
    );
}
