//! A git server on loopback that speaks smart HTTP: below `/private/` it asks for a password.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use tokio::io::AsyncWriteExt;

use crate::http;

/// Who may clone below `/private/`.
pub(crate) const USER: &str = "dev";
pub(crate) const PASSWORD: &str = "correct horse: $battery";

/// Starts a server for the bare repositories in a folder and gives its port; it ends with the process.
pub(crate) fn serve(root: PathBuf) -> u16 {
    http::serve(move |request| answer(root.clone(), request))
}

async fn answer(root: PathBuf, request: Request<Incoming>) -> Response<Full<Bytes>> {
    if request.uri().path().starts_with("/private/") && !http::knows(&request, USER, PASSWORD) {
        return http::unauthorized();
    }
    let header = |name: &str| http::header(&request, name).to_owned();
    let mut backend = tokio::process::Command::new("git");
    backend
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("PATH_INFO", request.uri().path())
        .env("QUERY_STRING", request.uri().query().unwrap_or_default())
        .env("REQUEST_METHOD", request.method().as_str())
        .env("CONTENT_TYPE", header("content-type"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut child = backend.env("CONTENT_LENGTH", body.len().to_string()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // What the backend does not read is its own affair.
    let _ = stdin.write_all(&body).await;
    drop(stdin);
    let output = child.wait_with_output().await.unwrap().stdout;
    response(&output)
}

/// The answer of a CGI program: headers, an empty line, the body.
fn response(output: &[u8]) -> Response<Full<Bytes>> {
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").expect("git answers with headers");
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        response = match name {
            "Status" => response.status(value[..3].parse::<u16>().unwrap()),
            _ => response.header(name, value),
        };
    }
    response.body(Full::new(Bytes::copy_from_slice(&output[end + 4..]))).unwrap()
}

/// A repository on the server, and somebody's clone of it.
pub(crate) struct Repository {
    /// The clone.
    pub(crate) folder: PathBuf,
}

impl Repository {
    /// Makes a repository with these files and pushes its first commit. `path` is where the server has
    /// it, such as `private/shop.git`; pods reach the server by `host`.
    pub(crate) fn new(
        root: &Path,
        path: &str,
        clones: &Path,
        host: &str,
        files: &[(String, String)],
    ) -> Self {
        let bare = root.join(path);
        git(root, &["init", "--quiet", "--bare", "--initial-branch=main", bare.to_str().unwrap()]);
        let name = Path::new(path).file_stem().unwrap();
        let folder = clones.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        git(&folder, &["init", "--quiet", "--initial-branch=main"]);
        git(&folder, &["remote", "add", "origin", &format!("http://{host}/{path}")]);
        // A developer pushes over SSH, say; what counts here is that git knows what is published.
        git(&folder, &["remote", "set-url", "--push", "origin", bare.to_str().unwrap()]);
        let repository = Self { folder };
        for (file, text) in files {
            repository.write(file, text);
        }
        repository.push("Begin");
        repository
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.join(file)).unwrap()
    }

    /// Commits everything and pushes it.
    pub(crate) fn push(&self, message: &str) {
        git(&self.folder, &["add", "--all"]);
        git(&self.folder, &["commit", "--quiet", "--allow-empty", "--message", message]);
        git(&self.folder, &["push", "--quiet", "--set-upstream", "origin", "main"]);
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")])
        .envs([("GIT_AUTHOR_NAME", "Tester"), ("GIT_AUTHOR_EMAIL", "tester@example.com")])
        .envs([("GIT_COMMITTER_NAME", "Tester"), ("GIT_COMMITTER_EMAIL", "tester@example.com")])
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
