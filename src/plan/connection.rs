//! A component's environment variables: how it reaches its services, and what its own files name.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::error::PlanError;
use super::inputs::Inputs;
use super::question::{Question, Scope};
use super::unit::{EnvEntry, EnvSource, Origin, Resolved, Unit, Usage};
use super::values::{Draft, place};
use crate::config::{ParamFile, ParamType};
use crate::detect::EnvVar;
use crate::preset::{Engine, Param, Preset};

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
    fn entries(&self, names: &[String], env: &[EnvVar]) -> Vec<EnvEntry> {
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

/// Variables that the runtime or the shell sets, not the project.
const NOT_THE_PROJECTS: [&str; 14] = [
    "CI", "DEBUG", "HOME", "HOST", "HOSTNAME", "LANG", "NODE_ENV", "PATH", "PORT", "PWD", "SHELL", "TMPDIR",
    "TZ", "USER",
];

/// What came out.
#[derive(Default)]
pub(super) struct Environment {
    pub env: Vec<EnvEntry>,
    pub secrets: IndexMap<String, Option<Resolved>>,
    pub uses: Vec<Usage>,
    pub questions: Vec<Question>,
    pub keys: Vec<String>,
}

/// Puts together the variables of a component: services, port, the preset's, the repository's own.
pub(super) fn environment(
    inputs: &Inputs<'_>,
    draft: &Draft<'_>,
    values: &IndexMap<String, Resolved>,
    connections: &[&Connection],
) -> Result<Environment, PlanError> {
    let mut out = Environment::default();
    let found = draft.component.map(|component| component.env.as_slice()).unwrap_or_default();
    for connection in connections {
        let names = draft
            .component
            .and_then(|component| component.services.iter().find(|service| service.kind == connection.kind))
            .map(|service| service.env.clone())
            .unwrap_or_default();
        let entries = connection.entries(&names, found);
        out.uses.push(connection.usage(entries.iter().map(|entry| entry.name.clone()).collect()));
        for entry in entries {
            if out.env.iter().all(|other| other.name != entry.name) {
                out.env.push(entry);
            }
        }
    }
    for (name, value, origin) in plain_variables(inputs, draft, values, found, &mut out)? {
        match out.env.iter_mut().find(|entry| entry.name == name) {
            // A person's word goes before ours; a default does not.
            Some(entry) if !matches!(origin, Origin::Preset { .. } | Origin::Facts { .. }) => {
                entry.source = EnvSource::Value(value);
                entry.origin = origin;
            }
            Some(_) => {}
            None => out.env.push(EnvEntry { name, source: EnvSource::Value(value), origin }),
        }
    }
    Ok(out)
}

/// Variables in the clear: the port, the preset's, those that facts give a default, those that a person
/// set; on the way, secrets and open questions.
fn plain_variables(
    inputs: &Inputs<'_>,
    draft: &Draft<'_>,
    values: &IndexMap<String, Resolved>,
    found: &[EnvVar],
    out: &mut Environment,
) -> Result<Vec<(String, String, Origin)>, PlanError> {
    let mut plain: IndexMap<String, (String, Origin)> = IndexMap::new();
    if let Some(port) = values.get("port") {
        plain.insert("PORT".into(), (crate::preset::plain(&port.value), port.origin.clone()));
    }
    if let Some(preset) = values.get("env")
        && let Some(map) = preset.value.as_object()
    {
        // A template that comes out empty sets nothing.
        for (name, value) in map.iter().filter(|(_, value)| value.as_str() != Some("")) {
            plain.insert(name.clone(), (literal(&crate::preset::plain(value)), preset.origin.clone()));
        }
    }
    let taken: Vec<String> = out.env.iter().map(|entry| entry.name.clone()).collect();
    for var in found {
        if taken.contains(&var.name) || NOT_THE_PROJECTS.contains(&var.name.as_str()) {
            continue;
        }
        if var.secret {
            secret(inputs, draft, var, out)?;
        } else if let Some(default) = &var.default {
            let origin = evidence(draft, var);
            plain.insert(var.name.clone(), (literal(default), origin));
        } else if var.required && draft.written.is_none() {
            let question = question(draft, var, ParamType::String);
            if inputs.layered().get(std::slice::from_ref(&question.key)).is_none() {
                out.questions.push(question);
            }
        }
    }
    if let Some(written) = &draft.written
        && let Some(env) = written.env
    {
        for (name, value) in env {
            if out.secrets.contains_key(name) {
                let message =
                    format!("`{name}` looks like a secret: it does not belong into a committed file");
                let hint =
                    Some(format!("remove it here, give it with `--set {}.env.{name}=...`", draft.name));
                return Err(written.document.error_at(&written.path("env", name), message, hint).into());
            }
            match value {
                Value::Null => {
                    plain.shift_remove(name);
                }
                Value::Object(_) | Value::Array(_) => {
                    let message = format!("`{name}` is not text");
                    return Err(written.document.error_at(&written.path("env", name), message, None).into());
                }
                value => {
                    let text = literal(&crate::preset::plain(value));
                    plain.insert(name.clone(), (text, written.origin("env", name)));
                }
            }
        }
    }
    for (key, origin) in inputs.layered().keys() {
        let Some(name) = draft.keys("env").iter().find_map(|prefix| key.strip_prefix(&format!("{prefix}.")))
        else {
            continue;
        };
        out.keys.push(key.to_owned());
        let param = Param(ParamFile { kind: Some(ParamType::EnvName), ..ParamFile::default() });
        if let Err(reason) = param.check(&json!(name)) {
            return Err(PlanError::Invalid { key: key.into(), shown: format!("`{name}`"), origin, reason });
        }
        if !out.secrets.contains_key(name)
            && let Some((value, origin)) = inputs.layered().get(&[key.to_owned()])
        {
            plain.insert(name.to_owned(), (literal(&crate::preset::plain(value)), origin));
        }
    }
    Ok(plain.into_iter().map(|(name, (value, origin))| (name, value, origin)).collect())
}

/// A secret of the app itself: kept in a Secret of the component, never in a file.
fn secret(
    inputs: &Inputs<'_>,
    draft: &Draft<'_>,
    var: &EnvVar,
    out: &mut Environment,
) -> Result<(), PlanError> {
    let question = question(draft, var, ParamType::Secret);
    let keys: Vec<String> = draft.keys("env").iter().map(|key| format!("{key}.{}", var.name)).collect();
    let given = match inputs.layered().get(&keys) {
        Some((value, origin)) => {
            let value = question.check(value).map_err(|reason| PlanError::Invalid {
                key: question.key.clone(),
                shown: "(hidden)".into(),
                origin: origin.clone(),
                reason,
            })?;
            Some(Resolved { value, origin, secret: true })
        }
        None => None,
    };
    if given.is_none() && var.required {
        out.questions.push(question);
    }
    out.secrets.insert(var.name.clone(), given);
    out.env.push(EnvEntry {
        name: var.name.clone(),
        source: EnvSource::Secret {
            name: format!("{}-env", draft.name),
            key: var.name.clone(),
            optional: true,
        },
        origin: evidence(draft, var),
    });
    Ok(())
}

fn question(draft: &Draft<'_>, var: &EnvVar, kind: ParamType) -> Question {
    let key = format!("{}.env.{}", draft.name, var.name);
    let why = match evidence(draft, var) {
        Origin::Facts { file, line } => Some(place(&file, line)),
        _ => None,
    };
    Question {
        flag: format!("--set {key}={}", super::question::placeholder(kind)),
        text: format!("Value of {} ({}, may stay empty)", var.name, draft.name),
        param: Param(ParamFile { kind: Some(kind), optional: Some(true), ..ParamFile::default() }),
        default: None,
        choices: Vec::new(),
        why,
        required: false,
        scope: if kind == ParamType::Secret { Scope::Environment } else { Scope::Project },
        key,
    }
}

fn evidence(draft: &Draft<'_>, var: &EnvVar) -> Origin {
    let field = format!("env.{}", var.name);
    let found = draft.component.and_then(|c| c.evidence.iter().find(|evidence| evidence.field == field));
    match found {
        Some(evidence) => Origin::Facts { file: evidence.file.clone(), line: evidence.line },
        None => Origin::Facts { file: "detection".into(), line: None },
    }
}

/// Text that Kubernetes shall not read references in: `$(` is written `$$(`.
fn literal(text: &str) -> String {
    text.replace("$(", "$$(")
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
