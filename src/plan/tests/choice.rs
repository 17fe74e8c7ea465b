//! What of a repository runs.

use super::*;

/// A second component beside the shop.
fn worker(name: &str, path: &str) -> Component {
    Component {
        path: path.into(),
        name: name.into(),
        kind: ComponentKind::Worker,
        language: Some("Python".into()),
        commands: Commands { start: Some("python main.py".into()), ..Commands::default() },
        services: vec![Service { kind: "pulsar".into(), version: None, env: vec![] }],
        ..Component::default()
    }
}

#[test]
fn several_components_are_a_choice_and_a_service_without_preset_a_warning() {
    let mut facts = shop();
    facts.components.push(worker("jobs", "jobs"));
    let library = Component { kind: ComponentKind::Library, ..worker("lib", "lib") };
    facts.components.push(library);
    let desktop = Component {
        kind: ComponentKind::Unknown,
        framework: Some("wpf".into()),
        ..worker("desktop", "desktop")
    };
    facts.components.push(desktop);
    let outcome = Given { facts: Some(facts.clone()), ..Given::default() }.resolve().unwrap();
    assert_eq!(outcome.questions[1].key, "components");
    assert_eq!(outcome.questions[1].default, Some(serde_json::json!(["shop", "jobs"])));
    assert_eq!(outcome.plan.warnings, ["jobs needs pulsar, which no preset provides: it is left out"]);
    assert_eq!(value(&outcome.plan, "jobs", "listens"), "false <- detection");
    let answers = vec![("components", Value::from("jobs"))];
    let plan = Given { facts: Some(facts), answers, ..Given::default() }.plan();
    let names: Vec<&str> = plan.units.iter().map(|unit| unit.name.as_str()).collect();
    assert_eq!(
        names,
        ["environment", "access", "jobs"],
        "services of a component that was not chosen are not needed"
    );
}

#[test]
fn a_tool_runs_where_somebody_names_it_and_is_said_to_be_one_otherwise() {
    let tool = Component { kind: ComponentKind::Cli, services: vec![], ..worker("importer", ".") };
    let facts = || Some(facts(vec![tool.clone()]));
    assert_eq!(
        Given { facts: facts(), ..Given::default() }.failure(),
        "found nothing to deploy in `shop`\nhint: `importer` looks like a command-line tool; run it all the same with `--components importer`"
    );
    let flags = vec![("components", Value::from("importer"))];
    let plan = Given { facts: facts(), flags, ..Given::default() }.plan();
    let names: Vec<&str> = plan.of_role(Role::Component).map(|unit| unit.name.as_str()).collect();
    assert_eq!(names, ["importer"]);
    assert_eq!(value(&plan, "importer", "listens"), "false <- detection");
}

#[test]
fn components_of_one_name_get_two() {
    let mut facts = shop();
    facts.components.push(worker("shop", "jobs/Shop"));
    facts.components.push(worker("redis", "r"));
    let plan = Given { facts: Some(facts), ..Given::default() }.plan();
    let names: Vec<&str> = plan.of_role(Role::Component).map(|unit| unit.name.as_str()).collect();
    assert_eq!(names, ["shop", "shop-jobs-shop", "redis-r"]);
}

#[test]
fn a_service_can_be_left_out_and_its_variables_go_with_it() {
    let answers = vec![("services", Value::from(vec!["redis"]))];
    let plan = Given { answers, ..Given::default() }.plan();
    let shop = plan.units.iter().find(|unit| unit.name == "shop").unwrap();
    let uses: Vec<&str> = shop.uses.iter().map(|usage| usage.name.as_str()).collect();
    assert_eq!(uses, ["redis"]);
    assert!(shop.env.iter().all(|entry| entry.name != "POSTGRES_PASSWORD"));
    let text = to_yaml(&plan, None);
    let again = Given { file: Some(text), ..Given::default() }.plan();
    assert_eq!(again.of_role(Role::Service).count(), 1);
}

#[test]
fn a_service_asks_for_no_password_that_the_app_cannot_give() {
    let mut facts = shop();
    facts.components[0].services[1].env = vec!["REDIS_HOST".into(), "REDIS_PORT".into()];
    let plan = Given { facts: Some(facts), ..Given::default() }.plan();
    assert_eq!(value(&plan, "redis", "auth"), "false <- detection");
    let shop = plan.units.last().unwrap();
    let redis: Vec<&str> =
        shop.env.iter().map(|entry| entry.name.as_str()).filter(|name| name.starts_with("REDIS")).collect();
    assert_eq!(redis, ["REDIS_HOST", "REDIS_PORT"]);
    let manifests = crate::render::render(&plan, built_in()).unwrap();
    assert!(manifests.iter().all(|manifest| manifest.key().name != "redis-credentials"));
    assert_eq!(crate::validate::validate(&manifests), []);
}
