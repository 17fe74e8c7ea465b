//! The sandbox that the tests of apps share: images made from Debian's packages, a git server and a
//! registry on loopback, and repositories.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::git::{self, Repository};
use crate::harness::whole_catalogue;
use crate::home::{Home, checked, text};
use crate::registry::{self, Registry};

static MACHINE: OnceLock<Machine> = OnceLock::new();
/// What has to be dropped at the end of the run: a static is not.
static HOME: Mutex<Option<&'static Home>> = Mutex::new(None);

/// The shared sandbox.
pub(crate) struct Machine {
    home: &'static Home,
    git_port: u16,
    pub(crate) registry: Registry,
}

/// The shared sandbox, started on first use.
pub(crate) fn machine() -> &'static Machine {
    MACHINE.get_or_init(start)
}

/// Stops and deletes the shared sandbox, where it was started.
pub(crate) fn stop() {
    if let Some(home) = HOME.lock().unwrap().take() {
        home.sandbox(&["stop", "--delete"]);
        std::fs::remove_dir_all(home.path()).unwrap();
    }
}

fn start() -> Machine {
    let images = images();
    let home: &'static Home = Box::leak(Box::new(Home::new()));
    *HOME.lock().unwrap() = Some(home);
    for folder in ["git/private", "clones/private"] {
        std::fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    let git_port = git::serve(home.path().join("git"));
    let registry = registry::serve();
    let ports = [git_port, registry.port].map(|port| port.to_string());
    let mut start = vec!["start", "--exit-with-parent", "--node", "containers"];
    ports.iter().for_each(|port| start.extend(["--host-port", port]));
    home.sandbox(&start);
    let environment = std::fs::read_to_string(cache().join("environment")).unwrap();
    for Image { name, rootfs, entrypoint, stop_signal } in images {
        let begun = Instant::now();
        let mut arguments = vec!["image", &name, "--rootfs", rootfs.to_str().unwrap()];
        arguments.extend(["--env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]);
        for line in environment.lines().filter(|line| !line.is_empty()) {
            arguments.extend(["--env", line]);
        }
        entrypoint.split_whitespace().for_each(|word| arguments.extend(["--entrypoint", word]));
        if !stop_signal.is_empty() {
            arguments.extend(["--stop-signal", &stop_signal]);
        }
        home.sandbox(&arguments);
        eprintln!("gave the node {name} in {:.1} s", begun.elapsed().as_secs_f32());
    }
    Machine { home, git_port, registry }
}

/// Where the images' root file systems are kept between runs.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("node-images")
}

/// What `build.sh` says of an image.
struct Image {
    name: String,
    rootfs: PathBuf,
    entrypoint: String,
    stop_signal: String,
}

/// Makes the root file systems of the images, unless they are there.
fn images() -> Vec<Image> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/images/build.sh");
    let mut command = Command::new(&script);
    command.arg(cache()).stdin(Stdio::null()).stderr(Stdio::inherit());
    if whole_catalogue() {
        command.arg("all");
    }
    let output = command.output().unwrap();
    let image = |line: &str| {
        let mut parts = line.split('\t').map(str::to_owned);
        let mut next = || parts.next().unwrap();
        Image { name: next(), rootfs: next().into(), entrypoint: next(), stop_signal: next() }
    };
    checked(output).lines().map(image).collect()
}

impl Machine {
    pub(crate) fn home(&self) -> &Home {
        self.home
    }

    /// Makes a repository of one of the examples.
    pub(crate) fn example(&self, name: &str, path: &str) -> Repository {
        self.folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name), path)
    }

    /// Makes a repository of what is in a folder.
    pub(crate) fn folder(&self, folder: &Path, path: &str) -> Repository {
        let mut files = Vec::new();
        collect(folder, folder, &mut files);
        self.repository(path, &files)
    }

    /// Makes a repository with these files.
    pub(crate) fn repository(&self, path: &str, files: &[(String, String)]) -> Repository {
        let host = format!("host.devbox.internal:{}", self.git_port);
        Repository::new(&self.home.path().join("git"), path, &self.home.path().join("clones"), &host, files)
    }

    /// Runs devbox in a repository's clone.
    pub(crate) fn devbox(&self, repository: &Repository, arguments: &[&str], stdin: &str) -> Output {
        let begun = Instant::now();
        let output = self.home.devbox(&repository.folder, arguments, stdin);
        eprintln!("devbox {}: {:.1} s", arguments.join(" "), begun.elapsed().as_secs_f32());
        output
    }

    /// Forwards a local port to a Service, through the API server.
    pub(crate) fn forward(&self, namespace: &str, service: &str, port: u16) -> Forward {
        let (target, port) = (format!("svc/{service}"), format!(":{port}"));
        let arguments = ["port-forward", "--address=127.0.0.1", "-n", namespace, &target, &port];
        let mut command = self.home.kubectl_command(&arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        // Forwarding from 127.0.0.1:43121 -> 3000
        let local =
            line.split_whitespace().nth(2).unwrap_or_else(|| panic!("kubectl said `{line}`")).to_owned();
        Forward { child, host: service.to_owned(), local, _said: said }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// A port of this machine that leads to a Service.
pub(crate) struct Forward {
    child: Child,
    /// What pods call it, which a server may heed.
    host: String,
    local: String,
    /// kubectl says something about every connection, and ends when nobody listens.
    _said: BufReader<ChildStdout>,
}

impl Forward {
    /// One HTTP exchange: status, headers and body as they came.
    pub(crate) fn request(&self, method: &str, path: &str, kind: &str, body: &str) -> String {
        let mut connection = TcpStream::connect(&self.local).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(
            connection,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        )
        .unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(crate) fn get(&self, path: &str) -> String {
        self.request("GET", path, "text/plain", "")
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fails the test unless the output has every one of these words.
pub(crate) fn has(output: &Output, words: &[&str]) {
    let all = text(output);
    for word in words {
        assert!(all.contains(word), "no `{word}` in:\n{all}");
    }
}
