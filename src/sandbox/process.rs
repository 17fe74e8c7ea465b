//! A process that stays the same process: its id with the time that it started, so that an id which
//! the system gave to another program is never signalled.

use serde::{Deserialize, Serialize};

/// One process, for as long as it lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// The process id.
    pub pid: u32,
    /// When it started, in the operating system's own terms; only good for comparing.
    pub started: String,
}

impl ProcessId {
    /// The living process with this id; `None` where there is none, or only its zombie.
    pub fn of(pid: u32) -> Option<Self> {
        system::started(pid).map(|started| Self { pid, started })
    }

    /// This process.
    pub fn current() -> Option<Self> {
        Self::of(std::process::id())
    }

    /// The process that started this one.
    pub fn parent() -> Option<Self> {
        system::parent().and_then(Self::of)
    }

    /// Says whether it still lives.
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Asks it to end (SIGTERM); one that is gone is fine.
    pub fn terminate(&self) {
        if self.is_alive() {
            system::signal(self.pid, system::Signal::TERM);
        }
    }

    /// Ends it (SIGKILL); one that is gone is fine.
    pub fn kill(&self) {
        if self.is_alive() {
            system::signal(self.pid, system::Signal::KILL);
        }
    }

    /// The memory that it uses, in bytes; pages that several processes share count for a part each
    /// where the system can tell (Linux).
    pub fn memory(&self) -> Option<u64> {
        if self.is_alive() { system::memory(self.pid) } else { None }
    }

    /// The memory of it and of every process that it started, and those started, in bytes.
    pub fn memory_of_family(&self) -> Option<u64> {
        let own = self.memory()?;
        let parents = system::parents();
        let mut family = vec![self.pid];
        let mut next = 0;
        while let Some(parent) = family.get(next).copied() {
            family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
            next += 1;
        }
        Some(own + family.iter().skip(1).filter_map(|pid| system::memory(*pid)).sum::<u64>())
    }
}

/// Leaves the terminal's session, so that closing the terminal does not end this process.
pub(super) fn leave_session() {
    system::leave_session();
}

/// Ends a group of processes (SIGTERM).
pub(super) fn terminate_group(pid: u32) {
    system::terminate_group(pid);
}

#[cfg(unix)]
mod system {
    use std::process::Command;

    use rustix::process::{Pid, kill_process, kill_process_group, setsid};

    pub(super) use rustix::process::Signal;

    fn raw(pid: u32) -> Option<Pid> {
        i32::try_from(pid).ok().filter(|pid| *pid > 0).and_then(Pid::from_raw)
    }

    pub(super) fn signal(pid: u32, signal: Signal) {
        if let Some(pid) = raw(pid) {
            let _ = kill_process(pid, signal);
        }
    }

    pub(super) fn terminate_group(pid: u32) {
        if let Some(pid) = raw(pid) {
            let _ = kill_process_group(pid, Signal::TERM);
        }
    }

    pub(super) fn leave_session() {
        let _ = setsid();
    }

    pub(super) fn parent() -> Option<u32> {
        Some(std::os::unix::process::parent_id())
    }

    pub(super) fn started(pid: u32) -> Option<String> {
        if cfg!(target_os = "linux") {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let ticks = super::parse_stat(&stat)?;
            // Ticks count from the start of the machine, so they say which start.
            let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
            Some(format!("{}/{ticks}", boot.trim()))
        } else {
            super::parse_ps(&ps("stat=,lstart=", pid)?)
        }
    }

    /// Every process with its parent, where the system lists them as files.
    pub(super) fn parents() -> Vec<(u32, u32)> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let parent = |pid| super::parse_parent(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?);
        pids.filter_map(|pid| Some((pid, parent(pid)?))).collect()
    }

    pub(super) fn memory(pid: u32) -> Option<u64> {
        let kilobytes = if cfg!(target_os = "linux") {
            let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()?
        } else {
            ps("rss=", pid)?.trim().parse::<u64>().ok()?
        };
        Some(kilobytes * 1024)
    }

    /// Asks `ps` where there is no `/proc`.
    fn ps(columns: &str, pid: u32) -> Option<String> {
        let mut command = Command::new("ps");
        command.args(["-o", columns, "-p", &pid.to_string()]).env("LC_ALL", "C");
        let output = command.output().ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()
    }
}

#[cfg(not(unix))]
mod system {
    pub(super) struct Signal;

    impl Signal {
        pub(super) const TERM: Self = Self;
        pub(super) const KILL: Self = Self;
    }

    pub(super) fn signal(_pid: u32, _signal: Signal) {}

    pub(super) fn terminate_group(_pid: u32) {}

    pub(super) fn leave_session() {}

    pub(super) fn parent() -> Option<u32> {
        None
    }

    pub(super) fn started(_pid: u32) -> Option<String> {
        None
    }

    pub(super) fn memory(_pid: u32) -> Option<u64> {
        None
    }

    pub(super) fn parents() -> Vec<(u32, u32)> {
        Vec::new()
    }
}

/// Reads the start time from `/proc/PID/stat` (proc_pid_stat(5), fields 3 and 22); `None` for a
/// process that has ended and only waits to be noticed.
fn parse_stat(stat: &str) -> Option<u64> {
    // The second field is the program's name in parentheses, which may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    match *fields.first()? {
        "Z" | "X" => None,
        _ => fields.get(19)?.parse().ok(),
    }
}

/// Reads the parent from `/proc/PID/stat` (field 4).
fn parse_parent(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

/// Reads the start time from `ps -o stat=,lstart=`.
fn parse_ps(line: &str) -> Option<String> {
    let (state, started) = line.trim().split_once(char::is_whitespace)?;
    if state.starts_with('Z') { None } else { Some(started.trim().to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_read_past_a_name_that_holds_anything() {
        let stat = "42 (a) R (b) S 1 42 42 0 -1 4194560 1 0 0 0 2 3 0 0 20 0 9 0 98765 0 0";
        assert_eq!(parse_stat(stat), Some(98765));
        assert_eq!(parse_stat(&stat.replace("S 1", "Z 1")), None);
        assert_eq!(parse_stat("junk"), None);
        assert_eq!(parse_parent(stat), Some(1));
    }

    #[test]
    fn the_start_time_is_read_from_ps() {
        assert_eq!(parse_ps("Ss   Tue Nov 24 01:00:00 2026\n").as_deref(), Some("Tue Nov 24 01:00:00 2026"));
        assert_eq!(parse_ps("Z    Tue Nov 24 01:00:00 2026"), None);
        assert_eq!(parse_ps(""), None);
    }

    #[test]
    fn this_process_lives_and_a_reused_id_is_another_process() {
        let me = ProcessId::current().unwrap();
        assert!(me.is_alive());
        assert!(!ProcessId { started: "another time".into(), ..me }.is_alive());
    }
}
