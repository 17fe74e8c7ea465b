//! `sandbox status`: what runs, judged by the processes and the API server and not by the record alone.

use std::path::PathBuf;

use jiff::Timestamp;

use super::record::Found;
use super::{ComponentState, Failed, Layout, NodeKind, Record, SandboxError, State, access, api, stop};
use crate::env::Env;

/// What a sandbox is, all things considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It was never started, or was deleted.
    Absent,
    /// It is being started.
    Starting,
    /// Everything runs and the API server answers.
    Ready,
    /// Everything runs and the API server does not answer.
    Silent,
    /// It is being stopped.
    Stopping,
    /// It was stopped; its data is kept.
    Stopped,
    /// A component ended, and the supervisor stopped the others.
    Failed,
    /// Its supervisor was killed, or the machine was started anew.
    Dead,
    /// Its record is damaged.
    Damaged,
}

impl Condition {
    /// One word, as in `--format json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Silent => "silent",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Damaged => "damaged",
        }
    }
}

/// One component as it runs now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningComponent {
    /// Its name.
    pub name: String,
    /// Its process id, while it lives.
    pub pid: Option<u32>,
    /// The port on 127.0.0.1 that it serves on.
    pub port: Option<u16>,
    /// The memory that it uses, in bytes.
    pub memory: Option<u64>,
    /// It does its work.
    pub ready: bool,
}

/// A sandbox as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// What it is.
    pub condition: Condition,
    /// Since when it runs, or ran.
    pub since: Option<Timestamp>,
    /// The version of Kubernetes.
    pub kubernetes: Option<String>,
    /// The API server's address, while it runs.
    pub server: Option<String>,
    /// The administrator's kubeconfig, where there is one.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it.
    pub context: String,
    /// The sandbox program.
    pub program: Option<PathBuf>,
    /// Its node.
    pub node: NodeKind,
    /// Its folder.
    pub folder: PathBuf,
    /// The components, and the supervisor last.
    pub components: Vec<RunningComponent>,
    /// Why it ended by itself.
    pub failed: Option<Failed>,
}

/// Looks at a sandbox without changing anything.
///
/// # Errors
/// Where its files cannot be read.
pub async fn status(env: &Env, name: &str) -> Result<Status, SandboxError> {
    let layout = Layout::new(env, name)?;
    let found = Record::read(&layout)?;
    let mut status = Status {
        name: name.to_owned(),
        condition: Condition::Absent,
        since: None,
        kubernetes: None,
        server: None,
        kubeconfig: Some(layout.kubeconfig()).filter(|path| path.is_file()),
        context: layout.context(),
        program: None,
        node: NodeKind::default(),
        folder: layout.folder().to_path_buf(),
        components: Vec::new(),
        failed: None,
    };
    match found {
        Found::None => {}
        Found::Corrupt => status.condition = Condition::Damaged,
        Found::Record(record) => {
            status.condition = judge(&layout, &record).await?;
            fill(&mut status, *record);
        }
    }
    Ok(status)
}

async fn judge(layout: &Layout, record: &Record) -> Result<Condition, SandboxError> {
    let alive = stop::supervisor(layout, Some(record))?.is_some();
    Ok(match (record.state, alive) {
        (State::Stopped, _) => Condition::Stopped,
        (State::Failed, _) => Condition::Failed,
        (_, false) => Condition::Dead,
        (State::Starting, true) => Condition::Starting,
        (State::Stopping, true) => Condition::Stopping,
        (State::Ready, true) if api::answers(&layout.kubeconfig()).await => Condition::Ready,
        (State::Ready, true) => Condition::Silent,
    })
}

fn fill(status: &mut Status, record: Record) {
    let component = |component: &super::Component| {
        let living = component.process.as_ref().filter(|process| process.is_alive());
        RunningComponent {
            name: component.name.clone(),
            pid: living.map(|process| process.pid),
            port: component.port,
            // A containers node is a process and everything that runs in it.
            memory: living.and_then(super::ProcessId::memory_of_family),
            ready: living.is_some() && component.state == ComponentState::Ready,
        }
    };
    status.components = record.components.iter().map(component).collect();
    if let Some(process) = record.supervisor.as_ref().filter(|process| process.is_alive()) {
        status.components.push(RunningComponent {
            name: "supervisor".to_owned(),
            pid: Some(process.pid),
            port: None,
            memory: process.memory(),
            ready: true,
        });
    }
    let runs = matches!(status.condition, Condition::Ready | Condition::Silent | Condition::Starting);
    status.server = record.ports.filter(|_| runs).map(|ports| access::server(ports.api));
    status.since = Some(record.since);
    status.kubernetes = record.kubernetes;
    status.program = Some(record.program);
    status.node = record.node;
    status.failed = record.failed;
}
