//! Organisation sources as a user meets them: over `file://`, http and ssh, hostile ones, offline, two runs
//! at once, and the trust that is asked for.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic anywhere")]

mod cache;
mod explain;
mod explosion;
mod folder;
mod hostile;
mod organisation;
mod overhttp;
mod overssh;
mod server;
#[path = "../support/mod.rs"]
mod support;
mod trust;
mod update;
