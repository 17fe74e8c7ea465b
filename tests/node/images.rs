//! Images that no registry has: from an archive, and what is said of one that is none.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::home::{Home, text};

pub(crate) fn an_archive_is_loaded_and_runs() {
    let home = Home::new();
    let before = home.devbox(home.path(), &["sandbox", "load", "hello.tar"], "");
    assert!(text(&before).contains("does not run"), "{}", text(&before));
    home.sandbox(&["start", "--exit-with-parent", "--node", "containers"]);

    archive(&home.path().join("hello"));
    let loaded = home.sandbox(&["load", "hello/hello.tar", "--format", "json"]);
    assert!(loaded.contains("docker.io/team/hello:1"), "{loaded}");
    home.kubectl(&["run", "hello", "--image=team/hello:1"]);
    home.kubectl(&["wait", "pod/hello", "--for=condition=Ready", "--timeout=60s"]);

    let none = home.devbox(home.path(), &["sandbox", "load", "hello/layer.tar"], "");
    assert_eq!(none.status.code(), Some(1), "{}", text(&none));
    assert!(text(&none).contains("the node did not take the image"), "{}", text(&none));
}

/// An image's only layer and its configuration.
pub(crate) struct Image {
    pub(crate) layer: Vec<u8>,
    pub(crate) config: String,
}

/// The smallest image that runs: its program is the one that holds pods' namespaces.
pub(crate) fn hello() -> Image {
    let files = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (program, layer) = (files.path().join("hello"), files.path().join("layer.tar"));
    std::fs::copy(crate::home::containers().join("pause"), program).unwrap();
    tar(files.path(), &layer, &["hello"]);
    let layer = std::fs::read(layer).unwrap();
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let config = json!({"architecture": architecture, "os": "linux", "config": {"Entrypoint": ["/hello"]},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", sha256(&layer))]}});
    Image { layer, config: config.to_string() }
}

/// Writes an image as `docker save` does.
fn archive(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let Image { layer, config } = hello();
    let manifest = json!([{"Config": "config.json", "RepoTags": ["team/hello:1"], "Layers": ["layer.tar"]}]);
    std::fs::write(folder.join("layer.tar"), layer).unwrap();
    std::fs::write(folder.join("config.json"), config).unwrap();
    std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
    tar(folder, &folder.join("hello.tar"), &["manifest.json", "config.json", "layer.tar"]);
}

/// As digests name it.
pub(crate) fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn tar(folder: &Path, to: &Path, files: &[&str]) {
    let mut command = Command::new("tar");
    let status = command.arg("-C").arg(folder).arg("-cf").arg(to).args(files).status().unwrap();
    assert!(status.success());
}
