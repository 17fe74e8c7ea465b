//! The catalogue: layers, inheritance, and what is said about presets that are wrong.

use serde_json::json;

use super::*;
use crate::config::{Document, ParamType};
use crate::error::Failure;

fn with(documents: &[(Layer, &str)]) -> Result<Catalogue, PresetError> {
    let mut catalogue = Catalogue::built_in()?;
    for (index, (layer, text)) in documents.iter().enumerate() {
        catalogue.add(layer.clone(), Document::parse(format!("p{}.yaml", index + 1), text)?)?;
    }
    Ok(catalogue)
}

fn failure(documents: &[&str], name: &str) -> String {
    let documents: Vec<(Layer, &str)> = documents.iter().map(|text| (Layer::User, *text)).collect();
    let error = with(&documents).and_then(|catalogue| catalogue.get(name)).unwrap_err();
    let failure = Failure::from(error);
    let hints: String = failure.hints.iter().map(|hint| format!("\nhint: {hint}")).collect();
    format!("{}{hints}", failure.what)
}

#[test]
fn every_built_in_preset_resolves_and_says_what_it_is() {
    let catalogue = Catalogue::built_in().unwrap();
    for name in catalogue.names() {
        let preset = catalogue.get(&name).unwrap();
        assert!(!preset.summary.is_empty(), "{name} has a summary");
        for (param, file) in &preset.params {
            let told = file.0.summary.is_some() || file.0.ask.is_some();
            assert!(told, "parameter {param} of {name} says what it is for");
        }
    }
}

#[test]
fn a_child_takes_replaces_and_removes() {
    let text = "\
name: mine
summary: Mine
extends: node
params:
  port: {default: 4000, ask: null}
  healthPath: null
values: {replicas: 2}
templates: {service: null}
";
    let preset = with(&[(Layer::User, text)]).unwrap().get("mine").unwrap();
    assert_eq!(preset.ancestry().collect::<Vec<_>>(), ["mine", "node", "web"]);
    assert_eq!(preset.params["port"].0.default, Some(json!(4000)));
    assert_eq!(preset.params["port"].0.ask, None);
    assert_eq!(preset.params["port"].kind(), ParamType::Port);
    assert!(!preset.params.contains_key("healthPath"));
    assert_eq!(preset.templates.keys().collect::<Vec<_>>(), ["secrets", "cache", "clone", "deployment"]);
    assert_eq!(preset.origin("params", "port").unwrap().name, "mine");
    assert_eq!(preset.origin("params", "command").unwrap().name, "node");
    assert_eq!(preset.origin("params", "source").unwrap().name, "web");
    assert_eq!(preset.detects, None, "what a parent detects is the parent's");
}

#[test]
fn a_preset_may_extend_the_one_of_its_name_below() {
    let text = "{name: postgres, summary: Ours, extends: postgres, detects: {service: postgres}, values: {storage: 5Gi}}";
    let catalogue = with(&[(Layer::User, text)]).unwrap();
    let preset = catalogue.get("postgres").unwrap();
    assert_eq!(preset.chain.len(), 3);
    assert_eq!(preset.values["storage"], json!("5Gi"));
    assert_eq!(preset.templates["service"].layer, Layer::BuiltIn);
    assert_eq!(catalogue.for_service("postgres"), Some("postgres".into()));
}

#[test]
fn the_preset_with_most_conditions_that_hold_is_chosen() {
    let text =
        "{name: next, summary: Next.js, extends: node, detects: {language: TypeScript, framework: [next]}}";
    let catalogue = with(&[(Layer::User, text)]).unwrap();
    let found = |language, runtime, framework, kind| {
        catalogue.for_component(&Traits { language, runtime, framework, kind })
    };
    assert_eq!(found("TypeScript", "node", "next", "web").as_deref(), Some("next"));
    assert_eq!(found("TypeScript", "node", "express", "web").as_deref(), Some("node"));
    assert_eq!(found("TypeScript", "bun", "elysia", "web").as_deref(), Some("bun"));
    assert_eq!(found("TypeScript", "deno", "", "worker").as_deref(), Some("deno"));
    assert_eq!(found("javascript", "node", "", "worker").as_deref(), Some("node"));
    assert_eq!(
        found("Ruby", "ruby", "", "worker").as_deref(),
        Some("ruby"),
        "a language says more than a kind"
    );
    assert_eq!(found("HTML", "", "hugo", "static").as_deref(), Some("static"));
    assert_eq!(found("Cobol", "", "", "worker").as_deref(), Some("worker"));
    assert_eq!(found("Cobol", "", "", "unknown"), None);
}

#[test]
fn a_circle_of_presets_is_named() {
    assert_eq!(
        failure(&["{name: a, extends: b}", "{name: b, extends: c}", "{name: c, extends: b}"], "a"),
        "presets extend each other in a circle: b -> c -> b\nhint: let one of them extend another preset, or none"
    );
}

#[test]
fn a_missing_parent_is_named_in_its_line() {
    assert_eq!(
        failure(&["name: a\nextends: nod\n"], "a"),
        "p1.yaml:2:1: no preset is called `nod`\n2 | extends: nod\n  | ^\nhint: did you mean `node`?"
    );
}

#[test]
fn an_unknown_key_or_type_is_shown_in_its_line() {
    assert_eq!(
        failure(&["name: a\nkind: app\nparams:\n  x: {type: string, defalt: 1}\n"], "a"),
        "p1.yaml:4:21: unknown key `defalt`\n4 |   x: {type: string, defalt: 1}\n  |                     ^\nhint: did you mean `default`?"
    );
    assert_eq!(
        failure(&["name: a\nkind: app\nparams:\n  x: {type: quantty}\n"], "a"),
        "p1.yaml:4:13: unknown value `quantty`\n4 |   x: {type: quantty}\n  |             ^\nhint: did you mean `quantity`?"
    );
}

#[test]
fn a_parameter_that_cannot_be_is_shown_in_its_line() {
    for (param, message) in [
        (
            "{default: 1}",
            "p1.yaml:4:3: parameter `x` has no `type`\n4 |   x: {default: 1}\n  |   ^\nhint: such as `type: string`",
        ),
        (
            "{type: port, default: 0}",
            "p1.yaml:4:19: bad default of `x`: not a port from 1 to 65535\n4 |   x: {type: port, default: 0}\n  |                   ^",
        ),
        (
            "{type: choice}",
            "p1.yaml:4:3: parameter `x` is a choice without `choices`\n4 |   x: {type: choice}\n  |   ^",
        ),
        (
            "{type: string, pattern: '('}",
            "p1.yaml:4:21: bad pattern of `x`: unclosed group\n4 |   x: {type: string, pattern: '('}\n  |                     ^",
        ),
        (
            "{type: int, min: few}",
            "p1.yaml:4:18: bad min of `x`: `few` is not a whole number\n4 |   x: {type: int, min: few}\n  |                  ^",
        ),
        (
            "{type: duration, min: 1m, max: 30s}",
            "p1.yaml:4:32: bad max of `x`: less than `min`\n4 |   x: {type: duration, min: 1m, max: 30s}\n  |                                ^",
        ),
        (
            "{type: bool, max: 3}",
            "p1.yaml:4:19: bad max of `x`: a bool has no size\n4 |   x: {type: bool, max: 3}\n  |                   ^",
        ),
        (
            "{type: port, choices: [80, web]}",
            "p1.yaml:4:19: bad choices of `x`: `web`: not a port from 1 to 65535\n4 |   x: {type: port, choices: [80, web]}\n  |                   ^",
        ),
    ] {
        assert_eq!(failure(&[&format!("name: a\nkind: app\nparams:\n  x: {param}\n")], "a"), message);
    }
}

#[test]
fn a_template_that_is_not_there_is_shown_in_its_line() {
    assert_eq!(
        failure(&["name: a\nkind: app\ntemplates:\n  d: web/deployment.yml\n"], "a"),
        "p1.yaml:4:3: there is no template `web/deployment.yml`\n4 |   d: web/deployment.yml\n  |   ^\nhint: did you mean `web/deployment.yaml`?"
    );
}

#[test]
fn a_name_that_acts_on_a_terminal_is_refused() {
    assert_eq!(
        failure(&["name: \"a\\e[2J\"\nkind: app\n"], "a"),
        "p1.yaml:1:1: `a\\u{1b}[2J` cannot name a preset\n1 | name: \"a\\e[2J\"\n  | ^\nhint: at most 63 letters, digits, `-`, `_` and `.`"
    );
    assert!(
        failure(&["name: a\nkind: app\nparams:\n  a b: {type: int}\n"], "a")
            .starts_with("p1.yaml:4:3: `a b` cannot name a parameter")
    );
    assert!(
        failure(&["name: a\nkind: app\nvalues:\n  ../b: 1\n"], "a")
            .starts_with("p1.yaml:4:3: `../b` cannot name a value")
    );
}

#[test]
fn what_a_parent_says_wrong_is_shown_in_the_parents_line() {
    let parent = "name: p\nkind: app\nparams:\n  x: {type: int, min: a}\n";
    let child = "name: c\nextends: p\nparams:\n  x: {default: 3}\n";
    assert!(failure(&[parent, child], "c").starts_with("p1.yaml:4:18: bad min of `x`"));
}

#[test]
fn two_presets_of_one_name_in_a_layer_are_refused() {
    assert_eq!(
        failure(&["{name: a, kind: app}", "{name: a, kind: app}"], "a"),
        "p2.yaml:1:2: `a` already names a preset in p1.yaml\n1 | {name: a, kind: app}\n  |  ^"
    );
}

#[test]
fn the_users_folder_brings_presets_and_templates() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("presets/team/job.yaml", "{name: job, summary: A job, kind: app, templates: {job: job.yaml}}"),
        ("templates/job.yaml", "kind: Job\n"),
    ] {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("templates/outside.yaml")).unwrap();
    let catalogue = Catalogue::built_in().unwrap().with_user(folder.path()).unwrap();
    let preset = catalogue.get("job").unwrap();
    assert_eq!(preset.templates["job"].layer, Layer::User);
    let engine = catalogue.engine(&Layer::User).unwrap();
    assert_eq!(engine.render("job.yaml", &Names::default()).unwrap()[0].text, "kind: Job\n");
    assert!(engine.render("outside.yaml", &Names::default()).is_err(), "links are not followed");
}

#[test]
fn slips_that_would_go_unnoticed_are_named() {
    assert_eq!(
        failure(&["name: a\nextends: a\n"], "a"),
        "p1.yaml:2:1: `a` extends itself: no layer below has a preset of that name\n2 | extends: a\n  | ^"
    );
    let secret = failure(&["name: a\nkind: app\nparams:\n  pw: {type: secret, default: hush}\n"], "a");
    assert!(secret.starts_with("p1.yaml:4:22: secret `pw` would stand in a file"), "{secret}");
    // An `if` takes a name that is not there for false.
    let text = "\
name: mine
summary: Mine
extends: web
params:
  x: {type: string, summary: X, when: values.soruce == 'git', default: a}
values:
  env: {X: '{{ values.x }}', Y: '{{ values.y | default(value=1) }}'}
";
    let catalogue = with(&[(Layer::User, text)]).unwrap();
    let odd = lint(&catalogue.get("mine").unwrap(), &catalogue);
    let odd: Vec<_> = odd.iter().map(|odd| (odd.message.as_str(), odd.hint.as_deref())).collect();
    assert_eq!(
        odd,
        [("reads `values.soruce`, which preset `mine` does not declare", Some("did you mean `source`?"))]
    );
}
