//! Whether an object is ready, and why not. Pure: the object in, the state out; no clock.
//!
//! Rules and their order are kstatus's (`sigs.k8s.io/cli-utils/pkg/kstatus/status/core.go`), with these
//! differences: a running Job is not ready and a failed one has failed; a LoadBalancer without address
//! and an unbound claim wait without holding anything up (whether they ever get what they wait for
//! depends on what the cluster has, and a claim may wait for its first consumer).

use serde_json::Value;

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

fn deployment(object: &Value) -> State {
    let condition = condition(object, "Progressing");
    let reason = condition.and_then(|c| c["reason"].as_str()).unwrap_or_default();
    if reason == "ProgressDeadlineExceeded" {
        return State::Failed(condition.map(words).unwrap_or_default());
    }
    if let Some(why) = condition_is(object, "ReplicaFailure", "True") {
        return progressing(&why);
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let [total, updated, ready, available] =
        ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"].map(|f| status(object, f));
    if wanted > total {
        progressing(&format!("{total} of {wanted} replicas created"))
    } else if wanted > updated {
        progressing(&format!("{updated} of {wanted} replicas updated"))
    } else if total > wanted {
        progressing(&format!("{} old replicas not gone yet", total - wanted))
    } else if updated > available || wanted > ready {
        progressing(&format!("{} of {wanted} replicas ready", ready.min(available)))
    } else if reason != "NewReplicaSetAvailable" && object["spec"]["paused"] != true {
        progressing("its new pods are not available yet")
    } else if condition_is(object, "Available", "True").is_none() {
        progressing("it is not available yet")
    } else {
        State::Ready
    }
}

fn stateful_set(object: &Value) -> State {
    if object["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return State::Ready;
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let [total, updated, ready, current] =
        ["replicas", "updatedReplicas", "readyReplicas", "currentReplicas"].map(|f| status(object, f));
    if wanted > total {
        return progressing(&format!("{total} of {wanted} replicas created"));
    }
    if wanted > ready {
        return progressing(&format!("{ready} of {wanted} replicas ready"));
    }
    if total > wanted {
        return progressing(&format!("{} extra replicas not gone yet", total - wanted));
    }
    if let Some(partition) = number(object, "/spec/updateStrategy/rollingUpdate/partition").filter(|p| *p > 0)
    {
        return if updated < wanted - partition {
            progressing(&format!("{updated} of {} replicas updated", wanted - partition))
        } else {
            State::Ready
        };
    }
    if wanted > current {
        progressing(&format!("{current} of {wanted} replicas current"))
    } else if object["status"]["currentRevision"] != object["status"]["updateRevision"] {
        progressing(&format!("{updated} of {wanted} replicas updated"))
    } else {
        State::Ready
    }
}

fn daemon_set(object: &Value) -> State {
    let Some(wanted) = number(object, "/status/desiredNumberScheduled") else {
        return progressing("its change is not taken up yet");
    };
    if object["status"]["observedGeneration"].is_null() {
        return progressing("its change is not taken up yet");
    }
    let fields = [
        ("currentNumberScheduled", "scheduled"),
        ("updatedNumberScheduled", "updated"),
        ("numberAvailable", "available"),
        ("numberReady", "ready"),
    ];
    for (field, word) in fields {
        let count = status(object, field);
        if count < wanted {
            return progressing(&format!("{count} of {wanted} pods {word}"));
        }
    }
    State::Ready
}

fn replica_set(object: &Value) -> State {
    if let Some(why) = condition_is(object, "ReplicaFailure", "True") {
        return progressing(&why);
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let fields = [
        ("fullyLabeledReplicas", "labelled"),
        ("availableReplicas", "available"),
        ("readyReplicas", "ready"),
    ];
    for (field, word) in fields {
        let count = status(object, field);
        if wanted > count {
            return progressing(&format!("{count} of {wanted} replicas {word}"));
        }
    }
    let total = status(object, "replicas");
    if total > wanted {
        progressing(&format!("{} extra replicas not gone yet", total - wanted))
    } else {
        State::Ready
    }
}

fn job(object: &Value) -> State {
    if condition_is(object, "Complete", "True").is_some() {
        return State::Ready;
    }
    if let Some(why) = condition_is(object, "Failed", "True") {
        return State::Failed(why);
    }
    if object["spec"]["suspend"] == true {
        return State::Waiting("it is suspended".into());
    }
    let wanted = number(object, "/spec/completions").or(number(object, "/spec/parallelism")).unwrap_or(1);
    let mut text = format!("{} of {wanted} runs done", status(object, "succeeded"));
    match status(object, "failed") {
        0 => {}
        failed => text.push_str(&format!(", {failed} failed")),
    }
    progressing(&text)
}

fn pod(object: &Value) -> State {
    match object["status"]["phase"].as_str().unwrap_or_default() {
        "Succeeded" => State::Ready,
        "Failed" => State::Failed(match words(&object["status"]) {
            why if why.is_empty() => "its containers ended with an error".into(),
            why => why,
        }),
        _ if condition_is(object, "Ready", "True").is_some() => State::Ready,
        "Running" => progressing("running, not ready yet"),
        _ => match condition_is(object, "PodScheduled", "False") {
            Some(why) => progressing(&why),
            None => progressing("starting"),
        },
    }
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

    fn state(yaml: &str) -> State {
        readiness(&serde_yaml::from_str(yaml).unwrap())
    }

    fn going(text: &str) -> State {
        State::Progressing(text.into())
    }

    fn failed(text: &str) -> State {
        State::Failed(text.into())
    }

    const AVAILABLE: &str = "
kind: Deployment
apiVersion: apps/v1
metadata: {generation: 2}
spec: {replicas: 2}
status:
  observedGeneration: 2
  replicas: 2
  updatedReplicas: 2
  readyReplicas: 2
  availableReplicas: 2
  conditions:
  - {type: Progressing, status: 'True', reason: NewReplicaSetAvailable}
  - {type: Available, status: 'True'}
";

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
    fn a_deployment_is_ready_when_every_replica_is_new_and_available() {
        assert_eq!(state(AVAILABLE), State::Ready);
    }

    #[test]
    fn a_deployment_is_never_ready_by_a_stale_status() {
        let stale = AVAILABLE.replace("metadata: {generation: 2}", "metadata: {generation: 3}");
        assert_eq!(state(&stale), going("its change is not taken up yet"));
        let updating = AVAILABLE.replace("updatedReplicas: 2", "updatedReplicas: 1");
        assert_eq!(state(&updating), going("1 of 2 replicas updated"));
        let extra = AVAILABLE.replace("  replicas: 2", "  replicas: 3");
        assert_eq!(state(&extra), going("1 old replicas not gone yet"));
        let old_set = AVAILABLE.replace("NewReplicaSetAvailable", "ReplicaSetUpdated");
        assert_eq!(state(&old_set), going("its new pods are not available yet"));
    }

    #[test]
    fn a_deployment_says_how_far_it_is_and_when_it_gave_up() {
        assert_eq!(
            state("{kind: Deployment, apiVersion: apps/v1, spec: {replicas: 2}}"),
            going("0 of 2 replicas created")
        );
        let half = AVAILABLE
            .replace("readyReplicas: 2", "readyReplicas: 1")
            .replace("availableReplicas: 2", "availableReplicas: 1");
        assert_eq!(state(&half), going("1 of 2 replicas ready"));
        assert_eq!(
            state(
                "{kind: Deployment, apiVersion: apps/v1, status: {conditions: [{type: Progressing, status: 'False',
                  reason: ProgressDeadlineExceeded, message: timed out}]}}"
            ),
            failed("ProgressDeadlineExceeded: timed out")
        );
    }

    #[test]
    fn a_quota_that_stops_replicas_is_surfaced() {
        assert_eq!(
            state(
                "{kind: Deployment, apiVersion: apps/v1, status: {conditions: [{type: ReplicaFailure, status: 'True',
                  reason: FailedCreate, message: 'exceeded quota: dev'}]}}"
            ),
            going("FailedCreate: exceeded quota: dev")
        );
    }

    #[test]
    fn a_stateful_set_needs_equal_revisions() {
        let set = |status: &str| {
            state(&format!(
                "{{kind: StatefulSet, apiVersion: apps/v1, spec: {{replicas: 2}}, status: {status}}}"
            ))
        };
        assert_eq!(set("{}"), going("0 of 2 replicas created"));
        assert_eq!(set("{replicas: 2, readyReplicas: 1}"), going("1 of 2 replicas ready"));
        assert_eq!(
            set(
                "{replicas: 2, readyReplicas: 2, currentReplicas: 2, updatedReplicas: 1, currentRevision: a, updateRevision: b}"
            ),
            going("1 of 2 replicas updated")
        );
        assert_eq!(
            set("{replicas: 2, readyReplicas: 2, currentReplicas: 2, currentRevision: b, updateRevision: b}"),
            State::Ready
        );
        assert_eq!(
            state("{kind: StatefulSet, apiVersion: apps/v1, spec: {updateStrategy: {type: OnDelete}}}"),
            State::Ready
        );
        assert_eq!(
            state(
                "{kind: StatefulSet, apiVersion: apps/v1, spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}},
                  status: {replicas: 3, readyReplicas: 3, updatedReplicas: 1, currentRevision: a, updateRevision: b}}"
            ),
            State::Ready
        );
    }

    #[test]
    fn a_daemon_set_needs_every_node() {
        let set = |status: &str| {
            state(&format!(
                "{{kind: DaemonSet, apiVersion: apps/v1, metadata: {{generation: 1}}, status: {status}}}"
            ))
        };
        assert_eq!(set("{}"), going("its change is not taken up yet"));
        assert_eq!(
            set(
                "{observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1, numberReady: 1}"
            ),
            going("1 of 2 pods available")
        );
        assert_eq!(set("{observedGeneration: 1, desiredNumberScheduled: 0}"), State::Ready);
    }

    #[test]
    fn a_running_job_is_not_ready_and_a_failed_one_has_failed() {
        let job = |status: &str| state(&format!("{{kind: Job, apiVersion: batch/v1, status: {status}}}"));
        assert_eq!(job("{active: 1, failed: 1}"), going("0 of 1 runs done, 1 failed"));
        assert_eq!(job("{conditions: [{type: Complete, status: 'True'}]}"), State::Ready);
        assert_eq!(
            job(
                "{conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: too often}]}"
            ),
            failed("BackoffLimitExceeded: too often")
        );
    }

    #[test]
    fn a_pod_is_ready_when_it_is_ready_or_done() {
        let pod = |status: &str| state(&format!("{{kind: Pod, apiVersion: v1, status: {status}}}"));
        assert_eq!(pod("{phase: Succeeded}"), State::Ready);
        assert_eq!(pod("{phase: Running, conditions: [{type: Ready, status: 'True'}]}"), State::Ready);
        assert_eq!(pod("{phase: Running}"), going("running, not ready yet"));
        assert_eq!(pod("{phase: Failed, reason: Evicted, message: disk}"), failed("Evicted: disk"));
        assert_eq!(
            pod(
                "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: no node}]}"
            ),
            going("Unschedulable: no node")
        );
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
