//! The supervisor's children: one process per component, each on a lifeline.
//!
//! The lifeline is the write end of the child's standard input. It is held for as long as the child
//! may live; the kernel closes it when the supervisor ends, however it ends, and the child follows.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures::future::select_all;
use tokio::process::{Child, ChildStdin, Command};

use super::components::{self, Setup};
use super::{ProcessId, SandboxError, logs};

/// How long a component may take to stop by itself.
const GRACE: Duration = Duration::from_secs(5);

/// One running component.
struct Running {
    name: &'static str,
    process: Option<ProcessId>,
    child: Child,
    _lifeline: Option<ChildStdin>,
}

/// The running components, in the order of their start.
#[derive(Default)]
pub(super) struct Children(Vec<Running>);

/// A component that ended by itself.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) name: &'static str,
    pub(super) status: String,
}

impl Children {
    /// Starts a component and gives its process.
    pub(super) fn spawn(
        &mut self,
        name: &'static str,
        setup: &Setup<'_>,
    ) -> Result<Option<ProcessId>, SandboxError> {
        let log = logs::open(&setup.layout.log(name))?;
        let program = setup.program(name);
        let own = setup.containers.filter(|_| name == components::NODE);
        let spawn =
            |source| SandboxError::Spawn { what: format!("`{}` as {name}", program.display()), source };
        let mut child = Command::new(&program)
            .args(setup.arguments(name))
            // etcd takes any flag from ETCD_* variables, and Go's proxies from others: none of ours.
            .env_clear()
            .env("HOME", setup.layout.folder())
            .envs(components::environment(name))
            .envs(own.iter().flat_map(|node| node.environment.iter().map(|(name, value)| (name, value))))
            .current_dir(setup.layout.folder())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(spawn)?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(spawn)?;
        let process = child.id().and_then(ProcessId::of);
        let lifeline = child.stdin.take();
        self.0.push(Running { name, process: process.clone(), child, _lifeline: lifeline });
        Ok(process)
    }

    /// Waits until a component ends. Never returns while there is none.
    pub(super) async fn first_ended(&mut self) -> Ended {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let waits = self.0.iter_mut().map(|running| {
            let name = running.name;
            Box::pin(async move { (name, running.child.wait().await) })
        });
        let ((name, status), index, rest) = select_all(waits).await;
        drop(rest);
        self.0.remove(index);
        Ended { name, status: describe(status) }
    }

    /// Stops every component: those that were started last first, the API server and etcd each
    /// alone, so that what they have to write is written.
    pub(super) async fn stop(&mut self) {
        while let Some(last) = self.0.last() {
            let alone = [components::ETCD, components::API_SERVER].contains(&last.name);
            let first = if alone { self.0.len() - 1 } else { self.count_of_servers() };
            let mut group = self.0.split_off(first.min(self.0.len() - 1));
            for running in &group {
                if let Some(process) = &running.process {
                    process.terminate();
                }
            }
            let ended = futures::future::join_all(group.iter_mut().map(|running| running.child.wait()));
            if tokio::time::timeout(GRACE, ended).await.is_err() {
                for running in &mut group {
                    let _ = running.child.kill().await;
                }
            }
        }
    }

    /// How many of the running components others depend on; they stand first.
    fn count_of_servers(&self) -> usize {
        let servers = [components::ETCD, components::API_SERVER];
        self.0.iter().take_while(|running| servers.contains(&running.name)).count()
    }
}

fn describe(status: std::io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}
