//! devbox: from a fresh clone to a running, private environment on a Kubernetes dev cluster.
//!
//! The way through the code is the way of the data:
//!
//! ```text
//! repository -> facts -> preset -> plan -> manifests -> problems
//!                                              |
//!                 cluster (guard, apply, wait) +-> kubeconfig -> report
//! ```
//!
//! | room | job |
//! |---|---|
//! | [`cli`] | clap types, no logic |
//! | [`app`] | builds environment and [`ui::Ui`] once, dispatches, maps failures to exit codes |
//! | [`commands`] | one verb each: puts the stages in order |
//! | [`config`] | user config, `devbox.yaml`, state; every value keeps its origin |
//! | [`detect`] | one bounded walk; rules per ecosystem; [`detect::Facts`] with evidence |
//! | [`preset`] | catalogue, inheritance, parameter types, git sources |
//! | [`plan`] | questions, answers, resolution |
//! | [`render`] | templates to [`render::Manifest`]s |
//! | [`validate`] | offline checks of manifests |
//! | [`cluster`] | connection, guard, server-side apply, prune, readiness, wait |
//! | [`kubeconfig`] | reading the user's kubeconfig, writing the environment's own |
//! | [`sandbox`] | runs the local control plane |
//! | [`ui`] | the only room that touches the terminal |
//!
//! Arrows point down: `app -> commands -> stages -> event, error, env, fs`. A stage never imports
//! `ui`, `cli`, `commands` or a later stage; `tests/architecture` holds this.

pub mod app;
pub mod cli;
pub mod cluster;
pub mod commands;
pub mod config;
pub mod detect;
pub mod env;
pub mod error;
pub mod event;
pub mod fs;
pub mod kubeconfig;
pub mod plan;
pub mod preset;
pub mod render;
pub mod sandbox;
pub mod ui;
pub mod validate;
