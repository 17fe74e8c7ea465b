//! One command line and what came of it.

use std::fmt;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::{Devbox, Redactions, Terminal};

/// How long one command may take on a slow machine. Nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(240);

/// A command line that has not run yet.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Call {
    devbox: Devbox,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    answers: Vec<(String, String)>,
    stdin: Option<String>,
    redactions: Redactions,
}

impl Call {
    pub(super) fn new(devbox: Devbox) -> Self {
        let redactions = devbox.redactions();
        Self { devbox, arguments: vec![], variables: vec![], answers: vec![], stdin: None, redactions }
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds several arguments.
    pub(crate) fn args<const N: usize>(mut self, arguments: [&str; N]) -> Self {
        self.arguments.extend(arguments.map(str::to_owned));
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Answers a question by its `--set` key; the value is YAML. Answers go in as `--answers -`.
    pub(crate) fn answer(mut self, key: &str, value: &str) -> Self {
        self.answers.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Gives the command something to read; without it, its standard input is closed.
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.to_owned());
        self
    }

    /// Replaces one more thing that differs between runs.
    pub(crate) fn redact(mut self, pattern: &str, with: &str) -> Self {
        self.redactions = self.redactions.pattern(pattern, with);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Run {
        if !self.answers.is_empty() {
            assert!(self.stdin.is_none(), "answers use standard input");
            self.stdin = Some(self.answers.iter().map(|(key, value)| format!("{key}: {value}\n")).collect());
            self = self.args(["--answers", "-"]);
        }
        let mut command = self.command();
        let output = finish(&mut command, self.stdin.as_deref());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
        Run {
            line: self.line(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            code: super::terminal::code(output.status),
            redactions: self.redactions,
        }
    }

    /// Starts it in a pseudo-terminal of 100 columns and 30 rows.
    pub(crate) fn terminal(self) -> Terminal {
        assert!(self.answers.is_empty() && self.stdin.is_none(), "a terminal is typed into");
        let mut command = self.command();
        command.env("TERM", "xterm-256color");
        Terminal::start(command, self.redactions).keeping(self.devbox)
    }

    fn line(&self) -> String {
        let words = self.arguments.iter().map(|word| match word.contains([' ', '\n']) || word.is_empty() {
            true => format!("'{word}'"),
            false => word.clone(),
        });
        std::iter::once("devbox".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
    }

    fn command(&self) -> Command {
        let mut command = self.devbox.command(env!("CARGO_BIN_EXE_devbox"));
        command.args(&self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Runs a process to its end, or fails the test when that takes too long.
fn finish(command: &mut Command, stdin: Option<&str>) -> Output {
    let input = if stdin.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child = command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(text) = stdin {
        // A command that does not read its input closes the pipe; that is its right.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    }
    let pid = child.id();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
    receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        super::terminal::kill(pid);
        panic!("still running after {PATIENCE:?}: {command:?}")
    })
}

/// What a command did. Its `Display` is the whole of it, redacted, for snapshots.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// The command line.
    pub(crate) line: String,
    /// What it wrote to stdout, as it is.
    pub(crate) stdout: String,
    /// What it wrote to stderr, as it is.
    pub(crate) stderr: String,
    /// Its exit code; 128 and the signal where a signal ended it.
    pub(crate) code: i32,
    redactions: Redactions,
}

impl Run {
    /// Fails the test unless the command succeeded.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self}");
        self
    }

    /// The JSON document on stdout.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }

    /// The JSON lines on stderr.
    pub(crate) fn events(&self) -> Vec<serde_json::Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stderr.lines().map(read).collect()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("$ {}\n", self.line);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                text.push_str(&format!("-- {name} --\n{}\n", stream.trim_end_matches('\n')));
            }
        }
        text.push_str(&format!("-- exit {} --", self.code));
        out.write_str(&self.redactions.apply(&text))
    }
}
