//! The one place where the tests get a cluster from.
//!
//! `devbox sandbox start` with state and config folders of its own under `target/tmp`; it stops when
//! this process ends. The home folder and its caches are the real ones, so that the sandbox program is
//! built once per machine and not once per run.
//!
//! `DEVBOX_K8S_TEST_KUBECONFIG=FILE` runs the suite against another disposable cluster instead: the
//! current context of that file, which must be on loopback. Only the failing pods that a simulated
//! node shows are then missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

static KUBECONFIG: OnceLock<PathBuf> = OnceLock::new();

/// The administrator's kubeconfig of the run's cluster, started on first use.
pub(crate) fn kubeconfig() -> &'static Path {
    KUBECONFIG.get_or_init(|| match std::env::var_os("DEVBOX_K8S_TEST_KUBECONFIG") {
        Some(file) => PathBuf::from(file),
        None => start(),
    })
}

/// The name of the run's sandbox.
pub(crate) fn name() -> String {
    format!("test-{}", std::process::id())
}

/// devbox beside the run's sandbox: with the same state and config folders.
pub(crate) fn beside() -> Command {
    let folder = runs().join(std::process::id().to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_devbox"));
    command
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env_remove("KUBECONFIG")
        .stdin(Stdio::null());
    command
}

/// The config folder of what runs beside the run's sandbox.
pub(crate) fn config() -> PathBuf {
    runs().join(std::process::id().to_string()).join("config/devbox-k8s")
}

/// The sandbox program of the run, which is kubectl too.
pub(crate) fn program() -> PathBuf {
    kubeconfig();
    let output = beside()
        .args(["sandbox", "status", "--format", "json", "--name"])
        .arg(name())
        .output()
        .expect("devbox can be run");
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).expect("devbox prints JSON");
    PathBuf::from(status["program"].as_str().expect("it names its program"))
}

fn runs() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cluster")
}

fn start() -> PathBuf {
    clear_ended(&runs());
    std::fs::create_dir_all(runs().join(std::process::id().to_string()))
        .expect("the target folder can be written");
    let output = beside()
        .args(["sandbox", "start", "--exit-with-parent", "--format", "json", "--name"])
        .arg(name())
        .stderr(Stdio::piped())
        .output()
        .expect("devbox can be run");
    assert!(
        output.status.success(),
        "the sandbox did not start:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("devbox prints JSON");
    PathBuf::from(answer["kubeconfig"].as_str().expect("the answer names the kubeconfig"))
}

/// Removes the folders of runs whose process is gone.
fn clear_ended(runs: &Path) {
    for entry in std::fs::read_dir(runs).into_iter().flatten().flatten() {
        let pid = entry.file_name().to_string_lossy().into_owned();
        if !Path::new("/proc").join(&pid).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
