//! `devbox preset test` leaves nothing on the sandbox, however it ends.

use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::trial::{Trial, trial};

/// A preset whose pod no node takes: its test waits until something happens to it.
fn never(name: &str) -> String {
    super::sandbox::kubeconfig();
    let folder = super::sandbox::config().join("presets");
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "name: {name}\nsummary: Never ready\nextends: service\nparams: {{image: {{default: 'acme/never:1'}}, data: {{default: /data}}}}\n\
         values: {{ports: {{http: 80}}, nodeSelector: {{nowhere: 'true'}}}}\n"
    );
    std::fs::write(folder.join(format!("{name}.yaml")), text).unwrap();
    format!("/api/v1/namespaces/preset-test-{name}")
}

/// Begins the test of a preset, and waits until it is half way.
async fn begin(t: &Trial, name: &str) -> (Child, String) {
    let namespace = never(name);
    let child = super::sandbox::beside()
        .args(["preset", "test", name, "--sandbox", &super::sandbox::name()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let set = format!("/apis/apps/v1/namespaces/preset-test-{name}/statefulsets/{name}");
    t.until(&set).await;
    (child, namespace)
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
}

#[test]
fn an_interrupted_test_of_a_preset_removes_what_went_up() {
    trial(async |t| {
        for (name, signal) in [("never-int", Signal::INT), ("never-term", Signal::TERM)] {
            let (child, namespace) = begin(&t, name).await;
            send(&child, signal);
            let output = child.wait_with_output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(130), "{stderr}");
            assert!(stderr.contains("what went up is removed"), "{stderr}");
            assert!(t.get(&namespace).await.is_none(), "{name}: {stderr}");
        }
    });
}

#[test]
fn the_next_test_of_any_preset_removes_what_a_killed_one_left() {
    trial(async |t| {
        let (mut child, namespace) = begin(&t, "never-kill").await;
        // Two at once in one namespace would take each other's objects away.
        let second = super::sandbox::beside()
            .args(["preset", "test", "never-kill", "--sandbox", &super::sandbox::name()])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&second.stderr);
        assert!(stderr.contains("another test is running in namespace `preset-test-never-kill`"), "{stderr}");
        send(&child, Signal::KILL);
        child.wait().unwrap();
        assert!(t.get(&namespace).await.is_some());
        let next = super::sandbox::beside()
            .args(["preset", "test", "jaeger", "--sandbox", &super::sandbox::name()])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&next.stderr);
        assert!(next.status.success(), "{stderr}");
        assert!(stderr.contains("preset-test-never-kill: removed what"), "{stderr}");
        assert!(t.get(&namespace).await.is_none(), "{stderr}");
    });
}
