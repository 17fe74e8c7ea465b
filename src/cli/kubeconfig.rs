//! `devbox kubeconfig`: clap types, no logic.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::PathArg;

/// What to do with the environment's context.
#[derive(Debug, Subcommand)]
pub enum KubeconfigCommand {
    /// Print the environment's kubeconfig; it may hold a token
    Print {
        /// The project folder.
        #[command(flatten)]
        project: PathArg,
    },
    /// Add the environment's context to your own kubeconfig, or renew it there
    Merge(MergeArgs),
    /// Remove the environment's context from your own kubeconfig
    Remove(UnmergeArgs),
}

/// `devbox kubeconfig merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The project folder.
    #[command(flatten)]
    pub project: PathArg,
    /// What to call the context [default: `devbox-<project>`]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// File to write [default: the only or first one of `KUBECONFIG`, else `~/.kube/config`]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Make it the current context
    #[arg(long)]
    pub current: bool,
    /// Replace entries of that name that are not this environment's
    #[arg(long)]
    pub force: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Show what would change and stop
    #[arg(long)]
    pub dry_run: bool,
}

/// `devbox kubeconfig remove`.
#[derive(Debug, Args)]
pub struct UnmergeArgs {
    /// The project folder.
    #[command(flatten)]
    pub project: PathArg,
    /// The context [default: those of this folder's environment]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// File to write [default: the one that the context is in]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Show what would change and stop
    #[arg(long)]
    pub dry_run: bool,
}
