//! A home folder with `devbox` in it, and `kubectl` on the sandbox that runs there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use devbox::env::Env;
use devbox::event::Silent;
use devbox::sandbox::{ProcessId, find_program};
use serde_json::Value;

/// How long anything may take on a slow machine; nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(90);

/// The sandbox program: told by the environment, or built once into the user's own cache.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let mut env = Env::from_process().unwrap();
        env.exe = Some(env!("CARGO_BIN_EXE_devbox").into());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(find_program(&env, &Silent)).unwrap()
    })
}

/// A hermetic home folder.
pub(crate) struct Home {
    folder: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Home {
    /// A new home; its sandbox is stopped and deleted with it.
    pub(crate) fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        Self { folder: temporary.path().to_path_buf(), _temporary: Some(temporary) }
    }

    /// The home of the sandbox that tests of the node share; it is started once per run.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Home> = OnceLock::new();
        SHARED.get_or_init(|| {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox-home");
            std::fs::create_dir_all(&folder).unwrap();
            let home = Self { folder, _temporary: None };
            home.ok(&["sandbox", "stop", "--delete"]);
            home.start();
            home
        })
    }

    /// A command with nothing of the user's environment but `PATH`.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", &self.folder)
            .env("DEVBOX_K8S_SANDBOX_BIN", self::program())
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    /// Runs devbox.
    pub(crate) fn devbox(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_devbox")).args(arguments).output().unwrap()
    }

    /// Runs devbox in the background.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(env!("CARGO_BIN_EXE_devbox"));
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs devbox, which has to succeed, and gives its stdout.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        checked(self.devbox(arguments))
    }

    /// Starts the sandbox and gives what `start --format json` says.
    pub(crate) fn start(&self) -> Value {
        serde_json::from_str(&self.ok(&START)).unwrap()
    }

    /// What `status --format json` says.
    pub(crate) fn status(&self) -> Value {
        serde_json::from_slice(&self.devbox(&["sandbox", "status", "--format", "json"]).stdout).unwrap()
    }

    /// The processes that `status` names, supervisor and all.
    pub(crate) fn processes(&self) -> Vec<ProcessId> {
        let status = self.status();
        let pids = status["components"].as_array().unwrap().iter().filter_map(|c| c["pid"].as_u64());
        pids.filter_map(|pid| ProcessId::of(u32::try_from(pid).unwrap())).collect()
    }

    /// The process of one component.
    pub(crate) fn process(&self, component: &str) -> ProcessId {
        let status = self.status();
        let found = status["components"].as_array().unwrap().iter().find(|c| c["name"] == component);
        ProcessId::of(u32::try_from(found.unwrap()["pid"].as_u64().unwrap()).unwrap()).unwrap()
    }

    /// A new folder in the home.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    /// The folder of the sandbox `default`.
    pub(crate) fn sandbox(&self) -> PathBuf {
        self.folder.join(".local/state/devbox-k8s/sandbox/default")
    }

    /// A kubectl command on the sandbox.
    pub(crate) fn kubectl_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(program());
        command.arg("kubectl").arg("--kubeconfig").arg(self.sandbox().join("kubeconfig")).args(arguments);
        command
    }

    /// Runs kubectl on the sandbox.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Output {
        self.kubectl_command(arguments).output().unwrap()
    }

    /// Applies manifests.
    pub(crate) fn apply(&self, yaml: &str) {
        let file = tempfile::NamedTempFile::new_in(&self.folder).unwrap();
        std::fs::write(file.path(), yaml).unwrap();
        checked(self.kubectl(&["apply", "-f", file.path().to_str().unwrap()]));
    }

    /// Waits until a field of an object has this value.
    pub(crate) fn wait_for(&self, object: &str, namespace: &str, path: &str, value: &str) {
        let path = format!("jsonpath={{{path}}}");
        eventually(&format!("{namespace}/{object} {path} is {value}"), || {
            let output = self.kubectl(&["get", object, "-n", namespace, "-o", &path]);
            String::from_utf8_lossy(&output.stdout) == value
        });
    }
}

/// How every test starts its sandbox.
pub(crate) const START: [&str; 5] = ["sandbox", "start", "--exit-with-parent", "--format", "json"];

impl Drop for Home {
    fn drop(&mut self) {
        let output = self.devbox(&["sandbox", "stop", "--delete"]);
        assert!(output.status.success() || std::thread::panicking(), "{output:?}");
    }
}

/// The stdout of a command that has to succeed.
pub(crate) fn checked(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
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

/// Waits until none of these processes lives.
pub(crate) fn all_end(processes: &[ProcessId]) {
    assert!(!processes.is_empty());
    eventually("every process ends", || !processes.iter().any(ProcessId::is_alive));
}
