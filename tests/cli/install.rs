//! `install.sh`, with a cargo that builds nothing.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use super::support::Devbox;

/// What the script itself runs; all of it is on every system.
const TOOLS: [&str; 14] = [
    "awk", "basename", "cat", "chmod", "cmp", "cp", "dirname", "env", "find", "mkdir", "mv", "rm", "sed",
    "uname",
];

/// A machine with the usual small tools and nothing else.
fn machine() -> Devbox {
    TOOLS.iter().fold(Devbox::new(), |devbox, tool| {
        let real = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(tool));
        let real = real.into_iter().find(|file| file.exists()).unwrap();
        devbox.tool(tool, &format!("exec {} \"$@\"", real.display()))
    })
}

/// A machine where everything is there, and cargo "builds" a script that prints `says`.
fn machine_with_rust(says: &str) -> Devbox {
    with_cargo(machine().tool("rustc", "echo 'rustc 1.95.0 (0 2026-01-01)'").tool("cc", "exit 0"), says)
}

fn with_cargo(devbox: Devbox, says: &str) -> Devbox {
    let build = format!("printf '#!/bin/sh\\necho {says}\\n' > \"$CARGO_TARGET_DIR/release/devbox\"");
    let script = format!(
        "mkdir -p \"$CARGO_TARGET_DIR/release\"\n{build}\nchmod +x \"$CARGO_TARGET_DIR/release/devbox\""
    );
    devbox.tool("cargo", &script)
}

/// Runs the installer from the project folder, which is not the checkout.
fn install(devbox: &Devbox, arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh");
    let mut command: Command = devbox.command("/bin/sh");
    let output = command
        .arg(script)
        .args(arguments)
        .env("CARGO_TARGET_DIR", devbox.home().join("target"))
        .env("SHELL", "/bin/bash")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let all = format!(
        "{}-- stderr --\n{}-- exit {} --",
        text(&output.stdout),
        text(&output.stderr),
        output.status.code().unwrap()
    );
    devbox.redactions().path(Path::new(env!("CARGO_MANIFEST_DIR")), "[CHECKOUT]").apply(&all)
}

#[test]
fn everything_that_is_missing_is_named_before_anything_is_built() {
    let devbox = machine().tool("uname", "echo Darwin");
    let before = devbox.files();
    assert_snapshot!(install(&devbox, &[]));
    assert_eq!(devbox.files(), before);
}

#[test]
fn too_old_versions_are_named() {
    let old_go = "case $2 in GOVERSION) echo go1.20.4 ;; *) echo auto ;; esac";
    let devbox = machine()
        .tool("uname", "echo Darwin")
        .tool("cc", "exit 0")
        .tool("cargo", "exit 1")
        .tool("rustc", "echo 'rustc 1.88.0 (0 2025-01-01)'")
        .tool("go", old_go);
    assert_snapshot!(install(&devbox, &[]));
}

#[test]
fn the_second_run_changes_nothing_and_says_so() {
    let devbox = machine_with_rust("one");
    assert_snapshot!("first_run", install(&devbox, &["--no-sandbox"]));
    let program = devbox.home().join(".local/bin/devbox");
    let first = std::fs::metadata(&program).unwrap();
    assert_eq!(first.mode() & 0o777, 0o755);
    assert_snapshot!("second_run", install(&devbox, &["--no-sandbox"]));
    let second = std::fs::metadata(&program).unwrap();
    assert_eq!((first.ino(), first.mtime_nsec()), (second.ino(), second.mtime_nsec()));
}

#[test]
fn a_new_program_takes_the_name_over_and_the_old_one_lives_on_for_those_who_run_it() {
    let devbox = machine_with_rust("one");
    install(&devbox, &["--no-sandbox", "--to", "here"]);
    let program = devbox.cwd().join("here/bin/devbox");
    let running = std::fs::File::open(&program).unwrap();

    let devbox = with_cargo(devbox, "two");
    let said = install(&devbox, &["--no-sandbox", "--to=here"]);
    assert!(said.contains("replaced   [PROJECT]/here/bin/devbox\n"), "{said}");
    assert_eq!(std::io::read_to_string(running).unwrap(), "#!/bin/sh\necho one\n");
    assert_eq!(std::fs::read_to_string(&program).unwrap(), "#!/bin/sh\necho two\n");
    let left = std::fs::read_dir(devbox.cwd().join("here/bin")).unwrap().count();
    assert_eq!(left, 1, "a temporary file was left behind");
}

#[test]
fn a_build_that_fails_installs_nothing() {
    let devbox = machine_with_rust("one").tool("cargo", "echo 'error: no' >&2; exit 101");
    let said = install(&devbox, &["--no-sandbox"]);
    assert!(said.ends_with("error: no\n-- exit 101 --"), "{said}");
    assert!(!devbox.home().join(".local").exists());
}
