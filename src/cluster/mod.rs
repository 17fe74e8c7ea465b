//! The cluster: connection, guard, server-side apply, prune, readiness, wait.
//!
//! Reads top-down: [`Cluster::dial`] opens a connection, [`Cluster::identify`] or [`Cluster::see`] reads the [`Identity`] of what is behind it;
//! [`guard`] judges it and hands out [`guard::Confirmed`], without which nothing here writes;
//! [`Cluster::diff`] tells what an apply would do, [`Cluster::apply`] sends the manifests, [`Cluster::wait`] watches them, [`Cluster::status`] reads
//! them back and [`Cluster::down`] removes what is ours. `error.rs` alone interprets what the
//! network and the API server answer. Only `commands/` puts these in order.

mod adopt;
mod applied;
mod apply;
mod applyset;
mod before;
mod connect;
mod crash;
mod delete;
mod diff;
mod discovery;
mod down;
mod ending;
mod error;
mod gone;
pub mod guard;
mod inventory;
mod last_words;
mod member;
mod namespace;
mod notice;
mod opened;
mod own;
mod pins;
mod pods;
mod prepare;
mod probe;
mod prune;
mod readiness;
mod request;
mod resource;
mod retry;
mod runtime_class;
mod scene;
mod secrets;
mod seen;
mod standing;
mod status;
mod stuck;
mod token;
mod tracked;
mod transport;
mod trouble;
mod usage;
mod wait;
mod watch;
mod wave;

pub use applied::{Applied, AppliedObject, Change, ObjectFailure};
pub use apply::ApplyOptions;
pub use applyset::Environment;
pub use before::Look;
pub use connect::{Cluster, Identity};
pub use delete::{Removal, Removed};
pub use diff::{Diff, DiffOptions, Difference, FieldChange, ObjectDiff};
pub use down::{Down, DownOptions};
pub use error::{ClusterError, FieldConflict, FieldProblem, Reach};
pub use pins::{Pin, Pins};
pub use readiness::{State, readiness};
pub use seen::Seen;
pub use status::{EnvironmentStatus, MemberStatus};
pub use stuck::Stuck;
pub use token::ServiceToken;
pub use usage::{Address, QuotaUse};
pub use wait::{NotReady, Readiness, WaitOptions};

/// The field manager of every object that devbox applies.
pub const FIELD_MANAGER: &str = "devbox";
