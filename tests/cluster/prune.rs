//! Scenarios 18 to 22: pruning.

use devbox::cluster::{ClusterError, Removal};
use serde_json::json;

use crate::faults::{Fault, Proxy};
use crate::trial::{config_map, trial};

#[test]
fn a_dropped_member_is_deleted_and_a_foreign_object_with_the_same_labels_stays() {
    trial(async |t| {
        let labelled = |name: &str| {
            format!(
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {{app: shop}}}}\n"
            )
        };
        t.up_all(&(t.namespace_yaml() + &labelled("a") + &labelled("b"))).await;
        let maps = t.core("configmaps", "").trim_end_matches('/').to_owned();
        t.create(&maps, &json!({"metadata": {"name": "theirs", "labels": {"app": "shop"}}})).await;
        let applied = t.up_all(&(t.namespace_yaml() + &labelled("a"))).await;
        let pruned: Vec<String> = applied.pruned.iter().map(|removed| removed.key.to_string()).collect();
        assert_eq!(pruned, ["ConfigMap/b"]);
        assert!(t.get(&t.core("configmaps", "a")).await.is_some());
        assert!(t.get(&t.core("configmaps", "b")).await.is_none());
        assert!(t.get(&t.core("configmaps", "theirs")).await.is_some());
    });
}

#[test]
fn a_kind_that_no_manifest_has_any_more_is_pruned_and_leaves_the_record() {
    trial(async |t| {
        let service =
            "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1") + service)).await;
        let kinds = async || {
            let record = t.get(&t.core("configmaps", "devbox-shop")).await.unwrap();
            record["metadata"]["annotations"]["applyset.kubernetes.io/contains-group-kinds"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(kinds().await, "ConfigMap,Service");
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1"))).await;
        assert!(t.get(&t.core("services", "web")).await.is_none());
        assert_eq!(kinds().await, "ConfigMap");
    });
}

#[test]
fn nothing_is_pruned_after_a_failed_apply() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1") + &config_map("b", "1"))).await;
        let invalid =
            "---\napiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 70000}]}\n";
        let applied = t.up(&(t.namespace_yaml() + &config_map("a", "1") + invalid)).await;
        assert_eq!(applied.failures.len(), 1);
        assert!(applied.pruned.is_empty());
        assert!(t.get(&t.core("configmaps", "b")).await.is_some());
        // The next good run still knows of it.
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1"))).await;
        assert!(t.get(&t.core("configmaps", "b")).await.is_none());
    });
}

#[test]
fn an_object_created_anew_since_it_was_listed_survives() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1") + &config_map("b", "1"))).await;
        let path = t.core("configmaps", "b");
        let again = t.clone();
        let proxy = Proxy::start(&t, move |seen| {
            let (again, path) = (again.clone(), path.clone());
            if seen.method == "DELETE" && seen.path == path {
                return Fault::Before(Box::pin(async move {
                    again.delete(&path).await;
                    let maps = path.rsplit_once('/').unwrap().0.to_owned();
                    again.create(&maps, &json!({"metadata": {"name": "b"}, "data": {"new": "one"}})).await;
                }));
            }
            Fault::None
        })
        .await;
        let through = proxy.connect().await;
        let applied = t
            .up_with(&through, &(t.namespace_yaml() + &config_map("a", "1")), Default::default())
            .await
            .unwrap();
        assert_eq!(applied.pruned[0].removal, Removal::Replaced);
        assert_eq!(t.get(&t.core("configmaps", "b")).await.unwrap()["data"]["new"], "one");
    });
}

#[test]
fn the_record_of_another_tool_is_refused() {
    trial(async |t| {
        t.namespace_before().await;
        let maps = t.core("configmaps", "").trim_end_matches('/').to_owned();
        let parent = json!({"metadata": {
            "name": "devbox-shop",
            "labels": {"applyset.kubernetes.io/id": t.environment.id()},
            "annotations": {"applyset.kubernetes.io/tooling": "kubectl/v1.36.2"},
        }});
        t.create(&maps, &parent).await;
        let before = t.everything().await;
        let error = t.try_up(&config_map("a", "1")).await.unwrap_err();
        assert!(matches!(error, ClusterError::ForeignParent { .. }), "{error}");
        assert!(error.to_string().ends_with("it belongs to `kubectl/v1.36.2`"), "{error}");
        assert_eq!(t.everything().await, before);
    });
}

#[test]
fn claims_and_what_is_marked_to_be_kept_are_not_pruned() {
    trial(async |t| {
        let data = "---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Secret
metadata: {name: db, annotations: {devbox.internal/keep: 'true', devbox.internal/generate: password}}
";
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1") + data)).await;
        let secret = t.get(&t.core("secrets", "db")).await.unwrap();
        let applied = t.up_all(&(t.namespace_yaml() + &config_map("a", "1"))).await;
        assert!(applied.pruned.iter().all(|removed| matches!(removed.removal, Removal::Kept(_))));
        assert_eq!(applied.pruned.len(), 2);
        assert!(t.get(&t.core("persistentvolumeclaims", "data")).await.is_some());
        assert_eq!(t.get(&t.core("secrets", "db")).await.unwrap(), secret);
        // Back in the bundle, the password is the same.
        t.up_all(&(t.namespace_yaml() + data)).await;
        assert_eq!(t.get(&t.core("secrets", "db")).await.unwrap()["data"], secret["data"]);
    });
}
