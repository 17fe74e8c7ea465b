//! `devbox render` and `devbox preset`: offline, whole outputs.

use insta::assert_snapshot;

use super::support::Devbox;

#[test]
fn every_fixture_says_where_each_value_comes_from() {
    for project in ["go-http", "node-express", "python-fastapi"] {
        let devbox = Devbox::new().project(project);
        assert_snapshot!(format!("explain_{project}"), devbox.args(["render", "--explain"]).run().ok());
    }
}

#[test]
fn init_and_up_explain_what_render_does_and_write_nothing() {
    let file = "components:\n  shop:\n    path: .\n    extends: node\n    values: {memory: 640Mi}\n";
    let devbox = Devbox::new()
        .project("node-express")
        .file("devbox.yaml", file)
        .config("config.yaml", "values:\n  web: {memory: 384Mi, healthPath: /healthz}\n");
    let before = devbox.files();
    let explained = |verb: &str, format: &str| {
        let call = devbox.args([verb, "--explain", "--set", "environment.cpu=6", "--format", format]);
        call.answer("pods", "12").run().ok()
    };
    let render = explained("render", "human");
    for line in [
        r"environment\.cpu +6 +flag",
        r"environment\.pods +12 +answer",
        r"shop\.memory +640Mi +devbox\.yaml:5",
        r"shop\.healthPath +/healthz +\S+/config\.yaml:2",
        r"shop\.port +3000 +src/server\.js:\d+",
        r"shop\.cpu +\S+ +preset web",
    ] {
        assert!(
            regex::Regex::new(&format!("(?m)^{line}$")).unwrap().is_match(&render.stdout),
            "{line}\n{render}"
        );
    }
    for verb in ["init", "up"] {
        assert_eq!(explained(verb, "human").stdout, render.stdout, "{verb}");
        assert_eq!(explained(verb, "json").json(), explained("render", "json").json(), "{verb}");
    }
    assert_eq!(devbox.files(), before);
}

#[test]
fn up_explains_only_what_there_is() {
    let run = Devbox::new().project("node-express").args(["up", "--explain"]).run();
    assert!(run.code == 2 && run.stderr.contains("set this repository up first: `devbox init`"), "{run}");
}

#[test]
fn two_runs_print_the_same_and_write_nothing() {
    let devbox = Devbox::new().project("node-express");
    let before = devbox.files();
    let first = devbox.arg("render").run().ok().to_string();
    assert_eq!(devbox.arg("render").run().ok().to_string(), first);
    assert_eq!(devbox.files(), before);
}

#[test]
fn a_secret_is_hidden_in_what_is_printed() {
    let package = r#"{"name": "app", "scripts": {"start": "node ."}, "dependencies": {"express": "4"}}"#;
    let devbox = Devbox::new().file("package.json", package).file(".env.example", "PAYMENT_API_KEY=\n");
    for format in ["human", "json"] {
        let run = devbox
            .args(["render", "--format", format, "--set", "app.env.PAYMENT_API_KEY=hunter2"])
            .args(["--set", "app.source=image", "--set", "app.image=acme/app:1"])
            .run()
            .ok();
        assert!(run.stdout.contains("(hidden)"), "{run}");
        for hidden in ["hunter2", "aHVudGVyMg"] {
            assert!(!run.stdout.contains(hidden) && !run.stderr.contains(hidden), "{format} shows {hidden}");
        }
    }
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let devbox = Devbox::new().project("go-http");
    assert_snapshot!(devbox.args(["render", "--set", "prot=1"]).run());
    let devbox = devbox.file("devbox.yaml", "components:\n  app:\n    extends: go\n    values: {port: 0}\n");
    assert_snapshot!(devbox.arg("render").run());
}

#[test]
fn the_catalogue_is_listed_and_a_preset_shown_with_what_it_inherits() {
    let devbox = Devbox::new();
    assert_snapshot!(devbox.args(["preset", "list"]).run().ok());
    let shown = devbox.args(["preset", "show", "worker"]);
    assert_snapshot!(shown.redact(r"(<- presets/\S+\.yaml):\d+", "$1:[LINE]").run().ok());
    // The line is the one that it stands in.
    let shown = devbox.args(["preset", "show", "worker"]).run().ok().stdout;
    let line = shown.lines().find(|line| line.trim_start().starts_with("listens (bool)")).unwrap();
    let (file, number) = line.split_once("<- ").unwrap().1.split_once(':').unwrap();
    let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let written = text.lines().nth(number.parse::<usize>().unwrap() - 1).unwrap();
    assert!(file == "presets/apps/worker.yaml" && written.trim() == "listens:", "{line}: {written}");
    assert_snapshot!(devbox.args(["preset", "show", "postgers"]).run());
}

#[test]
fn a_schema_is_one_json_document_that_names_every_key() {
    let devbox = Devbox::new();
    for (file, key) in [("preset", "params"), ("project", "components"), ("config", "user")] {
        let schema = devbox.args(["schema", file]).run().ok().json();
        assert!(schema["properties"][key].is_object(), "{schema:#}");
        assert_eq!(schema["additionalProperties"], false);
    }
}

#[test]
fn what_a_preset_says_does_not_act_on_the_terminal() {
    let devbox =
        Devbox::new().config("presets/p.yaml", "name: p\nsummary: \"a\\e]0;owned\\a\\u202E\"\nkind: app\n");
    let run = devbox.args(["preset", "list"]).run().ok();
    assert!(run.stdout.contains("a\\u{1b}]0;owned\\u{7}\\u{202e}"), "{run}");
    let broken = Devbox::new().config("presets/p.yaml", "name: p\n\"k\\e[2Jy\": app\n");
    let run = broken.args(["preset", "list"]).run();
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("unknown key `k\\u{1b}[2Jy`") && !run.stderr.contains('\u{1b}'), "{run}");
}
