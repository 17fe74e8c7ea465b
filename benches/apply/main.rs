//! Requests, wall time and peak memory of `devbox up`, `diff` and `down` beside kubectl and Helm: the same
//! objects, the same API server, one run, whole processes, printed as a Markdown table.
//!
//!     cargo bench --bench apply -- --objects 10,30,100 --delays 0,20,50,150 [--helm FILE] [--only devbox]
//!
//! kubectl is a role of the sandbox's program. `--helm` names Helm's program (`go install
//! helm.sh/helm/v4/cmd/helm@latest`). The delay is added to every round trip below TLS, to the opening of
//! a connection too. Requests are counted in the API server's audit log. Linux only.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers"
)]

mod measure;
mod objects;
mod relay;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use measure::Measured;
use objects::Project;
use relay::Relay;
use server::Server;

/// What is measured, in order.
const STEPS: [&str; 5] = ["first", "unchanged", "one changed", "diff", "down"];

struct Settings {
    objects: Vec<usize>,
    delays: Vec<u64>,
    only: Option<String>,
    helm: Option<PathBuf>,
}

fn main() {
    let Some(settings) = settings() else { return };
    let server = Server::start();
    println!("| objects | delay | program | {} | peak memory |", STEPS.join(" | "));
    println!("|---|---|---|{}---|", "---|".repeat(STEPS.len()));
    for &count in &settings.objects {
        for &delay in &settings.delays {
            let relay = Relay::start(server.address(), Duration::from_millis(delay));
            let project = Project::new(&server, relay.port(), count);
            for tool in tools(&settings) {
                if settings.only.as_ref().is_some_and(|only| *only != tool) {
                    continue;
                }
                let measured: Vec<Option<Measured>> = STEPS
                    .iter()
                    .map(|step| project.run(&server, &tool, step, settings.helm.as_deref()))
                    .collect();
                let memory = measured.iter().flatten().map(|m| m.peak_kib).max().unwrap_or_default();
                let cells: Vec<String> =
                    measured.iter().map(|m| m.as_ref().map_or("-".into(), ToString::to_string)).collect();
                println!("| {count} | {delay} ms | {tool} | {} | {} MiB |", cells.join(" | "), memory / 1024);
            }
        }
    }
}

fn tools(settings: &Settings) -> Vec<String> {
    let helm = settings.helm.as_ref().map(|_| "helm");
    ["devbox", "kubectl apply", "kubectl apply --server-side", "kubectl apply --prune --applyset"]
        .into_iter()
        .chain(helm)
        .map(ToOwned::to_owned)
        .collect()
}

/// Reads the command line; `None` where cargo only asks what there is.
fn settings() -> Option<Settings> {
    let mut settings =
        Settings { objects: vec![10, 30, 100], delays: vec![0, 20, 50, 150], only: None, helm: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("`{word}` needs a value"));
        match word.as_str() {
            "--bench" => {}
            "--list" => return None,
            "--objects" => settings.objects = numbers(&value()).into_iter().map(|n| n as usize).collect(),
            "--delays" => settings.delays = numbers(&value()),
            "--only" => settings.only = Some(value()),
            "--helm" => settings.helm = Some(value().into()),
            other => panic!("`{other}` is not known: --objects, --delays, --only, --helm"),
        }
    }
    Some(settings)
}

fn numbers(list: &str) -> Vec<u64> {
    list.split(',')
        .map(|number| number.trim().parse().unwrap_or_else(|_| panic!("`{number}` is no number")))
        .collect()
}
