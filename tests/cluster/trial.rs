//! One test's namespace, environment and connections, and the words that tests are written in.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use devbox::cluster::guard::{Confirmed, Subject, Verdict, judge};
use devbox::cluster::{
    Applied, ApplyOptions, Change, Cluster, ClusterError, Diff, DiffOptions, Difference, Down, DownOptions,
    Environment, Pins, Readiness, WaitOptions,
};
use devbox::env::Env;
use devbox::event::Recorder;
use devbox::kubeconfig::{Kubeconfigs, Target};
use devbox::render::Manifest;
use futures::FutureExt;
use http::{Method, Request};
use kube::client::Body;
use serde_json::{Value, json};

/// One test.
pub(crate) struct Trial {
    /// Connected straight to the cluster.
    pub(crate) cluster: Cluster,
    pub(crate) environment: Environment,
    pub(crate) confirmed: Confirmed,
    pub(crate) events: Recorder,
    pub(crate) home: tempfile::TempDir,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Runs a test in a namespace of its own and removes the namespace afterwards, whatever happens.
pub(crate) fn trial<F: Future<Output = ()>>(body: impl FnOnce(std::rc::Rc<Trial>) -> F) {
    let kubeconfig = super::sandbox::kubeconfig();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // The proxy's tasks share the test's thread.
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let trial = std::rc::Rc::new(Trial::new(kubeconfig).await);
        let result = AssertUnwindSafe(body(trial.clone())).catch_unwind().await;
        trial.clear().await;
        if let Err(panic) = result {
            let events = trial.events.events();
            eprintln!("events:\n{}", events.iter().map(|e| format!("  {e:?}\n")).collect::<String>());
            std::panic::resume_unwind(panic);
        }
    });
}

/// Reads a kubeconfig's current context.
pub(crate) fn target(kubeconfig: &Path) -> Target {
    let env = Env::under(Path::new("/nonexistent"));
    Kubeconfigs::load(&env, Some(kubeconfig)).unwrap().target(None).unwrap()
}

/// Judges a target as nobody who was asked would: only what the guard accepts by itself.
pub(crate) fn accepted(cluster: &Cluster, namespace: &str) -> Confirmed {
    let subject = Subject::new(cluster.target(), namespace);
    match judge(&subject, cluster.identity(), &Pins::default()) {
        Verdict::Accepted(confirmed) => confirmed,
        other => panic!("a test cluster must be on loopback and not look like production: {other:?}"),
    }
}

impl crate::faults::Upstream for Trial {
    fn client(&self) -> kube::Client {
        self.cluster.client()
    }

    fn folder(&self) -> &Path {
        self.home.path()
    }
}

impl Trial {
    async fn new(kubeconfig: &Path) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("devbox-test-{}-{number}", std::process::id());
        let cluster = Cluster::connect(&target(kubeconfig)).await.unwrap();
        Self {
            confirmed: accepted(&cluster, &namespace),
            cluster,
            environment: Environment { project: "shop".into(), namespace },
            events: Recorder::default(),
            home: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.environment.namespace
    }

    /// The namespace's manifest, for a bundle.
    pub(crate) fn namespace_yaml(&self) -> String {
        format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}\n", self.namespace())
    }

    /// Creates the namespace by other means than devbox.
    pub(crate) async fn namespace_before(&self) {
        self.create("/api/v1/namespaces", &json!({"metadata": {"name": self.namespace()}})).await;
    }

    /// Applies a bundle that must be accepted as a whole; single objects may fail.
    pub(crate) async fn up(&self, yaml: &str) -> Applied {
        self.try_up(yaml).await.unwrap()
    }

    /// Applies a bundle of which every object must succeed.
    pub(crate) async fn up_all(&self, yaml: &str) -> Applied {
        let applied = self.up(yaml).await;
        if let Some(error) = applied.error() {
            panic!("{error}");
        }
        applied
    }

    pub(crate) async fn try_up(&self, yaml: &str) -> Result<Applied, ClusterError> {
        self.up_with(&self.cluster, yaml, ApplyOptions::default()).await
    }

    /// Applies over another connection or with other options.
    pub(crate) async fn up_with(
        &self,
        cluster: &Cluster,
        yaml: &str,
        options: ApplyOptions,
    ) -> Result<Applied, ClusterError> {
        let confirmed = accepted(cluster, self.namespace());
        cluster.apply(&confirmed, &self.environment, &manifests(yaml), &options, &self.events).await
    }

    /// What an apply of a bundle would do.
    pub(crate) async fn diff(&self, yaml: &str) -> Diff {
        self.diff_with(yaml, DiffOptions::default()).await
    }

    pub(crate) async fn diff_with(&self, yaml: &str, options: DiffOptions) -> Diff {
        let manifests = manifests(yaml);
        self.cluster
            .diff(&self.confirmed, &self.environment, &manifests, &options, &self.events)
            .await
            .unwrap()
    }

    /// Compares again, as right before an apply.
    pub(crate) async fn diff_since(&self, yaml: &str, shown: &Diff) -> Option<Diff> {
        let (manifests, options) = (manifests(yaml), DiffOptions::default());
        self.cluster
            .diff_since(&self.confirmed, &self.environment, &manifests, &options, shown, &self.events)
            .await
            .unwrap()
    }

    pub(crate) async fn wait(&self, applied: &Applied, timeout: Duration) -> Readiness {
        self.cluster.wait(&self.environment, applied, &WaitOptions { timeout }, &self.events).await.unwrap()
    }

    pub(crate) async fn down(&self, options: DownOptions) -> Down {
        self.cluster.down(&self.confirmed, &self.environment, &options, &self.events).await.unwrap()
    }

    /// The path of a namespaced core object.
    pub(crate) fn core(&self, plural: &str, name: &str) -> String {
        format!("/api/v1/namespaces/{}/{plural}/{name}", self.namespace())
    }

    /// The path of a namespaced object of a group.
    pub(crate) fn path(&self, group_version: &str, plural: &str, name: &str) -> String {
        format!("/apis/{group_version}/namespaces/{}/{plural}/{name}", self.namespace())
    }

    /// Sends a request as the administrator, beside devbox.
    pub(crate) async fn send(&self, method: Method, path: &str, kind: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(Body::from(if body.is_null() { Vec::new() } else { body.to_string().into_bytes() }))
            .unwrap();
        let response = self.cluster.client().send(request).await.unwrap();
        let code = response.status().as_u16();
        let bytes = response.into_body().collect_bytes().await.unwrap();
        (code, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// The object, or `None` where there is none.
    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        let (code, body) = self.send(Method::GET, path, "application/json", &Value::Null).await;
        match code {
            200 => Some(body),
            404 => None,
            other => panic!("GET {path}: {other} {body}"),
        }
    }

    /// Waits until something is there.
    pub(crate) async fn until(&self, path: &str) -> Value {
        for _ in 0..600 {
            if let Some(found) = self.get(path).await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{path} does not come");
    }

    pub(crate) async fn create(&self, collection: &str, body: &Value) -> Value {
        let (code, body) = self.send(Method::POST, collection, "application/json", body).await;
        assert_eq!(code, 201, "POST {collection}: {body}");
        body
    }

    /// Changes fields under another field manager, as `kubectl edit` would.
    pub(crate) async fn edit(&self, path: &str, patch: &Value) {
        let path = format!("{path}?fieldManager=kubectl-edit");
        let (code, body) = self.send(Method::PATCH, &path, "application/merge-patch+json", patch).await;
        assert_eq!(code, 200, "PATCH {path}: {body}");
    }

    pub(crate) async fn delete(&self, path: &str) {
        let (code, body) = self.send(Method::DELETE, path, "application/json", &Value::Null).await;
        assert!(matches!(code, 200 | 202 | 404), "DELETE {path}: {code} {body}");
    }

    /// Kind, name, UID and resourceVersion of everything in the namespace that somebody put there, and
    /// of the namespace.
    pub(crate) async fn everything(&self) -> Vec<String> {
        let mut all = Vec::new();
        let collections = [
            "/api/v1/namespaces/{}/configmaps",
            "/api/v1/namespaces/{}/secrets",
            "/api/v1/namespaces/{}/services",
            "/api/v1/namespaces/{}/serviceaccounts",
            "/api/v1/namespaces/{}/persistentvolumeclaims",
            "/api/v1/namespaces/{}/resourcequotas",
            "/apis/apps/v1/namespaces/{}/deployments",
            "/apis/apps/v1/namespaces/{}/statefulsets",
            "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
            "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
            "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
        ];
        for collection in collections {
            let path = collection.replace("{}", self.namespace());
            let list = self.get(&path).await.unwrap_or_default();
            for item in list["items"].as_array().cloned().unwrap_or_default() {
                let text = |key: &str| item["metadata"][key].as_str().unwrap_or_default().to_owned();
                if text("name") != "kube-root-ca.crt" && text("name") != "default" {
                    let plural = path.rsplit('/').next().unwrap();
                    all.push(format!(
                        "{plural}/{} {} {}",
                        text("name"),
                        text("uid"),
                        text("resourceVersion")
                    ));
                }
            }
        }
        all.sort();
        all
    }

    /// Writes a kubeconfig into the test's folder.
    pub(crate) fn kubeconfig(&self, name: &str, content: &str) -> PathBuf {
        let file = self.home.path().join(name);
        std::fs::write(&file, content).unwrap();
        file
    }

    /// A kubeconfig of somebody without rights of their own, and their name.
    pub(crate) fn nobody(&self) -> (PathBuf, String) {
        let name = format!("jane-{}", self.namespace());
        let admin = std::fs::read_to_string(super::sandbox::kubeconfig()).unwrap();
        let mut kubeconfig: Value = serde_yaml::from_str(&admin).unwrap();
        kubeconfig["users"][0]["user"]["as"] = json!(name);
        (self.kubeconfig("jane", &kubeconfig.to_string()), name)
    }

    /// Gives somebody a ClusterRole in the test's namespace.
    pub(crate) async fn grant(&self, user: &str, role: &str) {
        let bindings =
            self.path("rbac.authorization.k8s.io/v1", "rolebindings", "").trim_end_matches('/').to_owned();
        let binding = json!({
            "metadata": {"name": format!("{user}-{role}")},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        });
        self.create(&bindings, &binding).await;
    }

    async fn clear(&self) {
        self.delete(&format!("/api/v1/namespaces/{}", self.namespace())).await;
    }
}

/// Reads a bundle as the renderer gives it.
pub(crate) fn manifests(yaml: &str) -> Vec<Manifest> {
    use serde::Deserialize;
    serde_yaml::Deserializer::from_str(yaml)
        .map(|document| Value::deserialize(document).unwrap())
        .filter(|object| !object.is_null())
        .enumerate()
        .map(|(index, object)| Manifest {
            object,
            template: "bundle.yaml".into(),
            line: index + 1,
            unit: "test".into(),
        })
        .collect()
}

/// `Kind/name change` of every object.
pub(crate) fn changes(applied: &Applied) -> Vec<String> {
    let word = |change: &Change| match change {
        Change::Created => "created",
        Change::Configured => "configured",
        Change::Recreated => "recreated",
        Change::Unchanged => "unchanged",
        Change::LeftAlone(_) => "left alone",
    };
    let mut all: Vec<String> =
        applied.objects.iter().map(|object| format!("{} {}", object.key, word(&object.change))).collect();
    all.sort();
    all
}

/// Every object of a difference, with its fields below it as `path: before -> after`.
pub(crate) fn differences(diff: &Diff) -> Vec<String> {
    let mut lines = Vec::new();
    for object in &diff.objects {
        let word = match &object.difference {
            Difference::Created => "created",
            Difference::Changed => "changed",
            Difference::Recreated(_) => "recreated",
            Difference::Unchanged => "unchanged",
            Difference::Pruned => "pruned",
            Difference::Kept(_) => "kept",
            Difference::LeftAlone(_) => "left alone",
            Difference::Conflicting => "conflicting",
            Difference::Refused(_) => "refused",
        };
        lines.push(format!("{} {word}", object.key));
        let text = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".into(), Value::to_string);
        let fields =
            object.fields.iter().map(|f| format!("  {}: {} -> {}", f.path, text(&f.before), text(&f.after)));
        lines.extend(fields);
    }
    lines
}

/// A ConfigMap.
pub(crate) fn config_map(name: &str, value: &str) -> String {
    format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{key: {value:?}}}\n")
}

/// A Role and its binding.
pub(crate) const ROLE_AND_BINDING: &str = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app}
rules: [{apiGroups: [''], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: app}
subjects: [{kind: ServiceAccount, name: default}]
";

/// A Deployment of one container `app`; `extra` goes into the pod's metadata.
pub(crate) fn deployment(name: &str, image: &str, extra: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata:
      labels: {{app: {name}}}
{extra}
    spec:
      containers: [{{name: app, image: {image:?}}}]
"
    )
}
