//! Requests, wall time and peak memory of `devbox up`, `diff` and `down` beside kubectl and Helm: the same
//! objects, the same API server, one run, whole processes, printed as a Markdown table.
//!
//!     cargo bench --bench apply -- --objects 10,30,100 --delays 0,20,50,150 [--helm FILE] [--only devbox]
//!         [--steps first,unchanged] [--rows FILE --minutes 3]
//!
//! With `--rows` every row is kept in a file as soon as it is measured, and one that is there is not measured
//! again; with `--minutes` no row begins later than that. So a large table is filled in several short runs.
//! The load beside a row is the machine's one-minute average before and after it.
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
use std::time::{Duration, Instant};

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
    steps: Vec<String>,
    rows: Option<PathBuf>,
    minutes: Option<u64>,
}

fn main() {
    let Some(settings) = settings() else { return };
    let mut rows = Rows::read(settings.rows.clone());
    let start = Instant::now();
    let mut wanted = Vec::new();
    for &count in &settings.objects {
        for &delay in &settings.delays {
            let tools = tools(&settings).into_iter().map(|tool| (count, delay, tool));
            wanted.extend(tools.filter(|(count, delay, tool)| !rows.has(*count, *delay, tool)));
        }
    }
    if !wanted.is_empty() {
        let server = Server::start();
        let late = || settings.minutes.is_some_and(|minutes| start.elapsed().as_secs() >= minutes * 60);
        for (count, delay, tool) in wanted.into_iter().take_while(|_| !late()) {
            let relay = Relay::start(server.address(), Duration::from_millis(delay));
            let project = Project::new(&server, relay.port(), count);
            rows.add(row(&settings, &server, &project, (count, delay, &tool)));
        }
    }
    println!("| objects | delay | program | {} | peak memory | load |", STEPS.join(" | "));
    println!("|---|---|---|{}---|---|", "---|".repeat(STEPS.len()));
    rows.lines.iter().for_each(|row| println!("{row}"));
}

/// Measures the steps of one program.
fn row(
    settings: &Settings,
    server: &Server,
    project: &Project,
    (count, delay, tool): (usize, u64, &str),
) -> String {
    let before = load();
    let measured = STEPS.map(|step| {
        let meant = settings.steps.is_empty() || settings.steps.iter().any(|wanted| wanted == step);
        meant.then(|| project.run(server, tool, step, settings.helm.as_deref())).flatten()
    });
    let memory = measured.iter().flatten().map(|m| m.peak_kib).max().unwrap_or_default() / 1024;
    let cells: Vec<String> =
        measured.iter().map(|m| m.as_ref().map_or("-".into(), ToString::to_string)).collect();
    let load = format!("{before} to {}", load());
    format!("| {count} | {delay} ms | {tool} | {} | {memory} MiB | {load} |", cells.join(" | "))
}

/// The machine's one-minute load average.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// The rows so far.
struct Rows {
    file: Option<PathBuf>,
    lines: Vec<String>,
}

impl Rows {
    fn read(file: Option<PathBuf>) -> Self {
        let text = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        Self { file, lines: text.lines().map(ToOwned::to_owned).collect() }
    }

    fn has(&self, count: usize, delay: u64, tool: &str) -> bool {
        let start = format!("| {count} | {delay} ms | {tool} |");
        self.lines.iter().any(|line| line.starts_with(&start))
    }

    fn add(&mut self, row: String) {
        self.lines.push(row);
        if let Some(file) = &self.file {
            std::fs::write(file, self.lines.join("\n") + "\n").unwrap();
        }
    }
}

fn tools(settings: &Settings) -> Vec<String> {
    let helm = settings.helm.as_ref().map(|_| "helm");
    ["devbox", "kubectl apply", "kubectl apply --server-side", "kubectl apply --prune --applyset"]
        .into_iter()
        .chain(helm)
        .filter(|tool| settings.only.as_ref().is_none_or(|only| only == tool))
        .map(ToOwned::to_owned)
        .collect()
}

/// Reads the command line; `None` where cargo only asks what there is.
fn settings() -> Option<Settings> {
    let mut settings = Settings {
        objects: vec![10, 30, 100],
        delays: vec![0, 20, 50, 150],
        only: None,
        helm: None,
        steps: Vec::new(),
        rows: None,
        minutes: None,
    };
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
            "--steps" => settings.steps = value().split(',').map(ToOwned::to_owned).collect(),
            "--rows" => settings.rows = Some(value().into()),
            "--minutes" => settings.minutes = value().parse().ok(),
            other => panic!(
                "`{other}` is not known: --objects, --delays, --only, --helm, --steps, --rows, --minutes"
            ),
        }
    }
    Some(settings)
}

fn numbers(list: &str) -> Vec<u64> {
    list.split(',')
        .map(|number| number.trim().parse().unwrap_or_else(|_| panic!("`{number}` is no number")))
        .collect()
}
