//! `preset update`: the difference is shown before the pin moves.

use insta::assert_snapshot;

use super::organisation::{INGRESS, Organisation, RAILS, project_with};
use super::support::{Devbox, Key, Run};

fn changed() -> (Organisation, Devbox, String) {
    let organisation = Organisation::new();
    let devbox = project_with(&organisation, &organisation.url());
    let before = devbox
        .read("devbox.yaml")
        .unwrap()
        .replace("commit: ", "commit:   ")
        .replace("\n    git", " # ours\n    git");
    let devbox = devbox.file("devbox.yaml", &before);
    organisation.commit(&[
        ("presets/rails.yaml", &RAILS.replace("shop.dev.example.com", "shop.test.example.com")),
        ("presets/extra.yaml", "name: extra\nsummary: More\nextends: web\n"),
        ("templates/rails/ingress.yaml", &INGRESS.replace("path: /\n", "path: /app\n")),
    ]);
    (organisation, devbox, before)
}

fn shown(run: &Run, organisation: &Organisation) -> String {
    run.to_string().replace(&organisation.url(), "[SOURCE]")
}

#[test]
fn the_difference_of_presets_and_of_what_is_rendered_is_shown() {
    let (organisation, devbox, before) = changed();
    let run = devbox.args(["preset", "update", "acme", "--dry-run"]).run().ok();
    assert_snapshot!(shown(&run, &organisation));
    let json = devbox.args(["preset", "update", "--dry-run", "--format", "json"]).run().ok().json();
    let source = &json["sources"][0];
    assert_eq!(source["objects"][0]["what"], "Ingress/web");
    let files: Vec<_> = source["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["what"].as_str().unwrap(), file["change"].as_str().unwrap()))
        .collect();
    assert_eq!(
        files,
        [
            ("presets/extra.yaml", "added"),
            ("presets/rails.yaml", "changed"),
            ("templates/rails/ingress.yaml", "changed")
        ]
    );
    assert_eq!(source["moved"], false);
    assert_eq!(devbox.read("devbox.yaml").unwrap(), before);
    assert_eq!(devbox.args(["preset", "update"]).run().code, 2, "nobody can be asked");
    assert_eq!(devbox.read("devbox.yaml").unwrap(), before);
}

#[test]
fn a_pin_moves_in_place_and_its_trust_is_a_matter_of_its_own() {
    let (organisation, devbox, before) = changed();
    devbox.args(["preset", "update", "--yes"]).run().ok();
    let new = organisation.git().refname_to_id("refs/heads/main").unwrap().to_string();
    let after = devbox.read("devbox.yaml").unwrap();
    let old = before.lines().find_map(|line| line.trim().strip_prefix("commit:   ")).unwrap();
    let old = old.trim_matches('"');
    assert_eq!(after, before.replace(old, &new));
    assert_eq!(devbox.arg("render").run().code, 2, "it is not trusted yet");
    let run = devbox.args(["preset", "update"]).run().ok();
    assert!(run.stdout.contains("is the newest"), "{run}");
    // Back, and forth with the tree that was looked at.
    let devbox = devbox.file("devbox.yaml", &before);
    devbox.args(["preset", "update", "--trust", &organisation.tree()]).run().ok();
    let rendered = devbox.arg("render").run().ok().stdout;
    assert!(rendered.contains("shop.test.example.com"), "{rendered}");
}

#[test]
fn in_a_terminal_it_asks() {
    let (organisation, devbox, before) = changed();
    let mut terminal = devbox.args(["preset", "update"]).terminal();
    terminal.wait_for("and trust it?").type_text("n");
    assert_eq!(terminal.exit_code(), 130);
    assert_eq!(devbox.read("devbox.yaml").unwrap(), before);
    let mut terminal = devbox.args(["preset", "update"]).terminal();
    terminal.wait_for("and trust it?").send(Key::Enter);
    assert_eq!(terminal.exit_code(), 0, "{}", terminal.screen());
    assert!(terminal.transcript().contains("what is rendered for this repository changes"));
    devbox.arg("render").run().ok();
    let _ = organisation;
}

#[test]
fn a_commit_whose_presets_do_not_work_moves_no_pin() {
    let organisation = Organisation::new();
    let devbox = project_with(&organisation, &organisation.url());
    let before = devbox.read("devbox.yaml").unwrap();
    organisation.commit(&[("presets/rails.yaml", "name: rails\nsummary: X\nextends: webb\n")]);
    let run = devbox.args(["preset", "update", "--yes"]).run();
    assert!(
        run.code == 2 && run.stderr.contains("presets/rails.yaml:3:1: no preset is called `webb`"),
        "{run}"
    );
    assert_eq!(devbox.read("devbox.yaml").unwrap(), before);
}

#[test]
fn a_source_that_was_written_by_hand_is_pinned_by_an_update() {
    let organisation = Organisation::new();
    let devbox = project_with(&organisation, &organisation.url());
    let text = devbox.read("devbox.yaml").unwrap();
    let text: String =
        text.lines().filter(|line| !line.contains("commit:")).map(|line| format!("{line}\n")).collect();
    let devbox = devbox.file("devbox.yaml", &text);
    devbox.args(["preset", "update", "acme", "--yes"]).run().ok();
    devbox.arg("render").run().ok();
}
