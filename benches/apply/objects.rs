//! A project of so many objects, in the form that each program takes them.
//!
//! Of ten objects one is a Deployment (without pods: nobody waits for readiness), one a Service, one a
//! Secret and the rest are ConfigMaps. The namespace is there before, for everybody.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::lane::Lane;
use super::measure::{Measured, measure};
use super::server::Server;

const PRESET: &str = "name: bench
summary: Objects to measure with
kind: app
params:
  count: {type: int, summary: How many objects, default: 10}
  mark: {type: string, summary: A value that changes, default: first}
templates: {objects: bench/objects.yaml}
";

/// Only the namespace: everything else would be more than the others apply.
const ENVIRONMENT: &str = "name: namespace
kind: environment
extends: namespace
templates: {quota: null, network: null, access: null}
";

const TEMPLATE: &str = "{% for i in range(end=values.count) %}
---
{% if i % 10 == 1 %}
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ 'object-' ~ i }}}
spec:
  replicas: 0
  selector: {matchLabels: {app: {{ 'object-' ~ i }}}}
  template:
    metadata: {labels: {app: {{ 'object-' ~ i }}}}
    spec: {containers: [{name: app, image: nginx, ports: [{containerPort: 80}], env: [{name: A, value: b}]}]}
{% elif i % 10 == 2 %}
apiVersion: v1
kind: Service
metadata: {name: {{ 'object-' ~ i }}}
spec: {selector: {app: {{ 'object-' ~ i }}}, ports: [{name: http, port: 80, targetPort: 80}]}
{% elif i % 10 == 3 %}
apiVersion: v1
kind: Secret
metadata: {name: {{ 'object-' ~ i }}}
data: {key: dmFsdWU=}
{% else %}
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ 'object-' ~ i }}}
data: {index: {{ 'number ' ~ i }}, mark: {% if i == 0 %}{{ values.mark }}{% else %}none{% endif %}}
{% endif %}
{% endfor %}
";

/// A project, and everybody's copy of its objects.
pub(crate) struct Project {
    devbox: PathBuf,
    folder: PathBuf,
    kubeconfig: PathBuf,
    home: PathBuf,
    namespace: String,
    address: Ipv4Addr,
}

impl Project {
    /// Writes the project; its only cluster is behind the relay.
    pub(crate) fn new(server: &Server, lane: &Lane, port: u16, count: usize) -> Self {
        let folder = server.home().join(format!("project-{count}-{port}"));
        let home = folder.join("home");
        let presets = home.join(".config/devbox-k8s/presets");
        let templates = home.join(".config/devbox-k8s/templates/bench");
        for folder in [&presets, &templates, &folder.join("first"), &folder.join("changed")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(presets.join("bench.yaml"), PRESET).unwrap();
        fs::write(presets.join("namespace.yaml"), ENVIRONMENT).unwrap();
        fs::write(templates.join("objects.yaml"), TEMPLATE).unwrap();
        let devbox = format!(
            "name: bench\ncomponents: {{bench: {{path: ., extends: bench, values: {{count: {count}}}}}}}\n"
        );
        fs::write(folder.join("devbox.yaml"), devbox).unwrap();
        let mut kubeconfig = server.kubeconfig.clone();
        kubeconfig["clusters"][0]["cluster"]["server"] = json!(format!("https://127.0.0.1:{port}"));
        let file = folder.join("kubeconfig");
        fs::write(&file, kubeconfig.to_string()).unwrap();
        let (namespace, address) = (lane.namespace.clone(), lane.address);
        let devbox = server.devbox.clone();
        let project = Self { devbox, folder, kubeconfig: file, home, namespace, address };
        for (name, mark) in [("first", "first"), ("changed", "second")] {
            project.render(name, mark, count);
        }
        project
    }

    /// The objects as files: one for kubectl, a chart for Helm.
    fn render(&self, name: &str, mark: &str, count: usize) {
        let output = self
            .devbox(&["render", "--format", "json", "--set", &format!("bench.mark={mark}")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let objects =
            answer["manifests"].as_array().unwrap().iter().map(|manifest| manifest["object"].clone());
        let mut objects: Vec<_> = objects.filter(|object| object["kind"] != "Namespace").collect();
        assert_eq!(objects.len(), count);
        for object in objects.iter_mut().filter(|object| object["kind"] == "Secret") {
            object["data"]["key"] = json!("dmFsdWU=");
        }
        let text: String = objects.iter().map(|object| format!("---\n{object}\n")).collect();
        fs::write(self.folder.join(name).join("objects.yaml"), &text).unwrap();
        let chart = self.folder.join(name).join("chart");
        fs::create_dir_all(chart.join("templates")).unwrap();
        fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: bench\nversion: 0.1.0\n").unwrap();
        fs::write(chart.join("templates/objects.yaml"), &text).unwrap();
    }

    /// Measures one step of one program; `None` where the program has no such step.
    pub(crate) fn run(
        &self,
        server: &Server,
        tool: &str,
        step: &str,
        helm: Option<&Path>,
    ) -> Option<Measured> {
        if step == "first" {
            self.fresh_namespace(server);
        }
        let files = if matches!(step, "one changed" | "diff") { "changed" } else { "first" };
        // After the one change the difference is the way back.
        let files = if step == "diff" { "first" } else { files };
        if tool == "devbox" {
            let mark = if files == "changed" { "bench.mark=second" } else { "bench.mark=first" };
            let arguments: &[&str] = match step {
                "diff" => &["diff", "--exit-code", "--set", mark],
                "down" => &["down", "--yes"],
                _ => &["up", "--no-wait", "--access", "user", "--set", mark],
            };
            let mut command = self.devbox(arguments);
            if step != "down" {
                command.args([
                    "--namespace",
                    &self.namespace,
                    "--context",
                    server.kubeconfig["current-context"].as_str()?,
                ]);
            }
            return Some(measure(server, command, self.address, if step == "diff" { &[4] } else { &[0] }));
        }
        if tool == "helm" {
            let mut command = Command::new(helm?);
            let chart = self.folder.join(files).join("chart");
            match step {
                "diff" => return None,
                "down" => command.args(["uninstall", "bench"]),
                _ => command.args(["upgrade", "--install", "bench"]).arg(chart),
            };
            command
                .args(["--namespace", &self.namespace])
                .env("KUBECONFIG", &self.kubeconfig)
                .env("HOME", &self.home);
            return Some(measure(server, command, self.address, &[0]));
        }
        let mut command = server.kubectl();
        command.env("KUBECONFIG", &self.kubeconfig).env("HOME", &self.home).env("KUBECTL_APPLYSET", "true");
        match (step, tool) {
            ("diff", "kubectl apply --prune --applyset") => return None,
            ("diff", "kubectl apply --server-side") => command.args(["diff", "--server-side"]),
            ("diff", _) => command.arg("diff"),
            ("down", _) => command.arg("delete"),
            (_, "kubectl apply --server-side") => command.args(["apply", "--server-side"]),
            (_, "kubectl apply --prune --applyset") => {
                command.args(["apply", "--prune", "--applyset=configmaps/bench-set"])
            }
            _ => command.arg("apply"),
        };
        command
            .args(["--namespace", &self.namespace, "-f"])
            .arg(self.folder.join(files).join("objects.yaml"));
        Some(measure(server, command, self.address, if step == "diff" { &[1] } else { &[0] }))
    }

    fn devbox(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.devbox);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("HOME", &self.home)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("USER", "bench");
        command
    }

    /// An empty namespace, for everybody the same.
    fn fresh_namespace(&self, server: &Server) {
        let kubectl = |arguments: &[&str]| {
            let output = server.kubectl().args(arguments).output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        let namespace = self.namespace.as_str();
        kubectl(&["delete", "namespace", namespace, "--ignore-not-found"]);
        kubectl(&["create", "namespace", namespace]);
        kubectl(&["create", "configmap", "bench-set", "--namespace", namespace]);
        kubectl(&[
            "label",
            "configmap",
            "bench-set",
            "--namespace",
            namespace,
            &format!("applyset.kubernetes.io/id={}", set_id(namespace)),
        ]);
        kubectl(&[
            "annotate",
            "configmap",
            "bench-set",
            "--namespace",
            namespace,
            "applyset.kubernetes.io/tooling=kubectl/v1.36",
            "applyset.kubernetes.io/contains-group-kinds=",
        ]);
    }
}

/// The ID of kubectl's apply set `bench-set` in a namespace (KEP-3659).
fn set_id(namespace: &str) -> String {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(format!("bench-set.{namespace}.ConfigMap."));
    format!("applyset-{}-v1", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash))
}
