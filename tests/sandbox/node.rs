//! What the simulated node does to pods and claims, on one shared sandbox, a namespace per test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use crate::support::{Home, checked};

/// The shared sandbox and a namespace of the test's own.
fn namespace(name: &str) -> &'static Home {
    let home = Home::shared();
    checked(home.kubectl(&["create", "namespace", name]));
    home.wait_for("serviceaccount/default", name, ".metadata.name", "default");
    home
}

fn pod(name: &str, namespace: &str, metadata: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}, {metadata}}}\n\
         spec: {{initContainers: [{{name: init, image: i}}], containers: [{{name: app, image: 'img:1'}}]}}\n"
    )
}

#[test]
fn pods_become_ready_jobs_complete_and_deletion_is_graceful() {
    let home = namespace("ready");
    home.apply(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: ready}\n\
         spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, \
         spec: {containers: [{name: app, image: 'img:1'}]}}}\n---\n\
         apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, namespace: ready}\n\
         spec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image: 'img:1'}]}}}\n",
    );
    home.wait_for("deployment/web", "ready", ".status.readyReplicas", "2");
    home.wait_for("job/migrate", "ready", ".status.succeeded", "1");
    let all = ["delete", "deployment,job", "--all", "-n", "ready", "--cascade=foreground", "--timeout=60s"];
    checked(home.kubectl(&all));
    assert_eq!(checked(home.kubectl(&["get", "pods", "-n", "ready", "-o", "name"])), "");
}

#[test]
fn a_pod_fails_as_its_label_says_and_heals_without_it() {
    let home = namespace("failing");
    let shows = [
        ("ErrImagePull", ".status.containerStatuses[0].state.waiting.reason", "ErrImagePull"),
        ("ImagePullBackOff", ".status.containerStatuses[0].state.waiting.reason", "ImagePullBackOff"),
        (
            "CreateContainerConfigError",
            ".status.containerStatuses[0].state.waiting.reason",
            "CreateContainerConfigError",
        ),
        ("CrashLoopBackOff", ".status.containerStatuses[0].state.waiting.reason", "CrashLoopBackOff"),
        ("Error", ".status.containerStatuses[0].lastState.terminated.exitCode", "1"),
        ("OOMKilled", ".status.containerStatuses[0].lastState.terminated.reason", "OOMKilled"),
        ("InitCrashLoopBackOff", ".status.initContainerStatuses[0].state.waiting.reason", "CrashLoopBackOff"),
    ];
    let labels = shows.iter().map(|(fail, _, _)| *fail).chain(["NeverReady"]);
    let pods: String = labels
        .map(|fail| {
            pod(&fail.to_lowercase(), "failing", &format!("labels: {{sandbox.devbox.internal/fail: {fail}}}"))
        })
        .collect();
    home.apply(&pods);
    for (fail, path, value) in shows {
        home.wait_for(&format!("pod/{}", fail.to_lowercase()), "failing", path, value);
    }
    home.wait_for("pod/neverready", "failing", ".status.phase", "Running");
    home.wait_for("pod/neverready", "failing", ".status.conditions[?(@.type=='Ready')].status", "False");

    let healed = ["label", "pod", "imagepullbackoff", "-n", "failing", "sandbox.devbox.internal/fail-"];
    checked(home.kubectl(&healed));
    let ready = ".status.conditions[?(@.type=='Ready')].status";
    home.wait_for("pod/imagepullbackoff", "failing", ready, "True");
}

#[test]
fn a_claim_is_bound_and_its_volume_goes_with_it() {
    let home = namespace("claims");
    let claim = |name: &str, class: &str| {
        format!(
            "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, namespace: claims}}\n\
             spec: {{{class} accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}\n"
        )
    };
    home.apply(&claim("now", ""));
    home.apply(&claim("later", "storageClassName: wait-for-first-consumer,"));
    home.wait_for("pvc/now", "claims", ".status.phase", "Bound");
    home.wait_for("pvc/later", "claims", ".status.phase", "Pending");
    home.apply(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: user, namespace: claims}\nspec: {containers: [{name: app, \
         image: i}], volumes: [{name: data, persistentVolumeClaim: {claimName: later}}]}\n",
    );
    home.wait_for("pvc/later", "claims", ".status.phase", "Bound");
    checked(home.kubectl(&["delete", "pod,pvc", "-n", "claims", "--all"]));
    home.wait_for("pv", "claims", ".items[?(@.spec.claimRef.namespace=='claims')].metadata.name", "");
}

#[test]
fn logs_and_exec_answer_as_told() {
    let home = namespace("talking");
    home.apply(&pod("told", "talking", "annotations: {sandbox.devbox.internal/logs: \"one\\ntwo\"}"));
    home.apply(&pod("crash", "talking", "labels: {sandbox.devbox.internal/fail: CrashLoopBackOff}"));
    let ready = ".status.conditions[?(@.type=='Ready')].status";
    home.wait_for("pod/told", "talking", ready, "True");
    home.wait_for("pod/crash", "talking", ready, "False");

    let run = |arguments: &[&str]| home.kubectl(&[&["-n", "talking"], arguments].concat());
    assert_eq!(checked(run(&["logs", "told", "-c", "app"])), "one\ntwo\n");
    assert_eq!(checked(run(&["logs", "told", "-c", "app", "--tail", "1"])), "two\n");
    assert!(checked(run(&["logs", "crash", "-c", "app", "--previous"])).contains("nothing runs"));

    let echo = run(&["exec", "told", "-c", "app", "--", "sh", "-c", "echo 'a  b'; exit 3"]);
    assert_eq!((echo.stdout.as_slice(), echo.status.code()), (b"a  b\n".as_slice(), Some(3)));
    let unknown = run(&["exec", "told", "-c", "app", "--", "tar"]);
    assert_eq!(unknown.status.code(), Some(127));
}

#[test]
fn a_forwarded_port_answers() {
    let home = namespace("forward");
    home.apply(&pod("web", "forward", ""));
    home.wait_for("pod/web", "forward", ".status.phase", "Running");
    let mut forward = home
        .kubectl_command(&["port-forward", "-n", "forward", "pod/web", ":8080"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(forward.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    let address = line.split_whitespace().nth(2).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    forward.kill().unwrap();
    forward.wait().unwrap();
    assert!(answer.ends_with("port 8080 of the simulated pod web: nothing runs here\n"), "{answer}");
}

#[test]
fn quota_and_pod_security_are_enforced() {
    let home = namespace("strict");
    checked(home.kubectl(&["create", "quota", "none", "-n", "strict", "--hard=configmaps=1"]));
    home.wait_for("quota/none", "strict", ".status.used.configmaps", "1");
    let refused = home.kubectl(&["create", "configmap", "x", "-n", "strict"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("exceeded quota"));
    checked(home.kubectl(&["label", "ns", "strict", "pod-security.kubernetes.io/enforce=restricted"]));
    let refused = home.kubectl(&["run", "x", "-n", "strict", "--image=i"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("violates PodSecurity"));
}

#[cfg(target_os = "linux")]
#[test]
fn every_server_listens_on_loopback_alone() {
    let mut listening = 0;
    for process in Home::shared().processes() {
        let inodes: Vec<String> = std::fs::read_dir(format!("/proc/{}/fd", process.pid))
            .unwrap()
            .flatten()
            .filter_map(|entry| std::fs::read_link(entry.path()).ok()?.to_str().map(str::to_owned))
            .filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
            .collect();
        // proc_net(5): local address in hexadecimal, state 0A is LISTEN, the tenth field is the inode.
        for (table, loopback) in [("tcp", "0100007F:"), ("tcp6", "00000000000000000000000001000000:")] {
            let table = std::fs::read_to_string(format!("/proc/{}/net/{table}", process.pid)).unwrap();
            for line in table.lines().skip(1) {
                let fields: Vec<&str> = line.split_whitespace().collect();
                if fields[3] == "0A" && inodes.iter().any(|inode| inode == fields[9]) {
                    assert!(fields[1].starts_with(loopback), "{process:?} listens on {}", fields[1]);
                    listening += 1;
                }
            }
        }
    }
    assert_eq!(listening, 4, "etcd twice, the API server, the node");
}
