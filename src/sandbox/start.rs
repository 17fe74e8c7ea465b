//! `sandbox start`: gives a running sandbox, whatever was there before.
//!
//! Starting is idempotent, and safe when two do it at once: a lock makes the second wait for the
//! first and find its sandbox. What an earlier run left behind is cleared away first.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::bring_up::PATIENCE;
use super::record::Found;
use super::{
    ComponentState, Layout, NodeKind, ProcessId, Record, SandboxError, State, access, api, lock, logs,
    program, requirements, stop,
};
use crate::env::Env;
use crate::event::{Event, Outcome, Sink};
use crate::fs;

/// How often the record is read while the supervisor works.
const PAUSE: Duration = Duration::from_millis(100);

/// How to start.
#[derive(Debug, Clone)]
pub struct StartOptions {
    /// The sandbox's name; see [`super::DEFAULT_NAME`].
    pub name: String,
    /// The sandbox stops by itself when this process ends.
    pub follow: Option<ProcessId>,
    /// Log every request to the API server in `logs/audit.log`.
    pub audit: bool,
    /// The node; what the sandbox has where it was made before, else a simulated one.
    pub node: Option<NodeKind>,
    /// Ports on 127.0.0.1 that the pods of a containers node may reach.
    pub host_ports: Vec<u16>,
}

/// A running sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its name.
    pub name: String,
    /// The administrator's kubeconfig, readable by the user alone.
    pub kubeconfig: PathBuf,
    /// The context in it.
    pub context: String,
    /// The API server's address.
    pub server: String,
    /// The version that the API server gave, such as `v1.36.2`.
    pub kubernetes: String,
    /// Its node.
    pub node: NodeKind,
    /// It ran already; nothing was started.
    pub ran_already: bool,
}

/// Starts a sandbox, or finds it running.
///
/// # Errors
/// Where there is no sandbox program, or a component does not come up; then nothing is left running.
pub async fn start(env: &Env, options: &StartOptions, sink: &dyn Sink) -> Result<Running, SandboxError> {
    let layout = Layout::new(env, &options.name)?;
    let waiting =
        || sink.emit(Event::note(format!("another command works on the sandbox `{}`", options.name)));
    let _lock = lock::lock(&layout.verb_lock(), waiting).await?;

    let node = choose_node(&layout, options.node)?;
    if let Some(record) = find_running(&layout, sink).await? {
        if options.audit && !record.audit {
            sink.emit(Event::warning(
                "the sandbox runs already, without a log of API requests: stop it first",
            ));
        }
        if options.host_ports.iter().any(|port| !record.host_ports.contains(port)) {
            sink.emit(Event::warning(
                "the sandbox runs already, without that port of this machine: stop it first",
            ));
        }
        return Ok(running(&layout, &record, true));
    }
    if node == NodeKind::Simulated && !options.host_ports.is_empty() {
        return Err(SandboxError::NothingRuns { what: "`--host-port`", name: options.name.clone() });
    }
    if node == NodeKind::Containers {
        let missing = requirements::missing(env);
        if !missing.is_empty() {
            return Err(SandboxError::Requirements(missing));
        }
    }
    let program = program::find(env, sink).await?;
    let containers = match node {
        NodeKind::Containers => Some(program::find_containers(env, &program, sink).await?),
        NodeKind::Simulated => None,
    };
    stop::clear(&layout, sink).await?;
    fs::create_private_dir(&layout.logs())?;
    let from = Timestamp::now();
    let mut supervisor = spawn(env, &layout, &program, containers.as_deref(), options)?;
    let record = watch(&layout, Some((&mut supervisor.0, from)), sink).await?;
    supervisor.release();
    Ok(running(&layout, &record, false))
}

/// The node that a sandbox has, or will have.
fn choose_node(layout: &Layout, asked: Option<NodeKind>) -> Result<NodeKind, SandboxError> {
    let made_with = match Record::read(layout)? {
        Found::Record(record) => Some(record.node),
        // What only such a node keeps is there.
        Found::Corrupt if layout.node().exists() => Some(NodeKind::Containers),
        Found::None | Found::Corrupt => None,
    };
    match (made_with, asked) {
        (Some(is), Some(asked)) if is != asked => {
            Err(SandboxError::OtherNode { name: layout.name().to_owned(), is, asked })
        }
        (Some(is), _) => Ok(is),
        (None, asked) => Ok(asked.unwrap_or_default()),
    }
}

/// Finds a sandbox that runs, or that is being started by a supervisor whose `start` was killed.
async fn find_running(layout: &Layout, sink: &dyn Sink) -> Result<Option<Record>, SandboxError> {
    let Found::Record(record) = Record::read(layout)? else { return Ok(None) };
    if !record.supervisor.as_ref().is_some_and(ProcessId::is_alive) {
        return Ok(None);
    }
    match record.state {
        State::Ready => {}
        State::Starting => {
            return Ok(watch(layout, None, sink).await.ok());
        }
        State::Stopping | State::Stopped | State::Failed => return Ok(None),
    }
    if api::answers(&layout.kubeconfig()).await {
        return Ok(Some(*record));
    }
    sink.emit(Event::warning("the sandbox runs and does not answer: it is started again"));
    Ok(None)
}

fn running(layout: &Layout, record: &Record, ran_already: bool) -> Running {
    Running {
        name: layout.name().to_owned(),
        kubeconfig: layout.kubeconfig(),
        context: layout.context(),
        server: record.ports.map(|ports| access::server(ports.api)).unwrap_or_default(),
        kubernetes: record.kubernetes.clone().unwrap_or_default(),
        node: record.node,
        ran_already,
    }
}

/// A supervisor that was started here; dropped before it is released (Ctrl-C), it is asked to end.
struct Supervisor(Child, bool);

impl Supervisor {
    fn release(&mut self) {
        self.1 = true;
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if !self.1
            && let Some(process) = ProcessId::of(self.0.id())
        {
            process.terminate();
        }
    }
}

fn spawn(
    env: &Env,
    layout: &Layout,
    program: &Path,
    containers: Option<&Path>,
    options: &StartOptions,
) -> Result<Supervisor, SandboxError> {
    let log = logs::open(&layout.log("supervisor"))?;
    let exe = env.exe.clone().unwrap_or_else(|| "devbox".into());
    let spawn = |source| SandboxError::Spawn { what: format!("`{}`", exe.display()), source };
    let mut command = Command::new(&exe);
    command.args(["sandbox", "supervise", "--name", &options.name]).arg("--program").arg(program);
    if let Some(process) = &options.follow {
        command.args(["--follow-pid", &process.pid.to_string(), "--follow-started", &process.started]);
    }
    if options.audit {
        command.arg("--audit");
    }
    if let Some(containers) = containers {
        command.arg("--containers").arg(containers);
    }
    for port in &options.host_ports {
        command.args(["--host-port", &port.to_string()]);
    }
    let child = command
        .current_dir(layout.folder())
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(spawn)?)
        .stderr(log)
        .spawn()
        .map_err(spawn)?;
    Ok(Supervisor(child, false))
}

/// Follows the record until everything runs, telling what changes. Without a child, the supervisor
/// is one whose `start` was killed.
async fn watch(
    layout: &Layout,
    mut supervisor: Option<(&mut Child, Timestamp)>,
    sink: &dyn Sink,
) -> Result<Record, SandboxError> {
    let begun = Instant::now();
    let mut told = Told::default();
    loop {
        // Asked before the record is read: a supervisor that has ended has written its last word.
        let ended = supervisor.as_mut().map(|(child, _)| !matches!(child.try_wait(), Ok(None)));
        let found = match Record::read(layout)? {
            // The record of an earlier run stays until the new supervisor writes its own.
            Found::Record(record) if supervisor.as_ref().is_none_or(|(_, from)| record.since >= *from) => {
                Some(*record)
            }
            _ => None,
        };
        let recorded = found.as_ref().and_then(|record| record.supervisor.as_ref());
        let ended = ended.unwrap_or_else(|| !recorded.is_some_and(ProcessId::is_alive));
        if let Some(record) = &found {
            told.tell(record, sink);
            match record.state {
                State::Ready => return Ok(record.clone()),
                // It says so before it stops the others, and again when that is done.
                State::Failed if ended || record.supervisor.is_none() => return Err(failure(layout, record)),
                State::Stopped => return Err(SandboxError::StoppedMeanwhile(layout.name().to_owned())),
                _ => {}
            }
        }
        if ended {
            let log = layout.log("supervisor");
            return Err(SandboxError::Supervisor { lines: logs::tail(&log, 8), log });
        }
        if begun.elapsed() > PATIENCE + Duration::from_secs(30) {
            return Err(slow(layout, found.as_ref(), begun.elapsed()));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What the display was told of each component.
#[derive(Default)]
struct Told {
    states: Vec<(String, ComponentState)>,
}

impl Told {
    fn tell(&mut self, record: &Record, sink: &dyn Sink) {
        for component in &record.components {
            let before = self.states.iter().position(|(name, _)| *name == component.name);
            let state = before.map_or(ComponentState::Waiting, |index| self.states[index].1);
            if state == component.state {
                continue;
            }
            let id = format!("sandbox/{}", component.name);
            if state == ComponentState::Waiting {
                sink.emit(Event::started(&id, &component.name));
            }
            match component.state {
                ComponentState::Ready => {
                    let port = component.port.map(|port| format!("127.0.0.1:{port}")).unwrap_or_default();
                    sink.emit(Event::ended(&id, Outcome::Done, port));
                }
                ComponentState::Ended if state != ComponentState::Ready => {
                    let failed = record.failed.as_ref().filter(|failed| failed.component == component.name);
                    let (outcome, text) = match failed {
                        Some(failed) => (Outcome::Failed, failed.status.clone()),
                        None => (Outcome::Skipped, "stopped".to_owned()),
                    };
                    sink.emit(Event::ended(&id, outcome, text));
                }
                _ => {}
            }
            match before {
                Some(index) => self.states[index].1 = component.state,
                None => self.states.push((component.name.clone(), component.state)),
            }
        }
    }
}

/// The error of a sandbox that ended by itself.
pub(super) fn failure(layout: &Layout, record: &Record) -> SandboxError {
    match &record.failed {
        Some(failed) => SandboxError::Component {
            component: failed.component.clone(),
            status: failed.status.clone(),
            lines: failed.lines.clone(),
            log: layout.log(&failed.component),
            name: layout.name().to_owned(),
        },
        None => SandboxError::Supervisor { lines: Vec::new(), log: layout.log("supervisor") },
    }
}

fn slow(layout: &Layout, record: Option<&Record>, waited: Duration) -> SandboxError {
    let component = record
        .and_then(|record| record.components.iter().find(|c| c.state == ComponentState::Starting))
        .map_or_else(|| "supervisor".to_owned(), |component| component.name.clone());
    let log = layout.log(&component);
    SandboxError::Slow { seconds: waited.as_secs(), lines: logs::tail(&log, 8), component, log }
}
