//! What runs WebAssembly: kinds and runtime classes that a cluster may lack, and presets that need them.

use serde_json::{Value, json};

use crate::support::Devbox;
use crate::trial::{Trial, trial};

/// SpinKube's two kinds, with any content.
async fn install_spinkube(t: &Trial) {
    for (kind, plural) in [("SpinApp", "spinapps"), ("SpinAppExecutor", "spinappexecutors")] {
        let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let version = json!({"name": "v1alpha1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
        t.create(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            &json!({
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {"name": format!("{plural}.core.spinkube.dev")},
                "spec": {
                    "group": "core.spinkube.dev",
                    "scope": "Namespaced",
                    "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
                    "versions": [version],
                },
            }),
        )
        .await;
    }
    loop {
        let served = t.until("/apis/core.spinkube.dev/v1alpha1").await;
        let kinds = served["resources"].as_array().unwrap().iter();
        if kinds
            .filter(|kind| ["SpinApp", "SpinAppExecutor"].contains(&kind["kind"].as_str().unwrap()))
            .count()
            == 2
        {
            return;
        }
    }
}

fn project(file: &str) -> Devbox {
    let kubeconfig = std::fs::read_to_string(super::sandbox::kubeconfig()).unwrap();
    Devbox::new().kubeconfig(&kubeconfig).file("devbox.yaml", file)
}

#[test]
fn what_a_cluster_lacks_for_webassembly_is_told_before_anything_is_written() {
    trial(async |t| {
        let file = "components:\n  hello: {path: ., extends: wasm, uses: [], values: {image: 'acme/hello:1'}}\nservices: {}\n";
        let devbox = project(file);
        let namespace = t.namespace().to_owned();
        let up = devbox.args(["init", "--yes", "--namespace", &namespace]).run();
        assert_eq!(up.code, 1, "{up}");
        assert!(up.stderr.contains("the cluster has no RuntimeClass `wasmtime`"), "{up}");
        assert!(up.stderr.contains("https://runwasi.dev"), "{up}");
        assert!(t.get(&format!("/api/v1/namespaces/{namespace}")).await.is_none(), "{up}");

        let devbox = project("components: {}\nservices: {mailpit: {values: {runtimeClass: gvisor}}}\n");
        let up = devbox.args(["init", "--yes", "--namespace", &namespace]).run();
        assert!(up.stderr.contains("the cluster has no RuntimeClass `gvisor`"), "{up}");
        assert!(up.stderr.contains("kubectl get runtimeclass"), "{up}");

        // A kind that nobody defines, with words of its template's own.
        let devbox = project("components: {}\nservices: {mailpit: {}}\n")
            .config("presets/mailpit.yaml", "name: mailpit\nsummary: With a toy\nextends: mailpit\ntemplates: {toy: toy.yaml}\n")
            .config(
                "templates/toy.yaml",
                "apiVersion: toys.example/v1\nkind: Toy\nmetadata:\n  name: toy\n  annotations:\n    devbox.internal/requires: install the toy operator\n",
            );
        let up = devbox.args(["init", "--yes", "--namespace", &namespace]).run();
        assert_eq!(up.code, 1, "{up}");
        assert!(up.stderr.contains("the cluster knows no kind `Toy` in `toys.example/v1`"), "{up}");
        assert!(up.stderr.contains("install the toy operator"), "{up}");
        assert!(t.get(&format!("/api/v1/namespaces/{namespace}")).await.is_none(), "{up}");
    });
}

#[test]
fn webassembly_goes_up_where_a_cluster_has_what_it_needs() {
    trial(async |t| {
        install_spinkube(&t).await;
        // A class of its own: others are told that theirs is missing.
        let class = format!("wasm-{}", std::process::id());
        let classes = "/apis/node.k8s.io/v1/runtimeclasses";
        t.create(classes, &json!({"metadata": {"name": class}, "handler": "wasm"})).await;
        let values = format!("values: {{image: 'acme/hello:1', runtimeClass: {class}}}");
        let file = format!(
            "components:\n  module: {{path: ., extends: wasm, uses: [], {values}}}\n  spin: {{path: ., extends: spin, uses: [], {values}}}\nservices: {{}}\n"
        );
        let devbox = project(&file);
        // No operator is there that would take the app up.
        let call =
            devbox.args(["init", "--yes", "--no-wait", "--format", "json", "--namespace", t.namespace()]);
        let first = call.run().ok().json();
        let outcomes = |answer: &Value| -> Vec<String> {
            let objects = answer["objects"].as_array().unwrap().iter();
            objects.map(|object| object["change"]["outcome"].as_str().unwrap().to_owned()).collect()
        };
        assert!(outcomes(&first).iter().all(|outcome| outcome == "created"), "{first:#}");
        let app = format!("/apis/core.spinkube.dev/v1alpha1/namespaces/{}/spinapps/spin", t.namespace());
        let app = t.get(&app).await.unwrap();
        assert_eq!(app["spec"]["executor"], "spin", "{app:#}");
        let again = devbox.args(["up", "--no-wait", "--format", "json"]).run().ok().json();
        assert!(outcomes(&again).iter().all(|outcome| outcome == "unchanged"), "{again:#}");
        devbox.args(["down", "--yes", "--volumes"]).run().ok();
        t.delete(&format!("{classes}/{class}")).await;
        for plural in ["spinapps", "spinappexecutors"] {
            let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            t.delete(&format!("{path}/{plural}.core.spinkube.dev")).await;
        }
    });
}
