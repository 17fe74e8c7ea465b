//! Plans from facts written out by hand.

mod choice;
mod file;
mod mistakes;
mod origins;
mod questions;

use std::sync::LazyLock;

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

/// The built-in catalogue, read once for all tests.
pub(crate) fn built_in() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::built_in().unwrap());
    &CATALOGUE
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
    pub catalogue: Option<&'static Catalogue>,
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
            catalogue: self.catalogue.unwrap_or_else(built_in),
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

fn value(plan: &Plan, unit: &str, name: &str) -> String {
    let unit = plan.units.iter().find(|one| one.name == unit).unwrap();
    format!("{:?}", unit.values[name])
}
