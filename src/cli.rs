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
    /// Run a real Kubernetes control plane with a simulated node on this machine
    #[command(subcommand)]
    Sandbox(SandboxCommand),
}

/// What to do with a sandbox.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Start it, or find it running
    Start(SandboxStart),
    /// Stop it; its data is kept
    Stop(SandboxStop),
    /// Show what runs
    Status(SandboxName),
    /// Run the components (what `start` leaves behind)
    #[command(hide = true)]
    Supervise(SandboxSupervise),
}

/// Which sandbox.
#[derive(Debug, clap::Args)]
pub struct SandboxName {
    /// Name of the sandbox
    #[arg(long, default_value = crate::sandbox::DEFAULT_NAME)]
    pub name: String,
}

/// How to start a sandbox.
#[derive(Debug, clap::Args)]
pub struct SandboxStart {
    /// Which sandbox.
    #[command(flatten)]
    pub sandbox: SandboxName,
    /// Stop it by itself when the process that runs this command ends
    #[arg(long)]
    pub exit_with_parent: bool,
    /// Log every API request in `logs/audit.log` of the sandbox's folder
    #[arg(long)]
    pub audit: bool,
}

/// How to stop a sandbox.
#[derive(Debug, clap::Args)]
pub struct SandboxStop {
    /// Which sandbox.
    #[command(flatten)]
    pub sandbox: SandboxName,
    /// Delete its data, certificates and logs too
    #[arg(long)]
    pub delete: bool,
}

/// How to supervise a sandbox.
#[derive(Debug, clap::Args)]
pub struct SandboxSupervise {
    /// Which sandbox.
    #[command(flatten)]
    pub sandbox: SandboxName,
    /// The sandbox program
    #[arg(long)]
    pub program: PathBuf,
    /// Stop when this process ends
    #[arg(long, requires = "follow_started")]
    pub follow_pid: Option<u32>,
    /// When that process started
    #[arg(long, requires = "follow_pid")]
    pub follow_started: Option<String>,
    /// Log every API request
    #[arg(long)]
    pub audit: bool,
}
