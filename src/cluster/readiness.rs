//! Whether an object is ready, and why not. Pure: the object in, the state out; no clock.
//!
//! Rules and their order are kstatus's (`sigs.k8s.io/cli-utils/pkg/kstatus/status/core.go`), with these
//! differences: a running Job is not ready and a failed one has failed; a LoadBalancer without address
//! and an unbound claim wait without holding anything up (whether they ever get what they wait for
//! depends on what the cluster has, and a claim may wait for its first consumer).

mod workload;

use serde_json::Value;

use workload::{daemon_set, deployment, job, pod, replica_set, stateful_set};

/// How far an object is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "state", content = "why", rename_all = "camelCase")]
pub enum State {
    /// It is as its spec says.
    Ready,
    /// It is as far as it gets by itself; what is missing comes from outside and holds nothing up.
    Waiting(String),
    /// It is on its way.
    Progressing(String),
    /// It will not get there.
    Failed(String),
    /// It is being deleted.
    Terminating,
}

impl State {
    /// Nothing has to be waited for.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Ready | Self::Waiting(_))
    }

    /// The words for it.
    pub fn text(&self) -> &str {
        match self {
            Self::Ready => "ready",
            Self::Terminating => "is being deleted",
            Self::Waiting(why) | Self::Progressing(why) | Self::Failed(why) => why,
        }
    }
}

/// Tells how far a live object is.
pub fn readiness(object: &Value) -> State {
    let group = object["apiVersion"].as_str().unwrap_or_default();
    let group = group.split_once('/').map_or("", |(group, _)| group);
    if !object["metadata"]["deletionTimestamp"].is_null() {
        return State::Terminating;
    }
    let generation = object["metadata"]["generation"].as_i64();
    let observed = object["status"]["observedGeneration"].as_i64();
    if let (Some(generation), Some(observed)) = (generation, observed)
        && generation != observed
    {
        return progressing("its change is not taken up yet");
    }
    if let Some(message) = condition_is(object, "Reconciling", "True") {
        return progressing(&message);
    }
    if let Some(message) = condition_is(object, "Stalled", "True") {
        return State::Failed(message);
    }
    match (group, object["kind"].as_str().unwrap_or_default()) {
        ("apps", "Deployment") => deployment(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps", "DaemonSet") => daemon_set(object),
        ("apps", "ReplicaSet") => replica_set(object),
        ("batch", "Job") => job(object),
        ("", "Pod") => pod(object),
        ("", "PersistentVolumeClaim") => claim(object),
        ("", "Service") => service(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        ("", "Secret" | "ConfigMap" | "Namespace")
        | ("batch", "CronJob")
        | ("policy", "PodDisruptionBudget")
        | ("autoscaling", _) => State::Ready,
        ("core.spinkube.dev", "SpinApp") => spin_app(object),
        _ => generic(object),
    }
}

fn progressing(why: &str) -> State {
    State::Progressing(if why.is_empty() { "in progress".into() } else { why.into() })
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// The message (or reason) of a condition that has this status.
fn condition_is(object: &Value, kind: &str, status: &str) -> Option<String> {
    let condition = condition(object, kind).filter(|condition| condition["status"] == status)?;
    Some(words(condition))
}

/// `reason: message`, as far as there is either.
fn words(condition: &Value) -> String {
    let text = |key: &str| condition[key].as_str().unwrap_or_default().trim().to_owned();
    match (text("reason"), text("message")) {
        (reason, message) if message.is_empty() => reason,
        (reason, message) if reason.is_empty() => message,
        (reason, message) => format!("{reason}: {message}"),
    }
}

fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

fn status(object: &Value, field: &str) -> i64 {
    object["status"][field].as_i64().unwrap_or(0)
}

fn claim(object: &Value) -> State {
    match object["status"]["phase"].as_str() {
        Some("Bound") => State::Ready,
        Some("Lost") => State::Failed("its volume is gone".into()),
        _ => State::Waiting("no volume is bound yet".into()),
    }
}

fn service(object: &Value) -> State {
    let ingress = object["status"]["loadBalancer"]["ingress"].as_array();
    if object["spec"]["type"] == "LoadBalancer" && ingress.is_none_or(Vec::is_empty) {
        return State::Waiting("the load balancer gave no address yet".into());
    }
    State::Ready
}

fn definition(object: &Value) -> State {
    if let Some(why) = condition_is(object, "NamesAccepted", "False") {
        return State::Failed(why);
    }
    match condition_is(object, "Established", "True") {
        Some(_) => State::Ready,
        None => progressing("it is not served yet"),
    }
}

/// Its operator makes a Deployment and copies the Deployment's condition.
fn spin_app(object: &Value) -> State {
    match condition(object, "Available") {
        None => progressing("the Spin operator has not taken it up yet"),
        Some(condition) if condition["status"] != "True" => progressing(&words(condition)),
        Some(_) => State::Ready,
    }
}

fn generic(object: &Value) -> State {
    let ready = condition(object, "Ready")
        .or_else(|| (object["kind"] == "APIService").then(|| condition(object, "Available")).flatten());
    match ready {
        Some(condition) if condition["status"] != "True" => progressing(&words(condition)),
        _ => State::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn state(yaml: &str) -> State {
        readiness(&serde_yaml::from_str(yaml).unwrap())
    }

    pub(super) fn going(text: &str) -> State {
        State::Progressing(text.into())
    }

    pub(super) fn failed(text: &str) -> State {
        State::Failed(text.into())
    }

    #[test]
    fn a_spin_app_is_ready_once_its_operator_says_that_it_is_available() {
        let app = |status: &str| {
            state(&format!("{{apiVersion: core.spinkube.dev/v1alpha1, kind: SpinApp, {status}}}"))
        };
        assert_eq!(app("spec: {}"), going("the Spin operator has not taken it up yet"));
        assert_eq!(
            app(
                "status: {conditions: [{type: Available, status: 'False', reason: MinimumReplicasUnavailable}]}"
            ),
            going("MinimumReplicasUnavailable")
        );
        assert_eq!(app("status: {conditions: [{type: Available, status: 'True'}]}"), State::Ready);
    }

    #[test]
    fn what_comes_from_outside_holds_nothing_up() {
        assert_eq!(
            state(
                "{kind: Service, apiVersion: v1, spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: []}}}"
            ),
            State::Waiting("the load balancer gave no address yet".into())
        );
        assert_eq!(
            state("{kind: PersistentVolumeClaim, apiVersion: v1, status: {phase: Pending}}"),
            State::Waiting("no volume is bound yet".into())
        );
        assert_eq!(
            state("{kind: PersistentVolumeClaim, apiVersion: v1, status: {phase: Bound}}"),
            State::Ready
        );
        assert_eq!(state("{kind: Service, apiVersion: v1, spec: {type: ClusterIP}}"), State::Ready);
    }

    #[test]
    fn a_definition_is_ready_when_it_is_served() {
        let crd = |conditions: &str| {
            state(&format!(
                "{{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1, status: {{conditions: {conditions}}}}}"
            ))
        };
        assert_eq!(crd("[]"), going("it is not served yet"));
        assert_eq!(crd("[{type: Established, status: 'True'}]"), State::Ready);
        assert_eq!(crd("[{type: NamesAccepted, status: 'False', message: taken}]"), failed("taken"));
    }

    #[test]
    fn anything_else_goes_by_its_conditions_or_is_ready() {
        let toy = |status: &str| {
            state(&format!(
                "{{kind: Toy, apiVersion: a.dev/v1, metadata: {{generation: 1}}, status: {status}}}"
            ))
        };
        assert_eq!(toy("null"), State::Ready);
        assert_eq!(toy("{conditions: [{type: Ready, status: 'False', reason: Busy}]}"), going("Busy"));
        assert_eq!(toy("{conditions: [{type: Ready, status: 'True'}]}"), State::Ready);
        assert_eq!(toy("{observedGeneration: 0}"), going("its change is not taken up yet"));
        assert_eq!(toy("{conditions: [{type: Stalled, status: 'True', message: stuck}]}"), failed("stuck"));
        assert_eq!(
            toy("{conditions: [{type: Reconciling, status: 'True', message: working}]}"),
            going("working")
        );
        assert_eq!(
            state("{kind: Toy, apiVersion: a.dev/v1, metadata: {deletionTimestamp: x}}"),
            State::Terminating
        );
    }
}
