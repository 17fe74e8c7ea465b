//! Starting, stopping, and everything that can go wrong in between.

use std::net::TcpListener;
use std::process::Command;

use devbox::sandbox::ProcessId;
use serde_json::Value;

use crate::support::{Home, START, all_end, checked, eventually};

#[test]
fn two_starts_at_once_give_one_sandbox() {
    let home = Home::new();
    let (first, second) = (home.spawn(&START), home.spawn(&START));
    let answers: Vec<Value> = [first, second]
        .map(|child| serde_json::from_str(&checked(child.wait_with_output().unwrap())).unwrap())
        .to_vec();
    assert_eq!(answers[0]["server"], answers[1]["server"]);
    let started = answers.iter().filter(|answer| answer["ranAlready"] == false).count();
    assert_eq!(started, 1, "one starts, the other finds it running");
    assert_eq!(home.status()["state"], "ready");
    assert_eq!(home.processes().len(), 6);
}

#[test]
fn stop_leaves_no_process_and_the_next_start_finds_the_data_at_the_same_address() {
    let home = Home::new();
    let server = home.start()["server"].clone();
    checked(home.kubectl(&["create", "configmap", "kept"]));
    let processes = home.processes();
    assert_eq!(processes.len(), 6);
    home.ok(&["sandbox", "stop"]);
    assert!(!processes.iter().any(ProcessId::is_alive), "stop returns when all have ended");
    assert_eq!(home.status()["state"], "stopped");
    assert_eq!(home.devbox(&["sandbox", "status"]).status.code(), Some(3));

    assert_eq!(home.start()["server"], server);
    checked(home.kubectl(&["get", "configmap", "kept"]));
    home.ok(&["sandbox", "stop", "--delete"]);
    assert!(!home.sandbox().exists());
    assert_eq!(home.status()["state"], "absent");
}

#[test]
fn a_killed_supervisor_takes_its_components_along_and_start_heals() {
    let home = Home::new();
    home.start();
    checked(home.kubectl(&["create", "configmap", "kept"]));
    let processes = home.processes();
    home.process("supervisor").kill();
    all_end(&processes);
    assert_eq!(home.status()["state"], "dead");
    assert_eq!(home.start()["ranAlready"], false);
    checked(home.kubectl(&["get", "configmap", "kept"]));
}

#[test]
fn a_start_right_after_the_supervisor_was_killed_waits_for_what_it_left() {
    let home = Home::new();
    home.start();
    let processes = home.processes();
    let supervisor = home.process("supervisor");
    supervisor.kill();
    // The signal is on its way; until it arrives the sandbox runs, and `start` would say so.
    all_end(std::slice::from_ref(&supervisor));
    home.start();
    assert!(!processes.iter().any(ProcessId::is_alive));
    assert_eq!(home.status()["state"], "ready");
}

#[test]
fn a_killed_component_ends_the_sandbox_and_status_says_which_and_why() {
    let home = Home::new();
    home.start();
    let processes = home.processes();
    home.process("kube-scheduler").kill();
    all_end(&processes);
    let status = home.status();
    assert_eq!(status["state"], "failed");
    assert_eq!(status["failed"]["component"], "kube-scheduler");
    assert_eq!(status["failed"]["status"], "signal: 9 (SIGKILL)");
    let page = String::from_utf8(home.devbox(&["sandbox", "status"]).stdout).unwrap();
    assert!(page.contains("kube-scheduler ended: signal: 9 (SIGKILL)"), "{page}");
    assert_eq!(home.start()["ranAlready"], false);
}

#[test]
fn a_damaged_record_hides_no_process() {
    let home = Home::new();
    home.start();
    let processes = home.processes();
    std::fs::write(home.sandbox().join("sandbox.json"), "{").unwrap();
    assert_eq!(home.status()["state"], "damaged");
    home.start();
    assert!(!processes.iter().any(ProcessId::is_alive), "the old one was stopped");
    assert_eq!(home.status()["state"], "ready");
}

#[test]
fn a_port_that_somebody_took_is_replaced() {
    let home = Home::new();
    let server = home.start()["server"].as_str().unwrap().to_owned();
    home.ok(&["sandbox", "stop"]);
    let _taken = TcpListener::bind(server.trim_start_matches("https://")).unwrap();
    assert_ne!(home.start()["server"], server.as_str());
    checked(home.kubectl(&["get", "nodes"]));
}

#[test]
fn it_ends_with_the_process_that_it_follows() {
    let home = Home::new();
    let mut shell = home.command("sh");
    shell.args(["-c", "\"$0\" \"$@\"; exit $?", env!("CARGO_BIN_EXE_devbox")]).args(START);
    checked(shell.output().unwrap());
    eventually("it is stopped", || home.status()["state"] == "stopped");
    assert_eq!(home.processes(), []);
}

/// Interrupts a command while its sandbox starts; all of the sandbox's processes end. What it printed last.
fn interrupted(home: &Home, arguments: &[&str]) -> String {
    let command = home.spawn(arguments);
    eventually("the API server was started", || {
        home.status()["components"][1]["pid"].is_u64() && home.status()["state"] == "starting"
    });
    let processes = home.processes();
    let interrupt = Command::new("kill").args(["-INT", &command.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let output = command.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    all_end(&processes);
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn an_interrupted_start_leaves_no_process() {
    let home = Home::new();
    interrupted(&home, &START);
    home.start();
}

#[test]
fn an_init_that_is_interrupted_while_the_sandbox_starts_says_that_nothing_was_applied() {
    let home = Home::new();
    let project = home.folder("shop");
    let package =
        r#"{"name": "shop", "dependencies": {"express": "5"}, "scripts": {"start": "node server.js"}}"#;
    std::fs::write(project.join("package.json"), package).unwrap();
    let project_path = project.to_str().unwrap();
    let init = ["init", project_path, "--yes", "--sandbox", "--set", "shop.source=sync"];
    let text = interrupted(&home, &init);
    let hint = "hint: `devbox.yaml` was written, nothing was applied: `devbox init` goes on\n";
    assert!(text.ends_with(hint), "{text}");
    assert!(project.join("devbox.yaml").exists());
}

#[test]
fn a_program_that_is_no_sandbox_is_explained() {
    let home = Home::new();
    let output = home
        .command(env!("CARGO_BIN_EXE_devbox"))
        .env("DEVBOX_K8S_SANDBOX_BIN", "/bin/false")
        .args(["sandbox", "start"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("the sandbox's etcd ended: exit status: 1"), "{text}");
    assert_eq!(home.status()["state"], "failed");
}
