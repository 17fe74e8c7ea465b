//! The whole built-in catalogue goes up: every app preset and every service preset in one environment.

use serde_json::Value;

use super::support::Devbox;

/// A `devbox.yaml` with a component of every app preset and a service of every service preset.
fn everything(presets: &[Value]) -> String {
    let of_kind = |kind: &str| -> Vec<String> {
        let presets = presets.iter().filter(|preset| preset["kind"] == kind);
        presets.map(|preset| preset["name"].as_str().unwrap().to_owned()).collect()
    };
    let mut file = "components:\n".to_owned();
    // What the sandbox does not have: see `webassembly.rs`.
    for app in of_kind("app").into_iter().filter(|app| !["wasm", "spin"].contains(&app.as_str())) {
        file += &format!(
            "  app-{app}: {{path: ., extends: {app}, uses: [], values: {{source: image, image: 'acme/{app}:1'}}}}\n"
        );
    }
    file += "services:\n";
    for service in of_kind("service") {
        let values =
            if service == "service" { ", values: {image: 'acme/own:1', ports: {own: 1234}}" } else { "" };
        file += &format!("  {service}: {{extends: {service}{values}}}\n");
    }
    file
}

#[test]
fn every_preset_goes_up_and_a_second_time_changes_nothing() {
    let kubeconfig = std::fs::read_to_string(super::sandbox::kubeconfig()).unwrap();
    let devbox = Devbox::new().kubeconfig(&kubeconfig);
    let list = devbox.args(["preset", "list", "--format", "json"]).run().ok().json();
    let file = everything(list["presets"].as_array().unwrap());
    let devbox = devbox.file("devbox.yaml", &file);
    let namespace = format!("devbox-test-{}-catalogue", std::process::id());
    // Waited for, so that no controller still writes what the second run compares.
    let call = devbox.args(["init", "--yes", "--format", "json", "--namespace", &namespace]);
    let first = call.run().ok().json();
    let objects = first["objects"].as_array().unwrap();
    assert!(objects.len() > 100, "{}", objects.len());
    assert!(objects.iter().all(|object| object["change"]["outcome"] == "created"), "{first:#}");
    let again = devbox.args(["up", "--no-wait", "--format", "json"]).run().ok().json();
    let moved: Vec<&Value> = again["objects"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|object| object["change"]["outcome"] != "unchanged")
        .collect();
    assert!(moved.is_empty(), "{moved:#?}");
    devbox.args(["down", "--yes", "--volumes", "--format", "json"]).run().ok();
}

#[test]
fn a_preset_is_tested_on_the_sandbox_and_nothing_is_left() {
    let kubeconfig = super::sandbox::kubeconfig();
    let output = super::sandbox::beside()
        .args(["preset", "test", "mailpit", "--format", "json", "--sandbox", &super::sandbox::name()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["presets"][0]["ready"], true, "{answer:#}");
    // A second time it starts from nothing.
    let text = std::fs::read_to_string(kubeconfig).unwrap();
    let devbox =
        Devbox::new().kubeconfig(&text).file("devbox.yaml", "services: {mailpit: {}}\ncomponents: {}\n");
    let status = devbox.args(["status", "--namespace", "preset-test-mailpit"]).run();
    assert_ne!(status.code, 0, "{status}");
}
