//! `devbox kubeconfig`: a person's own kubeconfig is changed where that is asked for, and nothing else of it.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use devbox::config::{EnvironmentRecord, Place};
use devbox::env::Env;
use devbox::kubeconfig::{Kubeconfigs, environment};

use super::support::Devbox;

/// Comments, anchors, unknown keys, an order of its own and a relative path.
const THEIRS: &str = "# mine
current-context: work # the usual
x-team: &work {server: 'https://work:6443', certificate-authority: certs/ca.pem}
contexts:
# for work
- context: {cluster: work, user: me}
  name: work
  extra: [kept]

# keys
users:
- name: me
  user:
    exec: {command: login, apiVersion: client.authentication.k8s.io/v1}
clusters:
- {name: work, cluster: *work}
preferences: {colors: true}
";

const OWN: &str = "apiVersion: v1
kind: Config
clusters:
- name: devbox-shop
  cluster: {server: 'https://dev:6443', certificate-authority-data: Q0E=}
users:
- name: devbox-shop
  user: {token: hush}
contexts:
- name: devbox-shop
  context: {cluster: devbox-shop, user: devbox-shop, namespace: dev-me-shop}
current-context: devbox-shop
";

/// A folder whose environment was set up.
fn with_environment(theirs: &str) -> Devbox {
    let devbox = Devbox::new().kubeconfig(theirs);
    let env = Env::under(devbox.home().parent().unwrap());
    let record = EnvironmentRecord {
        schema: 1,
        root: devbox.cwd().to_path_buf(),
        project: "shop".into(),
        place: Place::Context { context: "work".into(), kubeconfig: None },
        namespace: "dev-me-shop".into(),
        kubeconfig: Some(environment::path(&env, "dev-me-shop.work")),
        kinds: Default::default(),
    };
    environment::write(record.kubeconfig.as_ref().unwrap(), OWN).unwrap();
    record.write(&env).unwrap();
    devbox
}

fn usual(devbox: &Devbox) -> PathBuf {
    devbox.home().join(".kube/config")
}

fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

/// Reads it as client-go does.
fn contexts(file: &Path) -> Vec<String> {
    let document: serde_yaml::Value = serde_yaml::from_str(&text(file)).unwrap();
    let contexts = document["contexts"].as_sequence().unwrap();
    contexts.iter().map(|context| context["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_merge_and_a_removal_are_shown_and_change_nothing_but_the_environments_entries() {
    let devbox = with_environment(THEIRS);
    insta::assert_snapshot!(devbox.args(["kubeconfig", "merge", "--dry-run"]).run());
    assert_eq!(text(&usual(&devbox)), THEIRS);
    insta::assert_snapshot!(devbox.args(["kubeconfig", "merge"]).run());
    assert_eq!(text(&usual(&devbox)), THEIRS);
    let copy = ("config\\.[0-9a-f]{8}\\.", "config.[ID].");
    insta::assert_snapshot!(devbox.args(["kubeconfig", "merge", "--yes"]).redact(copy.0, copy.1).run());
    insta::assert_snapshot!(text(&usual(&devbox)));
    insta::assert_snapshot!(devbox.args(["kubeconfig", "merge", "--yes"]).run());
    insta::assert_snapshot!(devbox.args(["kubeconfig", "remove", "--yes"]).redact(copy.0, copy.1).run());
    assert_eq!(text(&usual(&devbox)), THEIRS);
    insta::assert_snapshot!(devbox.args(["kubeconfig", "remove", "--yes"]).run());
}

#[test]
fn of_several_files_one_is_written_and_the_others_stay_byte_for_byte() {
    let devbox = with_environment(THEIRS);
    let (a, b) = (devbox.home().join("a"), devbox.home().join("b"));
    std::fs::write(&b, THEIRS).unwrap();
    let list = format!("{}:{}", a.display(), b.display());
    let run = |words: [&str; 3]| devbox.args(words).env("KUBECONFIG", &list).run();
    // The first that is there.
    run(["kubeconfig", "merge", "--yes"]).ok();
    assert!(!a.exists());
    assert_eq!(contexts(&b), ["work", "devbox-shop"]);
    run(["kubeconfig", "remove", "--yes"]).ok();
    assert_eq!(text(&b), THEIRS);
    std::fs::write(&a, "# first\n").unwrap();
    run(["kubeconfig", "merge", "--yes"]).ok();
    assert_eq!(text(&b), THEIRS);
    assert_eq!(contexts(&a), ["devbox-shop"]);
    assert_eq!(text(&usual(&devbox)), THEIRS);
    // A file that is not there is made, for its owner alone, in a folder of its own.
    let new = devbox.home().join("new/config");
    let words = ["kubeconfig", "merge", "--yes", "--kubeconfig", new.to_str().unwrap()];
    devbox.args(words).run().ok();
    assert_eq!(contexts(&new), ["devbox-shop"]);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&new), mode(new.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn a_lock_that_somebody_holds_is_waited_for_and_then_named() {
    let devbox = with_environment(THEIRS);
    let lock = devbox.home().join(".kube/config.lock");
    std::fs::write(&lock, "").unwrap();
    let run = devbox.args(["kubeconfig", "merge", "--yes"]).redact("for [0-9]+ s", "for [AGE] s").run();
    insta::assert_snapshot!(run);
    assert_eq!(text(&usual(&devbox)), THEIRS);
    assert!(lock.exists());
    // Released while it waits.
    let command = devbox.args(["kubeconfig", "merge", "--yes"]);
    let waiting = std::thread::spawn(move || command.run());
    std::fs::remove_file(&lock).unwrap();
    waiting.join().unwrap().ok();
    assert_eq!(contexts(&usual(&devbox)), ["work", "devbox-shop"]);
    assert!(!lock.exists());
}

#[test]
fn twenty_merges_at_once_are_all_there() {
    let devbox = with_environment(THEIRS);
    let names: Vec<String> = (0..20).map(|number| format!("env-{number:02}")).collect();
    let running: Vec<_> = names
        .iter()
        .map(|name| {
            let call = devbox.args(["kubeconfig", "merge", "--yes", "--name", name]);
            std::thread::spawn(move || call.run())
        })
        .collect();
    running.into_iter().for_each(|run| drop(run.join().unwrap().ok()));
    let mut there = contexts(&usual(&devbox));
    assert_eq!(there.remove(0), "work");
    there.sort();
    assert_eq!(there, names);
    // All of them are this environment's.
    devbox.args(["kubeconfig", "remove", "--yes"]).run().ok();
    assert_eq!(text(&usual(&devbox)), THEIRS);
}

#[test]
fn a_symlink_and_the_mode_are_kept_and_a_copy_of_what_was_there() {
    let devbox = with_environment(THEIRS);
    let (link, real) = (usual(&devbox), devbox.home().join("real"));
    std::fs::rename(&link, &real).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, &link).unwrap();
    let answer = devbox.args(["kubeconfig", "merge", "--yes", "--format", "json"]).run().ok().json();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    let copy = Path::new(answer["copy"].as_str().unwrap());
    assert_eq!(text(copy), THEIRS);
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(text(&real).starts_with(THEIRS.split("\n\n").next().unwrap()));
    assert!(!real.with_extension("lock").exists());
}

#[test]
fn killed_at_any_moment_the_file_is_the_old_one_or_the_new_one() {
    let devbox = with_environment(THEIRS);
    let file = usual(&devbox);
    devbox.args(["kubeconfig", "merge", "--yes"]).run().ok();
    let merged = text(&file);
    let lock = devbox.home().join(".kube/config.lock");
    for round in 0..40 {
        std::fs::write(&file, THEIRS).unwrap();
        let mut command = devbox.command(env!("CARGO_BIN_EXE_devbox"));
        command.args(["kubeconfig", "merge", "--yes"]).stderr(Stdio::null()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        // It has begun to write, or is done.
        while !lock.exists() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        (0..round * 5).for_each(|_| std::thread::yield_now());
        let _ = child.kill();
        child.wait().unwrap();
        let now = text(&file);
        assert!(now == THEIRS || now == merged, "{now}");
        let _ = std::fs::remove_file(&lock);
    }
}

#[test]
fn a_relative_path_stays_as_it_is_and_leads_where_it_led() {
    let devbox = with_environment(THEIRS);
    devbox.args(["kubeconfig", "merge", "--yes"]).run().ok();
    let file = usual(&devbox);
    assert!(text(&file).contains("certificate-authority: certs/ca.pem"));
    let env = Env::under(devbox.home().parent().unwrap());
    let target = Kubeconfigs::load(&env, Some(&file)).unwrap().target(Some("work")).unwrap();
    let (cluster, _) = environment::entries(&target);
    assert_eq!(cluster["certificate-authority"], devbox.home().join(".kube/certs/ca.pem").to_str().unwrap());
}

#[test]
fn a_name_that_is_taken_is_refused_unless_forced_and_the_current_context_changes_only_on_request() {
    let taken =
        "- name: devbox-shop\n  context: {cluster: devbox-shop}\n- context: {cluster: work, user: me}\n";
    let server = "- name: devbox-shop\n  cluster: {server: 'https://other:6443'}\n- {name: work";
    let theirs = THEIRS.replace("- context: {cluster: work, user: me}\n", taken);
    let devbox = with_environment(&theirs.replace("- {name: work", server));
    let file = usual(&devbox);
    let before = text(&file);
    insta::assert_snapshot!(devbox.args(["kubeconfig", "merge", "--yes"]).run());
    insta::assert_snapshot!(devbox.args(["kubeconfig", "remove", "--yes", "--name", "devbox-shop"]).run());
    assert_eq!(text(&file), before);
    devbox.args(["kubeconfig", "merge", "--yes", "--name", "shop", "--current"]).run().ok();
    assert_eq!(contexts(&file), ["devbox-shop", "work", "shop"]);
    assert!(text(&file).contains("current-context: shop # the usual\n"));
    // What it was before comes back with the removal.
    devbox.args(["kubeconfig", "remove", "--yes", "--name", "shop"]).run().ok();
    assert_eq!(text(&file), before);
    devbox.args(["kubeconfig", "merge", "--yes", "--force"]).run().ok();
    assert_eq!(contexts(&file), ["devbox-shop", "work"]);
    assert!(text(&file).contains("server: https://dev:6443"));
    assert!(text(&file).contains("current-context: work # the usual\n"));
}

#[test]
fn a_person_is_asked_and_can_say_no() {
    let devbox = with_environment(THEIRS);
    let mut terminal = devbox.args(["kubeconfig", "merge"]).terminal();
    terminal.wait_for("Change this file?").type_text("n");
    assert_eq!(terminal.exit_code(), 130);
    assert_eq!(text(&usual(&devbox)), THEIRS);
    let printed = devbox.args(["kubeconfig", "print"]).run().ok();
    assert_eq!(printed.stdout, OWN);
}
