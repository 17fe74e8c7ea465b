//! Scenarios 25 to 28: waiting.

use std::time::{Duration, Instant};

use devbox::cluster::{ClusterError, WaitOptions};
use devbox::error::{Exit, Explain};

use crate::faults::{Fault, Proxy, first};
use crate::trial::{deployment, trial};

const LONG: Duration = Duration::from_secs(120);

fn failing(name: &str, fail: &str, more: &str) -> String {
    deployment(name, "nginx", "").replace(
        "labels: {app: ",
        &format!("annotations: {{{more}}}\n      labels: {{sandbox.devbox.internal/fail: {fail}, app: "),
    )
}

#[test]
fn what_is_applied_is_waited_for_until_it_is_ready() {
    trial(async |t| {
        let applied = t
            .up_all(&(t.namespace_yaml() + &deployment("web", "nginx", "") + &deployment("api", "nginx", "")))
            .await;
        let readiness = t.wait(&applied, LONG).await;
        assert!(readiness.is_ready(), "{readiness:?}");
        assert!(readiness.ready.iter().any(|key| key.to_string() == "Deployment/web"));
    });
}

#[test]
fn an_image_that_cannot_be_pulled_fails_within_seconds_with_container_and_reason() {
    trial(async |t| {
        let bundle =
            t.namespace_yaml() + &failing("web", "ImagePullBackOff", "") + &deployment("api", "nginx", "");
        let applied = t.up_all(&bundle).await;
        let start = Instant::now();
        let readiness = t.wait(&applied, LONG).await;
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        assert_eq!(readiness.not_ready.len(), 1);
        let web = &readiness.not_ready[0];
        assert!(web.failed && !readiness.timed_out);
        assert_eq!((web.reason.as_str(), web.container.as_deref()), ("ImagePullBackOff", Some("app")));
        assert!(web.message.contains("nginx") && web.advice.is_some(), "{web:?}");
        let error = readiness.error().unwrap();
        assert_eq!(error.exit(), Exit::NotReady);
        assert!(error.to_string().contains("Deployment/web: ImagePullBackOff"), "{error}");
    });
}

#[test]
fn a_crash_loop_fails_within_seconds_with_exit_code_and_last_log_lines() {
    trial(async |t| {
        let more = "sandbox.devbox.internal/logs: 'cannot open /data: permission denied', sandbox.devbox.internal/exit-code: '3'";
        let applied = t.up_all(&(t.namespace_yaml() + &failing("web", "CrashLoopBackOff", more))).await;
        let start = Instant::now();
        let readiness = t.wait(&applied, LONG).await;
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
        let web = &readiness.not_ready[0];
        assert_eq!(web.reason, "CrashLoopBackOff");
        assert_eq!(web.message, "its last run ended with exit code 3 (Error)");
        assert_eq!(web.log, ["cannot open /data: permission denied"]);
    });
}

#[test]
fn a_crashing_init_container_is_named() {
    trial(async |t| {
        let init = failing("web", "InitCrashLoopBackOff", "")
            .replace("containers:", "initContainers: [{name: clone, image: git}]\n      containers:");
        let applied = t.up_all(&(t.namespace_yaml() + &init)).await;
        let readiness = t.wait(&applied, LONG).await;
        assert_eq!(readiness.not_ready[0].container.as_deref(), Some("clone"), "{readiness:?}");
    });
}

#[test]
fn an_available_deployment_with_a_new_bad_image_is_never_a_stale_success() {
    trial(async |t| {
        let applied = t.up_all(&(t.namespace_yaml() + &deployment("web", "nginx", ""))).await;
        assert!(t.wait(&applied, LONG).await.is_ready());
        let applied = t.up_all(&(t.namespace_yaml() + &failing("web", "ErrImagePull", ""))).await;
        let readiness = t.wait(&applied, LONG).await;
        assert_eq!(readiness.not_ready[0].reason, "ErrImagePull", "{readiness:?}");
        // And mended again: the broken pods of the version before do not count.
        let applied = t.up_all(&(t.namespace_yaml() + &deployment("web", "nginx", ""))).await;
        let readiness = t.wait(&applied, LONG).await;
        assert!(readiness.is_ready(), "{readiness:?}");
    });
}

#[test]
fn a_crash_loop_that_is_mended_is_no_failure_where_pods_are_recreated() {
    trial(async |t| {
        let recreated = |yaml: &str| {
            let yaml = yaml.replacen("spec:", "spec:\n  strategy: {type: Recreate}", 1);
            assert!(yaml.contains("Recreate"));
            t.namespace_yaml() + &yaml
        };
        let broken = failing("web", "CrashLoopBackOff", "");
        let applied = t.up_all(&recreated(&broken)).await;
        assert_eq!(t.wait(&applied, LONG).await.not_ready[0].reason, "CrashLoopBackOff");
        for round in 0..5 {
            // The controller observes this before it makes a ReplicaSet for it, and the old pod is still there.
            let mended = deployment("web", &format!("nginx:1.{round}"), "");
            let applied = t.up_all(&recreated(&mended)).await;
            let readiness = t.wait(&applied, LONG).await;
            assert!(readiness.is_ready(), "{readiness:?}");
            let applied = t.up_all(&recreated(&broken)).await;
            assert!(!t.wait(&applied, LONG).await.is_ready());
        }
    });
}

#[test]
fn a_job_that_fails_is_named_with_its_reason() {
    trial(async |t| {
        let job = "---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  backoffLimit: 0
  template:
    metadata: {labels: {sandbox.devbox.internal/fail: Error}}
    spec: {restartPolicy: Never, containers: [{name: a, image: x}]}
";
        let applied = t.up_all(&(t.namespace_yaml() + job)).await;
        let readiness = t.wait(&applied, LONG).await;
        assert!(readiness.not_ready[0].reason.starts_with("BackoffLimitExceeded"), "{readiness:?}");
        assert!(matches!(readiness.error(), Some(ClusterError::NotReady { .. })));
    });
}

#[test]
fn a_deadline_is_kept_within_two_seconds_and_lists_what_is_not_ready() {
    trial(async |t| {
        let bundle = t.namespace_yaml()
            + &failing("web", "NeverReady", "")
            + &failing("api", "NeverReady", "")
            + &deployment("ok", "nginx", "");
        let applied = t.up_all(&bundle).await;
        let start = Instant::now();
        let readiness = t.wait(&applied, Duration::from_secs(1)).await;
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        assert!(readiness.timed_out);
        let names: Vec<String> = readiness.not_ready.iter().map(|object| object.key.to_string()).collect();
        assert!(
            names.contains(&"Deployment/api".into()) && names.contains(&"Deployment/web".into()),
            "{names:?}"
        );
        assert!(readiness.not_ready.iter().all(|object| !object.failed));
    });
}

#[test]
fn a_quota_that_leaves_no_room_is_named_within_seconds() {
    trial(async |t| {
        let quota =
            "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: dev}\nspec: {hard: {pods: '0'}}\n";
        let applied = t.up_all(&(t.namespace_yaml() + quota + &deployment("web", "nginx", ""))).await;
        let start = Instant::now();
        let readiness = t.wait(&applied, LONG).await;
        assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
        let web = &readiness.not_ready[0];
        assert!(web.failed && web.reason.contains("exceeded quota"), "{web:?}");
    });
}

#[test]
fn a_cut_watch_is_resumed_and_an_expired_one_is_listed_anew() {
    trial(async |t| {
        let proxy = Proxy::start(&t, |seen| match seen.path.rsplit('/').next() {
            Some("deployments") if seen.watch => first(1, seen, Fault::Answer(410, None)),
            Some("pods") if seen.watch => first(1, seen, Fault::CutBefore),
            Some("replicasets") if seen.watch => first(2, seen, Fault::Answer(503, None)),
            _ => Fault::None,
        })
        .await;
        let cluster = proxy.connect().await;
        let slow = "      annotations: {sandbox.devbox.internal/delay: 3s}";
        let bundle = t.namespace_yaml() + &deployment("web", "nginx", slow);
        let applied = t.up_with(&cluster, &bundle, Default::default()).await.unwrap();
        assert!(applied.error().is_none());
        let options = WaitOptions { timeout: LONG };
        let readiness = cluster.wait(&t.environment, &applied, &options, &t.events).await.unwrap();
        assert!(readiness.is_ready(), "{readiness:?}");
        let deployments = proxy.seen().into_iter().filter(|seen| seen.path.ends_with("/deployments"));
        assert!(deployments.filter(|seen| seen.watch).count() >= 2);
    });
}

#[test]
fn a_kind_that_may_not_be_watched_ends_the_wait_at_once() {
    trial(async |t| {
        let proxy = Proxy::start(&t, |seen| match seen.path.rsplit('/').next() {
            Some("deployments") if seen.watch => Fault::Answer(403, None),
            _ => Fault::None,
        })
        .await;
        let cluster = proxy.connect().await;
        let bundle = t.namespace_yaml() + &failing("web", "NeverReady", "");
        let applied = t.up_with(&cluster, &bundle, Default::default()).await.unwrap();
        let start = Instant::now();
        let options = WaitOptions { timeout: LONG };
        let error = cluster.wait(&t.environment, &applied, &options, &t.events).await.unwrap_err();
        assert!(error.to_string().starts_with("cannot watch `Deployment.apps`"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(20));
    });
}

#[test]
fn status_tells_what_is_ready_and_what_is_not() {
    trial(async |t| {
        let applied = t
            .up_all(
                &(t.namespace_yaml()
                    + &failing("web", "ImagePullBackOff", "")
                    + &deployment("api", "nginx", "")),
            )
            .await;
        t.wait(&applied, LONG).await;
        let status = t.cluster.status(&t.environment, &t.events).await.unwrap();
        assert!(status.exists && !status.ready && status.namespace_ours);
        let member = |name: &str| status.members.iter().find(|member| member.key.name == name).unwrap();
        assert_eq!(member("api").state, devbox::cluster::State::Ready);
        assert!(member("web").problems[0].contains("ImagePullBackOff"), "{:?}", member("web"));
    });
}

#[test]
fn a_token_of_a_service_account_signs_in_as_it() {
    trial(async |t| {
        use secrecy::ExposeSecret;
        use serde_json::json;
        let account = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app}\n";
        t.up_all(&(t.namespace_yaml() + account)).await;
        let token = t.cluster.token(t.namespace(), "app", Duration::from_secs(3600)).await.unwrap();
        assert!(!format!("{token:?}").contains(token.token.expose_secret()));
        let file = t.home.path().join("kubeconfig");
        let (cluster, _) = devbox::kubeconfig::environment::entries(t.cluster.target());
        let file_of = json!({
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"token": token.token.expose_secret()}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        });
        std::fs::write(&file, file_of.to_string()).unwrap();
        let as_app = devbox::cluster::Cluster::connect(&crate::trial::target(&file)).await.unwrap();
        assert_eq!(as_app.identity().uid, None);
    });
}
