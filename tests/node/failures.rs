//! What really fails is named: container, reason and last words, long before any timeout.

use std::process::Output;

use crate::home::text;
use crate::machine::{has, machine};

/// Far more than it takes; running into it would say so.
const PATIENCE: &str = "--timeout=4m";

/// Sets up a project that fails, and takes it away again.
fn fails(name: &str, component: &str, environment: &str, patience: &str) -> Output {
    let machine = machine();
    let file = format!(
        "name: {name}\n{environment}components:\n  app:\n    path: .\n    extends: web\n    values:\n{component}"
    );
    let files = [("devbox.yaml".to_owned(), file), ("README.md".to_owned(), "It fails.\n".to_owned())];
    let repository = machine.repository(&format!("{name}.git"), &files);
    let output = machine.devbox(&repository, &["init", "--yes", "--sandbox", patience], "");
    let removed = machine.devbox(&repository, &["down", "--yes", "--volumes"], "");
    assert!(removed.status.success(), "{}", text(&removed));
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    output
}

pub(crate) fn missing_image() {
    let output = fails(
        "missing-image",
        "      image: devbox.invalid/team/app:1\n      command: 'true'\n      listens: false\n",
        "",
        PATIENCE,
    );
    has(&output, &["container `app`", "ImagePull", "devbox.invalid/team/app:1"]);
}

pub(crate) fn exits() {
    let component = "      image: alpine/git:v2.49.1\n      listens: false\n      \
                     command: 'echo no configuration found >&2; exit 1'\n";
    has(
        &fails("exits", component, "", PATIENCE),
        &["container `app`", "exit code 1", "| no configuration found"],
    );
}

pub(crate) fn wrong_port() {
    let component = "      image: python:3.13-slim-bookworm\n      port: 8080\n      \
                     command: 'echo listening on 8081; python -m http.server 8081'\n";
    let output = fails("wrong-port", component, "", PATIENCE);
    has(
        &output,
        &[
            "container `app`",
            "Startup probe failed",
            "8080: connect: connection refused; its log says that it listens on port 8081, the container's spec names 8080 (http)",
            "| listening on 8081",
        ],
    );
}

pub(crate) fn out_of_memory() {
    let component = "      image: python:3.13-slim-bookworm\n      listens: false\n      memory: 32Mi\n      \
                     memoryLimit: 48Mi\n      command: 'echo reading everything; exec python -c \"x = bytearray(1 << 30)\"'\n";
    has(
        &fails("out-of-memory", component, "", PATIENCE),
        &["container `app`", "OOMKilled", "| reading everything"],
    );
}

pub(crate) fn unschedulable() {
    let component = "      image: alpine/git:v2.49.1\n      listens: false\n      command: sleep 1000\n      \
                     cpu: '4000'\n      cpuLimit: '4000'\n";
    let output = fails("fits-nowhere", component, "values:\n  cpu: '9000'\n", PATIENCE);
    has(&output, &["Unschedulable", "Insufficient cpu"]);
}

pub(crate) fn missing_secret() {
    let component = "      image: alpine/git:v2.49.1\n      listens: false\n      command: sleep 1000\n      gitUser: dev\n";
    let output = fails("missing-secret", component, "", PATIENCE);
    has(&output, &["container `source`", "CreateContainerConfigError", "password"]);
}
