//! `devbox sandbox`: clap types, no logic.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with a sandbox.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Start it, or find it running
    Start(SandboxStart),
    /// Stop it; its data is kept
    Stop(SandboxStop),
    /// Show what runs
    Status(SandboxName),
    /// Give the containers node the images of an OCI or Docker archive
    Load(SandboxLoad),
    /// Give the containers node an image made from a root file system
    Image(SandboxImage),
    /// Run the components (what `start` leaves behind)
    #[command(hide = true)]
    Supervise(SandboxSupervise),
}

/// Which sandbox.
#[derive(Debug, Args)]
pub struct SandboxName {
    /// Name of the sandbox
    #[arg(long, default_value = crate::sandbox::DEFAULT_NAME)]
    pub name: String,
}

/// How to start a sandbox.
#[derive(Debug, Args)]
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
    /// What pods run on; `containers` needs Linux and root [default: what it was made with, else simulated]
    #[arg(long, value_name = "KIND")]
    pub node: Option<SandboxNode>,
    /// Port on 127.0.0.1 that a containers node reaches, as host.devbox.internal in pods, as localhost in names of images;
    /// may be repeated
    #[arg(long = "host-port", value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub host_ports: Vec<u16>,
}

/// What pods run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SandboxNode {
    /// A simulation: pods get a status, nothing runs
    Simulated,
    /// A kubelet and a container runtime
    Containers,
}

/// Which archive to load.
#[derive(Debug, Args)]
pub struct SandboxLoad {
    /// Which sandbox.
    #[command(flatten)]
    pub sandbox: SandboxName,
    /// The archive, such as `docker save` or `skopeo copy` write it
    pub archive: PathBuf,
}

/// How to make an image.
#[derive(Debug, Args)]
pub struct SandboxImage {
    /// Which sandbox.
    #[command(flatten)]
    pub sandbox: SandboxName,
    /// The image's name, such as `node:22-bookworm-slim`
    pub image: String,
    /// Tar archive of the root file system; may be compressed with gzip
    #[arg(long, value_name = "TAR")]
    pub rootfs: PathBuf,
    /// Variable of its containers; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Word of the command line that its containers run; may be repeated
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub entrypoint: Vec<String>,
    /// Argument of that command line; may be repeated
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub command: Vec<String>,
    /// User and group of its containers, such as `999:999`
    #[arg(long)]
    pub user: Option<String>,
    /// Folder that its containers start in
    #[arg(long, value_name = "FOLDER")]
    pub workdir: Option<String>,
    /// Signal that asks its containers to end, such as SIGINT
    #[arg(long, value_name = "SIGNAL")]
    pub stop_signal: Option<String>,
}

/// How to stop a sandbox.
#[derive(Debug, Args)]
pub struct SandboxStop {
    /// Which sandbox.
    #[command(flatten)]
    pub sandbox: SandboxName,
    /// Delete its data, certificates and logs too
    #[arg(long)]
    pub delete: bool,
}

/// How to supervise a sandbox.
#[derive(Debug, Args)]
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
    /// The programs of the containers node
    #[arg(long)]
    pub containers: Option<PathBuf>,
    /// Ports that its pods may reach
    #[arg(long = "host-port")]
    pub host_ports: Vec<u16>,
}
