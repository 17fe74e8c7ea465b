//! Scenarios 6, 7, 10, 14 and 17: what is refused, as a whole or object by object, and what is said then.

use devbox::cluster::{ApplyOptions, Cluster, ClusterError};
use devbox::error::Explain;

use crate::trial::{ROLE_AND_BINDING, config_map, deployment, manifests, target, trial};

#[test]
fn an_object_of_another_namespace_is_refused_before_any_write() {
    trial(async |t| {
        let stray = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: stray, namespace: kube-system}\n";
        let error = t.try_up(&(t.namespace_yaml() + stray)).await.unwrap_err();
        assert!(matches!(error, ClusterError::Outside { .. }), "{error}");
        assert!(t.get(&format!("/api/v1/namespaces/{}", t.namespace())).await.is_none());
        assert!(t.get("/api/v1/namespaces/kube-system/configmaps/stray").await.is_none());
    });
}

#[test]
fn an_immutable_field_is_named_and_the_object_stays() {
    trial(async |t| {
        let job = |image: &str| {
            t.namespace_yaml()
                + &format!(
                    "---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: once}}\nspec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: a, image: {image}}}]}}}}}}\n"
                )
        };
        t.up_all(&job("one")).await;
        let path = t.path("batch/v1", "jobs", "once");
        let before = t.get(&path).await.unwrap()["metadata"]["uid"].clone();
        let applied = t.up(&job("two")).await;
        let error = applied.error().unwrap();
        assert!(
            error.to_string().contains("`spec.template`") && error.to_string().contains("field is immutable"),
            "{error}"
        );
        assert!(error.hints()[0].contains("cannot be changed"));
        assert_eq!(t.get(&path).await.unwrap()["metadata"]["uid"], before);
    });
}

#[test]
fn an_object_of_another_apply_set_is_refused_and_nothing_is_written() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1"))).await;
        let other = devbox::cluster::Environment { project: "other".into(), ..t.environment.clone() };
        let before = t.everything().await;
        let bundle = manifests(&(config_map("b", "2") + &config_map("a", "2")));
        let error = t
            .cluster
            .apply(&t.confirmed, &other, &bundle, &ApplyOptions::default(), &t.events)
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "refused before anything was written: ConfigMap/a belongs to the apply set `{}`",
                t.environment.id()
            )
        );
        assert_eq!(t.everything().await, before);
    });
}

#[test]
fn a_cluster_wide_object_that_is_not_ours_is_refused() {
    trial(async |t| {
        let role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: view}\nrules: []\n";
        let error = t.try_up(&(t.namespace_yaml() + role)).await.unwrap_err();
        assert!(matches!(error, ClusterError::Foreign { .. }), "{error}");
        assert!(t.get(&format!("/api/v1/namespaces/{}", t.namespace())).await.is_none());
    });
}

#[test]
fn without_a_namespace_and_without_a_manifest_for_it_the_failure_says_so() {
    trial(async |t| {
        let error = t.try_up(&config_map("a", "1")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "cannot apply to namespace `{}`: it does not exist and no manifest creates it",
                t.namespace()
            )
        );
    });
}

#[test]
fn of_three_objects_with_an_invalid_one_two_are_applied_and_one_is_named() {
    trial(async |t| {
        let invalid =
            "---\napiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 70000}]}\n";
        let good = |name: &str| {
            format!(
                "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 80}}]}}\n"
            )
        };
        let bundle = t.namespace_yaml() + &good("a") + invalid + &good("b");
        let applied = t.up(&bundle).await;
        assert!(t.get(&t.core("services", "a")).await.is_some());
        assert!(t.get(&t.core("services", "b")).await.is_some());
        let error = applied.error().unwrap();
        assert_eq!(
            error.to_string(),
            "1 object was not applied:\n- Service/bad: cannot apply Service/bad: `spec.ports[0].port`: Invalid value: 70000: must be between 1 and 65535, inclusive; `spec.ports[0].targetPort`: Invalid value: 70000: must be between 1 and 65535, inclusive"
        );
        assert_eq!(error.exit(), devbox::error::Exit::Failure);
    });
}

#[test]
fn an_unknown_field_is_an_error_and_what_comes_after_a_failed_wave_is_not_tried() {
    trial(async |t| {
        let typo = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\ndta: {a: b}\n";
        let bundle = t.namespace_yaml() + typo + &deployment("web", "nginx", "");
        let applied = t.up(&bundle).await;
        let text = applied.error().unwrap().to_string();
        assert!(text.contains("ConfigMap/bad") && text.contains("dta"), "{text}");
        assert_eq!(
            applied.not_started.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["Deployment/web"]
        );
        assert!(t.get(&t.path("apps/v1", "deployments", "web")).await.is_none());
    });
}

#[test]
fn a_developer_without_admin_rights_applies_role_and_binding_or_is_told_what_is_missing() {
    trial(async |t| {
        t.namespace_before().await;
        let (file, jane) = t.nobody();
        t.grant(&jane, "edit").await;
        let bundle = config_map("a", "1") + ROLE_AND_BINDING;
        let connected = Cluster::connect(&target(&file)).await.unwrap();
        assert_eq!(connected.identity().uid, None);
        let error = t.up_with(&connected, &bundle, ApplyOptions::default()).await.unwrap_err();
        assert!(matches!(error, ClusterError::Forbidden { .. }), "{error}");
        let hint = error.hints().join("\n");
        assert!(hint.contains("create role devbox --verb=list") && hint.contains(&jane), "{hint}");

        t.grant(&jane, "admin").await;
        // The authorizer's cache takes a moment.
        let mut applied = t.up_with(&connected, &bundle, ApplyOptions::default()).await;
        while let Err(ClusterError::Forbidden { .. }) = applied {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            applied = t.up_with(&connected, &bundle, ApplyOptions::default()).await;
        }
        let applied = applied.unwrap();
        assert!(applied.error().is_none(), "{}", applied.error().unwrap());
        assert!(t.get(&t.path("rbac.authorization.k8s.io/v1", "rolebindings", "app")).await.is_some());
    });
}
