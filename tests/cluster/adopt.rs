//! Fields that `kubectl apply` left (kubernetes#99003).

use devbox::cluster::{ApplyOptions, Change, DiffOptions};
use http::Method;
use serde_json::json;

use crate::trial::{config_map, deployment, trial};

const FORCE: ApplyOptions = ApplyOptions { force_conflicts: true, recreate: false };

#[test]
fn fields_of_kubectl_apply_stay_with_a_warning_and_go_when_they_are_taken_over() {
    trial(async |t| {
        t.namespace_before().await;
        let maps = t.core("configmaps", "").trim_end_matches('/').to_owned();
        let object = json!({
            "metadata": {"name": "a", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}},
            "data": {"key": "1", "dropped": "2"},
        });
        let (code, _) = t
            .send(
                Method::POST,
                &format!("{maps}?fieldManager=kubectl-client-side-apply"),
                "application/json",
                &object,
            )
            .await;
        assert_eq!(code, 201);
        t.edit(&t.core("configmaps", "a"), &json!({"data": {"theirs": "3"}})).await;

        let applied = t.up_all(&config_map("a", "1")).await;
        assert!(
            applied
                .warnings
                .iter()
                .any(|text| text.contains("applied with `kubectl apply`") && text.contains("`data.dropped`")),
            "{applied:?}"
        );
        let data = async || t.get(&t.core("configmaps", "a")).await.unwrap()["data"].clone();
        assert_eq!(data().await, json!({"key": "1", "dropped": "2", "theirs": "3"}));

        let options = DiffOptions { force_conflicts: true, ..DiffOptions::default() };
        let diff = t.diff_with(&config_map("a", "1"), options).await;
        assert_eq!(
            diff.objects[0].warnings,
            ["fields that only `kubectl apply` set are taken over and removed: `data.dropped`"]
        );
        let removed = diff.objects[0].fields.iter().map(|field| (field.path.as_str(), field.after.is_none()));
        assert_eq!(
            removed.collect::<Vec<_>>(),
            [
                ("data.dropped", true),
                ("metadata.annotations[\"kubectl.kubernetes.io/last-applied-configuration\"]", true)
            ],
            "{diff:?}"
        );

        let applied = t.up_with(&t.cluster, &config_map("a", "1"), FORCE).await.unwrap();
        assert!(applied.error().is_none() && applied.warnings.is_empty(), "{applied:?}");
        assert_eq!(applied.objects[0].change, Change::Configured);
        assert_eq!(data().await, json!({"key": "1", "theirs": "3"}));
        let live = t.get(&t.core("configmaps", "a")).await.unwrap();
        assert!(live["metadata"]["annotations"].is_null(), "{live}");
        let applied = t.up_all(&config_map("a", "1")).await;
        assert_eq!(applied.objects[0].change, Change::Unchanged);
        assert!(applied.warnings.is_empty());
    });
}

#[test]
fn a_deployment_whose_status_moves_meanwhile_is_taken_over_too() {
    trial(async |t| {
        t.namespace_before().await;
        let deployments = t.path("apps/v1", "deployments", "").trim_end_matches('/').to_owned();
        let mut object: serde_json::Value = serde_yaml::from_str(&deployment("web", "nginx", "")).unwrap();
        object["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "OLD", "value": "1"}]);
        let path = format!("{deployments}?fieldManager=kubectl-client-side-apply");
        let (code, body) = t.send(Method::POST, &path, "application/json", &object).await;
        assert_eq!(code, 201, "{body}");
        let applied = t.up_with(&t.cluster, &deployment("web", "nginx:2", ""), FORCE).await.unwrap();
        assert!(applied.error().is_none(), "{}", applied.error().unwrap());
        let live = t.get(&t.path("apps/v1", "deployments", "web")).await.unwrap();
        let container = &live["spec"]["template"]["spec"]["containers"][0];
        assert_eq!((&container["image"], &container["env"]), (&json!("nginx:2"), &json!(null)));
    });
}
