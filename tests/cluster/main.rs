//! The cluster room against a real kube-apiserver: one sandbox per run, one namespace per test, all
//! tests in parallel, nothing left behind. No test is skipped for want of a cluster.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "the helpers of tests fail as tests do"
)]

mod adopt;
mod apply;
mod catalogue;
mod diff;
mod down;
mod faults;
mod guard;
mod interrupt;
mod inventory;
mod killed;
mod network;
mod proxies;
mod prune;
mod recreate;
mod refused;
mod sandbox;
mod silence;
#[path = "../support/mod.rs"]
mod support;
mod trial;
mod verbs;
mod wait;
mod weather;
mod webhook;
