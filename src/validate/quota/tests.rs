//! What the API server would count, and what is said about it.

use super::*;
use crate::validate::tests::manifests;

const QUOTA: &str = "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {HARD}}}\n---\n";

/// `resource needed of allowed, standing`, where that is too much.
fn found(hard: &str, objects: &str) -> Vec<String> {
    let overfull = overfull(&manifests(&format!("{}{objects}", QUOTA.replace("HARD", hard))));
    let shown = |one: &Overfull| {
        let resource = one.problem.path.trim_start_matches("spec.hard.");
        let certain = if one.is_certain() { "never" } else { "perhaps" };
        format!("{resource}: {} of {}, {certain}", one.needed, one.allowed)
    };
    overfull.iter().map(shown).collect()
}

/// A workload with one container and another before it.
fn workload(kind: &str, spec: &str, resources: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: a}}, spec: {{{spec} template: {{spec: {{
           initContainers: [{{name: i, image: i, resources: {{requests: {{cpu: 400m, memory: 10Mi}}}}}}],
           containers: [{{name: a, image: a, resources: {{{resources}}}}}]}}}}}}}}\n"
    )
}

#[test]
fn the_sum_is_named_with_those_who_ask_for_most() {
    let set = format!(
        "{}{}",
        QUOTA.replace("HARD", "requests.cpu: '1', pods: '3', requests.memory: 1Gi"),
        workload("Deployment", "replicas: 3,", "requests: {cpu: 150m, memory: 100Mi}")
    );
    let mut problems = Vec::new();
    check(&manifests(&set), &mut problems);
    assert_eq!(
        problems.iter().map(Problem::to_string).collect::<Vec<_>>(),
        [
            "t.yaml:1: ResourceQuota/q: spec.hard.requests.cpu: the set needs 1200m, the quota is 1: Deployment/a 1200m (raise it to at least 1200m, or ask for less elsewhere)"
        ]
    );
}

#[test]
fn a_request_is_the_limit_where_it_is_left_out_and_the_default_where_both_are() {
    let memory = |resources: &str| workload("Deployment", "", resources);
    assert_eq!(
        found("memory: 1Gi", &memory("limits: {memory: 2Gi}")),
        ["memory: 2Gi of 1Gi, never"],
        "the short name means requests"
    );
    assert_eq!(found("limits.memory: 1Gi", &memory("requests: {memory: 2Gi}")), Vec::<String>::new());
    let range = "---\n{apiVersion: v1, kind: LimitRange, metadata: {name: r}, spec: {limits: [
      {type: Pod, max: {memory: 9Gi}}, {type: Container, default: {memory: 3Gi}, defaultRequest: {memory: 2Gi}}]}}";
    let with_range = format!("{}{range}", memory(""));
    assert_eq!(
        found("limits.memory: 1Gi, requests.memory: 1Gi", &with_range),
        ["limits.memory: 3Gi of 1Gi, never", "requests.memory: 2Gi of 1Gi, never"]
    );
}

#[test]
fn the_claims_of_a_stateful_set_count_once_for_each_replica() {
    let set = workload(
        "StatefulSet",
        "replicas: 3, volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: 2Gi}}}}],",
        "",
    );
    assert_eq!(
        found("requests.storage: 5Gi, persistentvolumeclaims: 2", &set),
        ["requests.storage: 6Gi of 5Gi, never", "persistentvolumeclaims: 3 of 2, never"]
    );
}

#[test]
fn jobs_may_wait_for_each_other_and_what_is_scaled_down_asks_for_nothing() {
    let running = workload("Deployment", "", "requests: {cpu: 600m}");
    let job = workload("Job", "parallelism: 2,", "requests: {cpu: 300m}");
    assert_eq!(
        found("requests.cpu: 1", &format!("{running}---\n{job}")),
        ["requests.cpu: 1400m of 1, perhaps"]
    );
    let asleep = workload("Deployment", "replicas: 0,", "requests: {cpu: 600m}");
    assert_eq!(found("requests.cpu: 10m, pods: 0", &asleep), Vec::<String>::new());
}

#[test]
fn a_quota_with_scopes_is_left_to_the_api_server() {
    let set = format!(
        "{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: q}}, spec: {{hard: {{pods: 0}}, scopes: [BestEffort]}}}}\n---\n{}",
        workload("Deployment", "", "requests: {cpu: 1}")
    );
    assert_eq!(overfull(&manifests(&set)), []);
}
