//! The command line: clap types, no logic.

mod kubeconfig;
mod preset;
mod sandbox;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::ui::Format;

pub use kubeconfig::{KubeconfigCommand, MergeArgs, UnmergeArgs};
pub use preset::{AddArgs, NewPreset, PresetCommand, RemoveArgs, TrustArgs, UpdateArgs};
pub use sandbox::{
    SandboxCommand, SandboxImage, SandboxLoad, SandboxName, SandboxNode, SandboxStart, SandboxStop,
    SandboxSupervise,
};

/// From a fresh clone to a running, private environment on a Kubernetes dev cluster
#[derive(Debug, Parser)]
#[command(name = "devbox", version, max_term_width = 100, arg_required_else_help = true)]
#[command(propagate_version = false, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Global {
    /// Print data for people or as one versioned JSON document
    #[arg(long, value_enum, global = true, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Print no status and no progress
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// One verb each.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set up this repository's environment: detect, ask, show the plan, apply, wait
    Init(InitArgs),
    /// Apply the environment without the wizard
    Up(UpArgs),
    /// Show what `up` would change, field by field; changes nothing
    Diff(DiffArgs),
    /// Remove the environment; volumes and namespaces that devbox did not create stay
    Down(DownArgs),
    /// Show what runs in the environment, and why something does not
    Status(StatusArgs),
    /// Show what the repository says about itself, and where
    Detect(DetectArgs),
    /// Print the manifests, offline
    Render(RenderArgs),
    /// List, show, check, test and begin presets; add and update git sources of them
    #[command(subcommand)]
    Preset(PresetCommand),
    /// Print the JSON Schema of a file that devbox reads, for editors
    Schema {
        /// Which file
        #[arg(value_enum)]
        of: SchemaFile,
    },
    /// Print the environment's kubeconfig, or add it to your own and remove it again
    #[command(subcommand)]
    Kubeconfig(KubeconfigCommand),
    /// Print a short-lived token of an environment, as a credential plugin of kubectl does
    Token(TokenArgs),
    /// Run a real Kubernetes control plane with a simulated node on this machine
    #[command(subcommand)]
    Sandbox(SandboxCommand),
}

/// The project folder.
#[derive(Debug, Args)]
pub struct PathArg {
    /// Project folder [default: the nearest one upwards with a `devbox.yaml`, else this one]
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
}

/// What decides a plan.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Answers")]
pub struct PlanArgs {
    /// Set a value, such as `web.port=3000` or `postgres.storage=2Gi`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Take answers from a YAML file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Components to run, by name; the default is every deployable one
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub components: Option<Vec<String>>,
    /// Backing services to run, by kind (an empty value for none); the default is every detected one
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    pub services: Option<Vec<String>>,
    /// Namespace; the default is `dev-<user>-<project>`
    #[arg(long, short, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Access preset: how the environment's kubeconfig signs in, such as `token`, `token-plugin`, `user`
    #[arg(long, value_name = "PRESET")]
    pub access: Option<String>,
}

/// Where the environment runs.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cluster")]
pub struct TargetArgs {
    /// Kubeconfig context to use
    #[arg(long, value_name = "NAME", conflicts_with = "sandbox")]
    pub context: Option<String>,
    /// Kubeconfig file to read instead of `KUBECONFIG` and `~/.kube/config`
    #[arg(long, value_name = "FILE", conflicts_with = "sandbox")]
    pub kubeconfig: Option<PathBuf>,
    /// Use the sandbox on this machine, started when it does not run
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "default")]
    pub sandbox: Option<String>,
    /// Confirm a cluster that devbox has not seen before by naming its context once more
    #[arg(long, value_name = "CONTEXT")]
    pub confirm_context: Option<String>,
}

/// How applying and waiting go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Apply")]
pub struct ApplyArgs {
    /// Give up waiting for readiness after this time
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub timeout: std::time::Duration,
    /// Do not wait until everything is ready
    #[arg(long)]
    pub no_wait: bool,
    /// Take over fields that another field manager owns
    #[arg(long)]
    pub force_conflicts: bool,
    /// Delete and make anew what cannot be changed in place; never what holds data
    #[arg(long)]
    pub recreate: bool,
}

/// `devbox init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The project folder.
    #[command(flatten)]
    pub project: PathArg,
    /// Accept every default and skip the review; never skips the cluster guard
    #[arg(long, short)]
    pub yes: bool,
    /// Show the plan and stop: nothing is written anywhere
    #[arg(long)]
    pub dry_run: bool,
    /// Print every value and who decided it, and stop: nothing is written anywhere
    #[arg(long)]
    pub explain: bool,
    /// What decides the plan.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Where it runs.
    #[command(flatten)]
    pub target: TargetArgs,
    /// How it goes up.
    #[command(flatten)]
    pub apply: ApplyArgs,
}

/// `devbox up`.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// The project folder.
    #[command(flatten)]
    pub project: PathArg,
    /// Do not show the changes and ask; never skips the cluster guard
    #[arg(long, short)]
    pub yes: bool,
    /// Print every value and who decided it, and stop: no cluster is asked and nothing is written
    #[arg(long)]
    pub explain: bool,
    /// What decides the plan.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Where it runs.
    #[command(flatten)]
    pub target: TargetArgs,
    /// How it goes up.
    #[command(flatten)]
    pub apply: ApplyArgs,
}

/// `devbox diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The project folder.
    #[command(flatten)]
    pub project: PathArg,
    /// End with exit code 4 where there are differences
    #[arg(long)]
    pub exit_code: bool,
    /// Show what `up --force-conflicts` would do
    #[arg(long)]
    pub force_conflicts: bool,
    /// Show what `up --recreate` would do
    #[arg(long)]
    pub recreate: bool,
    /// What decides the plan.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Where it runs.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// `devbox down`.
#[derive(Debug, Args)]
pub struct DownArgs {
    /// The project folder.
    #[command(flatten)]
    pub project: PathArg,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Also remove volumes, the credentials of their data, and the namespace if devbox created it
    #[arg(long)]
    pub volumes: bool,
    /// Show what would be removed and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Give up waiting for objects to be gone after this time
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub timeout: std::time::Duration,
    /// Where it runs.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Namespace; the default is the one of the last `init` or `up`
    #[arg(long, short, value_name = "NAME")]
    pub namespace: Option<String>,
}

/// `devbox status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The project folder.
    #[command(flatten)]
    pub project: PathArg,
    /// Show it again whenever it changes, until interrupted
    #[arg(long, short)]
    pub watch: bool,
    /// Where it runs.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Namespace; the default is the one of the last `init` or `up`
    #[arg(long, short, value_name = "NAME")]
    pub namespace: Option<String>,
}

/// `devbox detect`.
#[derive(Debug, Args)]
pub struct DetectArgs {
    /// The project folder.
    #[command(flatten)]
    pub project: PathArg,
    /// Show every value's evidence: file, line and confidence
    #[arg(long)]
    pub explain: bool,
}

/// Reads `90s`, `5m` or `1h30m`.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || format!("`{text}` is no duration; write it like `90s`, `5m` or `1h30m`");
    let duration: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    duration.try_into().map_err(|_| wrong())
}

/// `devbox render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// The project folder.
    #[command(flatten)]
    pub project: PathArg,
    /// Print every value and who decided it instead
    #[arg(long)]
    pub explain: bool,
    /// What decides the plan.
    #[command(flatten)]
    pub plan: PlanArgs,
}

/// `devbox token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// The project folder.
    #[command(flatten)]
    pub project: PathArg,
    /// Where it runs.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Namespace; the default is the one of the last `init` or `up`
    #[arg(long, short, value_name = "NAME")]
    pub namespace: Option<String>,
    /// ServiceAccount that the token is for
    #[arg(long, value_name = "NAME", default_value = "developer")]
    pub account: String,
    /// How long it is to live; the API server gives ten minutes at least, and may give less than asked
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    pub lifetime: std::time::Duration,
}

/// A file that has a schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SchemaFile {
    /// A preset
    Preset,
    /// The repository's `devbox.yaml`
    Project,
    /// Your own `config.yaml`
    Config,
}
