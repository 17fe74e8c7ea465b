//! The facts: what detection found, in the shape that `devbox detect --format json` prints.

use serde::Serialize;

/// Everything found in one repository.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The version of this shape, always 1.
    pub schema: u32,
    /// The repository's name: the folder's name.
    pub root: String,
    /// Questions with several equally good answers; never guessed.
    pub ambiguous: Vec<Ambiguity>,
    /// The deployable parts, ordered by path; `.` is the root.
    pub components: Vec<Component>,
    /// Existing files of use, repository-relative with `/`, sorted.
    pub files: Files,
    /// What could not be read or was cut short: one lowercase fragment each, naming the file.
    pub warnings: Vec<String>,
}

/// A field with several equally good answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ambiguity {
    /// The component's path.
    pub component: String,
    /// The field, such as `packageManager` or `ports`.
    pub field: String,
    /// The candidates, best first, each with why.
    pub candidates: Vec<Evidence>,
    /// One sentence for people: `npm or pnpm: both package-lock.json and pnpm-lock.yaml are there`.
    pub reason: String,
}

/// One part of a repository.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// Folder, repository-relative with `/`; `.` is the root.
    pub path: String,
    /// The manifest's own name, else the folder's.
    pub name: String,
    /// What it is for.
    pub kind: ComponentKind,
    /// As linguist writes it: `TypeScript`, `Python`, `Go`, `C#`.
    pub language: Option<String>,
    /// The language's (runtime's) version.
    pub version: Version,
    /// Lower case as its ecosystem writes it: `express`, `fastapi`, `spring-boot`.
    pub framework: Option<String>,
    /// As resolved or as constrained, without operators: `4.19`.
    pub framework_version: Option<String>,
    /// `npm`, `pnpm`, `uv`, `pip`, `go`, `maven` ...
    pub package_manager: Option<String>,
    /// Where it differs from the package manager: `node`, `bun`, `deno`, `python`.
    pub runtime: Option<String>,
    /// TCP ports that it listens on, most important first.
    pub ports: Vec<u16>,
    /// How to work with it.
    pub commands: Commands,
    /// Backing services, sorted by kind.
    pub services: Vec<Service>,
    /// Environment variables, sorted by name.
    pub env: Vec<EnvVar>,
    /// Where every value came from.
    pub evidence: Vec<Evidence>,
}

/// What a component is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ComponentKind {
    /// Answers HTTP or another protocol on a port.
    Web,
    /// Runs without listening.
    Worker,
    /// Files for a web server.
    Static,
    /// Used by other code.
    Library,
    /// A command-line program.
    Cli,
    /// Deployment description without code of its own.
    Infrastructure,
    /// Nothing says.
    #[default]
    Unknown,
}

impl ComponentKind {
    /// The kind as JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Worker => "worker",
            Self::Static => "static",
            Self::Library => "library",
            Self::Cli => "cli",
            Self::Infrastructure => "infrastructure",
            Self::Unknown => "unknown",
        }
    }
}

/// A version, as asked for and as settled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Version {
    /// As written: `>=20`, `^3.11`.
    pub constraint: Option<String>,
    /// A usable version for an image tag: `20`, `3.12`, `1.24`.
    pub resolved: Option<String>,
}

/// Commands, each run in the component's folder; `null` where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Commands {
    /// Installs dependencies.
    pub install: Option<String>,
    /// Builds.
    pub build: Option<String>,
    /// Runs with reloading.
    pub dev: Option<String>,
    /// Runs.
    pub start: Option<String>,
    /// Tests.
    pub test: Option<String>,
}

/// A backing service that a component needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// `postgres`, `redis`, `mysql`, `mongodb`, `rabbitmq`, `kafka` ...
    pub kind: String,
    /// Where a file pins it (a compose image tag): `16`.
    pub version: Option<String>,
    /// The variables that carry the connection: `DATABASE_URL`.
    pub env: Vec<String>,
}

/// An environment variable that the code or a file names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Nothing gives it a default.
    pub required: bool,
    /// Its name or value says that it is a secret; then `default` is always `null`.
    pub secret: bool,
    /// The default that a file or the code gives.
    pub default: Option<String>,
}

/// Where one value came from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// The field: `ports`, `framework`, `services.postgres`, `env.DATABASE_URL`, `commands.dev`.
    pub field: String,
    /// The value as text; never a secret.
    pub value: String,
    /// Repository-relative file with `/`.
    pub file: String,
    /// Line, from 1; `null` where the file as a whole is the evidence.
    pub line: Option<u32>,
    /// 0 to 1.
    pub confidence: f64,
}

/// Existing files of use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Files {
    /// Dockerfiles and Containerfiles.
    pub dockerfile: Vec<String>,
    /// Compose files.
    pub compose: Vec<String>,
    /// Helm charts (`Chart.yaml`).
    pub helm: Vec<String>,
    /// Kustomizations.
    pub kustomize: Vec<String>,
    /// Procfiles.
    pub procfile: Vec<String>,
    /// `devcontainer.json` files.
    pub devcontainer: Vec<String>,
    /// Skaffold configurations.
    pub skaffold: Vec<String>,
    /// Tiltfiles.
    pub tilt: Vec<String>,
    /// DevSpace configurations.
    pub devspace: Vec<String>,
    /// GitHub Actions workflows.
    pub github_actions: Vec<String>,
    /// Makefiles.
    pub makefile: Vec<String>,
    /// Taskfiles.
    pub taskfile: Vec<String>,
    /// justfiles.
    pub justfile: Vec<String>,
    /// mise and asdf tool versions.
    pub mise: Vec<String>,
    /// devfiles.
    pub devfile: Vec<String>,
    /// Aspire AppHost projects.
    pub aspire: Vec<String>,
}
