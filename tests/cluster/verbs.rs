//! The main job through the binary: from a clone to a ready environment, and back.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::support::{Devbox, Key};

/// A project of the fixtures and the run's cluster as its only context.
fn devbox(project: &str) -> Devbox {
    let kubeconfig = std::fs::read_to_string(super::sandbox::kubeconfig()).unwrap();
    Devbox::new().project(project).kubeconfig(&kubeconfig)
}

fn namespace(name: &str) -> String {
    format!("devbox-test-{}-{name}", std::process::id())
}

fn outcomes(answer: &Value) -> Vec<&str> {
    answer["objects"].as_array().unwrap().iter().map(|o| o["change"]["outcome"].as_str().unwrap()).collect()
}

fn versions(answer: &Value) -> Vec<&str> {
    answer["objects"].as_array().unwrap().iter().map(|o| o["resourceVersion"].as_str().unwrap()).collect()
}

#[test]
fn init_goes_from_a_clone_to_a_ready_environment_and_up_again_changes_nothing() {
    for project in ["node-express", "python-fastapi", "go-http"] {
        let devbox = devbox(project);
        let namespace = namespace(project);
        let own = std::fs::read_to_string(devbox.home().join(".kube/config")).unwrap();
        let first =
            devbox.args(["init", "--yes", "--format", "json", "--namespace", &namespace]).run().ok().json();
        assert_eq!(first["ready"], true, "{first:#}");
        assert!(outcomes(&first).iter().all(|outcome| *outcome == "created"), "{first:#}");

        let written = devbox.read("devbox.yaml").unwrap();
        for personal in [namespace.as_str(), "tester", "127.0.0.1", "token"] {
            assert!(!written.contains(personal), "{personal} in\n{written}");
        }
        let kubeconfig = std::path::Path::new(first["kubeconfig"].as_str().unwrap());
        assert_eq!(kubeconfig.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(devbox.home().join(".kube/config")).unwrap(), own);

        let again = devbox.args(["init", "--yes", "--format", "json"]).run().ok().json();
        assert_eq!(again["namespace"], namespace.as_str());
        assert!(outcomes(&again).iter().all(|outcome| *outcome == "unchanged"), "{again:#}");
        the_schema_is_beside_it_and_not_in_git(&devbox, &written);
        let up = devbox.args(["up", "--format", "json"]).run().ok().json();
        assert_eq!(versions(&up), versions(&again));
        the_schema_is_beside_it_and_not_in_git(&devbox, &written);
        assert_eq!(devbox.read("devbox.yaml").unwrap(), written);

        let status = devbox.args(["status", "--format", "json"]).run().ok().json();
        assert_eq!(status["status"]["ready"], true);

        let down = devbox.args(["down", "--yes", "--volumes", "--format", "json"]).run().ok().json();
        assert_eq!(down["result"]["namespaceRemoved"], true, "{down:#}");
        assert!(!kubeconfig.exists());
        devbox.args(["down", "--yes"]).run().ok();
        assert_eq!(devbox.arg("status").run().code, 1);
    }
}

/// Editors find the schema by the file's first line; the next clone gets it from the next command.
fn the_schema_is_beside_it_and_not_in_git(devbox: &Devbox, written: &str) {
    let path = written.lines().next().unwrap().strip_prefix("# yaml-language-server: $schema=").unwrap();
    assert_eq!(path, ".devbox-k8s/schema.json");
    let schema: Value = serde_json::from_str(&devbox.read(path).unwrap()).unwrap();
    assert!(schema["properties"]["components"].is_object(), "{schema:#}");
    let git = git2::Repository::open(devbox.cwd()).unwrap();
    let statuses = git.statuses(None).unwrap();
    let tracked = statuses.iter().filter(|entry| !entry.status().is_ignored());
    let paths: Vec<String> =
        tracked.map(|entry| String::from_utf8_lossy(entry.path_bytes()).into_owned()).collect();
    assert_eq!(paths, ["devbox.yaml"]);
    std::fs::remove_dir_all(devbox.cwd().join(".devbox-k8s")).unwrap();
}

#[test]
fn the_wizard_asks_shows_the_plan_and_hands_a_context_over() {
    let devbox = devbox("node-express");
    let namespace = namespace("wizard");
    let mut terminal = devbox.args(["init", "--namespace", &namespace]).terminal();
    terminal.wait_for("Which cluster?").send(Key::Enter);
    terminal.wait_for("Which services to run").send(Key::Enter);
    terminal.wait_for("SESSION_SECRET").send(Key::Enter);
    terminal.wait_for("Set this up?");
    assert!(devbox.read("devbox.yaml").is_none());
    terminal.send(Key::Enter);
    terminal.wait_for("export KUBECONFIG=");
    assert_eq!(terminal.exit_code(), 0);
    assert!(terminal.cursor_is_visible());
    assert!(terminal.transcript().contains("node-express is ready"), "{}", terminal.transcript());
    assert!(devbox.read("devbox.yaml").is_some());

    // The second time nothing about the project is asked: the first question is the last.
    let mut terminal = devbox.arg("init").terminal();
    terminal.wait_for("Set this up?");
    let asked = terminal.screen().lines().filter(|line| line.starts_with(['?', '✔'])).count();
    assert_eq!(asked, 1, "{}", terminal.screen());
    terminal.type_text("n");
    assert_eq!(terminal.exit_code(), 130);

    // Down asks, and keeps the data.
    let mut terminal = devbox.arg("down").terminal();
    terminal.wait_for("Remove this?").type_text("y");
    assert_eq!(terminal.exit_code(), 0);
    assert!(
        terminal.transcript().contains("PersistentVolumeClaim/postgres-data"),
        "{}",
        terminal.transcript()
    );
    devbox.args(["down", "--yes", "--volumes"]).run().ok();
}

#[test]
fn answers_on_standard_input_are_taken_and_events_are_json_lines() {
    let devbox = devbox("node-express");
    let namespace = namespace("answers");
    let call = devbox.args(["init", "--yes", "--format", "json"]);
    let run = call.answer("namespace", &namespace).answer("services", "[redis]").run().ok();
    assert_eq!(run.json()["namespace"], namespace.as_str());
    let events = run.events();
    let ended = |id: &str| events.iter().any(|event| event["event"] == "ended" && event["id"] == id);
    assert!(ended("apply/StatefulSet/redis") && !ended("apply/StatefulSet/postgres"), "{run}");
    devbox.args(["down", "--yes", "--volumes"]).run().ok();
}

#[test]
fn an_environment_that_is_removed_by_name_takes_nothing_of_the_folders_present_one_along() {
    let devbox = devbox("go-http");
    let (old, new) = (namespace("old"), namespace("new"));
    let init = |namespace: &str| {
        let call = devbox.args(["init", "--yes", "--format", "json", "--namespace", namespace]);
        let answer = call.run().ok().json();
        std::path::PathBuf::from(answer["kubeconfig"].as_str().unwrap())
    };
    let (first, second) = (init(&old), init(&new));
    assert_ne!(first, second);
    devbox.args(["down", "--yes", "--volumes", "--namespace", &old]).run().ok();
    assert!(!first.exists() && second.exists());
    let status = devbox.args(["status", "--format", "json"]).run().ok().json();
    assert_eq!(status["status"]["namespace"], new.as_str());
    devbox.args(["down", "--yes", "--volumes"]).run().ok();
    assert!(!second.exists());
}

#[test]
fn diff_says_what_up_would_change_with_its_own_exit_code_and_changes_nothing() {
    let devbox = devbox("go-http");
    let namespace = namespace("diff");
    devbox.args(["init", "--yes", "--namespace", &namespace]).run().ok();
    let nothing = devbox.args(["diff", "--exit-code"]).run().ok();
    assert!(nothing.stdout.ends_with("unchanged)\n"), "{nothing}");
    let before = devbox.args(["up", "--format", "json"]).run().ok().json();

    let set = ["--set", "quotes.port=9000"];
    let run = devbox.args(["diff"]).args(set).run().ok();
    assert!(
        run.stdout.contains("~ Service/quotes  changed\n") && run.stdout.contains(": 8080 -> 9000\n"),
        "{run}"
    );
    assert_eq!(devbox.args(["diff", "--exit-code"]).args(set).run().code, 4);
    let json = devbox.args(["diff", "--format", "json"]).args(set).run().ok().json();
    assert_eq!((&json["schema"], &json["differs"]), (&1.into(), &true.into()));
    let service = json["objects"]
        .as_array()
        .unwrap()
        .iter()
        .find(|object| object["kind"] == "Service" && object["name"] == "quotes")
        .unwrap();
    assert_eq!(service["change"], "changed");
    assert!(service["fields"].as_array().unwrap().iter().any(|field| field["after"] == 9000), "{service:#}");

    let after = devbox.args(["up", "--format", "json"]).run().ok().json();
    assert_eq!(versions(&after), versions(&before));
    // Where nothing is left everything is new, and a namespace that is not there is no failure.
    devbox.args(["down", "--yes", "--volumes"]).run().ok();
    let context = ["--context", "devbox-sandbox-none"];
    assert_eq!(devbox.args(["diff"]).args(context).run().code, 2);
    let kubeconfig: Value =
        serde_yaml::from_str(&std::fs::read_to_string(devbox.home().join(".kube/config")).unwrap()).unwrap();
    let context = ["--context", kubeconfig["current-context"].as_str().unwrap()];
    let run = devbox.args(["diff", "--exit-code", "--namespace", &namespace]).args(context).run();
    assert_eq!(run.code, 4, "{run}");
    assert!(run.stdout.starts_with(&format!("+ Namespace/{namespace}  created\n")), "{run}");
}

#[test]
fn up_asks_again_where_the_cluster_changed_after_the_changes_were_shown() {
    let devbox = devbox("go-http");
    let namespace = namespace("again");
    devbox.args(["init", "--yes", "--namespace", &namespace]).run().ok();
    let mut terminal = devbox.args(["up", "--set", "quotes.port=9000"]).terminal();
    terminal.wait_for("8080 -> 9000");
    terminal.wait_for("Apply these changes?");
    // Somebody else is faster.
    devbox.args(["up", "--set", "quotes.port=9100"]).run().ok();
    terminal.type_text("y");
    terminal.wait_for("the cluster changed since this was shown");
    terminal.wait_for("9100 -> 9000");
    terminal.type_text("n");
    assert_eq!(terminal.exit_code(), 130);
    assert!(terminal.transcript().contains("nothing was written"), "{}", terminal.transcript());
    devbox.args(["diff", "--exit-code", "--set", "quotes.port=9100"]).run().ok();

    // And with nothing in between, what was shown is done without a second question.
    let mut terminal = devbox.args(["up", "--set", "quotes.port=9000"]).terminal();
    terminal.wait_for("Apply these changes?").type_text("y");
    terminal.wait_for("export KUBECONFIG=");
    assert_eq!(terminal.exit_code(), 0);
    devbox.args(["diff", "--exit-code", "--set", "quotes.port=9000"]).run().ok();
    devbox.args(["down", "--yes", "--volumes"]).run().ok();
}

#[test]
fn status_tells_addresses_quota_and_how_far_it_is_from_devbox_yaml_and_watches() {
    let devbox = devbox("go-http");
    let namespace = namespace("status");
    devbox.args(["init", "--yes", "--namespace", &namespace]).run().ok();
    let status = devbox.args(["status", "--format", "json"]).run().ok().json();
    assert_eq!(status["drift"]["differs"], false, "{status:#}");
    let addresses = status["status"]["addresses"].as_array().unwrap();
    assert!(addresses.iter().any(|a| a["address"] == format!("quotes.{namespace}:8080")), "{addresses:?}");
    let quota = status["status"]["quota"].as_array().unwrap();
    assert!(quota.iter().any(|quota| quota["resource"] == "pods" && quota["used"] != "0"), "{quota:?}");
    assert!(status["status"]["ageSeconds"].is_number());

    let mut terminal = devbox.args(["status", "--watch"]).terminal();
    // It is longer than the terminal: its top stays.
    terminal.wait_for("is ready");
    terminal.wait_for("more lines: make the terminal higher");
    devbox.args(["up", "--set", "quotes.port=9100"]).run().ok();
    terminal.wait_for("Differs from devbox.yaml");
    // That is how it ends, so it is no failure that is told.
    terminal.send(Key::CtrlC);
    assert_eq!(terminal.exit_code(), 130);
    assert!(terminal.cursor_is_visible() && !terminal.screen().contains("error"), "{}", terminal.screen());
    let run = devbox.arg("status").run().ok();
    assert!(run.stdout.contains("\nDiffers from devbox.yaml\n  changed  2\n"), "{run}");
    // Looking changed nothing.
    devbox.args(["diff", "--exit-code", "--set", "quotes.port=9100"]).run().ok();
    devbox.args(["down", "--yes", "--volumes"]).run().ok();
}
