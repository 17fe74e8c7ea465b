//! Scenario 16: without the guard's word nothing is written.

use devbox::cluster::guard::{Refusal, Subject, Verdict, judge};
use devbox::cluster::{ApplyOptions, Cluster, ClusterError, Environment, Look, Pins};
use devbox::error::{Exit, Explain};

use crate::faults::{Fault, Proxy};
use crate::trial::{accepted, config_map, manifests, target, trial};

#[test]
fn what_looks_like_production_gets_no_permission_and_no_write() {
    trial(async |t| {
        let proxy = Proxy::start(&t, |_| Fault::None).await;
        let cluster = proxy.connect().await;
        for change in [
            Subject { context: "shop-prod".into(), ..Subject::new(cluster.target(), t.namespace()) },
            Subject { cluster: "production".into(), ..Subject::new(cluster.target(), t.namespace()) },
            Subject::new(cluster.target(), "live"),
            Subject::new(cluster.target(), "kube-system"),
        ] {
            let Verdict::Refused(refusal) = judge(&change, cluster.identity(), &Pins::default()) else {
                panic!("{change:?} was not refused")
            };
            assert_eq!(refusal.exit(), Exit::Refused);
        }
        assert!(proxy.mutating().is_empty());
    });
}

#[test]
fn a_permission_holds_for_its_namespace_alone() {
    trial(async |t| {
        let other = Environment { namespace: format!("{}-other", t.namespace()), ..t.environment.clone() };
        let bundle = manifests(&config_map("a", "1"));
        let error = t
            .cluster
            .apply(&t.confirmed, &other, &bundle, &ApplyOptions::default(), &t.events)
            .await
            .unwrap_err();
        assert!(matches!(error, ClusterError::Refused(Refusal::OtherNamespace { .. })), "{error}");
        assert_eq!(error.exit(), Exit::Refused);
    });
}

#[test]
fn another_cluster_behind_the_same_address_is_refused_before_the_first_write() {
    trial(async |t| {
        let proxy = Proxy::start(&t, |seen| {
            // The first look was at the cluster that was confirmed; then it is another one.
            if seen.path == "/api/v1/namespaces/kube-system" && seen.before > 0 {
                return Fault::Json(r#"{"metadata": {"name": "kube-system", "uid": "another"}}"#);
            }
            Fault::None
        })
        .await;
        let cluster = proxy.connect().await;
        let confirmed = accepted(&cluster, t.namespace());
        let bundle = manifests(&(t.namespace_yaml() + &config_map("a", "1")));
        let error = cluster
            .apply(&confirmed, &t.environment, &bundle, &ApplyOptions::default(), &t.events)
            .await
            .unwrap_err();
        assert!(matches!(error, ClusterError::OtherCluster { .. }), "{error}");
        assert_eq!(error.exit(), Exit::Refused);
        let error =
            cluster.down(&confirmed, &t.environment, &Default::default(), &t.events).await.unwrap_err();
        assert!(matches!(error, ClusterError::OtherCluster { .. }), "{error}");
        assert!(proxy.mutating().is_empty());
    });
}

#[test]
fn what_was_seen_of_another_cluster_than_the_confirmed_one_is_not_written_to() {
    trial(async |t| {
        let proxy = Proxy::start(&t, |seen| match seen.path == "/api/v1/namespaces/kube-system" {
            true => Fault::Json(r#"{"metadata": {"name": "kube-system", "uid": "another"}}"#),
            false => Fault::None,
        })
        .await;
        let mut cluster = Cluster::dial(&target(proxy.kubeconfig())).await.unwrap();
        let bundle = manifests(&(t.namespace_yaml() + &config_map("a", "1")));
        let seen = cluster.see(&t.environment, &bundle, Look::ToApply, &t.events).await.unwrap();
        let options = ApplyOptions::default();
        let error = cluster.apply_seen(seen, &t.confirmed, &bundle, &options, &t.events).await.unwrap_err();
        assert!(matches!(error, ClusterError::OtherCluster { .. }), "{error}");
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1"))).await;
        let kinds = ["ConfigMap".to_owned()].into();
        let seen = cluster.see_standing(&t.environment, &kinds, &t.events).await.unwrap();
        let error = cluster.down_seen(seen, &t.confirmed, &Default::default(), &t.events).await.unwrap_err();
        assert!(matches!(error, ClusterError::OtherCluster { .. }), "{error}");
        assert!(proxy.mutating().is_empty());
    });
}
