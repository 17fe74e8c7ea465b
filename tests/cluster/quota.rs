//! A quota that is too small: the environment's own is told before anything is written, that of others when
//! it refuses pods.

use serde_json::json;

use super::support::Devbox;
use super::trial::trial;

fn devbox() -> Devbox {
    let kubeconfig = std::fs::read_to_string(super::sandbox::kubeconfig()).unwrap();
    Devbox::new().project("go-http").kubeconfig(&kubeconfig)
}

#[test]
fn an_environment_that_its_own_quota_cannot_hold_is_refused_before_any_write() {
    trial(|trial| async move {
        let devbox = devbox();
        let before = devbox.files();
        let path = format!("/api/v1/namespaces/{}", trial.namespace());
        let run = devbox
            .args(["init", "--yes", "--set", "environment.cpu=10m", "--namespace", trial.namespace()])
            .run();
        assert_eq!(run.code, 2, "{run}");
        assert!(run.stderr.contains("spec.hard.requests.cpu: the set needs "), "{run}");
        assert!(
            run.stderr.contains("the quota is 10m: StatefulSet/postgres 100m, Deployment/quotes 100m"),
            "{run}"
        );
        assert!(run.stderr.contains("allow more: `--set environment.cpu="), "{run}");
        assert_eq!(devbox.files(), before);
        assert_eq!(trial.get(&path).await, None);

        // One that is there stays as it is.
        devbox.args(["init", "--yes", "--namespace", trial.namespace()]).run().ok();
        let there = trial.everything().await;
        let run = devbox.args(["up", "--yes", "--set", "environment.memory=1Mi", "--set", "pods=1"]).run();
        assert!(run.code == 2 && run.stderr.contains("the quota is 1Mi"), "{run}");
        assert_eq!(trial.everything().await, there);
        // Looking at it is no harm.
        let run = devbox.args(["diff", "--set", "environment.memory=1Mi"]).run().ok();
        assert!(
            run.stderr.contains("the quota is 1Mi") && run.stdout.contains("ResourceQuota/environment"),
            "{run}"
        );
        devbox.args(["down", "--yes", "--volumes"]).run().ok();
    });
}

#[test]
fn what_a_quota_of_others_refuses_ends_with_exit_code_3_and_says_why() {
    trial(|trial| async move {
        trial.namespace_before().await;
        let quota = json!({"metadata": {"name": "team"}, "spec": {"hard": {"requests.cpu": "10m"}}});
        trial.create(trial.core("resourcequotas", "").trim_end_matches('/'), &quota).await;
        let devbox = devbox();
        let run = devbox.args(["init", "--yes", "--namespace", trial.namespace()]).run();
        assert_eq!(run.code, 3, "{run}");
        assert!(run.stderr.contains("exceeded quota: team"), "{run}");
        assert!(run.stderr.contains("the namespace's quota is used up"), "{run}");
        // The context is handed over all the same: it is what one looks into the matter with.
        assert!(run.stdout.starts_with("export KUBECONFIG="), "{run}");
        assert_eq!(devbox.arg("status").run().code, 3);
        devbox.args(["down", "--yes", "--volumes"]).run().ok();
    });
}
