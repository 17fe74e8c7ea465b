//! The plan: every value resolved, with the origin of each, before anything is rendered.

use std::fmt;

use indexmap::IndexMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::config::Project;
use crate::preset::TemplateRef;

/// Everything that one environment is made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The repository.
    pub project: Project,
    /// Whose environment it is: a DNS label.
    pub user: String,
    /// The namespace: a DNS label.
    pub namespace: Resolved,
    /// The environment first, then the way into it, then services, then components.
    pub units: Vec<Unit>,
    /// What the reader should know: one lowercase fragment each.
    pub warnings: Vec<String>,
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The namespace and what guards it; exactly one.
    Environment,
    /// The way into the cluster; exactly one. It has no objects: its template is the user of a kubeconfig.
    Access,
    /// A deployable part of the repository.
    Component,
    /// A backing service.
    Service,
}

/// One preset with its values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unit {
    /// What it is.
    pub role: Role,
    /// A DNS label, unique in the plan; objects are named after it.
    pub name: String,
    /// The preset's name.
    pub preset: String,
    /// The component's folder, repository-relative; `None` for what is none.
    pub path: Option<String>,
    /// Every parameter and value of the preset, by name.
    pub values: IndexMap<String, Resolved>,
    /// The component's environment variables, in the order in which they depend on each other.
    pub env: Vec<EnvEntry>,
    /// Secret variables of the component itself, each with the value where one was given.
    pub secrets: IndexMap<String, Option<Resolved>>,
    /// The services that it uses, by unit name.
    pub uses: Vec<Usage>,
    /// Its templates, by the names that presets give them.
    #[serde(skip)]
    pub templates: IndexMap<String, TemplateRef>,
    /// The facts of the component as templates see them.
    #[serde(skip)]
    pub facts: Value,
}

/// A service as a component sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// The service's unit name.
    pub name: String,
    /// Its kind, as detection calls it.
    pub kind: String,
    /// Host name in the namespace.
    pub host: Option<String>,
    /// Port.
    pub port: Option<String>,
    /// The variables that carry the connection.
    pub env: Vec<String>,
}

/// An environment variable of a component.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvEntry {
    /// Its name.
    pub name: String,
    /// Where its value comes from in the cluster.
    #[serde(flatten)]
    pub source: EnvSource,
    /// Who decided it.
    pub origin: Origin,
}

/// Where the value of a variable comes from in the cluster.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum EnvSource {
    /// Text, with Kubernetes' `$(NAME)` references already escaped where they are not meant.
    Value(String),
    /// A key of a Secret.
    Secret {
        /// The Secret.
        name: String,
        /// The key.
        key: String,
        /// The pod starts without it.
        optional: bool,
    },
}

impl fmt::Display for EnvSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => f.write_str(value),
            Self::Secret { name, key, optional: false } => write!(f, "Secret/{name} {key}"),
            Self::Secret { name, key, optional: true } => write!(f, "Secret/{name} {key} (optional)"),
        }
    }
}

/// A value and who decided it.
#[derive(Clone, PartialEq)]
pub struct Resolved {
    /// The value.
    pub value: Value,
    /// Who decided it.
    pub origin: Origin,
    /// It is never shown nor written to a file of ours.
    pub secret: bool,
}

impl Resolved {
    /// A value that may be shown.
    pub fn new(value: impl Into<Value>, origin: Origin) -> Self {
        Self { value: value.into(), origin, secret: false }
    }

    /// The value for people: a secret is hidden, and what would move a terminal's cursor is spelt out.
    pub fn shown(&self) -> String {
        let text = match &self.value {
            _ if self.secret => return "(hidden)".into(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let spelt = |c: char| match c {
            '\n' | '\t' => c.to_string(),
            c if c.is_control() => c.escape_default().to_string(),
            c => c.to_string(),
        };
        text.chars().map(spelt).collect()
    }
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <- {}", self.shown(), self.origin)
    }
}

impl Serialize for Resolved {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = if self.secret { Value::Null } else { self.value.clone() };
        serde_json::json!({ "value": value, "secret": self.secret, "origin": self.origin })
            .serialize(serializer)
    }
}

/// Who decided a value, strongest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "layer", rename_all = "lowercase")]
pub enum Origin {
    /// A flag: `--set`, `--namespace`.
    Flag,
    /// The wizard or `--answers`.
    Answers,
    /// The repository's `devbox.yaml`.
    Repository {
        /// The file.
        file: String,
        /// The line.
        line: Option<usize>,
    },
    /// The user's config.
    User {
        /// The file.
        file: String,
        /// The line.
        line: Option<usize>,
    },
    /// What detection found.
    Facts {
        /// The file that says it.
        file: String,
        /// The line.
        line: Option<u32>,
    },
    /// The repository's git state: remote, branch.
    Git,
    /// The default of a source's preset.
    Source {
        /// The file: `acme@0123456:presets/rails.yaml`.
        file: String,
        /// The line.
        line: Option<usize>,
    },
    /// A preset's own default.
    Preset {
        /// The preset that says it.
        name: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Answers => f.write_str("answer"),
            Self::Repository { file, line: Some(line) }
            | Self::Source { file, line: Some(line) }
            | Self::User { file, line: Some(line) } => write!(f, "{file}:{line}"),
            Self::Facts { file, line: Some(line) } => write!(f, "{file}:{line}"),
            Self::Repository { file, .. }
            | Self::Source { file, .. }
            | Self::User { file, .. }
            | Self::Facts { file, .. } => f.write_str(file),
            Self::Git => f.write_str("git"),
            Self::Preset { name } => write!(f, "preset {name}"),
        }
    }
}

impl Plan {
    /// The environment's unit.
    pub fn environment(&self) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.role == Role::Environment)
    }

    /// The unit that says how the environment's kubeconfig signs in.
    pub fn access(&self) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.role == Role::Access)
    }

    /// Units of one role, in order.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = &Unit> {
        self.units.iter().filter(move |unit| unit.role == role)
    }

    /// The namespace's name.
    pub fn namespace_name(&self) -> &str {
        self.namespace.value.as_str().unwrap_or_default()
    }
}
