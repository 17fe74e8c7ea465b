//! A home folder, a project and a `PATH` that belong to one test.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use super::{Call, Redactions, project};

/// The surroundings of one test; commands that it makes share them.
#[derive(Debug, Clone)]
pub(crate) struct Devbox {
    folder: Arc<TempDir>,
    root: PathBuf,
    cwd: PathBuf,
}

impl Devbox {
    /// Makes empty surroundings: an empty home, an empty project folder, nothing on `PATH`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("devbox-").tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for part in ["home/.kube", "bin", "tmp", "work/empty"] {
            std::fs::create_dir_all(root.join(part)).unwrap();
        }
        Self { folder: Arc::new(folder), cwd: root.join("work/empty"), root }
    }

    /// Works in a copy of `tests/fixtures/projects/NAME`: a git repository with one commit on
    /// `main` and the remote `https://git.example.com/team/NAME.git`.
    #[must_use]
    pub(crate) fn project(self, name: &str) -> Self {
        self.copy_of("tests/fixtures/projects", name)
    }

    /// Works in a copy of `examples/NAME`, as [`Devbox::project`] does.
    #[must_use]
    pub(crate) fn example(self, name: &str) -> Self {
        self.copy_of("examples", name)
    }

    fn copy_of(mut self, folder: &str, name: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(name);
        self.cwd = self.root.join("work").join(name);
        project::copy(&source, &self.cwd);
        project::commit(&self.cwd, &format!("https://git.example.com/team/{name}.git"));
        self
    }

    /// Writes a file of the project.
    #[must_use]
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        write(&self.cwd.join(path), text);
        self
    }

    /// Adds a file to the user's config folder.
    #[must_use]
    pub(crate) fn config(self, path: &str, text: &str) -> Self {
        write(&self.home().join(".config/devbox-k8s").join(path), text);
        self
    }

    /// Writes the user's kubeconfig.
    #[must_use]
    pub(crate) fn kubeconfig(self, text: &str) -> Self {
        write(&self.home().join(".kube/config"), text);
        self
    }

    /// Puts a shell script on `PATH`.
    #[must_use]
    pub(crate) fn tool(self, name: &str, script: &str) -> Self {
        let file = self.root.join("bin").join(name);
        write(&file, &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// The home folder.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The project folder, which commands start in.
    pub(crate) fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// The text of a file of the project; `None` where there is none.
    pub(crate) fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.cwd.join(path)).ok()
    }

    /// Every file below the home and project folders with its text, for comparing before and after.
    /// The inside of `.git` is left out.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for folder in [self.home(), self.cwd.clone()] {
            project::walk(&folder, &mut |file| {
                let name = file.strip_prefix(&self.root).unwrap().display().to_string();
                found.push((name, String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned()));
            });
        }
        found.sort();
        found
    }

    /// Begins a command line: `devbox` without arguments.
    pub(crate) fn call(&self) -> Call {
        Call::new(self.clone())
    }

    /// Begins a command line with one argument.
    pub(crate) fn arg(&self, argument: impl Into<String>) -> Call {
        self.call().arg(argument)
    }

    /// Begins a command line with several arguments.
    pub(crate) fn args<const N: usize>(&self, arguments: [&str; N]) -> Call {
        self.call().args(arguments)
    }

    /// A process in these surroundings, with nothing of the developer's environment.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let home = self.home();
        let mut command = Command::new(program);
        command
            .env_clear()
            .current_dir(&self.cwd)
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_STATE_HOME", home.join(".local/state"))
            .env("XDG_DATA_HOME", home.join(".local/share"))
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("KUBECONFIG", home.join(".kube/config"))
            .env("PATH", self.root.join("bin"))
            .env("TMPDIR", self.root.join("tmp"))
            .env("USER", "tester")
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env("TERM", "dumb")
            .env("NO_COLOR", "1")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// What differs between two machines or two runs, and its stand-in.
    pub(crate) fn redactions(&self) -> Redactions {
        Redactions::new()
            .path(&self.cwd, "[PROJECT]")
            .path(&self.home(), "[HOME]")
            .path(&self.root, "[ROOT]")
            .pattern(&regex::escape(env!("CARGO_PKG_VERSION")), "[VERSION]")
    }
}

fn write(file: &Path, text: &str) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}
