//! The shape of a preset document, as its author writes it. Everything is optional here: what is left
//! out comes from the parent; `null` removes what the parent has (RFC 7396).

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A preset document.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct PresetFile {
    /// The name that others extend it by.
    pub name: Option<String>,
    /// One line for `devbox preset list`.
    pub summary: Option<String>,
    /// What it describes.
    pub kind: Option<Kind>,
    /// The parent.
    pub extends: Option<String>,
    /// Which detected components or services it is for.
    pub detects: Option<Detects>,
    /// What can be set, by name.
    pub params: IndexMap<String, Option<ParamFile>>,
    /// Values that are not asked for, by name; text may be a template. A name that is a parameter sets
    /// its default.
    pub values: IndexMap<String, Value>,
    /// Kinds of services that it always needs.
    pub services: Option<Vec<String>>,
    /// Template files by a name of their own, so that a child can replace or remove one.
    pub templates: IndexMap<String, Option<String>>,
    /// How others reach it (services).
    pub connection: Option<ConnectionFile>,
}

/// What a preset describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The namespace and what guards it.
    Environment,
    /// A component of the repository.
    App,
    /// A backing service.
    Service,
    /// A way into the cluster: a kubeconfig.
    Access,
}

impl Kind {
    /// As a preset file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::App => "app",
            Self::Service => "service",
            Self::Access => "access",
        }
    }
}

/// Conditions on facts; all that are given must hold, each by one of its alternatives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Detects {
    /// The component's language.
    #[serde(skip_serializing_if = "Alternatives::is_empty")]
    #[schemars(with = "OneOrMany")]
    pub language: Alternatives,
    /// The component's runtime, where it is more than its language: `bun`, `deno`.
    #[serde(skip_serializing_if = "Alternatives::is_empty")]
    #[schemars(with = "OneOrMany")]
    pub runtime: Alternatives,
    /// The component's framework.
    #[serde(skip_serializing_if = "Alternatives::is_empty")]
    #[schemars(with = "OneOrMany")]
    pub framework: Alternatives,
    /// The component's kind.
    #[serde(skip_serializing_if = "Alternatives::is_empty")]
    #[schemars(with = "OneOrMany")]
    pub kind: Alternatives,
    /// The service's kind.
    #[serde(skip_serializing_if = "Alternatives::is_empty")]
    #[schemars(with = "OneOrMany")]
    pub service: Alternatives,
}

/// One text or a list of texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(from = "OneOrMany", into = "Vec<String>")]
pub struct Alternatives(pub Vec<String>);

impl Alternatives {
    /// Nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One alternative is `value`, regardless of case.
    pub fn contains(&self, value: &str) -> bool {
        self.0.iter().any(|alternative| alternative.eq_ignore_ascii_case(value))
    }
}

impl From<Alternatives> for Vec<String> {
    fn from(alternatives: Alternatives) -> Self {
        alternatives.0
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum OneOrMany {
    /// One text.
    One(String),
    /// Several, each of which will do.
    Many(Vec<String>),
}

impl From<OneOrMany> for Alternatives {
    fn from(value: OneOrMany) -> Self {
        match value {
            OneOrMany::One(one) => Self(vec![one]),
            OneOrMany::Many(many) => Self(many),
        }
    }
}

/// A parameter, as written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct ParamFile {
    /// Its type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ParamType>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The question: the wizard asks it wherever facts and files do not decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
    /// The default; text may be a template. A template that comes out empty is no default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// It may stay without a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// The only values it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Value>>,
    /// The least number, quantity or duration; the fewest characters or items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Value>,
    /// The greatest number, quantity or duration; the most characters or items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Value>,
    /// A regular expression that the whole text matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// A template expression over `values`, `facts` and `project`: the parameter exists where it is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ParamType {
    /// Any text.
    #[default]
    String,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A TCP port, 1 to 65535.
    Port,
    /// An amount as Kubernetes writes it: `500m`, `1Gi`.
    Quantity,
    /// A time span: `30s`, `5m`, `1h30m`.
    Duration,
    /// An RFC 1123 label: lower case letters, digits and `-`, at most 63.
    DnsLabel,
    /// RFC 1123 labels joined by dots, at most 253.
    DnsName,
    /// A container image reference.
    Image,
    /// The name of an environment variable.
    EnvName,
    /// A URL with scheme and host.
    Url,
    /// One of `choices`.
    Choice,
    /// A list of texts.
    List,
    /// Text that is never shown nor written to a file of ours.
    Secret,
}

impl ParamType {
    /// As a preset file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Port => "port",
            Self::Quantity => "quantity",
            Self::Duration => "duration",
            Self::DnsLabel => "dns-label",
            Self::DnsName => "dns-name",
            Self::Image => "image",
            Self::EnvName => "env-name",
            Self::Url => "url",
            Self::Choice => "choice",
            Self::List => "list",
            Self::Secret => "secret",
        }
    }
}

/// How others reach a service; texts are templates over `values` and `unit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct ConnectionFile {
    /// Host name.
    pub host: Option<String>,
    /// Port.
    pub port: Option<String>,
    /// User name.
    pub user: Option<String>,
    /// Database, or what comes nearest.
    pub database: Option<String>,
    /// The whole address; the password stands as `$(VARIABLE)` with the variable of `password`.
    pub url: Option<String>,
    /// Where the password is.
    pub password: Option<PasswordFile>,
    /// The address as JDBC writes it, without credentials; made from `url` where it is left out.
    pub jdbc: Option<String>,
    /// The address as ADO.NET writes it; the password stands as `$(VARIABLE)`.
    pub connection_string: Option<String>,
    /// The variable of the URL where detection found no name.
    pub env: Option<String>,
    /// More variables where detection found no name; one that comes out empty is not set.
    pub variables: IndexMap<String, Option<String>>,
}

/// Where a service keeps its password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct PasswordFile {
    /// The variable that carries it into the app: `POSTGRES_PASSWORD`.
    pub variable: String,
    /// The Secret's name, a template.
    pub secret: String,
    /// The key in the Secret.
    pub key: String,
}
