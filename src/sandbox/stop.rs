//! `sandbox stop`: leaves no process of the sandbox, and keeps its data unless told otherwise.

use std::time::{Duration, Instant};

use super::record::Found;
use super::{Layout, NodeKind, ProcessId, Record, SandboxError, State, cgroups, lock};
use crate::env::Env;
use crate::event::{Event, Outcome, Sink};
use crate::fs::{self, FsError};

/// How long the supervisor may take: it gives each of three groups of components five seconds.
const GRACE: Duration = Duration::from_secs(20);

/// How long components may take that have lost their supervisor; see the sandbox program's lifeline.
const ORPHAN_GRACE: Duration = Duration::from_secs(7);

/// How long the system may take to end a process by SIGKILL.
const KILL_GRACE: Duration = Duration::from_secs(5);

/// How often processes are looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// What was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Something ran.
    pub ran: bool,
    /// Its data was deleted.
    pub deleted: bool,
}

/// Stops a sandbox; with `delete`, its data, certificates and logs go too.
///
/// # Errors
/// Where a process does not end, even by SIGKILL, or a file cannot be removed.
pub async fn stop(env: &Env, name: &str, delete: bool, sink: &dyn Sink) -> Result<Stopped, SandboxError> {
    let layout = Layout::new(env, name)?;
    let waiting = || sink.emit(Event::note(format!("another command works on the sandbox `{name}`")));
    let _lock = lock::lock(&layout.verb_lock(), waiting).await?;
    let ran = clear(&layout, sink).await?;
    let exists = layout.folder().exists();
    if delete && exists {
        std::fs::remove_dir_all(layout.folder()).map_err(|source| FsError {
            verb: "remove",
            path: layout.folder().to_path_buf(),
            source,
        })?;
    }
    Ok(Stopped { ran, deleted: delete && exists })
}

/// Ends every process of a sandbox, however broken its files are, and writes down that it is
/// stopped. Gives whether there was any. The caller holds the verb lock.
pub(super) async fn clear(layout: &Layout, sink: &dyn Sink) -> Result<bool, SandboxError> {
    let found = Record::read(layout)?;
    if found == Found::Corrupt {
        sink.emit(Event::warning(format!("`{}` is damaged: it is written anew", layout.record().display())));
    }
    let record = match found {
        Found::Record(record) => Some(*record),
        Found::None | Found::Corrupt => None,
    };
    let mut living = record.as_ref().map(Record::living).unwrap_or_default();
    let supervisor = supervisor(layout, record.as_ref())?;
    let ran = !living.is_empty() || supervisor.is_some();
    if ran {
        let id = "sandbox/stop";
        sink.emit(Event::started(id, "stopping the sandbox"));
        let result = end(supervisor, &mut living).await;
        let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Failed };
        sink.emit(Event::ended(id, outcome, ""));
        result?;
    }
    if record.is_none_or(|record| record.node == NodeKind::Containers) {
        cgroups::remove(layout).await?;
    }
    match Record::read(layout)? {
        Found::Corrupt => fs::remove_optional(&layout.record())?,
        Found::Record(mut record) if record.state != State::Stopped => {
            // Its supervisor was killed and could not say so itself, or it failed before this.
            record.state = State::Stopped;
            record.supervisor = None;
            for component in &mut record.components {
                component.process = None;
                component.state = super::ComponentState::Ended;
            }
            record.write(layout)?;
        }
        Found::Record(_) | Found::None => {}
    }
    Ok(ran)
}

/// The living supervisor, from the record or, where that is lost, from the lock that it holds.
pub(super) fn supervisor(
    layout: &Layout,
    record: Option<&Record>,
) -> Result<Option<ProcessId>, SandboxError> {
    let recorded = record.and_then(|record| record.supervisor.clone()).filter(ProcessId::is_alive);
    if recorded.is_some() {
        return Ok(recorded);
    }
    let path = layout.supervisor_lock();
    if !path.exists() || fs::try_lock(&path)?.is_some() {
        return Ok(None);
    }
    let text = fs::read_optional(&path)?.unwrap_or_default();
    Ok(serde_json::from_str::<ProcessId>(&text).ok().filter(ProcessId::is_alive))
}

/// Ends the supervisor, which ends its components; then whatever is left of them.
async fn end(
    supervisor: Option<ProcessId>,
    living: &mut Vec<(String, ProcessId)>,
) -> Result<(), SandboxError> {
    if let Some(supervisor) = supervisor {
        supervisor.terminate();
        if !gone(std::slice::from_ref(&supervisor), GRACE).await {
            supervisor.kill();
        }
        living.push(("supervisor".to_owned(), supervisor));
    }
    let processes: Vec<ProcessId> = living.iter().map(|(_, process)| process.clone()).collect();
    if gone(&processes, ORPHAN_GRACE).await {
        return Ok(());
    }
    processes.iter().for_each(ProcessId::kill);
    gone(&processes, KILL_GRACE).await;
    match living.iter().find(|(_, process)| process.is_alive()) {
        Some((what, process)) => Err(SandboxError::Survivor { pid: process.pid, what: what.clone() }),
        None => Ok(()),
    }
}

/// Waits until all of them are gone, at most so long.
async fn gone(processes: &[ProcessId], patience: Duration) -> bool {
    let begun = Instant::now();
    while processes.iter().any(ProcessId::is_alive) {
        if begun.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(PAUSE).await;
    }
    true
}
