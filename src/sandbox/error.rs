//! Why the sandbox does not run, and what to type next.

use std::path::PathBuf;

use super::{Missing, NodeKind};
use crate::error::Explain;
use crate::fs::FsError;

/// Why the sandbox cannot be started, stopped or looked at.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The name would not do as a part of a context's and a folder's name.
    #[error("`{0}` cannot be a sandbox's name: it has to be 1 to 40 lowercase letters, digits and `-`")]
    Name(String),
    /// There is no sandbox program, and none can be built.
    #[error("the sandbox program `devbox-sandbox` was not found; looked at {}", list(looked))]
    NoProgram {
        /// Where it could have been.
        looked: Vec<PathBuf>,
        /// A checkout with its sources, which lacks only Go.
        checkout: Option<PathBuf>,
    },
    /// `DEVBOX_K8S_SANDBOX_BIN` does not name a program.
    #[error("`DEVBOX_K8S_SANDBOX_BIN` names `{}`, which is not an executable file", .0.display())]
    Override(PathBuf),
    /// There are no programs of the containers node, and none can be built.
    #[error("the programs of the containers node were not found; looked at {}", list(looked))]
    NoContainers {
        /// Where they could have been.
        looked: Vec<PathBuf>,
        /// A checkout with their sources, which lacks only Go.
        checkout: Option<PathBuf>,
    },
    /// `DEVBOX_K8S_SANDBOX_CONTAINERS` does not name a folder with the programs.
    #[error("`DEVBOX_K8S_SANDBOX_CONTAINERS` names `{}`, which has no program `node` in it", .0.display())]
    OverrideContainers(PathBuf),
    /// This machine lacks what a containers node needs.
    #[error("this machine cannot run containers for the sandbox yet{}", indent(&needs(.0)))]
    Requirements(Vec<Missing>),
    /// The sandbox was made with another node.
    #[error("the sandbox `{name}` was made with the node `{is}`, and `{asked}` is asked for")]
    OtherNode {
        /// Its name.
        name: String,
        /// The node that it has.
        is: NodeKind,
        /// The node that was asked for.
        asked: NodeKind,
    },
    /// What was asked for takes a node that runs containers.
    #[error("{what} takes a node that runs containers, and that of the sandbox `{name}` is simulated")]
    NothingRuns {
        /// What was asked for.
        what: &'static str,
        /// The sandbox's name.
        name: String,
    },
    /// What was asked for takes a sandbox that runs.
    #[error("the sandbox `{0}` does not run")]
    NotRunning(String),
    /// An image was refused.
    #[error("the node did not take the image")]
    Image(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Building the sandbox program failed.
    #[error("building the sandbox program failed: {status}{}", indent(lines))]
    Build {
        /// How the build ended.
        status: String,
        /// The last lines of its log.
        lines: Vec<String>,
        /// The whole log.
        log: PathBuf,
    },
    /// A process could not be started.
    #[error("cannot run {what}")]
    Spawn {
        /// The program.
        what: String,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FsError),
    /// A certificate could not be made.
    #[error("cannot make the sandbox's certificates")]
    Certificate(#[from] rcgen::Error),
    /// No port on loopback can be had.
    #[error("cannot find a free port on 127.0.0.1")]
    Port(#[source] std::io::Error),
    /// The kubeconfig of the sandbox cannot be used.
    #[error("cannot use the sandbox's kubeconfig `{}`", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A component ended.
    #[error("the sandbox's {component} ended: {status}{}", indent(lines))]
    Component {
        /// Which one.
        component: String,
        /// How it ended.
        status: String,
        /// The last lines of its log.
        lines: Vec<String>,
        /// The whole log.
        log: PathBuf,
        /// The sandbox's name.
        name: String,
    },
    /// The supervisor ended before it could say why.
    #[error("the sandbox's supervisor ended{}", indent(lines))]
    Supervisor {
        /// The last lines of its log.
        lines: Vec<String>,
        /// The whole log.
        log: PathBuf,
    },
    /// A component took too long to become ready.
    #[error("the sandbox is not ready after {seconds} s: {component} is what it waits for{}", indent(lines))]
    Slow {
        /// How long it was waited for.
        seconds: u64,
        /// The component.
        component: String,
        /// The last lines of its log.
        lines: Vec<String>,
        /// The whole log.
        log: PathBuf,
    },
    /// Something asked the sandbox to stop while it was being started.
    #[error("the sandbox `{0}` was stopped while it started")]
    StoppedMeanwhile(String),
    /// Another supervisor runs on the same folder.
    #[error("another supervisor runs the sandbox `{0}` already")]
    Supervised(String),
    /// A process would not end, even by SIGKILL.
    #[error("process {pid} ({what}) of the sandbox does not end, even by SIGKILL")]
    Survivor {
        /// Its process id.
        pid: u32,
        /// What it is.
        what: String,
    },
    /// This operating system has no process control that we know.
    #[error("the sandbox runs on Linux and macOS only")]
    Unsupported,
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}

fn needs(missing: &[Missing]) -> Vec<String> {
    missing.iter().map(|missing| format!("{}\n        {}", missing.what, missing.remedy)).collect()
}

fn indent(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n    {line}")).collect()
}

impl Explain for SandboxError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoProgram { checkout: Some(folder), .. } => vec![
                format!(
                    "install Go (https://go.dev/dl/) and run the same command again: it is then built, once, from `{}`",
                    folder.display()
                ),
                "or point `DEVBOX_K8S_SANDBOX_BIN` at a built one".into(),
            ],
            Self::NoProgram { checkout: None, .. } => vec![
                "run devbox's `install.sh` again, which builds it where Go is there".into(),
                "or build it in a checkout of devbox: `sandbox/build.sh OUT`, and set `DEVBOX_K8S_SANDBOX_BIN=OUT`".into(),
            ],
            Self::NoContainers { checkout, .. } => vec![match checkout {
                Some(folder) => format!(
                    "install Go (https://go.dev/dl/) and run the same command again: they are then built, once, from `{}`",
                    folder.display()
                ),
                None => "run devbox's `install.sh --containers`, which builds them where Go is there".into(),
            }],
            Self::OverrideContainers(_) => vec![
                "unset it, or build them in a checkout of devbox: `sandbox/containers/build.sh FOLDER`".into(),
            ],
            Self::Requirements(_) => vec!["the other node needs nothing of this: `--node simulated`".into()],
            Self::OtherNode { name, asked, .. } => vec![
                format!("make another sandbox: `devbox sandbox start --node {asked} --name {asked}`"),
                format!("or delete this one and its data first: `devbox sandbox stop{} --delete`", flag(name)),
            ],
            Self::NothingRuns { .. } => {
                vec!["make one: `devbox sandbox start --node containers --name containers`".into()]
            }
            Self::NotRunning(name) => vec![format!("start it: `devbox sandbox start{}`", flag(name))],
            Self::Override(_) => {
                vec!["unset it, or build the program in a checkout of devbox: `sandbox/build.sh OUT`".into()]
            }
            Self::Build { log, .. } => vec![
                format!("read the whole log: `less {}`", log.display()),
                "it needs Go, about 4 GiB of memory and the Go module proxy (`go env GOPROXY`)".into(),
            ],
            Self::File(error) => error.hints(),
            Self::Component { log, name, component, .. } => {
                let mut hints = vec![
                    format!("read the whole log: `less {}`", log.display()),
                    format!("start it again: `devbox sandbox start{}`", flag(name)),
                ];
                if component == "etcd" {
                    hints.push(format!(
                        "if its data is damaged, begin anew: `devbox sandbox stop{} --delete`",
                        flag(name)
                    ));
                }
                hints
            }
            Self::Supervisor { log, .. } | Self::Slow { log, .. } => {
                vec![format!("read the whole log: `less {}`", log.display())]
            }
            Self::StoppedMeanwhile(name) => vec![format!("start it again: `devbox sandbox start{}`", flag(name))],
            Self::Kubeconfig { .. } => {
                vec!["write it anew: `devbox sandbox stop`, then `devbox sandbox start`".into()]
            }
            Self::Supervised(name) => vec![format!("look at it: `devbox sandbox status{}`", flag(name))],
            Self::Survivor { pid, .. } => vec![format!("look at it: `ps -fp {pid}`")],
            Self::Name(_)
            | Self::Spawn { .. }
            | Self::Certificate(_)
            | Self::Port(_)
            | Self::Image(_)
            | Self::Unsupported => Vec::new(),
        }
    }

    fn exit(&self) -> crate::error::Exit {
        match self {
            Self::Name(_) => crate::error::Exit::Usage,
            _ => crate::error::Exit::Failure,
        }
    }
}

/// The `--name` that a command needs to mean this sandbox.
fn flag(name: &str) -> String {
    if name == super::DEFAULT_NAME { String::new() } else { format!(" --name {name}") }
}
