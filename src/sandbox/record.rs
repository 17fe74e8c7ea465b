//! What the supervisor says about the sandbox, in `sandbox.json`. `start`, `stop` and `status` read it.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Layout, NodeKind, ProcessId, SandboxError, components};
use crate::env::Env;
use crate::fs::{self, Access, FsError};

/// What the supervisor is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Components are being started.
    Starting,
    /// Everything runs.
    Ready,
    /// Components are being stopped.
    Stopping,
    /// It was stopped as asked.
    Stopped,
    /// A component ended, or could not be started; the others were stopped.
    Failed,
}

/// What a component is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComponentState {
    /// It waits for another component.
    Waiting,
    /// It runs and does not do its work yet.
    Starting,
    /// It does its work.
    Ready,
    /// It has ended.
    Ended,
}

/// One component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Its name, such as `kube-apiserver`.
    pub name: String,
    /// What it is doing.
    pub state: ComponentState,
    /// Its process, once it was started.
    pub process: Option<ProcessId>,
    /// The port on 127.0.0.1 that it serves on.
    pub port: Option<u16>,
}

/// The ports of one run, all on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ports {
    /// etcd for its client, the API server.
    pub etcd_client: u16,
    /// etcd for its peers, of which there are none.
    pub etcd_peer: u16,
    /// The API server.
    pub api: u16,
    /// The simulated node's logs, exec and port-forward; a containers node does without.
    pub node: u16,
}

/// Why the sandbox ended by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The component that ended or did not get ready; `supervisor` for what concerns none of them.
    pub component: String,
    /// How it ended, such as `signal: 9 (SIGKILL)`.
    pub status: String,
    /// The last lines of its log.
    pub lines: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// What the supervisor says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this shape, always 1.
    pub schema: u32,
    /// What the supervisor is doing.
    pub state: State,
    /// When it was started.
    pub since: Timestamp,
    /// The supervisor's process.
    pub supervisor: Option<ProcessId>,
    /// The sandbox program that runs.
    pub program: PathBuf,
    /// Every request to the API server is logged.
    #[serde(default)]
    pub audit: bool,
    /// The node that it was made with.
    #[serde(default)]
    pub node: NodeKind,
    /// Ports on 127.0.0.1 that pods may reach.
    #[serde(default)]
    pub host_ports: Vec<u16>,
    /// The version that the API server gave, such as `v1.36.2`.
    pub kubernetes: Option<String>,
    /// The ports; the API server's is taken again by the next start, if it is free.
    pub ports: Option<Ports>,
    /// The components, in the order of their start.
    pub components: Vec<Component>,
    /// Why it ended by itself.
    pub failed: Option<Failed>,
}

/// A record as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// There is none: the sandbox was never started.
    None,
    /// It is not what a supervisor of this version writes.
    Corrupt,
    /// It is readable.
    Record(Box<Record>),
}

impl Record {
    /// The record of a supervisor that has done nothing yet.
    pub(super) fn new(program: PathBuf) -> Self {
        let waiting = |name: &&str| Component {
            name: (*name).to_owned(),
            state: ComponentState::Waiting,
            process: None,
            port: None,
        };
        Self {
            schema: 1,
            state: State::Starting,
            since: Timestamp::now(),
            supervisor: ProcessId::current(),
            program,
            audit: false,
            node: NodeKind::default(),
            host_ports: Vec::new(),
            kubernetes: None,
            ports: None,
            components: components::NAMES.iter().map(waiting).collect(),
            failed: None,
        }
    }

    /// Reads the record of a sandbox.
    pub(super) fn read(layout: &Layout) -> Result<Found, FsError> {
        let Some(text) = fs::read_optional(&layout.record()).or_else(not_text)? else {
            return Ok(Found::None);
        };
        Ok(match serde_json::from_str::<Self>(&text) {
            Ok(record) if record.schema == 1 => Found::Record(Box::new(record)),
            _ => Found::Corrupt,
        })
    }

    /// Writes the record.
    pub(super) fn write(&self, layout: &Layout) -> Result<(), FsError> {
        let text = serde_json::to_vec_pretty(self).expect("a record has no map with keys that JSON lacks");
        fs::write_atomic(&layout.record(), &text, Access::Private)
    }

    /// Every process that it names and that still lives, with what it is.
    pub(super) fn living(&self) -> Vec<(String, ProcessId)> {
        let components = self.components.iter().map(|c| (c.name.as_str(), c.process.as_ref()));
        components
            .chain([("supervisor", self.supervisor.as_ref())])
            .filter_map(|(name, process)| Some((name.to_owned(), process?.clone())))
            .filter(|(_, process)| process.is_alive())
            .collect()
    }
}

/// The node of a sandbox; `simulated` where there is no sandbox or no readable record.
///
/// # Errors
/// Where its record cannot be read, or the name is no sandbox's.
pub fn node_of(env: &Env, name: &str) -> Result<NodeKind, SandboxError> {
    match Record::read(&Layout::new(env, name)?)? {
        Found::Record(record) => Ok(record.node),
        Found::None | Found::Corrupt => Ok(NodeKind::default()),
    }
}

/// A record that is no text at all is corrupt, not unreadable.
fn not_text(error: FsError) -> Result<Option<String>, FsError> {
    match error.source.kind() {
        std::io::ErrorKind::InvalidData => Ok(Some(String::new())),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_record_is_read_back_as_written_and_anything_else_is_corrupt() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(&Env::under(folder.path()), "default").unwrap();
        assert_eq!(Record::read(&layout).unwrap(), Found::None);
        fs::create_private_dir(layout.folder()).unwrap();
        let record = Record::new(Path::new("/p").to_path_buf());
        record.write(&layout).unwrap();
        assert_eq!(Record::read(&layout).unwrap(), Found::Record(Box::new(record)));
        for junk in [&b"{"[..], b"{\"schema\": 2}", b"\xff\xfe", b""] {
            std::fs::write(layout.record(), junk).unwrap();
            assert_eq!(Record::read(&layout).unwrap(), Found::Corrupt);
        }
    }
}
