//! Every preset of the catalogue: alone in a snapshot, and with every other.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::config::Kind;
use crate::detect::{Commands, Component, ComponentKind, Service, Version};
use crate::plan::tests::facts;
use crate::validate::validate;

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
