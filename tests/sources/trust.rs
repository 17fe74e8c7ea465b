//! Trust is bound to content: asked once, asked again after a change, never given by `--yes`.

use super::organisation::{INGRESS, Organisation, PROJECT, RAILS, project, project_with};
use super::support::Key;

#[test]
fn what_nobody_trusted_is_not_planned_with() {
    let organisation = Organisation::new();
    let devbox = project();
    devbox.args(["preset", "add", "acme", &organisation.url(), "--yes"]).run().ok();
    let run = devbox.arg("render").run();
    assert_eq!(run.code, 2, "{run}");
    let tree = organisation.tree();
    assert!(run.stderr.contains(&format!("devbox preset trust acme --tree {tree}")), "{run}");
    // `--yes` of another command does not either.
    let run = devbox.args(["init", "--yes", "--sandbox"]).run();
    assert!(run.code == 2 && run.stderr.contains("nobody on this machine trusts"), "{run}");
    let wrong = devbox.args(["preset", "trust", "acme", "--tree", &"0".repeat(40)]).run();
    assert!(wrong.code == 2 && wrong.stderr.contains(&tree), "{wrong}");
    devbox.args(["preset", "trust", "acme", "--tree", &tree]).run().ok();
    devbox.arg("render").run().ok();
}

#[test]
fn a_changed_tree_is_asked_about_again() {
    let organisation = Organisation::new();
    let devbox = project_with(&organisation, &organisation.url());
    organisation.commit(&[
        ("presets/rails.yaml", &RAILS.replace("rails:3.4", "rails:3.5")),
        ("templates/rails/ingress.yaml", INGRESS),
    ]);
    let commit = organisation.git().refname_to_id("refs/heads/main").unwrap().to_string();
    // Somebody else moved the pin.
    let old = devbox.read("devbox.yaml").unwrap();
    let pinned = old.lines().find_map(|line| line.trim().strip_prefix("commit: ")).unwrap();
    let pinned = pinned.trim_matches('"');
    let devbox = devbox.file("devbox.yaml", &old.replace(pinned, &commit));
    assert_eq!(devbox.arg("render").run().code, 2);
    let mut terminal = devbox.arg("render").terminal();
    terminal.wait_for("Trust the presets of `acme`?").type_text("n");
    assert_eq!(terminal.exit_code(), 2);
    let mut terminal = devbox.arg("render").terminal();
    terminal.wait_for("Trust the presets of `acme`?").send(Key::Enter);
    assert_eq!(terminal.exit_code(), 0, "{}", terminal.screen());
    // What was trusted before still is.
    devbox.clone().file("devbox.yaml", &old).arg("render").run().ok();
    devbox.file("devbox.yaml", &old.replace(pinned, &commit)).arg("render").run().ok();
}

#[test]
fn images_from_unlisted_registries_and_credential_plugins_are_shown() {
    let organisation = Organisation::empty();
    let plugin = "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: acme-login\n  interactiveMode: Never\n";
    let login = "name: login\nsummary: Signs in\nkind: access\ntemplates: {user: login.yaml}\n";
    organisation.commit(&[
        ("presets/rails.yaml", &RAILS.replace("ghcr.io/acme", "registry.acme.test/team")),
        ("templates/rails/ingress.yaml", INGRESS),
        ("presets/login.yaml", login),
        ("templates/login.yaml", plugin),
    ]);
    let devbox = project();
    let call = devbox.args(["preset", "add", "acme", &organisation.url(), "--yes", "--dry-run"]);
    let run = call.clone().run().ok();
    let row = run.stderr.lines().find(|line| line.contains("registry.acme.test/team")).unwrap();
    assert!(row.contains("not in any list"), "{run}");
    assert!(run.stderr.contains("runs on this machine  acme-login "), "{run}");
    let brings = call.args(["--format", "json"]).run().ok().json()["brings"].clone();
    assert_eq!(brings["unlistedRegistries"], serde_json::json!(["registry.acme.test/team"]));
    let programs: Vec<&str> =
        brings["programs"].as_array().unwrap().iter().map(|row| row["program"].as_str().unwrap()).collect();
    assert!(programs.contains(&"acme-login"), "{programs:?}");
    // Enter alone does not trust them.
    let mut terminal = devbox.args(["preset", "add", "acme", &organisation.url()]).terminal();
    terminal.wait_for("Pin `acme` and trust its presets?").send(Key::Enter);
    assert_eq!(terminal.exit_code(), 130);
    assert_eq!(devbox.read("devbox.yaml").unwrap(), PROJECT);
    // A list of one's own says that they are known.
    let devbox = devbox.config("config.yaml", "registries: [registry.acme.test]\n");
    let run = devbox.args(["preset", "add", "acme", &organisation.url(), "--yes", "--dry-run"]).run().ok();
    assert!(!run.stderr.contains("not in any list"), "{run}");
}

#[test]
fn a_program_that_hid_when_the_source_was_looked_at_is_refused_when_a_kubeconfig_would_run_it() {
    let organisation = Organisation::empty();
    let plugin = "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: {% if namespace == 'trial' %}acme-login{% else %}evil{% endif %}\n  interactiveMode: Never\n";
    let login = "name: login\nsummary: Signs in\nkind: access\ntemplates: {user: login.yaml}\n";
    organisation.commit(&[
        ("presets/rails.yaml", RAILS),
        ("templates/rails/ingress.yaml", INGRESS),
        ("presets/login.yaml", login),
        ("templates/login.yaml", plugin),
    ]);
    let devbox = project_with(&organisation, &organisation.url());
    let run = devbox.args(["up", "--sandbox", "--access", "acme/login"]).run();
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("has a kubeconfig run `evil`, which was not shown"), "{run}");
    let init = ["init", "--dry-run", "--yes", "--sandbox", "--access", "acme/login", "--namespace", "trial"];
    devbox.args(init).run().ok();
}

#[test]
fn an_image_that_hid_when_the_source_was_looked_at_is_refused_when_it_is_rendered() {
    let organisation = Organisation::empty();
    let hidden = RAILS.replace(
        "'ghcr.io/acme/rails:3.4'",
        "\"{% if project.name == 'shop' %}{{ 'evil' ~ '.test/' ~ 'miner:1' }}{% else %}ghcr.io/acme/rails:3.4{% endif %}\"",
    );
    organisation.commit(&[("presets/rails.yaml", &hidden), ("templates/rails/ingress.yaml", INGRESS)]);
    let devbox = project_with(&organisation, &organisation.url());
    for verb in ["up", "diff"] {
        let run = devbox.args([verb, "--sandbox"]).run();
        assert!(run.code == 2 && run.stderr.contains("`evil.test/miner:1` in Deployment/web"), "{run}");
    }
    // What the repository itself says is the repository's own affair.
    let text =
        devbox.read("devbox.yaml").unwrap().replace("values: {", "values: {image: 'mine.test/app:1', ");
    let run = devbox.file("devbox.yaml", &text).args(["init", "--dry-run", "--yes", "--sandbox"]).run();
    assert_eq!(run.code, 0, "{run}");
}
