//! A home folder with devbox in it, and what runs there.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use devbox::env::Env;
use devbox::event::Silent;
use devbox::sandbox::{find_containers, find_program};
use serde_json::Value;

/// How long anything may take on a slow machine; nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(120);

/// The sandbox program and the folder of the containers node's: told by the environment, or built once
/// into the user's own cache.
fn programs() -> &'static (PathBuf, PathBuf) {
    static PROGRAMS: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let mut env = Env::from_process().unwrap();
        env.exe = Some(env!("CARGO_BIN_EXE_devbox").into());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let program = find_program(&env, &Silent).await.unwrap();
            let containers = find_containers(&env, &program, &Silent).await.unwrap();
            (program, containers)
        })
    })
}

/// The folder of the containers node's programs.
pub(crate) fn containers() -> &'static Path {
    &programs().1
}

/// A hermetic home folder; its sandbox is stopped and deleted with it.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// A new home, in the target folder: images are large, and a temporary folder may be memory.
    pub(crate) fn new() -> Self {
        let under = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = tempfile::Builder::new().prefix("node-").tempdir_in(under).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command with nothing of the user's environment but `PATH`.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let (sandbox, containers) = programs();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path())
            .env("USER", "tester")
            .env("NO_COLOR", "1")
            .env("DEVBOX_K8S_SANDBOX_BIN", sandbox)
            .env("DEVBOX_K8S_SANDBOX_CONTAINERS", containers)
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs devbox in a folder, with something to read.
    pub(crate) fn devbox(&self, folder: &Path, arguments: &[&str], stdin: &str) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_devbox"));
        command.args(arguments).current_dir(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs `devbox sandbox`, which has to succeed, and gives its stdout.
    pub(crate) fn sandbox(&self, arguments: &[&str]) -> String {
        let arguments: Vec<&str> = ["sandbox"].iter().chain(arguments).copied().collect();
        checked(self.devbox(self.path(), &arguments, ""))
    }

    /// What `sandbox status --format json` says.
    pub(crate) fn status(&self) -> Value {
        let output = self.devbox(self.path(), &["sandbox", "status", "--format", "json"], "");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The folder of the sandbox `default`.
    pub(crate) fn folder(&self) -> PathBuf {
        self.path().join(".local/state/devbox-k8s/sandbox/default")
    }

    /// A kubectl command on the sandbox, as its administrator.
    pub(crate) fn kubectl_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&programs().0);
        command.arg("kubectl").arg("--kubeconfig").arg(self.folder().join("kubeconfig")).args(arguments);
        command
    }

    /// Runs kubectl on the sandbox, which has to succeed, and gives its stdout.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        checked(self.kubectl_command(arguments).output().unwrap())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let output = self.devbox(self.path(), &["sandbox", "stop", "--delete"], "");
        assert!(output.status.success() || std::thread::panicking(), "{output:?}");
    }
}

/// Both streams, for messages and for looking into.
pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The stdout of a command that has to succeed.
pub(crate) fn checked(output: Output) -> String {
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Waits until something holds.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
