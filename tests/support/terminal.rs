//! A program in a real pseudo-terminal: keys in, screen out.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once};
use std::time::{Duration, Instant};

use pty_process::blocking::Pty;
use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{SignalKind, signal};

use super::{Devbox, Redactions};

/// The size of the terminal.
const COLUMNS: u16 = 100;
const ROWS: u16 = 30;
/// How many lines that scrolled away are kept.
const HISTORY: usize = 2000;
/// How long anything may take on a slow machine. Nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// Something to type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Enter,
    Space,
    Up,
    Down,
    Left,
    Right,
    Backspace,
    Escape,
    CtrlC,
    CtrlD,
}

impl Key {
    fn bytes(self) -> &'static str {
        match self {
            Self::Enter => "\r",
            Self::Space => " ",
            Self::Up => "\x1b[A",
            Self::Down => "\x1b[B",
            Self::Left => "\x1b[D",
            Self::Right => "\x1b[C",
            Self::Backspace => "\x7f",
            Self::Escape => "\x1b",
            Self::CtrlC => "\x03",
            Self::CtrlD => "\x04",
        }
    }
}

/// What the program has shown so far.
struct Seen {
    parser: vt100::Parser,
    /// Nobody can write to the terminal any more.
    closed: bool,
    status: Option<ExitStatus>,
}

#[derive(Clone)]
struct Shared(Arc<(Mutex<Seen>, Condvar)>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.0.lock().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.lock());
        self.0.1.notify_all();
    }

    /// Waits until something holds; gives whether it did within the time.
    fn wait(&self, patience: Duration, mut holds: impl FnMut(&mut Seen) -> bool) -> bool {
        let until = Instant::now() + patience;
        let mut seen = self.lock();
        loop {
            if holds(&mut seen) {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            seen = self.0.1.wait_timeout(seen, left).unwrap().0;
        }
    }
}

/// A program that runs in a pseudo-terminal. It is killed when the test lets go of it.
pub(crate) struct Terminal {
    pty: Arc<Pty>,
    shared: Shared,
    pid: u32,
    redactions: Redactions,
    devbox: Option<Devbox>,
}

impl Terminal {
    /// Starts a program as the leader of a session whose terminal is ours.
    pub(crate) fn start(command: Command, redactions: Redactions) -> Self {
        heed_interrupts();
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(pty_process::Size::new(ROWS, COLUMNS)).unwrap();
        let mut child = pty_process::blocking::Command::from(command).spawn(pts).unwrap();
        let pid = child.id();
        let size = |length| NonZeroU16::new(length).unwrap();
        let parser = vt100::Parser::new(size(ROWS), size(COLUMNS), HISTORY);
        let seen = Seen { parser, closed: false, status: None };
        let shared = Shared(Arc::new((Mutex::new(seen), Condvar::new())));
        let pty = Arc::new(pty);
        {
            let (pty, shared) = (Arc::clone(&pty), shared.clone());
            std::thread::spawn(move || watch(&pty, &shared));
        }
        {
            let shared = shared.clone();
            std::thread::spawn(move || {
                let status = child.wait().unwrap();
                shared.change(|seen| seen.status = Some(status));
            });
        }
        Self { pty, shared, pid, redactions, devbox: None }
    }

    /// Keeps the surroundings as long as the program may need them.
    pub(crate) fn keeping(mut self, devbox: Devbox) -> Self {
        self.devbox = Some(devbox);
        self
    }

    /// Waits until a text stands on the screen. It has to fit into one line of it.
    pub(crate) fn wait_for(&mut self, text: &str) -> &mut Self {
        self.wait_until(&format!("`{text}` on the screen"), |screen| {
            screen.rows(0, COLUMNS).any(|row| row.contains(text))
        })
    }

    /// Waits until a text that stood on the screen is gone.
    pub(crate) fn wait_until_gone(&mut self, text: &str) -> &mut Self {
        self.wait_until(&format!("`{text}` gone from the screen"), |screen| {
            !screen.rows(0, COLUMNS).any(|row| row.contains(text))
        })
    }

    /// Waits until the screen is as it should be. A program that ends before that fails the test.
    pub(crate) fn wait_until(&mut self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) -> &mut Self {
        let mut held = false;
        let ended = self.shared.wait(PATIENCE, |seen| {
            held = holds(seen.parser.screen());
            held || seen.closed
        });
        assert!(held, "{}: {what}\n{}", if ended { "ended before" } else { "never" }, self.screen());
        self
    }

    /// Presses a key.
    pub(crate) fn send(&mut self, key: Key) -> &mut Self {
        self.write(key.bytes())
    }

    /// Types a text.
    pub(crate) fn type_text(&mut self, text: &str) -> &mut Self {
        self.write(text)
    }

    fn write(&mut self, text: &str) -> &mut Self {
        (&*self.pty).write_all(text.as_bytes()).unwrap();
        self
    }

    /// What stands on the screen, redacted, without the empty lines at its end.
    pub(crate) fn screen(&self) -> String {
        let seen = self.shared.lock();
        let rows: Vec<String> = seen.parser.screen().rows(0, COLUMNS).collect();
        self.redactions.apply(&text_of(&rows))
    }

    /// Everything from the first line on, what scrolled away too, redacted.
    pub(crate) fn transcript(&self) -> String {
        let mut seen = self.shared.lock();
        let screen = seen.parser.screen_mut();
        screen.set_scrollback(usize::MAX);
        let mut rows = Vec::new();
        for above in (1..=screen.scrollback()).rev() {
            screen.set_scrollback(above);
            rows.extend(screen.rows(0, COLUMNS).next());
        }
        screen.set_scrollback(0);
        rows.extend(screen.rows(0, COLUMNS));
        self.redactions.apply(&text_of(&rows))
    }

    /// Whether the program left the cursor to be seen.
    pub(crate) fn cursor_is_visible(&self) -> bool {
        !self.shared.lock().parser.screen().hide_cursor()
    }

    /// Waits for the program's end; 128 and the signal where a signal ended it.
    pub(crate) fn exit_code(&mut self) -> i32 {
        assert!(self.shared.wait(PATIENCE, |seen| seen.status.is_some()), "never ended\n{}", self.screen());
        // What it wrote last may still be on its way. A process that it left behind may keep the
        // terminal open, so this ends without it too.
        self.shared.wait(Duration::from_secs(2), |seen| seen.closed);
        self.shared.lock().status.map(code).unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.shared.lock().status.is_none() {
            kill(self.pid);
            self.shared.wait(PATIENCE, |seen| seen.status.is_some());
        }
    }
}

/// Sees to it that programs start with Ctrl-C meaning what it means in a terminal.
///
/// A shell starts what it puts in the background with SIGINT ignored, and that is inherited all the way
/// down to the program under test. A signal that is handled, even by doing nothing, is not inherited.
fn heed_interrupts() {
    static DONE: Once = Once::new();
    const SIGINT: u64 = 1 << 1;
    DONE.call_once(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
        if mask & SIGINT != 0 {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let _context = runtime.enter();
            drop(signal(SignalKind::interrupt()).unwrap());
        }
    });
}

/// Follows what the program writes, until nobody can write any more.
fn watch(mut pty: &Pty, shared: &Shared) {
    let mut buffer = [0; 4096];
    loop {
        match pty.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => shared.change(|seen| seen.parser.process(&buffer[..length])),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            // Linux says EIO where others say end of file.
            Err(_) => break,
        }
    }
    shared.change(|seen| seen.closed = true);
}

fn text_of(rows: &[String]) -> String {
    let lines: Vec<&str> = rows.iter().map(|row| row.trim_end()).collect();
    lines.join("\n").trim_end().to_owned()
}

/// The exit code as a shell would give it.
pub(super) fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap()
}

/// Ends a process that the test started.
pub(super) fn kill(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap();
    let _ = kill_process(pid, Signal::KILL);
}
