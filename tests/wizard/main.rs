//! The wizard in a real pseudo-terminal: keys in, screen out.

#![cfg(unix)]

mod harness;
mod init;
#[path = "../support/mod.rs"]
mod support;
