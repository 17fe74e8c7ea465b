//! Plans from facts written out by hand.

use std::sync::LazyLock;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::*;
use crate::config::{FILE_NAME, Repository, UserConfig};
use crate::detect::{Commands, Component, ComponentKind, EnvVar, Evidence, Facts, Files, Service, Version};
use crate::preset::Catalogue;

/// A repository with a Node.js API, PostgreSQL and Redis.
pub(crate) fn shop() -> Facts {
    let evidence = |field: &str, value: &str, file: &str, line| Evidence {
        field: field.into(),
        value: value.into(),
        file: file.into(),
        line: Some(line),
        confidence: 0.9,
    };
    let env = |name: &str, required, secret, default: Option<&str>| EnvVar {
        name: name.into(),
        required,
        secret,
        default: default.map(Into::into),
    };
    facts(vec![Component {
        path: ".".into(),
        name: "@acme/shop".into(),
        kind: ComponentKind::Web,
        language: Some("JavaScript".into()),
        version: Version { constraint: Some(">=20".into()), resolved: Some("20".into()) },
        framework: Some("express".into()),
        framework_version: Some("4.19".into()),
        package_manager: Some("npm".into()),
        runtime: None,
        ports: vec![3000],
        commands: Commands {
            install: Some("npm ci".into()),
            dev: Some("npm run dev".into()),
            start: Some("npm start".into()),
            ..Commands::default()
        },
        services: vec![
            Service {
                kind: "postgres".into(),
                version: Some("16-alpine".into()),
                env: vec!["DATABASE_URL".into(), "PGHOST".into()],
            },
            Service { kind: "redis".into(), version: None, env: vec![] },
        ],
        env: vec![
            env("DATABASE_URL", true, true, None),
            env("LOG_LEVEL", true, false, Some("$(debug)")),
            env("NODE_ENV", true, false, None),
            env("PGHOST", true, false, Some("localhost")),
            env("PUBLIC_URL", true, false, None),
            env("STRIPE_KEY", true, true, None),
        ],
        evidence: vec![
            evidence("ports", "3000", "src/server.js", 12),
            evidence("version", "20", "package.json", 8),
            evidence("services.postgres", "postgres", "compose.yaml", 4),
            evidence("env.STRIPE_KEY", "STRIPE_KEY", ".env.example", 3),
        ],
    }])
}

pub(crate) fn facts(components: Vec<Component>) -> Facts {
    Facts {
        schema: 1,
        root: "shop".into(),
        ambiguous: Vec::new(),
        components,
        files: Files::default(),
        warnings: Vec::new(),
    }
}

/// The built-in catalogue, read once for all tests.
pub(crate) fn built_in() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::built_in().unwrap());
    &CATALOGUE
}

/// What a test says about the surroundings of the facts.
#[derive(Default)]
pub(crate) struct Given {
    pub facts: Option<Facts>,
    pub repository: Option<&'static str>,
    pub file: Option<String>,
    pub user: &'static str,
    pub answers: Vec<(&'static str, Value)>,
    pub flags: Vec<(&'static str, Value)>,
    pub remote: Option<&'static str>,
    pub no_remote: bool,
    pub catalogue: Option<&'static Catalogue>,
}

impl Given {
    pub(crate) fn resolve(self) -> Result<Outcome, PlanError> {
        let map = |list: Vec<(&'static str, Value)>| -> IndexMap<String, Value> {
            list.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
        };
        let text = self.file.or(self.repository.map(Into::into));
        let repository = text.map(|text| Repository::parse(FILE_NAME, &text)).transpose()?;
        let remote = self.remote.unwrap_or("https://git.example/acme/shop.git").to_owned();
        resolve(&Inputs {
            facts: &self.facts.unwrap_or_else(shop),
            repository: repository.as_ref(),
            user: &UserConfig::parse("config.yaml", self.user)?,
            answers: &map(self.answers),
            flags: &map(self.flags),
            catalogue: self.catalogue.unwrap_or_else(built_in),
            project: crate::config::Project {
                name: "shop".into(),
                remote: (!self.no_remote).then_some(remote),
                branch: Some("main".into()),
                commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
                ..crate::config::Project::default()
            },
            user_name: "Ada".into(),
        })
    }

    pub(crate) fn plan(self) -> Plan {
        self.resolve().unwrap().ready().unwrap()
    }

    fn failure(self) -> String {
        let failure = crate::error::Failure::from(self.resolve().unwrap_err());
        let hints: String = failure.hints.iter().map(|hint| format!("\nhint: {hint}")).collect();
        format!("{}{hints}", failure.what)
    }
}

#[test]
fn a_node_repository_becomes_a_plan_with_origins() {
    let outcome = Given::default().resolve().unwrap();
    insta::assert_snapshot!(shown(&outcome));
}

/// A plan as lines: what, its value, who decided it; then the questions.
fn shown(outcome: &Outcome) -> String {
    let plan = &outcome.plan;
    let mut lines = vec![format!("namespace = {:?}", plan.namespace)];
    for unit in &plan.units {
        lines.push(format!("{:?} {} ({})", unit.role, unit.name, unit.preset));
        for (name, value) in &unit.values {
            lines.push(format!("  {name} = {value:?}"));
        }
        for entry in &unit.env {
            let value = match &entry.source {
                EnvSource::Value(value) => value.clone(),
                EnvSource::Secret { name, key, optional } => {
                    format!("secret {name}/{key}{}", if *optional { ", optional" } else { "" })
                }
            };
            lines.push(format!("  ${} = {value} <- {}", entry.name, entry.origin));
        }
        lines.extend(unit.uses.iter().map(|usage| format!("  uses {} ({})", usage.name, usage.kind)));
    }
    lines.extend(plan.warnings.iter().map(|warning| format!("warning: {warning}")));
    for question in &outcome.questions {
        let default = question.default.as_ref().map_or_else(|| "none".into(), ToString::to_string);
        let need = if question.required { "required" } else { "optional" };
        lines.push(format!(
            "{:?} {need}: {} [{default}] {}{}",
            question.scope,
            question.text,
            question.flag,
            question.why.as_ref().map(|why| format!(" <- {why}")).unwrap_or_default()
        ));
        let choices = question.choices.iter();
        lines.extend(choices.map(|choice| format!("  {} {}", choice.value, choice.note)));
    }
    lines.join("\n")
}

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
fn an_unknown_key_is_named_with_the_one_that_was_meant() {
    let flags = vec![("shop.prot", Value::from("3000"))];
    assert_eq!(
        Given { flags, ..Given::default() }.failure(),
        "there is nothing called `shop.prot` to set (flag)\nhint: did you mean `shop.port`?"
    );
}

fn value(plan: &Plan, unit: &str, name: &str) -> String {
    let unit = plan.units.iter().find(|one| one.name == unit).unwrap();
    format!("{:?}", unit.values[name])
}

fn open(outcome: &Outcome) -> Vec<&str> {
    outcome.questions.iter().map(|question| question.key.as_str()).collect()
}

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
fn the_stronger_layer_decides() {
    let file = "components:\n  shop:\n    values: {port: 3002}\n";
    let user = "values:\n  web: {port: 3001, memory: 1024Mi}\n";
    let port = |plan: &Plan| value(plan, "shop", "port");
    assert_eq!(port(&Given::default().plan()), "3000 <- src/server.js:12");
    let plan = Given { user, ..Given::default() }.plan();
    assert_eq!(port(&plan), "3001 <- config.yaml");
    assert_eq!(value(&plan, "shop", "memory"), "1Gi <- config.yaml");
    let given = || Given { user, repository: Some(file), ..Given::default() };
    assert_eq!(port(&given().plan()), "3002 <- devbox.yaml:3");
    let answers = vec![("shop.port", Value::from(3003))];
    assert_eq!(port(&Given { answers: answers.clone(), ..given() }.plan()), "3003 <- answer");
    let flags = vec![("port", Value::from("3004"))];
    assert_eq!(port(&Given { answers, flags, ..given() }.plan()), "3004 <- flag");
}

#[test]
fn the_environment_is_set_by_bare_names_and_at_the_top_of_the_file() {
    let file = "values: {memory: 6Gi, pods: 9}\n";
    let flags = vec![("pods", Value::from("12"))];
    let plan = Given { repository: Some(file), flags, ..Given::default() }.plan();
    assert_eq!(value(&plan, "environment", "memory"), "6Gi <- devbox.yaml:1");
    assert_eq!(value(&plan, "environment", "pods"), "12 <- flag");
}

#[test]
fn without_a_remote_the_source_is_asked_and_an_image_is_needed() {
    let outcome = Given { no_remote: true, ..Given::default() }.resolve().unwrap();
    assert_eq!(
        open(&outcome),
        ["namespace", "services", "shop.source", "shop.image", "shop.env.PUBLIC_URL", "shop.env.STRIPE_KEY"]
    );
    assert_eq!(
        outcome.ready().unwrap_err().to_string(),
        "1 value(s) are missing:\n--set shop.image=IMAGE  (Image to run (shop))"
    );
    let answers = vec![("shop.source", Value::from("image")), ("shop.image", Value::from("acme/shop:1"))];
    let plan = Given { no_remote: true, answers, ..Given::default() }.plan();
    assert_eq!(value(&plan, "shop", "image"), "acme/shop:1 <- answer");
    assert!(!plan.units.iter().any(|unit| unit.values.contains_key("remote")));
}

#[test]
fn what_detection_did_not_find_is_asked_and_what_it_found_is_not() {
    let mut facts = shop();
    facts.components[0].ports.clear();
    facts.components[0].commands = Commands::default();
    let outcome = Given { facts: Some(facts), ..Given::default() }.resolve().unwrap();
    let asked: Vec<(&str, bool)> = outcome
        .questions
        .iter()
        .filter(|question| question.key.starts_with("shop.") && !question.key.contains("env"))
        .map(|question| (question.text.as_str(), question.required))
        .collect();
    assert_eq!(
        asked,
        [("Command that starts it (shop)", true), ("Port that the app listens on (shop)", false)]
    );
}

#[test]
fn an_ambiguous_port_is_asked_with_its_candidates() {
    let mut facts = shop();
    let candidate = |value: &str, line| Evidence {
        field: "ports".into(),
        value: value.into(),
        file: "src/server.js".into(),
        line: Some(line),
        confidence: 0.5,
    };
    facts.ambiguous.push(crate::detect::Ambiguity {
        component: ".".into(),
        field: "ports".into(),
        candidates: vec![candidate("3000", 12), candidate("4000", 20)],
        reason: "3000 or 4000: both are listened on".into(),
    });
    let outcome = Given { facts: Some(facts), ..Given::default() }.resolve().unwrap();
    let question = outcome.questions.iter().find(|question| question.key == "shop.port").unwrap();
    let choices: Vec<(&str, &str)> =
        question.choices.iter().map(|choice| (choice.value.as_str(), choice.note.as_str())).collect();
    assert_eq!(choices, [("3000", "src/server.js:12"), ("4000", "src/server.js:20")]);
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

#[test]
fn mistakes_are_named_where_they_were_made() {
    let file = |repository| Given { repository: Some(repository), ..Given::default() }.failure();
    assert_eq!(
        file("components:\n  shop:\n    values:\n      prot: 1\n"),
        "devbox.yaml:4:7: preset `node` has no value `prot`\n4 |       prot: 1\n  |       ^\nhint: did you mean `port`?"
    );
    assert_eq!(
        file("components:\n  shop:\n    values:\n      port: 99999\n"),
        "devbox.yaml:4:7: `port` cannot be `99999`: not a port from 1 to 65535\n4 |       port: 99999\n  |       ^"
    );
    assert_eq!(
        file("components:\n  shop:\n    extends: nod\n"),
        "devbox.yaml:3:5: no preset is called `nod`\n3 |     extends: nod\n  |     ^\nhint: did you mean `node`?"
    );
    assert_eq!(
        file("components:\n  Shop:\n"),
        "devbox.yaml:2:3: `Shop` cannot name objects: lower case letters, digits and `-`, a letter first\n2 |   Shop:\n  |   ^\nhint: such as `shop`"
    );
    assert_eq!(
        file("components:\n  shop:\n    uses: [postgres]\nservices: {}\n"),
        "devbox.yaml:3:5: `shop` uses `postgres`, which is no service here\n3 |     uses: [postgres]\n  |     ^"
    );
    assert_eq!(
        file("components:\n  shop:\n    env:\n      STRIPE_KEY: sk_live\n"),
        "devbox.yaml:4:7: `STRIPE_KEY` looks like a secret: it does not belong into a committed file\n4 |       STRIPE_KEY: sk_live\n  |       ^\nhint: remove it here, give it with `--set shop.env.STRIPE_KEY=...`"
    );
    let flags = |flags| Given { flags, ..Given::default() }.failure();
    assert_eq!(
        flags(vec![("namespace", Value::from("Dev Ada"))]),
        "`namespace` cannot be `Dev Ada` (flag): a label has lower case letters, digits and `-` only"
    );
    assert_eq!(
        flags(vec![("services", Value::from("postgrs"))]),
        "`services` cannot be `postgrs` (flag): there is no such service; did you mean `postgres`?"
    );
    assert_eq!(
        flags(vec![("shop.env.A-B", Value::from("1"))]),
        "`shop.env.A-B` cannot be `A-B` (flag): a variable's name has letters, digits and `_`, and no digit first"
    );
    assert_eq!(
        Given { facts: Some(facts(vec![])), ..Given::default() }.failure(),
        "found nothing to deploy in `shop`\nhint: see what was found with `devbox detect`\nhint: name a component in `devbox.yaml` with `extends: web` and an `image`"
    );
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

#[test]
fn a_default_that_cannot_be_evaluated_is_shown_in_its_preset() {
    let file = "components:\n  shop:\n    params:\n      memory:\n        default: \"{{ facts.ports_ }}\"\n";
    assert_eq!(
        Given { repository: Some(file), ..Given::default() }.failure(),
        "devbox.yaml:5:9: its template fails: field `ports_` is not defined\n5 |         default: \"{{ facts.ports_ }}\"\n  |         ^\nhint: did you mean `ports`?"
    );
}

#[test]
fn the_environment_says_which_access_is_in_force_and_who_chose_it() {
    let file = "name: shop\naccess:\n  extends: eks\n  values: {cluster: dev, region: eu-west-1}\n";
    let access = |flags| {
        let plan = Given { file: Some(file.into()), flags, ..Given::default() }.plan();
        let access = plan.environment().unwrap().values["access"].clone();
        (access.value, access.origin.to_string())
    };
    assert_eq!(access(vec![]), (json!("eks"), "devbox.yaml:3".to_owned()));
    assert_eq!(access(vec![("access", json!("user"))]), (json!("user"), "flag".to_owned()));
}

#[test]
fn the_quota_holds_what_everything_asks_for() {
    let file = "components: {}\nservices: {postgres: {values: {memory: 20Gi, memoryLimit: 30Gi, cpu: 7500m, storage: 300Gi}}}\n";
    let plan = Given { file: Some(file.into()), ..Given::default() }.plan();
    let values = &plan.environment().unwrap().values;
    let wanted = [("cpu", "9"), ("memory", "21Gi"), ("memoryLimit", "31Gi"), ("storage", "305Gi")];
    for (name, value) in wanted {
        assert_eq!(crate::preset::plain(&values[name].value), value, "{name}");
    }
    // Parts that ask for little leave room for more.
    let values = &Given::default().plan().environment().unwrap().values.clone();
    assert_eq!(values["memory"].value, "7Gi");
}
