//! Plans rendered: snapshots, every preset with every other, hostile values.

mod handbook;

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::config::Kind;
use crate::detect::{Commands, Component, ComponentKind, Service, Version};
use crate::plan::tests::{Given, built_in, facts, shop};
use crate::preset::Catalogue;
use crate::validate::validate;

fn rendered(given: Given) -> Vec<Manifest> {
    render(&given.plan(), built_in()).unwrap()
}

fn yaml(manifests: &[Manifest]) -> String {
    let one = |m: &Manifest| {
        let text = crate::config::to_yaml(&m.object);
        format!("# {}:{} ({})\n{text}", m.template, m.line, m.unit)
    };
    manifests.iter().map(one).collect::<Vec<_>>().join("---\n")
}

fn object<'a>(manifests: &'a [Manifest], key: &str) -> &'a Value {
    &manifests.iter().find(|manifest| manifest.key().to_string() == key).unwrap().object
}

#[test]
fn a_node_repository_with_postgres_and_redis() {
    insta::assert_snapshot!(yaml(&rendered(Given::default())));
}

/// One component per language and kind that a preset is chosen for.
fn component(language: &str, kind: ComponentKind) -> Component {
    Component {
        path: "apps/one".into(),
        name: "one".into(),
        kind,
        language: Some(language.into()),
        version: Version::default(),
        package_manager: match language {
            "TypeScript" => Some("pnpm".into()),
            "Python" => Some("uv".into()),
            _ => None,
        },
        commands: Commands {
            install: Some("install".into()),
            start: Some("start".into()),
            ..Commands::default()
        },
        ..Component::default()
    }
}

#[test]
fn each_language_as_web_app_and_as_worker() {
    for (language, preset) in [
        ("TypeScript", "node"),
        ("Python", "python"),
        ("Go", "go"),
        ("Rust", "rust"),
        ("Java", "java"),
        ("C#", "dotnet"),
        ("Ruby", "ruby"),
        ("PHP", "php"),
        ("Elixir", "elixir"),
        ("HTML", "static"),
    ] {
        let files = [(ComponentKind::Static, "files")];
        let programs = [(ComponentKind::Web, "web"), (ComponentKind::Worker, "worker")];
        for (kind, suffix) in if preset == "static" { files.iter() } else { programs.iter() } {
            let kind = *kind;
            let plan =
                Given { facts: Some(facts(vec![component(language, kind)])), ..Given::default() }.plan();
            let manifests = render(&plan, built_in()).unwrap();
            let own: Vec<Manifest> = manifests.into_iter().filter(|m| m.unit == "one").collect();
            insta::assert_snapshot!(format!("{preset}_{suffix}"), yaml(&own));
        }
    }
}

/// The kinds of services that have a preset, each once.
fn service_kinds() -> Vec<Service> {
    let presets = built_in().of_kind(Kind::Service).unwrap();
    let kinds = presets.iter().filter_map(|preset| preset.detects.clone()?.service.0.into_iter().next());
    kinds.map(|kind| Service { kind, version: None, env: vec![] }).collect()
}

/// Renders and validates one component of a preset with these services.
fn sound(app: &str, kind: ComponentKind, source: &str, services: Vec<Service>) -> Vec<Manifest> {
    let component = Component { services, ..component("Cobol", kind) };
    let file = format!("components:\n  one:\n    path: apps/one\n    extends: {app}\n");
    let mut answers = vec![("one.image", json!("a/b:1"))];
    answers.extend((!source.is_empty()).then(|| ("one.source", json!(source))));
    let given = Given { facts: Some(facts(vec![component])), file: Some(file), answers, ..Given::default() };
    let manifests = render(&given.plan(), built_in()).unwrap();
    assert_eq!(validate(&manifests), [], "{app} from {source}");
    let named = manifests.iter().map(Manifest::key).collect::<BTreeSet<_>>();
    assert_eq!(named.len(), manifests.len());
    manifests
}

#[test]
fn every_app_with_every_service_from_every_source_renders_and_validates() {
    let services = service_kinds();
    assert!(services.len() >= 25);
    for app in built_in().of_kind(Kind::App).unwrap() {
        // WebAssembly comes in images alone.
        let sources = app.params.get("source").map(|param| param.choices()).unwrap_or_default();
        let sources: Vec<&str> =
            if sources.is_empty() { vec![""] } else { sources.iter().map(String::as_str).collect() };
        sound(&app.name, ComponentKind::Web, sources[0], services.clone());
        for (source, kind) in
            sources.into_iter().zip([ComponentKind::Worker, ComponentKind::Web].iter().cycle())
        {
            sound(&app.name, *kind, source, Vec::new());
        }
    }
}

/// Tags that docker-library/official-images has, or had while the version was maintained.
#[test]
fn old_versions_have_images_that_there_were() {
    for (language, version, image) in [
        ("TypeScript", "14.21.3", "node:14.21.3-slim"),
        ("TypeScript", "16", "node:16-bookworm-slim"),
        ("Python", "3.6", "python:3.6-slim"),
        ("Python", "2.7.18", "python:2.7.18-slim"),
        ("Python", "3", "python:3-slim-bookworm"),
        ("Go", "1.18", "golang:1.18"),
        ("Go", "1.19.13", "golang:1.19.13-bookworm"),
        ("Ruby", "2.7.8", "ruby:2.7.8"),
        ("Rust", "1.60", "rust:1.60"),
        ("Rust", "1.68.2", "rust:1.68.2-bookworm"),
    ] {
        let mut component = component(language, ComponentKind::Web);
        component.version.resolved = Some(version.into());
        let plan = Given { facts: Some(facts(vec![component])), ..Given::default() }.plan();
        let values = &plan.units.iter().find(|unit| unit.name == "one").unwrap().values;
        assert_eq!(values["image"].value, image);
    }
    for (kind, version, image) in [
        ("postgres", "9.6", "postgres:9.6"),
        ("postgres", "12", "postgres:12-bookworm"),
        ("redis", "5", "redis:5"),
        ("redis", "6.2", "redis:6.2-bookworm"),
        ("memcached", "1.5.22", "memcached:1.5.22"),
    ] {
        let service = Service { kind: kind.into(), version: Some(version.into()), env: vec![] };
        let component = Component { services: vec![service], ..component("Go", ComponentKind::Web) };
        let plan = Given { facts: Some(facts(vec![component])), ..Given::default() }.plan();
        let values = &plan.units.iter().find(|unit| unit.name == kind).unwrap().values;
        assert_eq!(values["image"].value, image);
    }
}

#[test]
fn a_version_of_scala_or_clojure_is_none_of_java() {
    const SBT: &str = "sbtscala/scala-sbt:eclipse-temurin-21.0.7_6_1.11.2_3.7.1";
    for (language, version, manager, image) in [
        ("Clojure", "1.12.1", "lein", "clojure:temurin-21-lein"),
        ("Clojure", "1.12.1", "clj", "clojure:temurin-21-tools-deps"),
        ("Scala", "2.13.16", "sbt", SBT),
        ("Scala", "3", "mill", "eclipse-temurin:21-jdk"),
        ("Scala", "2.13.16", "maven", "maven:3.9-eclipse-temurin-21"),
    ] {
        let mut component = component(language, ComponentKind::Web);
        component.version.resolved = Some(version.into());
        component.package_manager = Some(manager.into());
        let plan = Given { facts: Some(facts(vec![component])), ..Given::default() }.plan();
        let values = &plan.units.iter().find(|unit| unit.name == "one").unwrap().values;
        assert_eq!(values["image"].value, image);
    }
}

#[test]
fn webassembly_names_its_runtime_and_what_a_cluster_needs_for_it() {
    for app in ["wasm", "spin"] {
        let redis = Service { kind: "redis".into(), version: None, env: vec!["REDIS_URL".into()] };
        let manifests = sound(app, ComponentKind::Web, "", vec![redis]);
        let own: Vec<Manifest> = manifests.into_iter().filter(|m| m.unit == "one").collect();
        insta::assert_snapshot!(app, yaml(&own));
    }
}

#[test]
fn a_model_on_gpus_fits_the_quota_and_its_token_stays_in_a_secret() {
    let given = Given {
        facts: Some(facts(Vec::new())),
        file: Some("services: {vllm: {}}\ncomponents: {}\n".into()),
        answers: vec![
            ("vllm.gpus", json!(2)),
            ("vllm.memory", json!("40Gi")),
            ("vllm.memoryLimit", json!("96Gi")),
            ("vllm.cpu", json!("12")),
            ("vllm.storage", json!("200Gi")),
            ("vllm.runtimeClass", json!("nvidia")),
            ("vllm.token", json!("hf_secret")),
        ],
        ..Given::default()
    };
    let manifests = render(&given.plan(), built_in()).unwrap();
    assert_eq!(validate(&manifests), []);
    let own: Vec<Manifest> = manifests.into_iter().filter(|m| m.unit == "vllm").collect();
    let secret = own.iter().find(|m| m.key().name == "vllm-given").unwrap();
    assert_eq!(secret.object["data"]["token"], "aGZfc2VjcmV0");
    let others: Vec<Manifest> = own.into_iter().filter(|m| m.key().name != "vllm-given").collect();
    let text = yaml(&others);
    assert!(!text.contains("hf_secret"), "{text}");
    insta::assert_snapshot!("vllm_on_gpus", text);
}

#[test]
fn each_service_alone_is_pinned_probed_and_fits_the_quota() {
    for service in service_kinds() {
        let kind = service.kind.clone();
        let manifests = sound("web", ComponentKind::Web, "image", vec![service]);
        let own: Vec<Manifest> =
            manifests.iter().filter(|m| m.unit != "one" && m.unit != "environment").cloned().collect();
        let set = own.iter().find(|m| m.key().kind == "StatefulSet").unwrap();
        let container = set.object.pointer("/spec/template/spec/containers/0").unwrap();
        let image = container["image"].as_str().unwrap();
        let tag = image.rsplit_once(':').unwrap_or_else(|| panic!("{kind} is not pinned")).1;
        assert!(tag != "latest" && tag.contains(|c: char| c.is_ascii_digit()), "{kind}: {image}");
        for wanted in ["readinessProbe", "startupProbe"] {
            assert!(container[wanted].is_object(), "{kind} has no {wanted}");
        }
        assert!(container["resources"]["requests"]["memory"].is_string(), "{kind}");
        // The app is told where it is, and no password is in any manifest.
        let app = manifests.iter().find(|m| m.key().to_string() == "Deployment/one").unwrap();
        let env = app.object.pointer("/spec/template/spec/containers/0/env").unwrap();
        assert!(env.as_array().unwrap().len() > 1, "{kind}: {env}");
        for secret in own.iter().filter(|m| m.key().kind == "Secret") {
            assert!(secret.object.get("data").is_none() && secret.object.get("stringData").is_none());
        }
        insta::assert_snapshot!(format!("service_{kind}"), yaml(&own));
    }
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    assert_eq!(yaml(&rendered(Given::default())), yaml(&rendered(Given::default())));
}

#[test]
fn every_object_carries_our_labels_and_no_empty_value() {
    fn no_nulls(value: &Value, path: &str) {
        match value {
            Value::Null => panic!("null at {path}"),
            Value::Object(map) => map.iter().for_each(|(k, v)| no_nulls(v, &format!("{path}.{k}"))),
            Value::Array(items) => items.iter().for_each(|v| no_nulls(v, path)),
            _ => {}
        }
    }
    for manifest in rendered(Given::default()) {
        no_nulls(&manifest.object, &manifest.key().to_string());
        let labels = &manifest.object["metadata"]["labels"];
        assert_eq!(labels["app.kubernetes.io/managed-by"], "devbox", "{}", manifest.key());
        assert_eq!(labels["app.kubernetes.io/part-of"], "shop", "{}", manifest.key());
        assert_eq!(manifest.object["metadata"].get("namespace"), None, "the engine sets it");
    }
}

#[test]
fn a_generated_password_is_in_no_manifest_and_reaches_the_url_in_the_pod() {
    let manifests = rendered(Given::default());
    let secret = object(&manifests, "Secret/postgres-credentials");
    assert_eq!(secret.get("data"), None);
    let env = object(&manifests, "Deployment/shop").pointer("/spec/template/spec/containers/0/env").unwrap();
    let position = |name: &str| env.as_array().unwrap().iter().position(|e| e["name"] == name).unwrap();
    assert!(position("POSTGRES_PASSWORD") < position("DATABASE_URL"), "references look back only");
}

#[test]
fn a_given_secret_is_in_its_secret_alone() {
    let flags = vec![("shop.env.STRIPE_KEY", json!("sk: 1\n"))];
    let manifests = rendered(Given { flags, ..Given::default() });
    let secret = object(&manifests, "Secret/shop-env");
    assert_eq!(secret["data"], json!({"STRIPE_KEY": "c2s6IDEK"}));
    assert_eq!(secret["metadata"]["annotations"][RETAIN], "STRIPE_KEY");
    let shown: Vec<Manifest> = manifests.into_iter().map(Manifest::without_secrets).collect();
    let text = yaml(&shown);
    assert!(!text.contains("c2s6IDEK") && !text.contains("sk: 1"), "{text}");
    let without = rendered(Given::default());
    assert_eq!(object(&without, "Secret/shop-env").get("data"), None, "what the cluster has stays");
}

#[test]
fn a_template_that_gives_no_object_is_named_with_its_line() {
    let plan = {
        let mut plan = Given::default().plan();
        let template =
            crate::preset::TemplateRef { layer: crate::preset::Layer::User, path: "bad.yaml".into() };
        plan.units[0].templates = [("bad".to_owned(), template)].into_iter().collect();
        plan
    };
    for (text, message) in [
        ("\nkind: A\n", "templates/bad.yaml:2: renders to no Kubernetes object: no `apiVersion`"),
        (
            "kind: A\napiVersion: v1\nmetadata: {name: }\n",
            "templates/bad.yaml:2: renders to no Kubernetes object: no `metadata.name`",
        ),
        (
            "apiVersion: v1\n  kind: {{ user }}\n",
            "templates/bad.yaml:1: renders to something that is not YAML: mapping values are not allowed in this context",
        ),
        (
            "apiVersion: v1\nkind: A\nkind: B\n",
            "templates/bad.yaml:1: renders to something that is not YAML: duplicate entry with key \"kind\"",
        ),
        (
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\n---\napiVersion: v1\nkind: A\nmetadata: {name: a}\n",
            "templates/bad.yaml:5: A/a is rendered by templates/bad.yaml:1 (environment) too",
        ),
        (
            "apiVersion: v1\nkind: {{ vaules.a }}\n",
            "templates/bad.yaml:2:10: variable `vaules` is not defined\n2 | kind: {{ vaules.a }}\n  |          ^",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("templates")).unwrap();
        std::fs::write(folder.path().join("templates/bad.yaml"), text).unwrap();
        let catalogue = Catalogue::built_in().unwrap().with_user(folder.path()).unwrap();
        assert_eq!(render(&plan, &catalogue).unwrap_err().to_string(), message);
    }
}

/// Everything in a manifest that is not text, and where text is.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), shape(v))).collect()),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(_) => json!("text"),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The values of a service are data too: what is text stays one text wherever it stands.
    #[test]
    fn no_value_of_a_service_changes_what_is_rendered(
        hostile in prop_oneof!["[^\0]{1,40}", "[-:#{}%\\[\\]|>&*!,'\"\\\\ \n\ta-c$()]{1,40}"],
    ) {
        let given = |text: &str| {
            let values = json!({
                "image": "a/b:1",
                "data": "/data",
                "ports": {"main": 80},
                "command": ["sh", text],
                "args": [text],
                "variables": {"A": text},
                "files": {"/etc/a": text},
                "probe": {"exec": {"command": [text]}},
            });
            let file = json!({
                "components": {"shop": {"path": "."}},
                "services": {"own": {"extends": "service", "values": values}},
            });
            let given = Given { file: Some(crate::config::to_yaml(&file)), ..Given::default() };
            rendered(given)
        };
        let plain: Vec<Value> = given("x").iter().map(|m| shape(&m.object)).collect();
        let manifests = given(&hostile);
        prop_assert_eq!(manifests.iter().map(|m| shape(&m.object)).collect::<Vec<_>>(), plain);
        let container = object(&manifests, "StatefulSet/own").pointer("/spec/template/spec/containers/0").unwrap();
        prop_assert_eq!(&container["args"][0], &json!(hostile));
        prop_assert_eq!(&container["env"][0]["value"], &json!(hostile));
        prop_assert_eq!(&object(&manifests, "ConfigMap/own-files")["data"]["file-1"], &json!(hostile));
    }

    /// Values that people and repositories supply change texts, never objects, keys or lists.
    #[test]
    fn no_value_changes_what_is_rendered(
        hostile in prop_oneof![
            "[^\0]{1,40}",
            "[-:#{}%\\[\\]|>&*!,'\"\\\\ \n\ta-c$()]{1,40}",
            Just("x\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: evil}".to_owned()),
            Just("{{ namespace }}{% for a in [1] %}".to_owned()),
        ],
        branch in "[^\\s\\x00~^:?*\\[\\\\-][^\\s\\x00~^:?*\\[\\\\]{0,20}",
    ) {
        let given = |text: &str, branch: &str| {
            let mut facts = shop();
            facts.components[0].commands.dev = Some(text.to_owned());
            facts.components[0].commands.install = Some(text.to_owned());
            facts.components[0].path = text.to_owned();
            let answers = vec![
                ("shop.env.MOTTO", json!(text)),
                ("shop.env.STRIPE_KEY", json!(text)),
                ("shop.branch", json!(branch)),
            ];
            Given { facts: Some(facts), answers, ..Given::default() }
        };
        // A command that is blank is none, and is asked for.
        prop_assume!(!hostile.trim().is_empty());
        let plain: Vec<Value> = rendered(given("x", "main")).iter().map(|m| shape(&m.object)).collect();
        let manifests = rendered(given(&hostile, &branch));
        let shapes: Vec<Value> = manifests.iter().map(|m| shape(&m.object)).collect();
        prop_assert_eq!(shapes, plain);
        let container = object(&manifests, "Deployment/shop").pointer("/spec/template/spec/containers/0").unwrap().clone();
        let motto = container["env"].as_array().unwrap().iter().find(|e| e["name"] == "MOTTO").unwrap();
        prop_assert_eq!(&motto["value"], &json!(hostile.replace("$(", "$$(")));
        let command = container["args"].as_array().unwrap().last().unwrap();
        prop_assert_eq!(command, &json!(hostile.trim().replace("$(", "$$(")));
    }
}
