//! Bad weather: every request of an environment's life meets a fault once, and the end is the same.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use devbox::cluster::{ApplyOptions, Change, DiffOptions, DownOptions, WaitOptions};

use crate::faults::{Fault, Proxy, Seen};
use crate::inventory::inventory;
use crate::trial::{accepted, config_map, deployment, manifests, trial};

const SECRET: &str = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: db, annotations: {devbox.internal/generate: password}}\n";
const SERVICE: &str = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";

/// Whose the namespace is. Removing ours takes the cluster some seconds.
#[derive(PartialEq)]
enum Namespace {
    Ours,
    Theirs,
}

/// Up, wait, status, up again with something dropped, diff and down, all through the fault.
fn survives(namespace: Namespace, fault: impl Fn() -> Fault + 'static) {
    trial(async |t| {
        if namespace == Namespace::Theirs {
            t.namespace_before().await;
        }
        let (armed, met) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0)));
        let (arming, meeting) = (armed.clone(), met.clone());
        let proxy = Proxy::start(&t, move |seen: &Seen| match arming.get() && seen.before == 0 {
            true => {
                meeting.set(meeting.get() + 1);
                fault()
            }
            false => Fault::None,
        })
        .await;
        let cluster = proxy.connect().await;
        proxy.reset();
        armed.set(true);
        let confirmed = accepted(&cluster, t.namespace());
        let old = t.namespace_yaml()
            + &config_map("a", "1")
            + &config_map("b", "1")
            + SECRET
            + SERVICE
            + &deployment("web", "nginx", "");
        let new = t.namespace_yaml() + &config_map("a", "2") + SECRET + &deployment("web", "nginx", "");
        let apply = async |bundle: &str| {
            let (bundle, options) = (manifests(bundle), ApplyOptions::default());
            proxy.reset();
            let applied =
                cluster.apply(&confirmed, &t.environment, &bundle, &options, &t.events).await.unwrap();
            assert!(applied.error().is_none(), "{}", applied.error().unwrap());
            assert!(applied.warnings.is_empty(), "{:?}", applied.warnings);
            applied
        };
        let applied = apply(&old).await;
        assert!(
            applied
                .objects
                .iter()
                .filter(|object| object.key.kind != "Namespace")
                .all(|object| object.change == Change::Created),
            "{applied:?}"
        );
        proxy.reset();
        let options = WaitOptions { timeout: Duration::from_secs(120) };
        let readiness = cluster.wait(&t.environment, &applied, &options, &t.events).await.unwrap();
        assert!(readiness.is_ready(), "{readiness:?}");
        proxy.reset();
        let status = cluster.status(&t.environment, &t.events).await.unwrap();
        assert!(status.exists && status.ready && status.members.len() == 5, "{status:?}");
        let password = t.get(&t.core("secrets", "db")).await.unwrap()["data"].clone();

        apply(&new).await;
        assert_eq!(
            inventory(&t).await,
            ["configmaps./a", "configmaps./devbox-shop", "deployments.apps/web", "secrets./db"]
        );
        assert_eq!(t.get(&t.core("secrets", "db")).await.unwrap()["data"], password);
        proxy.reset();
        let (bundle, options) = (manifests(&new), DiffOptions::default());
        let diff = cluster.diff(&confirmed, &t.environment, &bundle, &options, &t.events).await.unwrap();
        assert!(!diff.differs(), "{diff:?}");

        proxy.reset();
        let down =
            cluster.down(&confirmed, &t.environment, &DownOptions::default(), &t.events).await.unwrap();
        assert!(down.error().is_none(), "{down:?}");
        assert_eq!(down.namespace_removed, namespace == Namespace::Ours);
        assert!(inventory(&t).await.is_empty());
        assert!(met.get() > 40, "{}", met.get());
    });
}

#[test]
fn delays() {
    survives(Namespace::Theirs, || Fault::Before(Box::pin(tokio::time::sleep(Duration::from_millis(200)))));
}

#[test]
fn connections_cut_before_a_request_is_sent_on() {
    survives(Namespace::Ours, || Fault::CutBefore);
}

#[test]
fn connections_cut_after_a_request_was_sent_on() {
    survives(Namespace::Ours, || Fault::CutAfter);
}

#[test]
fn throttling_with_and_without_a_time_to_wait() {
    survives(Namespace::Theirs, || Fault::Answer(429, Some("1")));
    survives(Namespace::Theirs, || Fault::Answer(429, None));
}

#[test]
fn an_unavailable_server_with_and_without_a_time_to_wait() {
    survives(Namespace::Theirs, || Fault::Answer(503, Some("1")));
    survives(Namespace::Theirs, || Fault::Answer(502, None));
}

#[test]
fn internal_errors_that_recover() {
    survives(Namespace::Theirs, || Fault::Status(500, "etcdserver: leader changed"));
}

#[test]
fn bodies_that_arrive_in_pieces() {
    survives(Namespace::Theirs, || Fault::Slow);
}

#[test]
fn bodies_that_end_in_their_middle() {
    survives(Namespace::Ours, || Fault::Truncate);
}

#[test]
fn connections_that_take_no_more_requests() {
    survives(Namespace::Theirs, || Fault::GoAway);
}

#[test]
fn an_internal_error_that_does_not_recover_is_told_after_one_try() {
    trial(async |t| {
        t.namespace_before().await;
        let path = t.core("configmaps", "a");
        let proxy = Proxy::start(&t, move |seen| match seen.path == path && seen.method == "PATCH" {
            true => Fault::Status(500, "something is wrong with the server itself"),
            false => Fault::None,
        })
        .await;
        let cluster = proxy.connect().await;
        let applied = t.up_with(&cluster, &config_map("a", "1"), ApplyOptions::default()).await.unwrap();
        let error = applied.failures[0].error.to_string();
        assert_eq!(
            error,
            "cannot apply ConfigMap/a: the server answered 500 something is wrong with the server itself"
        );
        assert_eq!(proxy.mutating().iter().filter(|seen| seen.path.ends_with("/a")).count(), 1);
    });
}
