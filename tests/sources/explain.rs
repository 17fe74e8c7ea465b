//! Where each value comes from, where an organisation's preset has a say.

use super::organisation::{INGRESS, Organisation, project};

/// Two levels of inheritance in the source, above the built-in `web`.
const BASE: &str = "\
name: base
summary: What all of ours have
extends: web
params:
  memory: {default: 384Mi}
  domain: {type: dns-name, default: '{{ unit.name }}.dev.example.com'}
values:
  image: ghcr.io/acme/base:1.0
  region: eu
templates: {ingress: rails/ingress.yaml}
";
const RAILS: &str = "name: rails\nsummary: Rails\nextends: base\nparams:\n  memory: {default: 512Mi}\n";

const PROJECT: &str = "\
name: shop
components:
  web:
    path: .
    extends: acme/rails
    uses: []
    values: {source: image, cpu: 250m}
services: {}
";

#[test]
fn each_layer_is_named_with_its_place_and_the_stronger_one_wins() {
    let organisation = Organisation::empty();
    let commit = organisation.commit(&[
        ("presets/base.yaml", BASE),
        ("presets/rails.yaml", RAILS),
        ("templates/rails/ingress.yaml", INGRESS),
    ]);
    let devbox = project()
        .file("devbox.yaml", PROJECT)
        .config("config.yaml", "values:\n  acme/base: {healthPath: /up, cpu: 1}\n");
    devbox.args(["preset", "add", "acme", &organisation.url(), "--trust", &organisation.tree()]).run().ok();
    let before = devbox.files();
    let at = format!("acme@{}", &commit.to_string()[..7]);
    let config = devbox.home().join(".config/devbox-k8s/config.yaml");
    for verb in ["render", "init", "up"] {
        let explained = |arguments: &[&str]| {
            let call = devbox.args([verb, "--explain"]);
            let run = arguments.iter().fold(call, |call, argument| call.arg(*argument)).run().ok();
            move |key: &str| {
                let line = run.stdout.lines().find(|line| line.split(' ').next() == Some(key));
                let words: Vec<&str> =
                    line.unwrap_or_else(|| panic!("{key}\n{run}")).split_whitespace().collect();
                words[1..].join(" ")
            }
        };
        let plain = explained(&[]);
        for (key, value) in [
            ("web.memory", format!("512Mi {at}:presets/rails.yaml:5")),
            ("web.domain", format!("web.dev.example.com {at}:presets/base.yaml:6")),
            ("web.image", format!("ghcr.io/acme/base:1.0 {at}:presets/base.yaml:8")),
            ("web.region", format!("eu {at}:presets/base.yaml:9")),
            ("web.cpu", "250m devbox.yaml:7".to_owned()),
            ("web.healthPath", format!("/up {}:2", config.display())),
            ("web.cpuLimit", "2 preset web".to_owned()),
        ] {
            assert_eq!(plain(key), value, "{verb} {key}");
        }
        let set = explained(&["--set", "web.memory=1Gi", "--set", "web.region=us"]);
        assert_eq!((set("web.memory"), set("web.region")), ("1Gi flag".into(), "us flag".into()), "{verb}");
    }
    assert_eq!(devbox.files(), before);
}
