//! The cache: offline, damaged, shared by two runs, and a pinned commit that is gone.

use super::organisation::{INGRESS, Organisation, RAILS, cached, project_with};
use super::server::{Manner, Server};
use super::support::Devbox;

fn forget_cache(devbox: &Devbox) {
    std::fs::remove_dir_all(devbox.home().join(".cache/devbox-k8s")).unwrap();
}

#[test]
fn what_was_fetched_works_without_the_source() {
    let organisation = Organisation::new();
    let devbox = project_with(&organisation, &organisation.url());
    std::fs::rename(organisation.path(), organisation.root().join("gone")).unwrap();
    devbox.arg("render").run().ok();
    devbox.args(["preset", "list"]).run().ok();
    forget_cache(&devbox);
    let run = devbox.arg("render").run();
    assert!(run.code == 1 && run.stderr.contains("cannot fetch source `acme`"), "{run}");
    // A list is still a list.
    let run = devbox.args(["preset", "list"]).run().ok();
    assert!(run.stdout.contains("cannot be had") && run.stderr.contains("warning:"), "{run}");
}

#[test]
fn a_damaged_cache_is_made_anew() {
    let organisation = Organisation::new();
    let devbox = project_with(&organisation, &organisation.url());
    for damage in ["pack", "HEAD", "objects"] {
        for path in cached(&devbox, damage) {
            let _ =
                if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::write(&path, "damage") };
        }
        devbox.arg("render").run().ok();
    }
    // What is damaged and cannot be had anew says so.
    cached(&devbox, "objects").iter().for_each(|folder| std::fs::remove_dir_all(folder).unwrap());
    std::fs::rename(organisation.path(), organisation.root().join("gone")).unwrap();
    let run = devbox.arg("render").run();
    assert!(run.code == 1 && run.stderr.contains("cannot fetch"), "{run}");
}

#[test]
fn an_object_whose_content_was_exchanged_is_noticed() {
    let organisation = Organisation::new();
    let devbox = project_with(&organisation, &organisation.url());
    let pack =
        cached(&devbox, ".pack").into_iter().find(|path| path.extension().is_some_and(|e| e == "pack"));
    if let Some(pack) = pack {
        let mut bytes = std::fs::read(&pack).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8].iter_mut().for_each(|byte| *byte ^= 0x55);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&pack, mode).unwrap();
        std::fs::write(&pack, bytes).unwrap();
    }
    devbox.arg("render").run().ok();
}

#[test]
fn two_runs_at_once_fetch_once() {
    let organisation = Organisation::new();
    let devbox = project_with(&organisation, &organisation.url());
    let server = Server::start(&organisation, Manner { held: true, ..Manner::default() });
    let text = devbox.read("devbox.yaml").unwrap().replace(&organisation.url(), &server.url());
    let devbox = devbox.file("devbox.yaml", &text);
    let first = {
        let devbox = devbox.clone();
        std::thread::spawn(move || devbox.arg("render").run())
    };
    server.wait_for("POST", 1);
    let mut second = devbox.arg("render").terminal();
    second.wait_for("another run of devbox is fetching it");
    server.go_on();
    first.join().unwrap().ok();
    assert_eq!(second.exit_code(), 0, "{}", second.screen());
    assert_eq!(server.seen().iter().filter(|line| line.starts_with("GET")).count(), 1);
}

#[test]
fn a_pinned_commit_that_is_gone_is_named() {
    let organisation = Organisation::new();
    let server = Server::start(&organisation, Manner::default());
    let devbox = project_with(&organisation, &server.url());
    let git = organisation.git();
    let old = git.refname_to_id("refs/heads/main").unwrap();
    git.find_reference("refs/heads/main").unwrap().delete().unwrap();
    organisation.commit(&[("presets/new.yaml", "name: new\nsummary: New\nextends: web\n")]);
    devbox.arg("render").run().ok();
    forget_cache(&devbox);
    let run = devbox.arg("render").run();
    let shown = run.to_string().replace(&server.url(), "[SOURCE]");
    insta::assert_snapshot!(
        shown.replace(&old.to_string(), "[COMMIT]").replace(&old.to_string()[..7], "[SHORT]")
    );
}

#[test]
fn commits_that_nobody_used_for_long_leave_the_cache_at_an_update() {
    let organisation = Organisation::new();
    let devbox = project_with(&organisation, &organisation.url());
    let old = organisation.git().refname_to_id("refs/heads/main").unwrap().to_string();
    organisation.commit(&[
        ("presets/rails.yaml", &RAILS.replace("3.4", "3.5")),
        ("templates/rails/ingress.yaml", INGRESS),
    ]);
    devbox.args(["preset", "update", "--trust", &organisation.tree()]).run().ok();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(100 * 86_400);
    let new = organisation.git().refname_to_id("refs/heads/main").unwrap().to_string();
    for commit in [&old, &new] {
        let entry = cached(&devbox, commit).into_iter().find(|path| path.is_dir()).unwrap();
        std::fs::File::open(entry).unwrap().set_modified(long_ago).unwrap();
    }
    // What is used stays, however old it is.
    let run = devbox.args(["preset", "update"]).run().ok();
    assert!(run.stderr.contains("left the cache, unused for 90 days: 1 commit(s) of sources"), "{run}");
    assert_eq!(cached(&devbox, &old), Vec::<std::path::PathBuf>::new());
    assert!(cached(&devbox, &new).iter().any(|path| path.is_dir()));
}
