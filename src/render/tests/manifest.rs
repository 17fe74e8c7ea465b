//! What holds of every manifest: labels, secrets, the same bytes each time; and what is no manifest.

use serde_json::{Value, json};

use super::*;
use crate::preset::Catalogue;

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
