//! How a component reaches a service: the service preset's `connection` under the names that the app reads.

use super::error::PlanError;
use super::part::Part;
use super::unit::{EnvEntry, EnvSource, Origin, Unit, Usage};
use crate::detect::EnvVar;
use crate::preset::{Engine, Names, Preset};

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
    jdbc: Option<String>,
    connection_string: Option<String>,
    password: Option<Password>,
    default_variable: Option<String>,
    /// Variables beside it, by name.
    variables: Vec<(String, String)>,
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
        base: &Names,
        preset: &Preset,
        unit: &Unit,
        kind: &str,
    ) -> Result<Option<Self>, PlanError> {
        let Some(file) = &preset.connection else { return Ok(None) };
        let mut names = base.clone();
        names.set("values", &super::context::values(unit));
        names.set("unit", &super::context::unit_value(unit.role, &unit.name, None));
        let text = |template: &Option<String>| -> Result<Option<String>, PlanError> {
            let evaluate = |text: &String| engine.evaluate(&preset.name, text, &names);
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
        let mut variables = Vec::new();
        for (name, template) in &file.variables {
            let value = text(template)?.filter(|value| !value.is_empty());
            variables.extend(value.map(|value| (name.clone(), value)));
        }
        Ok(Some(Self {
            service: unit.name.clone(),
            kind: kind.to_owned(),
            host: text(&file.host)?,
            port: text(&file.port)?,
            user: text(&file.user)?,
            database: text(&file.database)?,
            url: text(&file.url)?,
            jdbc: text(&file.jdbc)?,
            connection_string: text(&file.connection_string)?,
            password,
            default_variable: file.env.clone(),
            variables,
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
        let found = names.iter().any(|name| self.source(name, env).is_some());
        let sources: Vec<(&str, EnvSource)> = match found {
            true => names.iter().filter_map(|name| Some((name.as_str(), self.source(name, env)?))).collect(),
            // The preset's own default carries the URL, whatever its name ends with.
            false => {
                let url = self.default_variable.iter().zip(&self.url);
                let more = self.variables.iter().map(|(name, value)| (name, value));
                url.chain(more)
                    .map(|(name, value)| (name.as_str(), EnvSource::Value(value.clone())))
                    .collect()
            }
        };
        for (name, source) in sources {
            if entries.iter().all(|entry: &EnvEntry| entry.name != name) {
                entries.push(entry(name, source));
            }
        }
        entries
    }

    /// Where the value of a variable of this name comes from.
    fn source(&self, name: &str, env: &[EnvVar]) -> Option<EnvSource> {
        // A name that the preset itself gives needs no guess.
        if let Some((_, value)) = self.variables.iter().find(|(known, _)| known == name) {
            return Some(EnvSource::Value(value.clone()));
        }
        let example = env.iter().find(|var| var.name == name).and_then(|var| var.default.as_deref());
        // The preset's own name for it carries the URL, whatever it ends with.
        if example.is_none() && self.default_variable.as_deref() == Some(name) && self.url.is_some() {
            return self.url.clone().map(EnvSource::Value);
        }
        let text = match Part::of(name)? {
            Part::Password => return self.password.as_ref().map(Password::source),
            Part::Url => self.url(example),
            Part::Jdbc => self.jdbc(),
            Part::ConnectionString => self.connection_string.clone(),
            // A name that says where it is, in whatever form the repository's own example has.
            Part::Host if example.is_some_and(|text| text.contains("://")) => self.url(example),
            Part::Host if example.is_some_and(has_port) => self.address(),
            Part::Host => self.host.clone(),
            Part::Address => match example {
                Some(text) if text.contains("://") => self.url(example),
                None if self.speaks_http() && !name.to_uppercase().starts_with("MINIO") => self.url.clone(),
                _ => self.address(),
            },
            Part::Port => self.port.clone(),
            Part::User => self.user.clone(),
            Part::Database => self.database.clone(),
        };
        text.map(EnvSource::Value)
    }

    fn url(&self, example: Option<&str>) -> Option<String> {
        if example.is_some_and(|example| example.starts_with("jdbc:")) {
            return self.jdbc();
        }
        self.url.as_ref().map(|url| like(url, example))
    }

    fn address(&self) -> Option<String> {
        Some(format!("{}:{}", self.host.as_deref()?, self.port.as_deref()?))
    }

    /// The URL in JDBC's form: user and password go beside it.
    fn jdbc(&self) -> Option<String> {
        if let Some(jdbc) = &self.jdbc {
            return Some(jdbc.clone());
        }
        let (scheme, rest) = self.url.as_deref()?.split_once("://")?;
        let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
        Some(format!("jdbc:{scheme}://{rest}"))
    }

    fn speaks_http(&self) -> bool {
        self.url.as_deref().is_some_and(|url| url.starts_with("http"))
    }
}

fn has_port(text: &str) -> bool {
    let port = text.rsplit_once(':').map_or("", |(_, port)| port);
    !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
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
    fn a_variable_takes_the_form_of_the_repositorys_example() {
        let connection = Connection {
            host: Some("db".into()),
            port: Some("5432".into()),
            url: Some("postgresql://app:$(P)@db:5432/app".into()),
            connection_string: Some("Host=db;Password=$(P)".into()),
            ..Connection::default()
        };
        let variable = |name: &str, default: Option<&str>| EnvVar {
            name: name.into(),
            required: false,
            secret: false,
            default: default.map(str::to_owned),
        };
        for (name, example, value) in [
            ("DB_HOST", None, "db"),
            ("DB_HOST", Some("localhost:5432"), "db:5432"),
            ("DB_ADDR", None, "db:5432"),
            ("SPRING_DATASOURCE_URL", None, "jdbc:postgresql://db:5432/app"),
            ("DB_URL", Some("jdbc:postgresql://localhost/x"), "jdbc:postgresql://db:5432/app"),
            ("ConnectionStrings__Default", None, "Host=db;Password=$(P)"),
        ] {
            let source = connection.source(name, &[variable(name, example)]);
            assert_eq!(source, Some(EnvSource::Value(value.into())), "{name} {example:?}");
        }
        let search = Connection {
            host: Some("es".into()),
            port: Some("9200".into()),
            url: Some("http://es:9200".into()),
            ..Connection::default()
        };
        let value = |name: &str, example| search.source(name, &[variable(name, example)]);
        assert_eq!(value("ES_NODE", None), Some(EnvSource::Value("http://es:9200".into())));
        assert_eq!(value("ES_NODE", Some("localhost:9200")), Some(EnvSource::Value("es:9200".into())));
        assert_eq!(value("MINIO_ENDPOINT", None), Some(EnvSource::Value("es:9200".into())));
    }

    #[test]
    fn a_name_that_the_preset_gives_carries_what_the_preset_says() {
        let connection = Connection {
            host: Some("ollama".into()),
            port: Some("11434".into()),
            url: Some("http://ollama:11434".into()),
            default_variable: Some("OLLAMA_HOST".into()),
            variables: vec![
                ("OPENAI_BASE_URL".into(), "http://ollama:11434/v1".into()),
                ("OPENAI_API_KEY".into(), "ollama".into()),
            ],
            ..Connection::default()
        };
        let example = [EnvVar {
            name: "OPENAI_BASE_URL".into(),
            required: false,
            secret: false,
            default: Some("https://api.openai.com/v1".into()),
        }];
        for (name, value) in [
            ("OPENAI_BASE_URL", Some("http://ollama:11434/v1")),
            ("OPENAI_API_KEY", Some("ollama")),
            ("OLLAMA_HOST", Some("http://ollama:11434")),
            ("OLLAMA_BASE_URL", Some("http://ollama:11434")),
            ("OLLAMA_API_KEY", None),
        ] {
            let expected = value.map(|value| EnvSource::Value(value.into()));
            assert_eq!(connection.source(name, &example), expected, "{name}");
        }
        let key = Connection {
            password: Some(Password {
                variable: "OPENAI_API_KEY".into(),
                secret: "vllm-credentials".into(),
                key: "apiKey".into(),
            }),
            ..Connection::default()
        };
        let expected =
            EnvSource::Secret { name: "vllm-credentials".into(), key: "apiKey".into(), optional: false };
        assert_eq!(key.source("OPENAI_API_KEY", &[]), Some(expected));
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
