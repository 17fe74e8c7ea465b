//! The kubeconfig that is handed over signs in as its access preset says, in kubectl itself.

use std::path::PathBuf;

use serde_json::Value;

use super::support::Devbox;

const PROJECT: &str = "services: {mailpit: {}}\ncomponents: {}\n";

fn devbox() -> Devbox {
    let kubeconfig = std::fs::read_to_string(super::sandbox::kubeconfig()).unwrap();
    Devbox::new().kubeconfig(&kubeconfig).file("devbox.yaml", PROJECT)
}

fn namespace(name: &str) -> String {
    format!("devbox-test-{}-access-{name}", std::process::id())
}

/// Sets the environment up; gives its kubeconfig.
fn init(devbox: &Devbox, namespace: &str, more: &[&str]) -> (PathBuf, Value) {
    let mut call = devbox.args(["init", "--yes", "--no-wait", "--format", "json", "--namespace", namespace]);
    for argument in more {
        call = call.arg(*argument);
    }
    let answer = call.run().ok().json();
    (PathBuf::from(answer["kubeconfig"].as_str().unwrap()), answer)
}

/// Who kubectl is to the API server with this kubeconfig, in the test's surroundings.
fn who(devbox: &Devbox, kubeconfig: &std::path::Path) -> String {
    let output = devbox
        .command(super::sandbox::program())
        .args(["kubectl", "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"])
        .env("KUBECONFIG", kubeconfig)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn kubectl_gets_its_tokens_from_devbox_and_nothing_of_it_is_left() {
    let devbox = devbox();
    let namespace = namespace("plugin");
    let (kubeconfig, answer) = init(&devbox, &namespace, &["--access", "token-plugin"]);
    assert_eq!(answer["tokenExpires"], Value::Null);
    let text = std::fs::read_to_string(&kubeconfig).unwrap();
    assert!(!text.contains("token:"), "{text}");
    let account = format!("system:serviceaccount:{namespace}:developer");
    assert_eq!(who(&devbox, &kubeconfig), account);
    let kept = kubeconfig.with_extension("token.json");
    let first = std::fs::read_to_string(&kept).unwrap();
    assert_eq!(who(&devbox, &kubeconfig), account);
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), first, "a token that is good is used again");
    // Another `up` forgets it: the account may have been made anew.
    devbox.args(["up", "--yes", "--no-wait", "--access", "token-plugin"]).run().ok();
    assert!(!kept.exists());
    assert_eq!(who(&devbox, &kubeconfig), account);
    devbox.args(["down", "--yes", "--volumes"]).run().ok();
    assert!(!kept.exists() && !kubeconfig.exists());
}

#[test]
fn a_shell_that_uses_an_environment_still_finds_the_persons_own_contexts() {
    let devbox = devbox();
    let namespace = namespace("shell");
    // The person's kubeconfig is not the usual one.
    let own = devbox.home().join("team.yaml");
    std::fs::rename(devbox.home().join(".kube/config"), &own).unwrap();
    let call = devbox.args(["init", "--yes", "--no-wait", "--format", "json", "--namespace", &namespace]);
    let answer = call.env("KUBECONFIG", own.to_str().unwrap()).run().ok().json();
    let handed_over = answer["kubeconfig"].as_str().unwrap();
    let again = devbox.args(["up", "--no-wait", "--yes", "--format", "json"]).env("KUBECONFIG", handed_over);
    let outcomes = again.run().ok().json()["objects"].clone();
    let unchanged = |object: &Value| object["change"]["outcome"] == "unchanged";
    assert!(outcomes.as_array().unwrap().iter().all(unchanged), "{outcomes:#}");
    let down = devbox.args(["down", "--yes", "--volumes"]).env("KUBECONFIG", handed_over);
    down.run().ok();
}

#[test]
fn the_persons_own_credentials_are_handed_over_when_asked_for() {
    let devbox = devbox();
    let namespace = namespace("user");
    let own = who(&devbox, &devbox.home().join(".kube/config"));
    let (kubeconfig, answer) = init(&devbox, &namespace, &["--access", "user"]);
    assert_eq!(answer["tokenExpires"], Value::Null);
    assert_eq!(who(&devbox, &kubeconfig), own);
    devbox.args(["down", "--yes", "--volumes"]).run().ok();
}

#[test]
fn a_team_says_in_devbox_yaml_how_one_signs_in() {
    let access = "access: {extends: eks, values: {cluster: dev, region: eu-west-1}}\n";
    let devbox = devbox().file("devbox.yaml", &format!("{PROJECT}{access}"));
    let namespace = namespace("team");
    let devbox = devbox.config("config.yaml", "values: {eks: {profile: work}}\n");
    let (kubeconfig, _) = init(&devbox, &namespace, &[]);
    let file: Value = serde_yaml::from_str(&std::fs::read_to_string(&kubeconfig).unwrap()).unwrap();
    let exec = &file["users"][0]["user"]["exec"];
    assert_eq!(exec["command"], "aws");
    let args: Vec<&str> = exec["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
    assert_eq!(args.join(" "), "--region eu-west-1 eks get-token --cluster-name dev --output json");
    assert_eq!(exec["env"], serde_json::json!([{"name": "AWS_PROFILE", "value": "work"}]));
    let written = devbox.read("devbox.yaml").unwrap();
    assert!(written.contains("access:") && !written.contains("profile"), "{written}");
    devbox.args(["down", "--yes", "--volumes"]).run().ok();
}

#[test]
fn the_guard_holds_for_tokens_too() {
    let kubeconfig = std::fs::read_to_string(super::sandbox::kubeconfig()).unwrap();
    let context = serde_yaml::from_str::<Value>(&kubeconfig).unwrap()["current-context"].clone();
    let renamed = kubeconfig.replace(context.as_str().unwrap(), "shop-prod");
    let devbox = Devbox::new().kubeconfig(&renamed);
    let call = devbox.args(["token", "--context", "shop-prod", "--namespace", "default"]);
    assert_eq!(call.run().code, 5);
    let nothing = devbox.args(["token"]).run();
    assert_eq!(nothing.code, 2);
    assert!(nothing.stderr.contains("devbox init"), "{nothing}");
}
