//! `devbox init` without a terminal and without a cluster.

use insta::assert_snapshot;

use super::support::Devbox;

/// A kubeconfig with one context that leads to `server`.
fn kubeconfig(context: &str, server: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
current-context: {context}
contexts: [{{name: {context}, context: {{cluster: c, user: u}}}}]
clusters: [{{name: c, cluster: {{server: '{server}'}}}}]
users: [{{name: u, user: {{token: hush}}}}]
"
    )
}

#[test]
fn without_a_terminal_every_missing_flag_is_named_in_one_message() {
    let devbox = Devbox::new().project("node-express");
    let before = devbox.files();
    assert_snapshot!(devbox.arg("init").run());
    assert_eq!(devbox.files(), before);
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    let devbox = Devbox::new().project("node-express");
    let before = devbox.files();
    assert_snapshot!(devbox.args(["init", "--dry-run"]).run().ok());
    assert_eq!(devbox.files(), before);
}

#[test]
fn an_empty_folder_says_so_and_what_to_do() {
    assert_snapshot!(Devbox::new().args(["init", "--dry-run"]).run());
}

#[test]
fn what_looks_like_production_is_refused_before_a_byte_is_sent_whatever_the_flags() {
    // Nothing answers there: an attempt to connect would be another failure, and slower.
    let devbox = Devbox::new().project("go-http").kubeconfig(&kubeconfig("shop-prod", "https://192.0.2.1"));
    let before = devbox.files();
    let call = devbox.args(["init", "--yes", "--force-conflicts", "--confirm-context", "shop-prod"]);
    assert_snapshot!(call.run());
    assert_eq!(devbox.files(), before);
}

#[test]
fn a_server_that_is_not_there_is_named_and_nothing_is_written() {
    let devbox = Devbox::new().project("go-http").kubeconfig(&kubeconfig("dev", "https://127.0.0.1:1"));
    let before = devbox.files();
    assert_snapshot!(devbox.args(["init", "--yes"]).run());
    assert_eq!(devbox.files(), before);
}

#[test]
fn an_unknown_context_names_those_that_there_are() {
    let devbox = Devbox::new().project("go-http").kubeconfig(&kubeconfig("dev", "https://127.0.0.1:1"));
    assert_snapshot!(devbox.args(["init", "--yes", "--context", "staging"]).run());
}

#[test]
fn a_wrong_devbox_yaml_is_shown_at_its_line_and_left_alone() {
    let text = "name: shop\ncomponents:\n  shop:\n    path: .\n    extends: node\n    vlaues: {port: 1}\n";
    let devbox = Devbox::new().project("node-express").file("devbox.yaml", text);
    assert_snapshot!(devbox.args(["init", "--dry-run"]).run());
    assert_eq!(devbox.read("devbox.yaml").as_deref(), Some(text));
}

#[test]
fn a_value_of_another_type_and_an_unknown_key_are_explained() {
    let devbox = Devbox::new().project("node-express");
    assert_snapshot!(devbox.args(["init", "--dry-run", "--set", "shop.port=http"]).run());
    assert_snapshot!(devbox.args(["init", "--dry-run", "--set", "shop.prot=3000"]).run());
    assert_snapshot!(devbox.args(["init", "--dry-run"]).answer("postgres", "{storage: lots}").run());
}

#[test]
fn verbs_for_an_environment_say_what_to_do_where_there_is_none() {
    let devbox = Devbox::new().project("node-express");
    assert_snapshot!(devbox.arg("up").run());
    assert_snapshot!(devbox.arg("status").run());
    assert_snapshot!(devbox.args(["down", "--yes"]).run().ok());
}

#[test]
fn a_set_without_a_value_does_not_repeat_what_may_be_a_secret() {
    let run =
        Devbox::new().project("node-express").args(["init", "--dry-run", "--set", "sk_live_hush"]).run();
    assert_eq!(run.code, 2);
    assert!(!run.to_string().lines().skip(1).any(|line| line.contains("hush")), "{run}");
}

#[test]
fn an_environment_that_its_quota_cannot_hold_is_refused_with_what_to_type() {
    let file = "values: {memory: 256Mi}\ncomponents:\n  shop: {path: ., extends: node}\n";
    // Nothing answers there: whoever asked it would say something else.
    let devbox = Devbox::new()
        .project("node-express")
        .file("devbox.yaml", file)
        .kubeconfig(&kubeconfig("dev", "https://127.0.0.1:1"));
    let before = devbox.files();
    assert_snapshot!(devbox.args(["init", "--yes", "--set", "pods=2"]).run());
    let up = devbox.args(["up", "--yes", "--context", "dev"]).run();
    assert!(up.code == 2 && up.stderr.contains("`memory: 576Mi` in devbox.yaml:1"), "{up}");
    // Who only looks is warned.
    let looked = devbox.args(["init", "--dry-run"]).run().ok();
    assert!(looked.stderr.contains("the quota is 256Mi"), "{looked}");
    assert_eq!(devbox.files(), before);
}
