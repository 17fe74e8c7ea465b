//! What is wrong with a pod, whose pod it is, and what usually helps. Pure.

use std::time::Duration;

use serde_json::Value;

use super::ending::Ending;
use super::last_words::Run;

/// A pod that does not get on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PodProblem {
    /// The container, where it is about one.
    pub(super) container: Option<String>,
    /// The server's reason, such as `ImagePullBackOff`.
    pub(super) reason: String,
    /// The server's message.
    pub(super) message: String,
    /// What usually helps.
    pub(super) advice: Option<&'static str>,
    /// How long it may last before it counts as a failure.
    pub(super) patience: Patience,
    /// The run of the container whose log tells more.
    pub(super) log: Option<Run>,
}

/// How long a problem may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// This long.
    For(Duration),
    /// Until a container has ended too often; see `crash.rs`.
    Crashes,
}

/// Lasts a moment where a registry hiccups or a Secret is created late.
const SHORT: Duration = Duration::from_secs(3);
/// A container that cannot be made, for a reason that may pass.
const UNMADE: Duration = Duration::from_secs(10);
/// A node may be coming (kstatus gives 15 s).
const SCHEDULING: Duration = Duration::from_secs(15);

/// Finds the first thing that keeps a pod from getting ready; init containers first.
pub(super) fn problem(pod: &Value) -> Option<PodProblem> {
    let containers = statuses(pod).filter_map(|status| container_problem(&pod["spec"], status)).next();
    containers.or_else(|| scheduling_problem(pod))
}

fn container_problem(spec: &Value, status: &Value) -> Option<PodProblem> {
    let container = status["name"].as_str().map(Into::into);
    let waiting = &status["state"]["waiting"];
    let reason = waiting["reason"].as_str().unwrap_or_default();
    let crashes = status["state"]["terminated"].is_object() || reason == "CrashLoopBackOff";
    if let Some(ending) = Ending::of(spec, status).filter(|_| crashes) {
        let again = ending.run > 0 || reason == "CrashLoopBackOff";
        return Some(PodProblem {
            container,
            reason: if again { "CrashLoopBackOff".into() } else { ending.reason.clone() },
            message: format!("its last run {}", ending.words()),
            advice: crash_advice(&ending),
            patience: Patience::Crashes,
            log: Some(if reason.is_empty() { Run::Present } else { Run::Before }),
        });
    }
    let message = waiting["message"].as_str().unwrap_or_default().trim();
    let (patience, advice) = match reason {
        "InvalidImageName" | "ErrImageNeverPull" => (Duration::ZERO, Some(IMAGE)),
        "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" | "ImageInspectError" => {
            (SHORT, Some(pull_advice(message)))
        }
        "CreateContainerConfigError" => (SHORT, Some(config_advice(message))),
        "CreateContainerError" | "RunContainerError" | "StartError" => match start_advice(message) {
            Some(advice) => (Duration::ZERO, Some(advice)),
            None => (UNMADE, None),
        },
        "CrashLoopBackOff" => (UNMADE, None),
        _ => return None,
    };
    let has_run = status["restartCount"].as_i64().is_some_and(|count| count > 0);
    Some(PodProblem {
        container,
        reason: reason.into(),
        message: message.into(),
        advice,
        patience: Patience::For(patience),
        log: (has_run || status["lastState"]["terminated"].is_object()).then_some(Run::Before),
    })
}

fn scheduling_problem(pod: &Value) -> Option<PodProblem> {
    let conditions = pod["status"]["conditions"].as_array()?;
    let condition = conditions.iter().find(|condition| {
        condition["type"] == "PodScheduled"
            && condition["status"] == "False"
            && condition["reason"] == "Unschedulable"
    })?;
    let message = condition["message"].as_str().unwrap_or_default();
    let advice = if message.contains("Insufficient") {
        "no node has that much left: lower its requests, or free something"
    } else if message.contains("PersistentVolumeClaim") {
        "its claim has no volume: check the storage class with `kubectl get storageclass`"
    } else if message.contains("taint") || message.contains("affinity") || message.contains("selector") {
        "no node accepts it: check node selector, affinity and tolerations"
    } else {
        "no node takes it"
    };
    Some(PodProblem {
        container: None,
        reason: "Unschedulable".into(),
        message: message.into(),
        advice: Some(advice),
        patience: Patience::For(SCHEDULING),
        log: None,
    })
}

const IMAGE: &str = "check the image's name and tag";

fn pull_advice(message: &str) -> &'static str {
    let message = message.to_ascii_lowercase();
    if ["unauthorized", "denied", "no basic auth", "authentication required"]
        .iter()
        .any(|s| message.contains(s))
    {
        "the registry wants a login, or has no such image: check the name; `imageUser` and `imagePassword` of a component log in, elsewhere a pull secret of the service account does"
    } else if ["timeout", "no such host", "connection refused", "x509", "i/o"]
        .iter()
        .any(|s| message.contains(s))
    {
        if ["localhost:", "127.0.0.1:", "[::1]:"].iter().any(|s| message.contains(s)) {
            return "`localhost` is the node itself there; a sandbox pulls from a port of this machine where `devbox sandbox start --host-port PORT` shared it";
        }
        "the nodes cannot reach the registry: check its name, the proxy and the registry's certificate"
    } else if message.contains("toomanyrequests") || message.contains("rate limit") {
        "the registry limits anonymous pulls: add a pull secret or use a mirror"
    } else {
        IMAGE
    }
}

fn config_advice(message: &str) -> &'static str {
    if message.contains("find key") {
        "the key is missing in that object: check its name in the template"
    } else if message.contains("runAsNonRoot") {
        "the image runs as root and the pod forbids it: set `runAsUser`, or use an image with a user of its own"
    } else {
        "the ConfigMap or Secret that it refers to is missing"
    }
}

fn start_advice(message: &str) -> Option<&'static str> {
    if message.contains("executable file not found") || message.contains("no such file") {
        Some("the command is not in the image: check `command` and `args`")
    } else if message.contains("permission denied") {
        Some("the command is not executable for the user that the container runs as")
    } else {
        None
    }
}

fn crash_advice(ending: &Ending) -> Option<&'static str> {
    if ending.too_slow {
        return Some(
            "its startup probe failed until its time was over: check the probe's path and port, or give it longer",
        );
    }
    match (ending.reason.as_str(), ending.code) {
        ("OOMKilled", _) => Some("it needs more memory than its limit"),
        ("StartError" | "ContainerCannotRun", _) => start_advice(&ending.message),
        (_, 0) => Some("its command ends by itself; a service needs one that goes on"),
        (_, 126 | 127) => {
            Some("its command is not in the image or not executable: check `command` and `args`")
        }
        (_, 137) => Some("it was killed: by its liveness probe, or for want of memory"),
        _ => None,
    }
}

/// What usually helps against a warning event of a pod that does not start.
pub(super) fn event_advice(reason: &str, message: &str) -> Option<&'static str> {
    match reason {
        "FailedMount" if message.contains("not found") => {
            Some("the ConfigMap, Secret or claim of that volume is missing")
        }
        "FailedCreate" if message.contains("exceeded quota") => {
            Some("the namespace's quota is used up: ask for less, or remove something")
        }
        "FailedCreate" if message.contains("PodSecurity") => {
            Some("the namespace's Pod Security level forbids this pod: tighten its securityContext")
        }
        "FailedCreate" if message.contains("RuntimeClass") => {
            Some("the cluster has no such RuntimeClass: `kubectl get runtimeclass` shows which there are")
        }
        // The kubelet's words for what containerd and CRI-O say of an unknown handler.
        "FailedCreatePodSandBox"
            if message.contains("no runtime for") || message.contains("runtime handler") =>
        {
            Some(
                "its RuntimeClass names a runtime that the node does not have: install it there, or keep the pod to nodes that have it (`scheduling.nodeSelector` of the RuntimeClass)",
            )
        }
        "Unhealthy" => Some("its probe fails: check path, port and how long the app needs to start"),
        _ => None,
    }
}

/// The statuses of a pod's containers, init containers first.
pub(super) fn statuses(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .filter_map(|field| pod["status"][field].as_array())
        .flatten()
}

/// The first container that is not ready and has started.
pub(super) fn unready_container(pod: &Value) -> Option<String> {
    let started = |status: &&Value| {
        status["state"]["terminated"]["exitCode"].as_i64().is_some_and(|code| code != 0)
            || (status["ready"] != true && status["state"]["running"].is_object())
    };
    statuses(pod).find(started)?["name"].as_str().map(Into::into)
}

/// A problem is gone once its container is ready.
pub(super) fn is_solved(pod: &Value, container: Option<&str>) -> bool {
    match container {
        Some(name) => statuses(pod).any(|s| s["name"] == name && s["ready"] == true),
        None => problem(pod).is_none(),
    }
}

/// A container of a pod's spec; null where it has none of that name.
pub(super) fn container<'a>(spec: &'a Value, name: &str) -> &'a Value {
    ["initContainers", "containers"]
        .into_iter()
        .filter_map(|field| spec[field].as_array())
        .flatten()
        .find(|container| container["name"] == name)
        .unwrap_or(&Value::Null)
}

/// The container that an event is about: its field path is `spec.containers{app}`.
pub(super) fn container_of(event: &Value) -> Option<String> {
    let path = event["involvedObject"]["fieldPath"].as_str()?;
    Some(path.split_once('{')?.1.strip_suffix('}')?.to_owned())
}

/// When a pod was created, as the server writes it.
pub(super) fn created(pod: &Value) -> String {
    pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned()
}

/// The UID of the object that controls this one.
pub(super) fn controller(object: &Value) -> Option<&str> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    owners.iter().find(|owner| owner["controller"] == true)?["uid"].as_str()
}

/// Whether a pod runs the template that its owner has now. A pod of an older one may be broken without
/// meaning anything for the present rollout.
pub(super) fn is_current(pod: &Value, owner: &Value, replica_set: Option<&Value>) -> bool {
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return false;
    }
    let label = |name: &str| pod["metadata"]["labels"][name].as_str();
    let observed = owner["status"]["observedGeneration"] == owner["metadata"]["generation"];
    match owner["kind"].as_str() {
        Some("Deployment") => replica_set.is_some_and(|set| has_template_of(set, owner)),
        Some("StatefulSet") => {
            observed && label("controller-revision-hash") == owner["status"]["updateRevision"].as_str()
        }
        Some("DaemonSet") => {
            let generation =
                owner["metadata"]["annotations"]["deprecated.daemonset.template.generation"].as_str();
            observed && (generation.is_none() || label("pod-template-generation") == generation)
        }
        _ => true,
    }
}

/// Whether a ReplicaSet is the one of its Deployment's present template: the controller's own comparison
/// (EqualIgnoreHash in pkg/controller/deployment/util). Its revision does not tell: with the strategy
/// `Recreate` a change is observed before the ReplicaSet for it is made.
fn has_template_of(set: &Value, deployment: &Value) -> bool {
    let mut template = set["spec"]["template"].clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove("pod-template-hash");
    }
    template.is_object() && template == deployment["spec"]["template"]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(yaml: &str) -> Option<PodProblem> {
        problem(&serde_yaml::from_str(yaml).unwrap())
    }

    #[test]
    fn an_image_that_cannot_be_pulled_is_found_in_any_container() {
        let problem = found(
            "status: {initContainerStatuses: [{name: clone, state: {terminated: {exitCode: 0}}}],
              containerStatuses: [{name: ok, state: {running: {}}},
              {name: app, state: {waiting: {reason: ImagePullBackOff, message: 'denied: requested access'}}}]}",
        )
        .unwrap();
        assert_eq!(problem.container.as_deref(), Some("app"));
        assert_eq!((problem.reason.as_str(), problem.patience), ("ImagePullBackOff", Patience::For(SHORT)));
        assert!(problem.advice.unwrap().contains("pull secret"));
        assert_eq!(problem.log, None);
    }

    #[test]
    fn a_crashing_init_container_is_found_with_its_exit_code() {
        let problem = found(
            "spec: {initContainers: [{name: migrate}]}
status: {initContainerStatuses: [{name: migrate, restartCount: 2,
              state: {waiting: {reason: CrashLoopBackOff, message: back-off}},
              lastState: {terminated: {exitCode: 127, reason: Error}}}]}",
        )
        .unwrap();
        assert_eq!(problem.message, "its last run ended with exit code 127 (Error)");
        assert_eq!((problem.patience, problem.log), (Patience::Crashes, Some(Run::Before)));
        assert!(problem.advice.unwrap().contains("command"));
    }

    #[test]
    fn a_first_crash_is_found_before_the_kubelet_backs_off() {
        let pod = "spec: {containers: [{name: app}]}
status: {containerStatuses: [{name: app, state: {terminated: {exitCode: 1, reason: Error}}}]}";
        let problem = found(pod).unwrap();
        assert_eq!((problem.reason.as_str(), problem.log), ("Error", Some(Run::Present)));
        assert_eq!(problem.message, "its last run ended with exit code 1 (Error)");
        assert_eq!(found(&pod.replace("terminated: {exitCode: 1, reason: Error}", "running: {}")), None);
    }

    #[test]
    fn a_command_that_is_not_there_is_found_at_once() {
        let problem = found(
            "spec: {containers: [{name: app}]}
status: {containerStatuses: [{name: app, state: {waiting: {reason: RunContainerError, message: 'exec: \"serve\": executable file not found in $PATH'}}}]}",
        )
        .unwrap();
        assert_eq!(problem.patience, Patience::For(Duration::ZERO));
        assert!(problem.advice.unwrap().contains("not in the image"));
    }

    #[test]
    fn a_pod_that_no_node_takes_is_found_and_one_that_starts_is_not() {
        let problem = found(
            "status: {conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: '0/1 nodes: 1 Insufficient cpu.'}]}",
        )
        .unwrap();
        assert_eq!((problem.reason.as_str(), problem.patience), ("Unschedulable", Patience::For(SCHEDULING)));
        assert_eq!(
            found("status: {containerStatuses: [{name: a, state: {waiting: {reason: ContainerCreating}}}]}"),
            None
        );
        assert_eq!(found("status: {phase: Running}"), None);
    }

    #[test]
    fn pods_of_an_older_template_do_not_count() {
        let value = |yaml: &str| serde_yaml::from_str::<Value>(yaml).unwrap();
        // As the controller leaves it for a moment where the strategy is `Recreate`.
        let deployment = value(
            "{kind: Deployment, metadata: {generation: 2, annotations: {deployment.kubernetes.io/revision: '1'}},
              spec: {template: {metadata: {labels: {app: a}}, spec: {containers: [{image: 'a:2'}]}}},
              status: {observedGeneration: 2}}",
        );
        let set = |image: &str| {
            value(&format!(
                "metadata: {{annotations: {{deployment.kubernetes.io/revision: '1'}}}}
spec: {{template: {{metadata: {{labels: {{app: a, pod-template-hash: x}}}}, spec: {{containers: [{{image: '{image}'}}]}}}}}}"
            ))
        };
        let pod = value("metadata: {labels: {controller-revision-hash: b}}");
        assert!(is_current(&pod, &deployment, Some(&set("a:2"))));
        assert!(!is_current(&pod, &deployment, Some(&set("a:1"))));
        assert!(!is_current(&pod, &deployment, None));
        let stateful = |revision: &str| {
            value(&format!(
                "{{kind: StatefulSet, metadata: {{generation: 1}}, status: {{observedGeneration: 1, updateRevision: {revision}}}}}"
            ))
        };
        assert!(is_current(&pod, &stateful("b"), None));
        assert!(!is_current(&pod, &stateful("c"), None));
        assert!(is_current(&pod, &value("{kind: Job}"), None));
        assert!(!is_current(&value("metadata: {deletionTimestamp: x}"), &value("{kind: Job}"), None));
    }
}
