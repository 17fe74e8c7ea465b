//! The supervisor: the one process that outlives `devbox sandbox start`.
//!
//! It holds the sandbox's lock for its whole life, starts the components, and then only watches.
//! It ends by SIGTERM, with the process that it was told to follow, or because a component ended;
//! in every case it stops what runs and writes down what happened.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::bring_up::{self, Outcome, Plan};
use super::children::{Children, Ended};
use super::components::{self, ContainersNode};
use super::pki::Pki;
use super::record::Found;
use super::{
    ComponentState, Failed, Layout, ProcessId, Record, SandboxError, State, cgroups, process, requirements,
};
use crate::env::Env;
use crate::fs::{self, FsError};

/// How often the process that is followed is looked at.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);

/// How to supervise.
#[derive(Debug, Clone)]
pub struct SuperviseOptions {
    /// The sandbox's name.
    pub name: String,
    /// The sandbox program.
    pub program: PathBuf,
    /// Stop when this process ends.
    pub follow: Option<ProcessId>,
    /// Log every request to the API server.
    pub audit: bool,
    /// The programs of the containers node; `None` where the node is simulated.
    pub containers: Option<PathBuf>,
    /// Ports on 127.0.0.1 that pods may reach.
    pub host_ports: Vec<u16>,
}

/// Runs a sandbox until it is asked to stop or a component ends.
///
/// # Errors
/// Where another supervisor runs it, or its files cannot be written. What happens to a component is
/// in the [`Record`] and no error.
pub async fn supervise(env: &Env, options: SuperviseOptions) -> Result<(), SandboxError> {
    process::leave_session();
    let layout = Layout::new(env, &options.name)?;
    fs::create_private_dir(&layout.logs())?;
    let lock = sole(&layout).await?;
    introduce(&layout, &lock)?;
    let mut stop = Stop::new(options.follow)?;

    let previous_api_port = match Record::read(&layout)? {
        Found::Record(record) => record.ports.map(|ports| ports.api),
        Found::None | Found::Corrupt => None,
    };
    let containers = options.containers.map(|programs| ContainersNode {
        programs,
        plugins: requirements::plugin_folder().unwrap_or_default(),
        host_ports: options.host_ports.clone(),
        environment: node_environment(env),
    });
    let mut record = Record {
        audit: options.audit,
        node: components::node_kind(containers.as_ref()),
        host_ports: options.host_ports,
        ..Record::new(options.program)
    };
    record.write(&layout)?;
    let mut children = Children::default();
    let ended = match Pki::ensure(&layout) {
        Ok(pki) => {
            let plan = Plan {
                layout: &layout,
                pki: &pki,
                audit: options.audit,
                previous_api_port,
                containers: containers.as_ref(),
            };
            run(&plan, &mut record, &mut children, &mut stop).await
        }
        Err(error) => Err(error),
    };

    // Whatever happened, nothing stays behind, and the record says what it was.
    match ended {
        Ok(None) => record.state = State::Stopping,
        Ok(Some(ended)) => {
            fail(&mut record, ended.name, ended.status, bring_up::log_tail(&layout, ended.name))
        }
        Err(error) => {
            let causes = crate::error::Failure::from(error);
            fail(&mut record, "supervisor", causes.what, causes.causes);
        }
    }
    record.write(&layout)?;
    children.stop().await;
    if containers.is_some() {
        // Its own work, unless it was killed.
        cgroups::remove(&layout).await?;
    }
    if record.state == State::Stopping {
        record.state = State::Stopped;
    }
    for component in &mut record.components {
        component.state = ComponentState::Ended;
        component.process = None;
    }
    record.supervisor = None;
    record.write(&layout)?;
    Ok(())
}

/// Starts everything and watches; gives the component that ended, or none if it was asked to stop.
async fn run(
    plan: &Plan<'_>,
    record: &mut Record,
    children: &mut Children,
    stop: &mut Stop,
) -> Result<Option<Ended>, SandboxError> {
    match bring_up::bring_up(plan, record, children, stop).await? {
        Outcome::Up => {}
        Outcome::Stopped => return Ok(None),
        Outcome::Failed(ended) => return Ok(Some(ended)),
    }
    record.state = State::Ready;
    record.write(plan.layout)?;
    tokio::select! {
        ended = children.first_ended() => Ok(Some(ended)),
        () = stop.asked() => Ok(None),
    }
}

/// What a containers node is told of this machine: where programs are, and the way to a registry.
fn node_environment(env: &Env) -> Vec<(String, OsString)> {
    let mut variables = vec![("PATH".to_owned(), env.system_path())];
    let optional = [
        ("HTTPS_PROXY", env.https_proxy.clone().map(OsString::from)),
        ("NO_PROXY", env.no_proxy.clone().map(OsString::from)),
        ("SSL_CERT_FILE", env.ssl_cert_file.clone().map(PathBuf::into_os_string)),
    ];
    variables.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    variables
}

fn fail(record: &mut Record, component: &str, status: String, lines: Vec<String>) {
    record.state = State::Failed;
    record.failed = Some(Failed { component: component.to_owned(), status, lines, at: Timestamp::now() });
}

/// Takes the supervisor's lock. Tried for a while: `status` holds it for an instant to see whether
/// anybody does.
async fn sole(layout: &Layout) -> Result<std::fs::File, SandboxError> {
    for _ in 0..20 {
        if let Some(lock) = fs::try_lock(&layout.supervisor_lock())? {
            return Ok(lock);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(SandboxError::Supervised(layout.name().to_owned()))
}

/// Writes this process into the lock file, for a `stop` that finds no readable record.
fn introduce(layout: &Layout, mut lock: &std::fs::File) -> Result<(), SandboxError> {
    let me = serde_json::to_vec(&ProcessId::current()).unwrap_or_default();
    let written = lock.set_len(0).and_then(|()| lock.write_all(&me));
    written.map_err(|source| FsError { verb: "write", path: layout.supervisor_lock(), source }.into())
}

/// The ways of being asked to stop.
pub(super) struct Stop {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
    follow: Option<ProcessId>,
}

impl Stop {
    #[cfg(unix)]
    fn new(follow: Option<ProcessId>) -> Result<Self, SandboxError> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            signal(kind).map_err(|source| SandboxError::Spawn { what: "a signal handler".into(), source })
        };
        let signals = [
            listen(SignalKind::terminate())?,
            listen(SignalKind::interrupt())?,
            listen(SignalKind::hangup())?,
        ];
        Ok(Self { signals, follow })
    }

    #[cfg(not(unix))]
    fn new(_follow: Option<ProcessId>) -> Result<Self, SandboxError> {
        Err(SandboxError::Unsupported)
    }

    /// Waits until somebody asks to stop.
    #[cfg(unix)]
    pub(super) async fn asked(&mut self) {
        let [terminate, interrupt, hangup] = &mut self.signals;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
            () = end_of(self.follow.as_ref()) => {}
        }
    }

    #[cfg(not(unix))]
    pub(super) async fn asked(&mut self) {}
}

/// Waits until the process ends; for ever where there is none to follow.
async fn end_of(process: Option<&ProcessId>) {
    let Some(process) = process else { return std::future::pending().await };
    while process.is_alive() {
        tokio::time::sleep(FOLLOW_INTERVAL).await;
    }
}
