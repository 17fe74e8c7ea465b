//! The API server that everybody is measured against: a sandbox of this run's own, with its audit log.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

pub(crate) struct Server {
    home: PathBuf,
    pub(crate) kubeconfig: Value,
    kubeconfig_file: PathBuf,
    logs: PathBuf,
    program: PathBuf,
    pub(crate) devbox: PathBuf,
}

impl Server {
    /// Starts one that ends with this process.
    pub(crate) fn start() -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{}", std::process::id()));
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(&home).unwrap();
        // A copy: a build beside the run must not change what is measured.
        let devbox = home.join("devbox");
        fs::copy(env!("CARGO_BIN_EXE_devbox"), &devbox).unwrap();
        let output = Command::new(&devbox)
            .args([
                "sandbox",
                "start",
                "--exit-with-parent",
                "--audit",
                "--name",
                "bench",
                "--format",
                "json",
            ])
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let kubeconfig_file = PathBuf::from(answer["kubeconfig"].as_str().unwrap());
        let kubeconfig = serde_yaml::from_str(&fs::read_to_string(&kubeconfig_file).unwrap()).unwrap();
        let logs = kubeconfig_file.parent().unwrap().join("logs");
        Self { kubeconfig, logs, program: program(), kubeconfig_file, devbox, home }
    }

    /// Its folder, where homes and projects go.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// `127.0.0.1:6443`.
    pub(crate) fn address(&self) -> &str {
        let server = self.kubeconfig["clusters"][0]["cluster"]["server"].as_str().unwrap();
        server.trim_start_matches("https://")
    }

    /// kubectl, a role of the sandbox's program.
    pub(crate) fn kubectl(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("kubectl").env("KUBECONFIG", &self.kubeconfig_file);
        command
    }

    /// How many requests have come from an address so far. The API server begins a new log at 100 MB and keeps
    /// the older ones beside it.
    pub(crate) fn requests(&self, address: Ipv4Addr) -> usize {
        let wanted = format!("\"sourceIPs\":[\"{address}\"]");
        let logs = fs::read_dir(&self.logs).unwrap().map(|entry| entry.unwrap().path());
        let audit = logs.filter(|path| {
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"audit"))
        });
        let count = |path: PathBuf| {
            let log = fs::read_to_string(path).unwrap_or_default();
            let complete =
                |line: &&str| line.contains(&wanted) && line.contains("\"stage\":\"ResponseComplete\"");
            log.lines().filter(complete).count()
        };
        audit.map(count).sum()
    }
}

/// The sandbox's program, as devbox finds it.
fn program() -> PathBuf {
    use devbox::{env::Env, event::Silent, sandbox::find_program};
    let mut env = Env::from_process().unwrap();
    env.exe = Some(env!("CARGO_BIN_EXE_devbox").into());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(find_program(&env, &Silent)).unwrap()
}
