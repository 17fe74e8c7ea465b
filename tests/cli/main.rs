//! The binary as a user runs it: whole outputs, hermetic surroundings, no cluster.

#![cfg(unix)]

mod command_line;
mod init;
mod install;
#[path = "../support/mod.rs"]
mod support;
