//! Runs the local control plane: real Kubernetes components and a simulated node, on loopback only.
//!
//! `start` finds (or builds) the sandbox program and leaves one detached process behind, the
//! supervisor (`devbox sandbox supervise`), which runs the components as its children. The two talk
//! through one file, the [`Record`], that the supervisor alone writes while it lives. A component
//! that ends is never restarted silently: the supervisor records which and why, stops the others and
//! ends; the next `start` heals.
//!
//! | file | concept |
//! |---|---|
//! | `start`, `stop`, `status` | the three verbs |
//! | `supervise`, `children`, `bring_up` | the supervisor's life, its processes, and the order of a start |
//! | `components`, `ports`, `pki`, `access`, `api` | what a component needs to run |
//! | `program`, `compile` | finding the sandbox program, or building it |
//! | `layout`, `record`, `process`, `lock`, `logs` | files and processes |
//!
//! Never prints, never reads the environment, listens on nothing but 127.0.0.1.

mod access;
mod api;
mod bring_up;
mod children;
mod compile;
mod components;
mod error;
mod layout;
mod lock;
mod logs;
mod pki;
mod ports;
mod process;
mod program;
mod record;
mod start;
mod status;
mod stop;
mod supervise;

pub use error::SandboxError;
pub use layout::{DEFAULT_NAME, Layout};
pub use process::ProcessId;
pub use program::find as find_program;
pub use record::{Component, ComponentState, Failed, Ports, Record, State};
pub use start::{Running, StartOptions, start};
pub use status::{Condition, RunningComponent, Status, status};
pub use stop::{Stopped, stop};
pub use supervise::{SuperviseOptions, supervise};

/// What a simulated node cannot do, for whoever hands a sandbox over.
pub const LIMITS: [&str; 3] = [
    "the node is simulated: no image is pulled and no container runs",
    "ready means valid, admitted and scheduled, not that the app works",
    "logs, exec and forwarded ports answer with stand-ins; volumes exist in name only",
];
