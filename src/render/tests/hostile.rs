//! Values that people and repositories supply change texts, never objects, keys or lists.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::plan::tests::shop;

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

    /// The same of what detection and answers give.
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
