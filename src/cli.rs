//! The command line: clap types, no logic.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::ui::Format;

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
#[derive(Debug, clap::Args)]
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
    /// Print the manifests, offline
    Render(RenderArgs),
    /// List and show presets
    Preset {
        /// What to do with them.
        #[command(subcommand)]
        command: PresetCommand,
    },
}

/// Arguments of `devbox render`.
#[derive(Debug, clap::Args)]
pub struct RenderArgs {
    /// The repository [default: the one around the current folder]
    pub path: Option<PathBuf>,
    /// Set a value, such as `api.port=3000`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The namespace [default: dev-<user>-<repository>]
    #[arg(long, short, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Print every value and who decided it instead
    #[arg(long)]
    pub explain: bool,
}

/// What to do with presets.
#[derive(Debug, Subcommand)]
pub enum PresetCommand {
    /// List all presets
    List,
    /// Show one preset, inheritance resolved
    Show {
        /// The preset
        name: String,
    },
}
