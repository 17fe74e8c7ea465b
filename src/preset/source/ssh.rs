//! ssh by the user's own program: keys, agent, known hosts, jump hosts and configuration just work.

use std::io::{self, Read, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use super::error::Trouble;
use super::watch::Watch;
use crate::config::SshAddress;

/// So much of what ssh says is kept.
const MOST_SAID: usize = 4 << 10;

/// How ssh is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Program {
    /// A line for the shell: `GIT_SSH_COMMAND`, `core.sshCommand`.
    Line(String),
    /// A program: `GIT_SSH`, else `ssh`.
    Path(String),
}

/// A repository behind ssh.
pub(super) struct Ssh {
    pub(super) address: SshAddress,
    pub(super) program: Program,
    /// Somebody can answer a question of ssh.
    pub(super) interactive: bool,
    pub(super) watch: Arc<Watch>,
}

impl Ssh {
    /// Runs ssh with git's side of the connection at its other end.
    pub(super) fn open(&self) -> io::Result<Pipe> {
        let arguments = arguments(&self.address, self.interactive);
        let (name, mut command) = match &self.program {
            Program::Path(path) => (path.clone(), Command::new(path)),
            Program::Line(line) => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(format!("{line} \"$@\"")).arg("ssh");
                (line.clone(), shell)
            }
        };
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| self.watch.fail(Trouble::Network(format!("cannot run `{name}`: {error}"))))?;
        let (Some(stdin), Some(stdout), Some(mut stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("ssh has no pipes"));
        };
        let said: Arc<Mutex<Vec<u8>>> = Arc::default();
        let keep = Arc::clone(&said);
        let listener = std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(length @ 1..) = stderr.read(&mut buffer) {
                let Ok(mut said) = keep.lock() else { return };
                let room = MOST_SAID.saturating_sub(said.len());
                said.extend_from_slice(&buffer[..length.min(room)]);
            }
        });
        self.watch.keep(child);
        Ok(Pipe {
            stdin: Some(stdin),
            stdout,
            received: 0,
            said,
            listener: Some(listener),
            program: name,
            watch: Arc::clone(&self.watch),
        })
    }
}

/// What ssh is told. Host and path were checked not to begin with a dash.
fn arguments(address: &SshAddress, interactive: bool) -> Vec<String> {
    let mut words = Vec::new();
    if !interactive {
        words.extend(["-o".to_owned(), "BatchMode=yes".to_owned()]);
    }
    if let Some(port) = address.port {
        words.extend(["-p".to_owned(), port.to_string()]);
    }
    words.push(address.host.clone());
    words.push(format!("git-upload-pack {}", quoted(&address.path)));
    words
}

/// One word for the shell on the other side, as git itself writes it.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''").replace('!', "'\\!'"))
}

/// The two ends of ssh.
pub(super) struct Pipe {
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    received: u64,
    said: Arc<Mutex<Vec<u8>>>,
    listener: Option<std::thread::JoinHandle<()>>,
    program: String,
    watch: Arc<Watch>,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stdout.read(buffer)?;
        self.watch.received(length)?;
        self.received += length as u64;
        if length == 0 && !buffer.is_empty() {
            self.explain();
        }
        Ok(length)
    }
}

impl Pipe {
    /// An end where more was expected: ssh says why.
    fn explain(&mut self) {
        drop(self.stdin.take());
        let Some(mut child) = self.watch.child() else { return };
        let Ok(status) = child.wait() else { return };
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        let said = self.said.lock().map(|said| String::from_utf8_lossy(&said).trim().to_owned());
        let said = said.unwrap_or_default();
        // A commit that is not there is told by what is there, not by this.
        if !status.success() && !said.contains("not our ref") {
            let (program, status) = (format!("`{}`", self.program), status.to_string());
            self.watch.fail(Trouble::Ssh { program, status, said });
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stdin {
            Some(stdin) => match stdin.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    self.explain();
                    Err(error)
                }
                result => result,
            },
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        drop(self.stdin.take());
        if let Some(mut child) = self.watch.child() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_on_the_other_side() {
        let address = SshAddress { host: "git@git.test".into(), port: Some(22), path: "a b/'; id #!".into() };
        assert_eq!(
            arguments(&address, false),
            ["-o", "BatchMode=yes", "-p", "22", "git@git.test", r"git-upload-pack 'a b/'\''; id #'\!''"]
        );
    }
}
