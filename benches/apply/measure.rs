//! One process, measured from the outside.

use std::fmt;
use std::fs;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::server::Server;

/// What a process took.
pub(crate) struct Measured {
    wall: Duration,
    requests: usize,
    pub(crate) peak_kib: u64,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s ({})", self.wall.as_secs_f64(), self.requests)
    }
}

/// Runs a command to its end. `address` is where its requests come from; `accepted` are the exit codes that
/// mean it did its work.
pub(crate) fn measure(
    server: &Server,
    mut command: Command,
    address: Ipv4Addr,
    accepted: &[i32],
) -> Measured {
    let before = server.requests(address);
    let errors = tempfile::NamedTempFile::new().unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors.reopen().unwrap());
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let exit = loop {
        if let Some(exit) = child.try_wait().unwrap() {
            break exit;
        }
        peak_kib = peak_kib.max(high_water(&status));
        thread::sleep(Duration::from_millis(2));
    };
    let wall = start.elapsed();
    assert!(
        exit.code().is_some_and(|code| accepted.contains(&code)),
        "{command:?}: {exit}\n{}",
        fs::read_to_string(errors.path()).unwrap_or_default()
    );
    // The log is written behind the answers.
    let mut requests = server.requests(address);
    loop {
        thread::sleep(Duration::from_millis(200));
        let now = server.requests(address);
        if now == requests {
            break;
        }
        requests = now;
    }
    Measured { wall, requests: requests - before, peak_kib }
}

/// The most memory that a process has had so far, in KiB.
fn high_water(status: &str) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
