//! Runs the local control plane: real Kubernetes components on loopback only, and a node, which is
//! simulated or, on Linux as root, runs containers.
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
//! | `node_kind`, `requirements`, `cgroups`, `images` | the node that runs containers: what it needs, leaves and is fed with |
//! | `program`, `compile` | finding the sandbox's programs, or building them |
//! | `layout`, `record`, `process`, `lock`, `logs` | files and processes |
//!
//! Never prints, never reads the environment, listens on nothing but 127.0.0.1.

mod access;
mod api;
mod bring_up;
mod cgroups;
mod children;
mod compile;
mod components;
mod error;
mod images;
mod layout;
mod lock;
mod logs;
mod node_kind;
mod pki;
mod ports;
mod process;
mod program;
mod record;
mod requirements;
mod start;
mod status;
mod stop;
mod supervise;

pub use error::SandboxError;
pub use images::{Recipe as ImageRecipe, load as load_image, wrap as wrap_image};
pub use layout::{DEFAULT_NAME, Layout};
pub use node_kind::NodeKind;
pub use process::ProcessId;
pub use program::{find as find_program, find_containers};
pub use record::{Component, ComponentState, Failed, Ports, Record, State, node_of};
pub use requirements::{Missing, missing};
pub use start::{Running, StartOptions, start};
pub use status::{Condition, RunningComponent, Status, status};
pub use stop::{Stopped, stop};
pub use supervise::{SuperviseOptions, supervise};
