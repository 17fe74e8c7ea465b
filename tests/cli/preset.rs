//! `devbox preset check` and `new`.

use insta::assert_snapshot;

use super::support::Devbox;

#[test]
fn the_built_in_catalogue_is_sound() {
    let run = Devbox::new().args(["preset", "check", "--format", "json"]).run();
    let answer = run.json();
    let wrong: Vec<_> = answer["presets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|preset| !preset["findings"].as_array().unwrap().is_empty())
        .collect();
    assert!(wrong.is_empty() && run.code == 0, "{wrong:#?}");
}

#[test]
fn a_new_preset_is_sound_and_is_not_overwritten() {
    let devbox = Devbox::new();
    for (name, kind) in [("billing", "app"), ("search", "service")] {
        let run = devbox.args(["preset", "new", name, "--kind", kind]).run().ok();
        let file = std::path::PathBuf::from(run.stdout.trim());
        let text = std::fs::read_to_string(&file).unwrap();
        let schema = text.lines().next().unwrap().strip_prefix("# yaml-language-server: $schema=").unwrap();
        assert!(file.parent().unwrap().join(schema).is_file(), "{schema}");
        devbox.args(["preset", "check", name]).run().ok();
        std::fs::write(&file, format!("{text}# mine\n")).unwrap();
        assert_eq!(devbox.args(["preset", "new", name]).run().code, 2);
        assert!(std::fs::read_to_string(&file).unwrap().ends_with("# mine\n"));
    }
}

#[test]
fn what_is_wrong_with_a_preset_is_listed_with_its_place() {
    let preset = "name: mine\nsummary: Mine\nkind: app\nparams:\n  colour: {type: string, summary: Unused, default: red}\n  image: {type: image, summary: Image, default: \"acme/app\"}\ntemplates: {app: mine.yaml}\n";
    let template = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ unit.name }}\nspec:\n  replcas: 1\n  selector: {matchLabels: {app: x}}\n  template:\n    metadata: {labels: {app: x}}\n    spec:\n      containers:\n        - name: app\n          image: {{ values.image }}\n          ports: [{containerPort: 80}]\n";
    let devbox = Devbox::new().config("presets/mine.yaml", preset).config("templates/mine.yaml", template);
    assert_snapshot!(devbox.args(["preset", "check", "mine"]).run());
    let broken = devbox.config("templates/mine.yaml", "kind: {{ values.imgae }}\n");
    assert_snapshot!(broken.args(["preset", "check", "mine"]).run());
}
