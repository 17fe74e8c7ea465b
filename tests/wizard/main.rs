//! The wizard in a real pseudo-terminal: keys in, screen out.

#![cfg(unix)]

mod harness;
#[path = "../support/mod.rs"]
mod support;
