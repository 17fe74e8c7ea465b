//! Scenarios 23 and 24: removal.

use std::time::Duration;

use devbox::cluster::{DownOptions, Removal};
use serde_json::json;

use crate::trial::{config_map, deployment, trial};

const DATA: &str = "---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Secret
metadata: {name: db, annotations: {devbox.internal/keep: 'true', devbox.internal/generate: password}}
";

#[test]
fn a_namespace_that_we_created_goes_and_the_second_time_there_is_nothing_to_remove() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1") + &deployment("web", "nginx", ""))).await;
        let down = t.down(DownOptions::default()).await;
        assert!(down.error().is_none(), "{down:?}");
        assert!(down.namespace_removed && !down.nothing());
        assert!(t.get(&format!("/api/v1/namespaces/{}", t.namespace())).await.is_none());
        let again = t.down(DownOptions::default()).await;
        assert!(again.nothing() && again.error().is_none());
    });
}

#[test]
fn a_namespace_that_was_there_stays_and_so_does_what_is_not_ours() {
    trial(async |t| {
        t.namespace_before().await;
        let maps = t.core("configmaps", "").trim_end_matches('/').to_owned();
        t.create(&maps, &json!({"metadata": {"name": "theirs"}})).await;
        let before = t.everything().await;
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1") + &deployment("web", "nginx", ""))).await;
        let down = t.down(DownOptions::default()).await;
        assert!(down.error().is_none(), "{down:?}");
        assert!(!down.namespace_removed);
        assert_eq!(t.everything().await, before);
        let again = t.down(DownOptions::default()).await;
        assert!(again.nothing() && again.error().is_none());
        assert_eq!(t.everything().await, before);
    });
}

#[test]
fn our_namespace_stays_while_something_in_it_is_not_ours() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1"))).await;
        let maps = t.core("configmaps", "").trim_end_matches('/').to_owned();
        t.create(&maps, &json!({"metadata": {"name": "theirs"}})).await;
        let down = t.down(DownOptions::default()).await;
        assert!(!down.namespace_removed && down.error().is_none());
        assert_eq!(down.foreign.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ConfigMap/theirs"]);
        assert!(t.get(&t.core("configmaps", "theirs")).await.is_some());
        assert!(t.get(&t.core("configmaps", "a")).await.is_none());
    });
}

#[test]
fn data_stays_until_volumes_are_asked_for_and_is_found_again() {
    trial(async |t| {
        let bundle = t.namespace_yaml() + &config_map("a", "1") + DATA;
        t.up_all(&bundle).await;
        let secret = t.get(&t.core("secrets", "db")).await.unwrap();
        let down = t.down(DownOptions::default()).await;
        assert!(down.error().is_none() && !down.namespace_removed, "{down:?}");
        assert!(t.get(&t.core("configmaps", "a")).await.is_none());
        assert!(t.get(&t.core("persistentvolumeclaims", "data")).await.is_some());
        assert!(t.down(DownOptions::default()).await.nothing());
        t.up_all(&bundle).await;
        assert_eq!(t.get(&t.core("secrets", "db")).await.unwrap()["data"], secret["data"]);
        let down = t.down(DownOptions { volumes: true, ..DownOptions::default() }).await;
        assert!(down.error().is_none() && down.namespace_removed, "{down:?}");
    });
}

#[test]
fn claims_that_a_stateful_set_made_are_kept_and_then_found() {
    trial(async |t| {
        let set = "---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: postgres}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";
        let bundle = t.namespace_yaml() + set;
        let applied = t.up_all(&bundle).await;
        assert!(t.wait(&applied, Duration::from_secs(60)).await.is_ready());
        let again = t.up_all(&bundle).await;
        assert!(again.pruned.is_empty());
        let down = t.down(DownOptions::default()).await;
        assert!(down.error().is_none() && !down.namespace_removed, "{down:?}");
        assert!(t.get(&t.core("persistentvolumeclaims", "data-db-0")).await.is_some());
        let down = t.down(DownOptions { volumes: true, ..DownOptions::default() }).await;
        assert!(down.error().is_none() && down.namespace_removed, "{down:?}");
    });
}

#[test]
fn members_are_found_where_the_record_was_removed_by_other_hands() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1") + &deployment("web", "nginx", ""))).await;
        t.delete(&t.core("configmaps", "devbox-shop")).await;
        let down = t.down(DownOptions::default()).await;
        assert!(down.error().is_none() && down.namespace_removed, "{down:?}");
    });
}

#[test]
fn a_dry_run_removes_nothing() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1"))).await;
        let before = t.everything().await;
        let down = t.down(DownOptions { dry_run: true, ..DownOptions::default() }).await;
        assert!(down.namespace_removed);
        assert_eq!(down.objects.len(), 1);
        assert_eq!(t.everything().await, before);
    });
}

#[test]
fn a_finalizer_that_blocks_is_named_within_the_time_and_the_record_is_kept() {
    trial(async |t| {
        let held =
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [toys.dev/hold]}\n";
        t.up_all(&(t.namespace_yaml() + held)).await;
        let down = t.down(DownOptions { timeout: Duration::from_secs(1), ..DownOptions::default() }).await;
        assert_eq!(
            down.error().unwrap().to_string(),
            "not everything was removed:\n- ConfigMap/held: held by the finalizer `toys.dev/hold`, which the controller of `toys.dev` removes; is it running?"
        );
        assert!(t.get(&t.core("configmaps", "devbox-shop")).await.is_some());
        t.edit(&t.core("configmaps", "held"), &json!({"metadata": {"finalizers": null}})).await;
        let down = t.down(DownOptions::default()).await;
        assert!(down.error().is_none() && down.namespace_removed, "{down:?}");
    });
}

#[test]
fn a_member_with_another_uid_than_seen_survives() {
    trial(async |t| {
        use crate::faults::{Fault, Proxy};
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1"))).await;
        let path = t.core("configmaps", "a");
        let again = t.clone();
        let proxy = Proxy::start(&t, move |seen| {
            let (again, path) = (again.clone(), path.clone());
            if seen.method != "DELETE" || seen.path != path {
                return Fault::None;
            }
            Fault::Before(Box::pin(async move {
                again.delete(&path).await;
                let maps = path.rsplit_once('/').unwrap().0.to_owned();
                again.create(&maps, &json!({"metadata": {"name": "a"}})).await;
            }))
        })
        .await;
        let cluster = proxy.connect().await;
        let confirmed = crate::trial::accepted(&cluster, t.namespace());
        let down =
            cluster.down(&confirmed, &t.environment, &DownOptions::default(), &t.events).await.unwrap();
        assert_eq!(down.objects[0].removal, Removal::Replaced);
        assert!(!down.namespace_removed);
        assert!(t.get(&t.core("configmaps", "a")).await.is_some());
    });
}

#[test]
fn a_namespace_that_does_not_go_away_is_explained_by_what_is_left_in_it() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1"))).await;
        // Made by somebody's operator for an object of ours, and held by it.
        let owned = json!({
            "metadata": {"name": "held", "finalizers": ["toys.dev/hold"], "ownerReferences": [
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": t.get(&t.core("configmaps", "a")).await.unwrap()["metadata"]["uid"]},
            ]},
        });
        let maps = format!("{}?fieldManager=toy-operator", t.core("configmaps", "").trim_end_matches('/'));
        t.create(&maps, &owned).await;
        let down = t.down(DownOptions { timeout: Duration::from_secs(3), ..DownOptions::default() }).await;
        let error = down.error().unwrap().to_string();
        let expected = format!(
            "- Namespace/{}: ConfigMap/held is held by the finalizer `toys.dev/hold` (put there by `toy-operator`), which the controller of `toys.dev` removes; is it running?",
            t.namespace()
        );
        assert!(error.ends_with(&expected), "{error}");
        t.edit(&t.core("configmaps", "held"), &json!({"metadata": {"finalizers": null}})).await;
        let down = t.down(DownOptions::default()).await;
        assert!(down.error().is_none(), "{down:?}");
        assert!(t.get(&format!("/api/v1/namespaces/{}", t.namespace())).await.is_none());
    });
}
