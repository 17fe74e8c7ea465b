//! `devbox preset`: clap types, no logic.

use clap::{Args, Subcommand, ValueEnum};

/// What a new preset describes.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum NewPreset {
    /// A backing service
    #[default]
    Service,
    /// A component of a repository
    App,
}

/// A source to add.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// What to call it here; its presets are `NAME/PRESET`
    pub name: String,
    /// Git repository: `https://`, `ssh://`, `USER@HOST:PATH`, `file://` or a folder
    #[arg(value_name = "GIT-URL")]
    pub git: String,
    /// Branch or tag to follow [default: the repository's own choice]
    #[arg(long = "ref", value_name = "REF")]
    pub reference: Option<String>,
    /// Folder in it with `presets/` and `templates/` [default: its top]
    #[arg(long, value_name = "FOLDER")]
    pub path: Option<String>,
    /// Pin it in your own `config.yaml`, for every repository
    #[arg(long)]
    pub user: bool,
    /// Trust it if its tree is this one, without being asked
    #[arg(long, value_name = "TREE")]
    pub trust: Option<String>,
    /// Do not ask; pins it without trusting it
    #[arg(long, short)]
    pub yes: bool,
    /// Show what it brings and stop
    #[arg(long)]
    pub dry_run: bool,
}

/// A source to update.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// The source; all of them where none is named
    pub name: Option<String>,
    /// Trust its newest commit if its tree is this one, without being asked
    #[arg(long, value_name = "TREE")]
    pub trust: Option<String>,
    /// Do not ask; moves the pin without trusting what is new
    #[arg(long, short)]
    pub yes: bool,
    /// Show what would change and stop
    #[arg(long)]
    pub dry_run: bool,
}

/// A source to remove.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The source
    pub name: String,
    /// Take it out of your own `config.yaml`
    #[arg(long)]
    pub user: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// A source to trust.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// The source
    pub name: String,
    /// Trust it if its tree is this one, without being asked
    #[arg(long, value_name = "TREE")]
    pub tree: Option<String>,
}

/// What to do with presets.
#[derive(Debug, Subcommand)]
pub enum PresetCommand {
    /// List all presets and sources
    List,
    /// Show one preset, inheritance resolved
    Show {
        /// The preset
        name: String,
    },
    /// Check presets without a cluster: mistakes, unused parameters, invalid objects
    Check {
        /// The presets; all of them where none is named
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Let presets go up on the sandbox, a real API server, and remove them again
    Test {
        /// The presets
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        /// Sandbox to use, started when it does not run
        #[arg(long, value_name = "NAME", default_value = crate::sandbox::DEFAULT_NAME)]
        sandbox: String,
    },
    /// Write a preset to begin with into your config folder
    New {
        /// Its name
        name: String,
        /// What it describes
        #[arg(long, value_enum, default_value_t, value_name = "KIND")]
        kind: NewPreset,
    },
    /// Add a git repository of presets, pinned to a commit
    Add(AddArgs),
    /// Show what a newer commit of a source changes, and move its pin
    Update(UpdateArgs),
    /// Take a source out again
    Remove(RemoveArgs),
    /// Look at what a source brings, and trust it on this machine
    Trust(TrustArgs),
}
