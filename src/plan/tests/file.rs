//! `devbox.yaml` as it is written and read again.

use super::*;

#[test]
fn devbox_yaml_gives_the_same_plan_and_asks_nothing_about_the_project() {
    let first = Given::default().plan();
    let text = to_yaml(&first, None);
    insta::assert_snapshot!(text);
    let again = Given { file: Some(text), ..Given::default() }.resolve().unwrap();
    let about_the_project: Vec<_> =
        again.questions.iter().filter(|q| q.scope == Scope::Project).map(|q| &q.key).collect();
    assert_eq!(about_the_project, Vec::<&String>::new());
    let manifests = |plan: &Plan| crate::render::render(plan, built_in()).unwrap();
    assert_eq!(manifests(&again.plan), manifests(&first));
}

#[test]
fn a_secret_is_neither_shown_nor_written() {
    let flags = vec![("shop.env.STRIPE_KEY", Value::from("sk_live_hunter2"))];
    let outcome = Given { flags, ..Given::default() }.resolve().unwrap();
    let debug = format!("{outcome:?}");
    let json = serde_json::to_string(&outcome.plan).unwrap();
    let file = to_yaml(&outcome.plan, None);
    for text in [&debug, &json, &file] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    let secret = outcome.plan.units.last().unwrap().secrets["STRIPE_KEY"].clone().unwrap();
    assert_eq!(secret.value, "sk_live_hunter2");
}

#[test]
fn values_survive_devbox_yaml_whatever_they_are() {
    let hostile = "a: b\n---\n{{ facts.name }} {% raw %} # 'x' \"y\" \t é $(HOME)";
    let flags = vec![
        ("shop.command", Value::from(hostile)),
        ("shop.env.MOTTO", Value::from(hostile)),
        ("shop.healthPath", Value::from("/yes")),
        ("postgres.user", Value::from("on")),
    ];
    let first = Given { flags, ..Given::default() }.plan();
    assert_eq!(value(&first, "shop", "command"), format!("{hostile} <- flag"));
    let file = Some(to_yaml(&first, None));
    let again = Given { file, ..Given::default() }.plan();
    let manifests = |plan: &Plan| crate::render::render(plan, built_in()).unwrap();
    assert_eq!(manifests(&again), manifests(&first));
}

#[test]
fn devbox_yaml_keeps_what_its_authors_put_into_it() {
    let text = "\
components:
  shop:
    path: .
    extends: node
    uses: []
    params:
      memory: {default: 384Mi}
    templates: {service: null}
services: {}
";
    let repository = Repository::parse(FILE_NAME, text).unwrap();
    let plan = Given { repository: Some(text), ..Given::default() }.plan();
    assert_eq!(value(&plan, "shop", "memory"), "384Mi <- devbox.yaml:7");
    let written = to_yaml(&plan, Some(&repository));
    let means = |text: &str| Repository::parse(FILE_NAME, text).unwrap().document.value;
    let mut expected = means(text);
    expected["name"] = "shop".into();
    assert_eq!(means(&written), expected);
}
