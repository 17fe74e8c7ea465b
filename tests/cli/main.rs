//! The binary as a user runs it: whole outputs, hermetic surroundings, no cluster.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod command_line;
mod examples;
mod init;
mod install;
mod kubeconfig;
mod preset;
mod render;
#[path = "../support/mod.rs"]
mod support;
