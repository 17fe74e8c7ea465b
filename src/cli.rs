//! The command line: clap types, no logic.

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
pub enum Command {}
