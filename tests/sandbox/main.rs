//! The sandbox as a user runs it: real processes, a real API server, a home folder of its own.
//!
//! Every sandbox is started with `--exit-with-parent`, so that none outlives a test run that is killed.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod life;
mod node;
mod support;
