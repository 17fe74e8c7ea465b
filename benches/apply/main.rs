//! Requests, wall time and peak memory of `devbox up`, `diff` and `down` beside kubectl and Helm: the same
//! objects, the same API server, one run, whole processes, printed as a Markdown table.
//!
//!     cargo bench --bench apply -- --objects 10,30,100 --delays 0,20,50,150 [--helm FILE] [--only devbox]
//!         [--steps first,unchanged] [--lanes 4] [--rows FILE --minutes 3]
//!
//! With `--lanes` so many rows are measured at once, each in a namespace of its own: for long rows, of which
//! most is waiting. With `--rows` every row is kept in a file as soon as it is measured, and one that is there is not measured
//! again; with `--minutes` no row begins later than that. So a large table is filled in several short runs.
//! The load beside a row is the machine's one-minute average before and after it.
//!
//! kubectl is a role of the sandbox's program. `--helm` names Helm's program (`go install
//! helm.sh/helm/v4/cmd/helm@latest`). The delay is added to every round trip below TLS, to the opening of
//! a connection too. Requests are counted in the API server's audit log, by the address that a lane's relay
//! connects from. Linux only.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers"
)]

mod lane;
mod measure;
mod objects;
mod relay;
mod server;

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use lane::Lane;
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
    lanes: u8,
    rows: Option<PathBuf>,
    minutes: Option<u64>,
}

/// One row: how many objects, the delay in milliseconds, the program.
type Wanted = (usize, u64, String);

fn main() {
    let Some(settings) = settings() else { return };
    let all: Vec<Wanted> = wanted(&settings);
    let mut rows = Rows::read(settings.rows.clone());
    let missing: Vec<&Wanted> = all.iter().filter(|wanted| rows.find(wanted).is_none()).collect();
    if !missing.is_empty() {
        rows = measure_all(&settings, missing, rows);
    }
    println!("| objects | delay | program | {} | peak memory | load |", STEPS.join(" | "));
    println!("|---|---|---|{}---|---|", "---|".repeat(STEPS.len()));
    all.iter().filter_map(|wanted| rows.find(wanted)).for_each(|row| println!("{row}"));
}

fn wanted(settings: &Settings) -> Vec<Wanted> {
    let delays = |count| settings.delays.iter().map(move |&delay| (count, delay));
    let cells = settings.objects.iter().flat_map(|&count| delays(count));
    cells
        .flat_map(|(count, delay)| tools(settings).into_iter().map(move |tool| (count, delay, tool)))
        .collect()
}

/// Measures rows, as many at once as there are lanes, until the time is up.
fn measure_all(settings: &Settings, wanted: Vec<&Wanted>, rows: Rows) -> Rows {
    let start = Instant::now();
    let late = || settings.minutes.is_some_and(|minutes| start.elapsed().as_secs() >= minutes * 60);
    let server = Server::start();
    let (rows, wanted) = (Mutex::new(rows), Mutex::new(wanted.into_iter()));
    thread::scope(|scope| {
        for lane in Lane::all(settings.lanes) {
            let (rows, wanted, server) = (&rows, &wanted, &server);
            scope.spawn(move || {
                let next = || wanted.lock().unwrap().next();
                while let Some(wanted) = if late() { None } else { next() } {
                    let relay = Relay::start(server.address(), lane.address, Duration::from_millis(wanted.1));
                    let project = Project::new(server, &lane, relay.port(), wanted.0);
                    let row = row(settings, server, &project, wanted);
                    rows.lock().unwrap().add(row);
                }
            });
        }
    });
    rows.into_inner().unwrap()
}

/// Measures the steps of one program.
fn row(settings: &Settings, server: &Server, project: &Project, (count, delay, tool): &Wanted) -> String {
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

    fn find(&self, (count, delay, tool): &Wanted) -> Option<&str> {
        let start = format!("| {count} | {delay} ms | {tool} |");
        self.lines.iter().find(|line| line.starts_with(&start)).map(String::as_str)
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
        lanes: 1,
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
            "--lanes" => settings.lanes = value().parse().unwrap(),
            "--rows" => settings.rows = Some(value().into()),
            "--minutes" => settings.minutes = value().parse().ok(),
            other => panic!(
                "`{other}` is not known: --objects, --delays, --only, --helm, --steps, --lanes, --rows, --minutes"
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
