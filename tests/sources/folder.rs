//! Adding, listing, using and removing a source over `file://`.

use insta::assert_snapshot;

use super::organisation::{Organisation, PROJECT, RAILS, project, project_with};
use super::support::{Devbox, Run};

/// The ids of commits and trees depend on the temporary folder's name nowhere, so they may be shown.
fn shown(run: Run, organisation: &Organisation) -> String {
    run.to_string().replace(&organisation.url(), "[SOURCE]")
}

#[test]
fn a_source_is_added_listed_used_and_removed() {
    let organisation = Organisation::new();
    let devbox = project();
    let url = organisation.url();
    // Nobody can be asked, and nobody said what they looked at.
    assert_snapshot!("add_refused", shown(devbox.args(["preset", "add", "acme", &url]).run(), &organisation));
    assert_eq!(devbox.read("devbox.yaml").unwrap(), PROJECT);
    let tree = organisation.tree();
    let run = devbox.args(["preset", "add", "acme", &url, "--trust", &tree]).run().ok();
    assert_snapshot!("add", shown(run, &organisation));
    let written = devbox.read("devbox.yaml").unwrap();
    assert!(written.starts_with(PROJECT), "{written}");

    let list = devbox.args(["preset", "list", "--format", "json"]).run().ok().json();
    let rails = list["presets"].as_array().unwrap().iter().find(|one| one["name"] == "acme/rails").unwrap();
    assert_eq!((rails["layer"].as_str(), rails["source"].as_str()), (Some("source"), Some("acme")));
    assert_eq!(list["sources"][0]["tree"], tree);
    assert_eq!(list["sources"][0]["trusted"], true);

    assert_snapshot!(
        "show",
        devbox
            .args(["preset", "show", "acme/rails"])
            .run()
            .stdout
            .lines()
            .take(2)
            .collect::<Vec<_>>()
            .join("\n")
    );
    let explained = devbox.args(["render", "--explain"]).run().ok().stdout;
    let domain = explained.lines().find(|line| line.starts_with("web.domain")).unwrap();
    let at = &list["sources"][0]["commit"].as_str().unwrap()[..7];
    assert!(domain.ends_with(&format!("acme@{at}:presets/rails.yaml:7")), "{domain}");
    let rendered = devbox.arg("render").run().ok().stdout;
    assert!(rendered.contains(&format!("# acme@{at}:templates/rails/ingress.yaml:1 (web)")), "{rendered}");

    let run = devbox.args(["preset", "add", "acme", &url]).run();
    assert_snapshot!("add_again", shown(run, &organisation));
    let run = devbox.args(["preset", "remove", "acme", "--yes"]).run().ok();
    assert_snapshot!("remove", shown(run, &organisation));
    assert_eq!(devbox.read("devbox.yaml").unwrap(), PROJECT);
    assert_eq!(devbox.arg("render").run().code, 2);
}

#[test]
fn outside_a_repository_or_with_user_it_goes_to_the_users_config() {
    let organisation = Organisation::new();
    let tree = organisation.tree();
    for user in [false, true] {
        let devbox = if user { project() } else { Devbox::new() };
        let devbox = devbox.config("config.yaml", "# mine\nuser: ada\n");
        let call = devbox.args(["preset", "add", "acme", &organisation.url(), "--trust", &tree]);
        let call = if user { call.arg("--user") } else { call };
        call.run().ok();
        let config = std::fs::read_to_string(devbox.home().join(".config/devbox-k8s/config.yaml")).unwrap();
        assert!(config.starts_with("# mine\nuser: ada\n\nsources:\n  acme:\n"), "{config}");
        devbox.args(["preset", "show", "acme/rails"]).run().ok();
    }
}

#[test]
fn a_file_that_is_new_names_its_schema_and_the_schema_is_there() {
    let organisation = Organisation::new();
    let tree = organisation.tree();
    let repository = Devbox::new();
    git2::Repository::init(repository.cwd()).unwrap();
    let config = Devbox::new();
    let folder = config.home().join(".config/devbox-k8s");
    for (devbox, file, schema, key) in [
        (&repository, repository.cwd().join("devbox.yaml"), ".devbox-k8s/schema.json", "components"),
        (&config, folder.join("config.yaml"), "schemas/config.json", "registries"),
    ] {
        devbox.args(["preset", "add", "acme", &organisation.url(), "--trust", &tree]).run().ok();
        let text = std::fs::read_to_string(&file).unwrap();
        let line = format!("# yaml-language-server: $schema={schema}\nsources:\n");
        assert!(text.starts_with(&line), "{text}");
        let schema = std::fs::read_to_string(file.with_file_name(schema)).unwrap();
        let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
        assert!(schema["properties"][key].is_object(), "{schema:#}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_schemas_folder_is_left_alone() {
    let organisation = Organisation::new();
    let devbox = Devbox::new();
    git2::Repository::init(devbox.cwd()).unwrap();
    let elsewhere = devbox.home().join("elsewhere");
    std::fs::create_dir_all(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, devbox.cwd().join(".devbox-k8s")).unwrap();
    devbox.args(["preset", "add", "acme", &organisation.url(), "--trust", &organisation.tree()]).run().ok();
    assert!(devbox.read("devbox.yaml").is_some());
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn a_dry_run_writes_nothing() {
    let organisation = Organisation::new();
    let devbox = project();
    let mut before = devbox.files();
    devbox.args(["preset", "add", "acme", &organisation.url(), "--dry-run"]).run().ok();
    let mut after = devbox.files();
    for files in [&mut before, &mut after] {
        files.retain(|(name, _)| !name.starts_with("home/.cache/"));
    }
    assert_eq!(before, after);
}

#[test]
fn a_branch_a_tag_and_a_folder_can_be_named() {
    let organisation = Organisation::empty();
    organisation.commit(&[(
        "k8s/team/presets/rails.yaml",
        &RAILS.replace("templates:\n  ingress: rails/ingress.yaml\n", ""),
    )]);
    let first = organisation.git().refname_to_id("refs/heads/main").unwrap();
    let git = organisation.git();
    let commit = git.find_object(first, None).unwrap();
    let author = git2::Signature::new("Ada", "ada@example.com", &git2::Time::new(0, 0)).unwrap();
    git.tag("v1.0", &commit, &author, "first", false).unwrap();
    organisation.commit(&[("README.md", "moved away\n")]);
    let devbox = project();
    let url = organisation.url();
    let add = |reference: &str, folder: &str| {
        let call = devbox.args(["preset", "add", "acme", &url, "--yes", "--dry-run", "--format", "json"]);
        call.args(["--ref", reference, "--path", folder]).run()
    };
    assert_eq!(add("v1.0", "k8s/team").ok().json()["source"]["commit"], first.to_string());
    let wrong = |run: Run| {
        let failure = run.events().into_iter().find(|event| event["event"] == "failure").unwrap();
        format!("{} ({})", failure["what"].as_str().unwrap().replace(&url, "[SOURCE]"), failure["hints"][0])
    };
    assert_snapshot!(
        [wrong(add("mian", ".")), wrong(add("v1.0", "k8s/teams")), wrong(add("main", "."))].join("\n")
    );
}

#[test]
fn a_source_s_own_checkout_is_checked_without_being_added() {
    let devbox = Devbox::new()
        .file("presets/rails.yaml", RAILS)
        .file("templates/rails/ingress.yaml", super::organisation::INGRESS);
    let run = devbox.args(["preset", "check"]).run().ok();
    assert_eq!(run.stdout, "empty/rails: sound\n");
    let devbox = devbox.file("templates/rails/ingress.yaml", "kind: {{ values.nope }}\n");
    assert_snapshot!(devbox.args(["preset", "check"]).run());
    std::os::unix::fs::symlink("/etc/passwd", devbox.cwd().join("templates/out.yaml")).unwrap();
    assert_snapshot!(devbox.args(["preset", "check"]).run());
}

#[test]
fn a_wrong_pin_is_shown_in_its_line() {
    let text = format!("{PROJECT}sources:\n  acme:\n    git: https://git.test/p\n    comit: abc\n");
    let devbox = project().file("devbox.yaml", &text);
    assert_snapshot!("unknown_key", devbox.arg("render").run());
    let devbox = devbox.file("devbox.yaml", &text.replace("comit", "commit"));
    assert_snapshot!("short_commit", devbox.arg("render").run());
    let devbox = devbox.file("devbox.yaml", &text.replace("    comit: abc\n", ""));
    assert_snapshot!("no_commit", devbox.arg("render").run());
}

#[test]
fn what_a_source_has_goes_before_the_built_in_and_can_extend_it() {
    let organisation = Organisation::empty();
    organisation.commit(&[
        ("presets/postgres.yaml", "name: postgres\nsummary: Ours\nextends: postgres\nparams: {storage: {default: 3Gi}}\n"),
        ("presets/ruby.yaml", "name: our-ruby\nsummary: Ours\nextends: ruby\ndetects: {language: Ruby}\nvalues: {env: {OURS: 'yes'}}\n"),
    ]);
    let devbox = project_with(&organisation, &organisation.url());
    let devbox = devbox
        .clone()
        .file(
            "devbox.yaml",
            &devbox
                .read("devbox.yaml")
                .unwrap()
                .replace("extends: acme/rails, uses: []", "uses: [postgres]")
                .replace("services: {}", "services: {postgres: {}}")
                .replace("source: image", "source: sync, command: ruby app.rb"),
        )
        .file("Gemfile", "source 'https://rubygems.org'\ngem 'sinatra'\n");
    let explained = devbox.args(["render", "--explain"]).run().ok().stdout;
    let storage = explained.lines().find(|line| line.starts_with("postgres.storage ")).unwrap();
    assert!(storage.contains("3Gi") && storage.contains("acme@"), "{storage}");
    assert!(
        explained.contains("web.env.OURS"),
        "a source's preset goes before a built-in one that fits as well\n{explained}"
    );
}

#[test]
fn init_takes_the_organisations_preset_and_writes_its_whole_name() {
    let organisation = Organisation::new();
    let tree = organisation.tree();
    let gemfile = "source 'https://rubygems.org'\ngem 'rails', '~> 8.0'\ngem 'puma'\n";
    let devbox =
        Devbox::new().file("Gemfile", gemfile).file("config/application.rb", "require 'rails/all'\n");
    git2::Repository::init(devbox.cwd()).unwrap();
    devbox.args(["preset", "add", "acme", &organisation.url(), "--user", "--trust", &tree]).run().ok();
    let init = || {
        let call = devbox.args(["init", "--dry-run", "--sandbox", "--yes", "--format", "json"]);
        call.args(["--set", "source=image"]).run().ok()
    };
    let run = init();
    let units = run.json()["plan"]["units"].clone();
    assert!(units.as_array().unwrap().iter().any(|unit| unit["preset"] == "acme/rails"), "{run}");
    assert!(run.stderr.contains("is from a source that is yours alone"), "{run}");
    // Pinned in the repository, it is everybody's.
    devbox.args(["preset", "add", "acme", &organisation.url(), "--trust", &tree]).run().ok();
    assert!(!init().stderr.contains("yours alone"));
}
