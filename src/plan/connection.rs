//! How a component reaches a service: the service preset's `connection` under the names that the app reads.

use serde_json::{Map, Value};

use super::error::PlanError;
use super::unit::{EnvEntry, EnvSource, Origin, Unit, Usage};
use crate::detect::EnvVar;
use crate::preset::{Engine, Preset};

/// How a service is reached, all templates evaluated.
#[derive(Debug, Clone, Default)]
pub(super) struct Connection {
    pub service: String,
    pub kind: String,
    host: Option<String>,
    port: Option<String>,
    user: Option<String>,
    database: Option<String>,
    url: Option<String>,
    password: Option<Password>,
    default_variable: Option<String>,
    origin: Option<Origin>,
}

#[derive(Debug, Clone)]
struct Password {
    variable: String,
    secret: String,
    key: String,
}

impl Connection {
    /// Evaluates a service preset's connection; `None` where it has none.
    pub(super) fn of(
        engine: &Engine,
        base: &Map<String, Value>,
        preset: &Preset,
        unit: &Unit,
        kind: &str,
    ) -> Result<Option<Self>, PlanError> {
        let Some(file) = &preset.connection else { return Ok(None) };
        let mut context = base.clone();
        let values: Map<String, Value> =
            unit.values.iter().map(|(name, resolved)| (name.clone(), resolved.value.clone())).collect();
        context.insert("values".into(), Value::Object(values));
        context.insert("unit".into(), super::context::unit_value(unit.role, &unit.name, None));
        let context = Value::Object(context);
        let text = |template: &Option<String>| -> Result<Option<String>, PlanError> {
            let evaluate = |text: &String| engine.evaluate(&preset.name, text, &context);
            Ok(template.as_ref().map(evaluate).transpose()?.map(|value| crate::preset::plain(&value)))
        };
        let secret = text(&file.password.as_ref().map(|password| password.secret.clone()))?;
        // A Secret without a name: the service asks for no password.
        let password = file.password.as_ref().zip(secret.filter(|secret| !secret.is_empty()));
        let password = password.map(|(password, secret)| Password {
            variable: password.variable.clone(),
            secret,
            key: password.key.clone(),
        });
        Ok(Some(Self {
            service: unit.name.clone(),
            kind: kind.to_owned(),
            host: text(&file.host)?,
            port: text(&file.port)?,
            user: text(&file.user)?,
            database: text(&file.database)?,
            url: text(&file.url)?,
            password,
            default_variable: file.env.clone(),
            origin: Some(Origin::Preset { name: preset.name.clone() }),
        }))
    }

    /// What templates see of it.
    pub(super) fn usage(&self, env: Vec<String>) -> Usage {
        Usage {
            name: self.service.clone(),
            kind: self.kind.clone(),
            host: self.host.clone(),
            port: self.port.clone(),
            env,
        }
    }

    /// The variables for the names that the app reads; the password's own variable first, for the URL
    /// refers to it.
    pub(super) fn entries(&self, names: &[String], env: &[EnvVar]) -> Vec<EnvEntry> {
        let origin = self.origin.clone().unwrap_or(Origin::Flag);
        let entry = |name: &str, source| EnvEntry { name: name.to_owned(), source, origin: origin.clone() };
        let mut entries = Vec::new();
        if let Some(password) = &self.password {
            entries.push(entry(&password.variable, password.source()));
        }
        let default: Vec<String> = self.default_variable.iter().cloned().collect();
        let known = |names: &[String]| names.iter().any(|name| self.source(name, env).is_some());
        let names = if known(names) { names } else { &default };
        for name in names {
            if let Some(source) = self.source(name, env)
                && entries.iter().all(|entry: &EnvEntry| entry.name != *name)
            {
                entries.push(entry(name, source));
            }
        }
        entries
    }

    /// Where the value of a variable of this name comes from.
    fn source(&self, name: &str, env: &[EnvVar]) -> Option<EnvSource> {
        let value = |text: &Option<String>| text.clone().map(EnvSource::Value);
        match Part::of(name)? {
            Part::Url => {
                let example = env.iter().find(|var| var.name == name).and_then(|var| var.default.as_deref());
                self.url.as_ref().map(|url| EnvSource::Value(like(url, example)))
            }
            Part::Password => self.password.as_ref().map(Password::source),
            Part::Host => value(&self.host),
            Part::Port => value(&self.port),
            Part::Address => {
                Some(EnvSource::Value(format!("{}:{}", self.host.as_deref()?, self.port.as_deref()?)))
            }
            Part::User => value(&self.user),
            Part::Database => value(&self.database),
        }
    }
}

/// What a variable carries, told by the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Url,
    Password,
    Host,
    Port,
    Address,
    User,
    Database,
}

impl Part {
    pub(super) fn of(name: &str) -> Option<Self> {
        const ENDS: [(&str, Part); 22] = [
            ("URL", Part::Url),
            ("URI", Part::Url),
            ("DSN", Part::Url),
            ("CONNECTION_STRING", Part::Url),
            ("PASSWORD", Part::Password),
            ("PASS", Part::Password),
            ("PWD", Part::Password),
            ("AUTH", Part::Password),
            ("HOST", Part::Host),
            ("HOSTNAME", Part::Host),
            ("SERVER", Part::Host),
            ("PORT", Part::Port),
            ("ADDR", Part::Address),
            ("ADDRESS", Part::Address),
            ("ENDPOINT", Part::Address),
            ("USER", Part::User),
            ("USERNAME", Part::User),
            ("DATABASE", Part::Database),
            ("DBNAME", Part::Database),
            ("_DB", Part::Database),
            ("_NAME", Part::Database),
            ("_SCHEMA", Part::Database),
        ];
        let upper = name.to_uppercase();
        // The longest end decides: a `DB_USERNAME` is no `_NAME`.
        let fits = ENDS.iter().filter(|(end, _)| upper.ends_with(end));
        fits.max_by_key(|(end, _)| end.len()).map(|(_, part)| *part)
    }
}

impl Password {
    fn source(&self) -> EnvSource {
        EnvSource::Secret { name: self.secret.clone(), key: self.key.clone(), optional: false }
    }
}

/// Our URL in the dialect of the example that the repository gives: its driver (`postgresql+asyncpg`)
/// and its query (`?schema=public`).
fn like(url: &str, example: Option<&str>) -> String {
    let (Some((scheme, rest)), Some((theirs, after))) =
        (url.split_once("://"), example.and_then(|example| example.split_once("://")))
    else {
        return url.to_owned();
    };
    let family = theirs.split('+').next().unwrap_or_default();
    let same = family == scheme || (family == "postgres" && scheme == "postgresql");
    let scheme = if same { theirs } else { scheme };
    let query = after.split_once('?').map(|(_, query)| query).filter(|_| same && !url.contains('?'));
    match query {
        Some(query) => format!("{scheme}://{rest}?{query}"),
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_says_what_it_carries() {
        for (name, part) in [
            ("DATABASE_URL", Some(Part::Url)),
            ("PGPASSWORD", Some(Part::Password)),
            ("DB_USERNAME", Some(Part::User)),
            ("POSTGRES_DB", Some(Part::Database)),
            ("redis_hostname", Some(Part::Host)),
            ("DB_NAME", Some(Part::Database)),
            ("REDIS_ADDR", Some(Part::Address)),
            ("POSTGRES_INITDB_ARGS", None),
        ] {
            assert_eq!(Part::of(name), part, "{name}");
        }
    }

    #[test]
    fn an_url_takes_driver_and_query_from_the_example() {
        let ours = "postgresql://app:$(P)@postgres:5432/app";
        assert_eq!(like(ours, None), ours);
        assert_eq!(
            like(ours, Some("postgresql+asyncpg://u:p@localhost/db")),
            "postgresql+asyncpg://app:$(P)@postgres:5432/app"
        );
        assert_eq!(
            like(ours, Some("postgres://localhost/db?schema=public")),
            "postgres://app:$(P)@postgres:5432/app?schema=public"
        );
        assert_eq!(like(ours, Some("mysql://localhost/db?x=1")), ours);
    }
}
