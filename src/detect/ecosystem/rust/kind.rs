//! What a program of Rust is that has no framework.

use crate::detect::draft::{At, Draft, PortSource};
use crate::detect::ecosystem::{plain, shared::Dependency};
use crate::detect::facts::ComponentKind::{self, Web};
use crate::detect::scope::Scope;

/// Crates that speak a protocol of servers without being a framework.
const SERVERS: &[&str] = &[
    "hyper",
    "tiny_http",
    "tokio-tungstenite",
    "async-tungstenite",
    "tungstenite",
    "jsonrpsee",
    "quinn",
    "h3",
    "tower-http",
    "volo-http",
    "volo-grpc",
    "async-graphql-warp",
    "rumqttd",
    "astra",
    "graphul",
    "iron",
    "nickel",
    "pingora",
    "russh",
    "socketioxide",
    "tarpc",
];

/// Without a framework: a program that takes arguments is one of the command line unless it has a
/// server's crate and listens; sources that could listen say little.
pub(super) fn settle(
    scope: &Scope<'_>,
    dependencies: &[Dependency],
    listens: bool,
    whole: &At,
    draft: &mut Draft,
) {
    let one = |names: &[&str]| dependencies.iter().find(|d| names.contains(&d.name.as_str()));
    let arguments = one(&["clap", "structopt", "argh", "pico-args", "lexopt", "gumdrop", "bpaf"]);
    let screen =
        one(&["ratatui", "tui", "crossterm", "egui", "eframe", "iced", "bevy", "tauri", "gtk4", "slint"]);
    let serves = listens && draft.has_port(PortSource::Code) && screen.is_none();
    let waits = one(&[
        "serenity",
        "poise",
        "teloxide",
        "twilight-gateway",
        "matrix-sdk",
        "apalis",
        "tokio-cron-scheduler",
        "slack-morphism",
        "kube",
        "kube-runtime",
    ]);
    draft.strength = 2;
    if let Some(waits) = waits.filter(|_| arguments.is_none() && !serves) {
        draft.kind(ComponentKind::Worker, &waits.at, 0.75);
    } else if serves && (arguments.is_none() || one(SERVERS).is_some()) {
        draft.strength = 3;
        draft.kind(Web, whole, if one(SERVERS).is_some() { 0.8 } else { 0.65 });
    } else if let Some(arguments) = arguments {
        draft.kind(ComponentKind::Cli, &arguments.at, 0.85);
    } else {
        plain::kind(scope, &["rs"], whole, draft);
    }
}
