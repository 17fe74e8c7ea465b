//! Every environment variable and folder that devbox reads, read once at the start.
//!
//! No other file calls `std::env`. Variables of our own begin with `DEVBOX_K8S_`: plain `DEVBOX_*`
//! belongs to another tool of that name, and so do the folders called `devbox`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

use crate::error::Explain;

/// The folders of this user and machine.
#[derive(Debug, Clone)]
pub struct Dirs {
    /// User config (`config.yaml`, `presets/`).
    pub config: PathBuf,
    /// State: environments, pinned clusters, sandboxes, kubeconfigs.
    pub state: PathBuf,
    /// What can be fetched or built again.
    pub cache: PathBuf,
}

/// The process's surroundings.
#[derive(Debug, Clone)]
pub struct Env {
    /// The user's home folder.
    pub home: PathBuf,
    /// The folder that the command was started in.
    pub cwd: PathBuf,
    /// Config, state and cache folders.
    pub dirs: Dirs,
    /// The login name (`USER`, `LOGNAME`, `USERNAME`, else the home folder's name).
    pub user: Option<String>,
    /// The files that `KUBECONFIG` lists, in order; empty where it is unset or empty.
    pub kubeconfig: Vec<PathBuf>,
    /// `HTTPS_PROXY` or `https_proxy`.
    pub https_proxy: Option<String>,
    /// `http_proxy`; in capital letters it is a header of CGI, which others can set.
    pub http_proxy: Option<String>,
    /// `ALL_PROXY` or `all_proxy`.
    pub all_proxy: Option<String>,
    /// `NO_PROXY` or `no_proxy`.
    pub no_proxy: Option<String>,
    /// `NO_COLOR` is set and not empty (<https://no-color.org>).
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set and not `0`.
    pub force_color: bool,
    /// `TERM=dumb`: no cursor movement.
    pub dumb_terminal: bool,
    /// `CI` is set: no prompt, no animation.
    pub ci: bool,
    /// `PATH`, for finding Go and git.
    pub path: OsString,
    /// `DEVBOX_K8S_SANDBOX_BIN`: the sandbox program to use.
    pub sandbox_bin: Option<PathBuf>,
    /// `DEVBOX_K8S_SANDBOX_CONTAINERS`: the folder with the programs of the containers node.
    pub sandbox_containers: Option<PathBuf>,
    /// `SSL_CERT_FILE`: the certificate authorities that this machine trusts.
    pub ssl_cert_file: Option<PathBuf>,
    /// `KUBERNETES_EXEC_INFO`: what a tool that calls devbox as its credential plugin says of itself.
    pub exec_info: Option<String>,
    /// `GIT_SSH_COMMAND`: how git runs ssh, a line for the shell.
    pub git_ssh_command: Option<String>,
    /// `GIT_SSH`: the program that git runs for ssh.
    pub git_ssh: Option<String>,
    /// The running executable, for finding what was installed beside it.
    pub exe: Option<PathBuf>,
}

/// Why the surroundings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EnvError {
    /// Neither `HOME` nor the user database names a home folder.
    #[error("no home folder: `HOME` is not set and the user database names none")]
    NoHome,
    /// The current folder was removed or is not readable.
    #[error("cannot read the current folder")]
    NoCwd(#[source] std::io::Error),
}

impl Explain for EnvError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoHome => vec!["set `HOME` to a folder that you can write to".into()],
            Self::NoCwd(_) => vec!["change to a folder that exists, or pass PATH".into()],
        }
    }
}

fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn text(name: &str) -> Option<String> {
    set(name).and_then(|value| value.into_string().ok())
}

/// The words of the command line after the program's name, for when they cannot be parsed.
pub fn arguments() -> Vec<String> {
    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Paths as one variable holds them, `/a:/b`; `None` where there are none, or one holds the separator.
pub fn path_list(paths: &[PathBuf]) -> Option<String> {
    let list = std::env::join_paths(paths).ok().filter(|_| !paths.is_empty())?;
    Some(list.to_string_lossy().into_owned())
}

impl Env {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Where there is no home folder, or the current folder is gone.
    pub fn from_process() -> Result<Self, EnvError> {
        let base = BaseDirs::new().ok_or(EnvError::NoHome)?;
        let project = ProjectDirs::from("", "", "devbox-k8s").ok_or(EnvError::NoHome)?;
        let state = project.state_dir().unwrap_or_else(|| project.data_local_dir());
        let kubeconfig = set("KUBECONFIG")
            .map(|list| std::env::split_paths(&list).filter(|p| !p.as_os_str().is_empty()).collect())
            .unwrap_or_default();
        Ok(Self {
            home: base.home_dir().to_path_buf(),
            cwd: std::env::current_dir().map_err(EnvError::NoCwd)?,
            dirs: Dirs {
                config: project.config_dir().to_path_buf(),
                state: state.to_path_buf(),
                cache: project.cache_dir().to_path_buf(),
            },
            user: text("USER").or_else(|| text("LOGNAME")).or_else(|| text("USERNAME")).or_else(|| {
                // Containers and cron often set none of them; the home folder is named after its owner.
                base.home_dir().file_name().and_then(|name| name.to_str()).map(str::to_owned)
            }),
            kubeconfig,
            https_proxy: text("HTTPS_PROXY").or_else(|| text("https_proxy")),
            http_proxy: text("http_proxy"),
            all_proxy: text("ALL_PROXY").or_else(|| text("all_proxy")),
            no_proxy: text("NO_PROXY").or_else(|| text("no_proxy")),
            no_color: set("NO_COLOR").is_some(),
            force_color: text("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            dumb_terminal: text("TERM").is_some_and(|value| value == "dumb"),
            ci: set("CI").is_some(),
            path: set("PATH").unwrap_or_default(),
            sandbox_bin: set("DEVBOX_K8S_SANDBOX_BIN").map(PathBuf::from),
            sandbox_containers: set("DEVBOX_K8S_SANDBOX_CONTAINERS").map(PathBuf::from),
            ssl_cert_file: set("SSL_CERT_FILE").map(PathBuf::from),
            exec_info: text("KUBERNETES_EXEC_INFO"),
            git_ssh_command: text("GIT_SSH_COMMAND"),
            git_ssh: text("GIT_SSH"),
            exe: std::env::current_exe().ok(),
        })
    }

    /// Builds surroundings that live wholly under `root`, for tests.
    pub fn under(root: &Path) -> Self {
        Self {
            home: root.join("home"),
            cwd: root.to_path_buf(),
            dirs: Dirs {
                config: root.join("home/.config/devbox-k8s"),
                state: root.join("home/.local/state/devbox-k8s"),
                cache: root.join("home/.cache/devbox-k8s"),
            },
            user: Some("tester".into()),
            kubeconfig: Vec::new(),
            https_proxy: None,
            http_proxy: None,
            all_proxy: None,
            no_proxy: None,
            no_color: true,
            force_color: false,
            dumb_terminal: true,
            ci: false,
            path: set("PATH").unwrap_or_default(),
            sandbox_bin: None,
            sandbox_containers: None,
            ssl_cert_file: None,
            exec_info: None,
            git_ssh_command: None,
            git_ssh: None,
            exe: None,
        }
    }

    /// Finds a program on `PATH`; `None` where there is none.
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.path).map(|folder| folder.join(name)).find(|file| is_executable(file))
    }

    /// `PATH`, followed by where system programs are, which an ordinary user's `PATH` leaves out.
    pub fn system_path(&self) -> OsString {
        let system = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from);
        let own: Vec<PathBuf> = std::env::split_paths(&self.path).filter(|path| path.is_absolute()).collect();
        let missing = system.into_iter().filter(|path| !own.contains(path)).collect::<Vec<_>>();
        std::env::join_paths(own.iter().chain(&missing)).unwrap_or_else(|_| self.path.clone())
    }

    /// Finds a program in [`Env::system_path`]; `None` where there is none.
    pub fn find_system_program(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.system_path())
            .map(|folder| folder.join(name))
            .find(|file| is_executable(file))
    }

    /// Shortens a path for people: the home folder becomes `~`.
    pub fn display(&self, path: &Path) -> String {
        match path.strip_prefix(&self.home) {
            Ok(rest) if rest.as_os_str().is_empty() => "~".into(),
            Ok(rest) => format!("~/{}", rest.display()),
            Err(_) => path.display().to_string(),
        }
    }
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}
