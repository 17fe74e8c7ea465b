//! Giving images to a containers node without a registry: streamed to it through its socket.

use std::path::Path;

use futures::stream;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use super::record::Found;
use super::{Layout, NodeKind, ProcessId, Record, SandboxError};
use crate::env::Env;
use crate::fs::FsError;

/// How much of an archive is sent at once.
const CHUNK: usize = 256 * 1024;

/// What an image says beside its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipe {
    /// Its name, such as `node:22-bookworm-slim`.
    pub name: String,
    /// Variables, as `NAME=VALUE`.
    pub env: Vec<String>,
    /// The program that every container of it runs.
    pub entrypoint: Vec<String>,
    /// The program's arguments, or the program where there is no entrypoint.
    pub command: Vec<String>,
    /// The user, such as `999:999`; root where it is left out.
    pub user: Option<String>,
    /// The folder that programs start in.
    pub workdir: Option<String>,
    /// The signal that asks its containers to end; SIGTERM where it is left out.
    pub stop_signal: Option<String>,
}

/// What the node says.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    images: Vec<String>,
    error: Option<String>,
}

/// Imports every image of an OCI or Docker archive and gives their names.
///
/// # Errors
/// Where the sandbox does not run containers, or the archive cannot be read or holds no image.
pub async fn load(env: &Env, sandbox: &str, archive: &Path) -> Result<Vec<String>, SandboxError> {
    send(env, sandbox, "/load", archive).await
}

/// Makes an image of one layer from a tar archive of a root file system, and gives its full name.
///
/// # Errors
/// Where the sandbox does not run containers, or the archive cannot be read or is none.
pub async fn wrap(
    env: &Env,
    sandbox: &str,
    recipe: &Recipe,
    rootfs: &Path,
) -> Result<Vec<String>, SandboxError> {
    send(env, sandbox, &format!("/image?{}", query(recipe)), rootfs).await
}

fn query(recipe: &Recipe) -> String {
    let one = [
        ("name", Some(&recipe.name)),
        ("user", recipe.user.as_ref()),
        ("workdir", recipe.workdir.as_ref()),
        ("stop-signal", recipe.stop_signal.as_ref()),
    ];
    let many = [("env", &recipe.env), ("entrypoint", &recipe.entrypoint), ("command", &recipe.command)];
    let one = one.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let many = many.into_iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value)));
    one.chain(many).map(|(key, value)| format!("{key}={}", escape(value))).collect::<Vec<_>>().join("&")
}

/// Escapes all but the unreserved characters (RFC 3986, section 2.3).
fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

async fn send(env: &Env, sandbox: &str, path: &str, archive: &Path) -> Result<Vec<String>, SandboxError> {
    let layout = Layout::new(env, sandbox)?;
    let not_running = || SandboxError::NotRunning(sandbox.to_owned());
    let Found::Record(record) = Record::read(&layout)? else { return Err(not_running()) };
    if record.node != NodeKind::Containers {
        return Err(SandboxError::NothingRuns { what: "an image", name: sandbox.to_owned() });
    }
    if !record.supervisor.as_ref().is_some_and(ProcessId::is_alive) {
        return Err(not_running());
    }
    let unreadable = |source| FsError { verb: "read", path: archive.to_path_buf(), source };
    let file = File::open(archive).await.map_err(unreadable)?;

    let node = layout.node();
    let folder = std::fs::File::open(&node).map_err(|_| not_running())?;
    let socket = UnixStream::connect(short(&folder)).await.map_err(|_| not_running())?;
    let refused = |error: hyper::Error| SandboxError::Image(error.into());
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.map_err(refused)?;
    let connection = tokio::spawn(connection);
    let chunks = stream::unfold(file, |mut file| async {
        let mut chunk = Vec::with_capacity(CHUNK);
        match (&mut file).take(CHUNK as u64).read_to_end(&mut chunk).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(Frame::data(Bytes::from(chunk))), file)),
            Err(error) => Some((Err(error), file)),
        }
    });
    let request = Request::post(path)
        .header(http::header::HOST, "node")
        .body(StreamBody::new(Box::pin(chunks)))
        .map_err(|error| SandboxError::Image(error.into()))?;
    let response = sender.send_request(request).await.map_err(refused)?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(refused)?.to_bytes();
    connection.abort();
    let answer: Answer = serde_json::from_slice(&body).map_err(|error| SandboxError::Image(error.into()))?;
    match (status, answer.error) {
        (StatusCode::OK, None) => Ok(answer.images),
        (status, error) => Err(SandboxError::Image(error.unwrap_or_else(|| status.to_string()).into())),
    }
}

/// The socket's path through an open folder: a socket's name may have 107 bytes at most, and the
/// state folder may be anywhere.
#[cfg(unix)]
fn short(folder: &std::fs::File) -> String {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}/images.sock", folder.as_raw_fd())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_is_escaped_whatever_is_in_it() {
        let recipe = Recipe {
            name: "postgres:17".into(),
            env: vec!["A=b c&d".into()],
            entrypoint: vec!["sh".into(), "-c".into()],
            ..Recipe::default()
        };
        assert_eq!(query(&recipe), "name=postgres%3A17&env=A%3Db%20c%26d&entrypoint=sh&entrypoint=-c");
    }
}
