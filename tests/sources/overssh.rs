//! Sources over ssh: the user's own `ssh` is run, here one that runs git's side of it on this machine.

use super::organisation::{Organisation, program, project};
use super::support::Devbox;

const FAKE: &str =
    "printf '%s\\n' \"$@\" > \"$HOME/ssh-arguments\"\nfor last; do :; done\nexec /bin/sh -c \"$last\"";

fn with_ssh(devbox: Devbox, name: &str) -> Devbox {
    let git = program("git");
    devbox
        .tool(name, FAKE)
        .tool("sh", "exec /bin/sh \"$@\"")
        .tool("git-upload-pack", &format!("PATH=/usr/bin:/bin exec {} upload-pack \"$@\"", git.display()))
}

fn arguments(devbox: &Devbox) -> Vec<String> {
    let text = std::fs::read_to_string(devbox.home().join("ssh-arguments")).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn both_forms_of_address_go_through_ssh() {
    let organisation = Organisation::new();
    let path = organisation.path().display().to_string();
    let wanted = format!("git-upload-pack '{path}'");
    for (url, before) in [
        (
            format!("ssh://git@git.example.test:2222{path}"),
            vec!["-o", "BatchMode=yes", "-p", "2222", "git@git.example.test"],
        ),
        (format!("git@git.example.test:{path}"), vec!["-o", "BatchMode=yes", "git@git.example.test"]),
    ] {
        let devbox = with_ssh(project(), "ssh");
        devbox.args(["preset", "add", "acme", &url, "--trust", &organisation.tree()]).run().ok();
        let mut expected: Vec<String> = before.into_iter().map(str::to_owned).collect();
        expected.push(wanted.clone());
        assert_eq!(arguments(&devbox), expected);
        assert!(devbox.read("devbox.yaml").unwrap().contains(&url));
        devbox.arg("render").run().ok();
    }
}

#[test]
fn the_ways_to_say_how_ssh_is_run_are_those_of_git() {
    let organisation = Organisation::new();
    let url = format!("git@git.example.test:{}", organisation.path().display());
    let devbox = with_ssh(project(), "my-ssh");
    let call = || devbox.args(["preset", "add", "acme", &url, "--yes", "--dry-run"]);
    call().env("GIT_SSH_COMMAND", "my-ssh -i 'a key'").run().ok();
    assert_eq!(arguments(&devbox)[..2], ["-i", "a key"]);
    call().env("GIT_SSH", "my-ssh").run().ok();
    assert_eq!(arguments(&devbox)[0], "-o");
    std::fs::write(devbox.home().join(".gitconfig"), "[core]\n\tsshCommand = my-ssh -4\n").unwrap();
    call().run().ok();
    assert_eq!(arguments(&devbox)[0], "-4");
    // And an address may stand for another.
    let config = "[core]\n\tsshCommand = my-ssh\n[url \"git@git.example.test:/\"]\n\tinsteadOf = https://git.example.test/\n";
    std::fs::write(devbox.home().join(".gitconfig"), config).unwrap();
    let https = format!("https://git.example.test{}", organisation.path().display());
    devbox.args(["preset", "add", "acme", &https, "--yes", "--dry-run"]).run().ok();
}

#[test]
fn a_commit_that_no_branch_ends_in_is_fetched_over_ssh_too() {
    let organisation = Organisation::new();
    let url = format!("git@git.example.test:{}", organisation.path().display());
    let devbox = with_ssh(project(), "ssh");
    devbox.args(["preset", "add", "acme", &url, "--trust", &organisation.tree()]).run().ok();
    organisation.commit(&[("presets/other.yaml", "name: other\nsummary: Other\nextends: web\n")]);
    std::fs::remove_dir_all(devbox.home().join(".cache")).unwrap();
    devbox.arg("render").run().ok();
}

#[test]
fn what_ssh_says_is_shown() {
    let devbox =
        project().tool("ssh", "echo 'git@git.example.test: Permission denied (publickey).' >&2\nexit 255");
    let run = devbox.args(["preset", "add", "acme", "git@git.example.test:p.git", "--yes"]).run();
    insta::assert_snapshot!(run);
    let run = project().args(["preset", "add", "acme", "git@git.example.test:p.git", "--yes"]).run();
    assert!(run.code == 1 && run.stderr.contains("cannot run `ssh`"), "{run}");
}
