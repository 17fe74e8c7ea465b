//! Whole processes, measured from the outside, one after another in turn.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use super::shapes::Set;

/// The ticks of a second in `/proc`.
const TICKS: f64 = 100.0;

/// A program with its arguments.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) file: PathBuf,
    pub(crate) arguments: Vec<String>,
}

/// `devbox render` of a folder.
pub(crate) fn devbox(devbox: &Path, root: &Path) -> Program {
    let arguments = vec!["render".to_owned(), root.display().to_string()];
    Program { name: "devbox render", file: devbox.to_path_buf(), arguments }
}

impl Program {
    fn command(&self, home: &Path) -> Command {
        let mut command = Command::new(&self.file);
        command.args(&self.arguments).env_clear().env("HOME", home).env("USER", "bench").stdin(Stdio::null());
        command
    }

    /// What it writes to standard output.
    pub(crate) fn output(&self, home: &Path) -> Vec<u8> {
        let output = self.command(home).output().unwrap();
        assert!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

/// Checks that every program renders the same objects, then measures them.
pub(crate) fn compare(set: &Set, programs: Vec<Program>, rounds: usize, home: &Path) {
    let wanted = by_name(set.objects.iter().cloned());
    for program in &programs {
        let text = String::from_utf8(program.output(home)).unwrap();
        let documents = serde_yaml::Deserializer::from_str(&text).map(|one| Value::deserialize(one).unwrap());
        let found = by_name(documents.filter(|document| !document.is_null()));
        for (name, object) in &wanted {
            assert_eq!(found.get(name), Some(object), "{} renders another {name}", program.name);
        }
        assert_eq!(found.len(), wanted.len(), "{}", program.name);
    }
    let mut runs: Vec<Vec<Run>> = programs.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (program, runs) in programs.iter().zip(&mut runs) {
            runs.push(Run::of(program.command(home)));
        }
    }
    for (program, mut runs) in programs.iter().zip(runs) {
        runs.sort_by_key(|run| run.wall);
        let shown = |run: &Run| format!("{:.0}", run.wall.as_secs_f64() * 1000.0);
        let (least, most) = (shown(&runs[0]), shown(runs.last().unwrap()));
        let cpu = runs.iter().map(|run| run.cpu).sum::<f64>() / runs.len() as f64 * 1000.0;
        let peak = runs.iter().map(|run| run.peak_kib).max().unwrap_or_default() >> 10;
        println!(
            "| {} | {} | {} ms ({least} to {most}) | {cpu:.0} ms | {peak} MiB |",
            set.objects.len(),
            program.name,
            shown(&runs[runs.len() / 2]),
        );
    }
}

/// What one run took.
struct Run {
    wall: Duration,
    /// Seconds, in the process and in the kernel.
    cpu: f64,
    peak_kib: u64,
}

impl Run {
    fn of(mut command: Command) -> Self {
        let (before, start) = (children_cpu(), Instant::now());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let mut peak_kib = 0;
        loop {
            if let Some(exit) = child.try_wait().unwrap() {
                assert!(exit.success(), "{command:?}: {exit}");
                break;
            }
            peak_kib = peak_kib.max(high_water(&status));
            std::thread::sleep(Duration::from_micros(500));
        }
        Self { wall: start.elapsed(), cpu: children_cpu() - before, peak_kib }
    }
}

fn by_name(objects: impl Iterator<Item = Value>) -> BTreeMap<String, Value> {
    objects.map(|object| (format!("{} {}", object["kind"], object["metadata"]["name"]), object)).collect()
}

/// The CPU time of the children that ended (`proc(5)`: `cutime` and `cstime`), in seconds.
fn children_cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(13).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// The most memory that a process has had so far, in KiB.
fn high_water(status: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
