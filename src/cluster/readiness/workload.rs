//! How far what makes and runs pods is: Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and Pods. Pure.

use serde_json::Value;

use super::{State, condition, condition_is, number, progressing, status, words};

pub(super) fn deployment(object: &Value) -> State {
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

pub(super) fn stateful_set(object: &Value) -> State {
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

pub(super) fn daemon_set(object: &Value) -> State {
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

pub(super) fn replica_set(object: &Value) -> State {
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

pub(super) fn job(object: &Value) -> State {
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

pub(super) fn pod(object: &Value) -> State {
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

#[cfg(test)]
mod tests {
    use super::super::tests::{failed, going, state};
    use super::*;

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
}
