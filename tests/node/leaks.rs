//! Nothing of a containers node stays on this machine, however it ends.

use std::os::unix::process::CommandExt;

use rustix::process::{Pid, Signal, kill_process};

use crate::home::{Home, eventually, text};
use crate::traces;

/// How often a node is started and stopped; `DEVBOX_K8S_TEST_ROUNDS` says otherwise.
const ROUNDS: usize = 2;

const START: [&str; 4] = ["start", "--exit-with-parent", "--node", "containers"];

/// A pod that runs in every round, so that there is something to leave behind. Its image is there
/// without a registry: it is the one that holds every pod's namespaces.
const POD: &str = r#"{"spec": {"automountServiceAccountToken": false, "terminationGracePeriodSeconds": 1,
    "containers": [{"name": "pod", "image": "devbox.internal/pause:1", "imagePullPolicy": "Never",
    "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
    "volumes": [{"name": "data", "emptyDir": {"medium": "Memory"}}]}}"#;

fn start(home: &Home) {
    home.sandbox(&START);
    home.kubectl(&["delete", "pod", "pod", "--ignore-not-found", "--force", "--grace-period=0"]);
    let overrides = format!("--overrides={POD}");
    home.kubectl(&["run", "pod", "--image=devbox.internal/pause:1", "--image-pull-policy=Never", &overrides]);
    home.kubectl(&["wait", "pod/pod", "--for=condition=Ready", "--timeout=60s"]);
}

pub(crate) fn stopping_leaves_nothing() {
    let home = Home::new();
    let rounds = std::env::var("DEVBOX_K8S_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let before = traces::of(home.path());
    for _ in 0..rounds.unwrap_or(ROUNDS) {
        start(&home);
        let during = traces::of(home.path());
        assert!(
            during.iter().any(|trace| trace.starts_with("control group")),
            "the check sees what there is"
        );
        assert!(during.iter().any(|trace| trace.contains("kubelet")), "the check sees what there is");
        let outside: Vec<&String> = during
            .difference(&before)
            .filter(|trace| !trace.starts_with("process ") && !trace.starts_with("control group "))
            .collect();
        assert!(outside.is_empty(), "seen from outside while it runs: {outside:#?}");
        home.sandbox(&["stop"]);
        assert_eq!(traces::of(home.path()), before);
    }
}

/// The program of a process that is killed, and what its command line begins or goes on with.
const VICTIMS: [&str; 7] = [
    "sandbox supervise",
    "node node --name",
    "node inside --name",
    "devbox-sandbox kubelet",
    "node containerd ",
    "slirp4netns",
    // Both that could clear up after the other.
    "sandbox supervise|node node --name",
];

pub(crate) fn dying_leaves_nothing_whoever_dies() {
    let home = Home::new();
    let before = traces::of(home.path());
    for victims in VICTIMS {
        start(&home);
        let processes = traces::processes(home.path());
        for victim in victims.split('|') {
            let found = processes.iter().find(|(_, line)| line.contains(victim));
            let (pid, _) = found.unwrap_or_else(|| panic!("no `{victim}` among {processes:#?}"));
            kill_process(Pid::from_raw(i32::try_from(*pid).unwrap()).unwrap(), Signal::KILL).unwrap();
        }
        eventually(&format!("nothing is left after {victims} died"), || traces::of(home.path()) == before);
    }
}

pub(crate) fn a_node_is_not_exchanged() {
    let home = Home::new();
    home.sandbox(&START);
    home.sandbox(&["stop"]);
    let refused = home.devbox(home.path(), &["sandbox", "start", "--node", "simulated"], "");
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
    assert!(text(&refused).contains("was made with the node `containers`"), "{}", text(&refused));
    // Who does not say gets what there is.
    home.sandbox(&["start", "--exit-with-parent"]);
    assert_eq!(home.status()["node"], "containers");
}

pub(crate) fn without_root_it_says_what_is_missing() {
    let home = Home::new();
    std::fs::create_dir_all(home.path().join("nobody")).unwrap();
    let mut command = home.command(env!("CARGO_BIN_EXE_devbox"));
    command.args(["sandbox", "start", "--node", "containers"]).env("HOME", "/nonexistent");
    command.env("XDG_STATE_HOME", "/tmp/devbox-test-nobody").current_dir("/").uid(65534).gid(65534);
    let refused = command.output();
    let _ = std::fs::remove_dir_all("/tmp/devbox-test-nobody");
    let refused = refused.unwrap();
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
    assert!(text(&refused).contains("run it with `sudo`"), "{}", text(&refused));
}
