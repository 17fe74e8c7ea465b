//! Scenarios 1 to 8, 14 and 17: what an apply writes, and what it refuses to write.

use devbox::cluster::{ApplyOptions, Change, Cluster, ClusterError};
use devbox::error::Explain;
use devbox::event::Event;
use serde_json::json;

use crate::trial::{changes, config_map, deployment, manifests, target, trial};

#[test]
fn objects_are_created_by_the_manager_devbox() {
    trial(async |t| {
        let bundle = t.namespace_yaml() + &config_map("a", "1") + &deployment("web", "nginx", "");
        let applied = t.up_all(&bundle).await;
        let namespace = format!("Namespace/{} created", t.namespace());
        assert_eq!(changes(&applied), ["ConfigMap/a created", "Deployment/web created", namespace.as_str()]);
        let live = t.get(&t.core("configmaps", "a")).await.unwrap();
        let managers = live["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(managers.len(), 1);
        assert_eq!((&managers[0]["manager"], &managers[0]["operation"]), (&json!("devbox"), &json!("Apply")));
        assert_eq!(live["metadata"]["labels"]["applyset.kubernetes.io/part-of"], t.environment.id());
    });
}

pub(crate) const STEADY: &str = "
---
apiVersion: v1
kind: Secret
metadata: {name: db, annotations: {devbox.internal/generate: password}}
stringData: {user: me}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: dev}
spec: {hard: {pods: '20', requests.cpu: '2'}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: dev}
spec: {limits: [{type: Container, default: {cpu: 500m}, defaultRequest: {cpu: 10m}}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app}
rules: [{apiGroups: [''], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: app}
subjects: [{kind: ServiceAccount, name: app}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: app}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, annotations: {devbox.internal/keep: 'true'}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}, creationTimestamp: null}
    spec:
      nodeSelector: null
      containers: [{name: db, image: postgres, resources: {limits: {cpu: '0.5'}}, env: [{name: A, value: ''}]}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";

#[test]
fn a_second_up_changes_nothing() {
    trial(async |t| {
        let bundle = t.namespace_yaml() + STEADY + &deployment("web", "nginx", "") + &config_map("a", "1");
        let first = t.up_all(&bundle).await;
        t.wait(&first, std::time::Duration::from_secs(60)).await;
        // What controllers still write into what is ours, such as quota status, settles.
        let mut before = t.everything().await;
        loop {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            let now = t.everything().await;
            if now == before {
                break;
            }
            before = now;
        }
        let second = t.up_all(&bundle).await;
        assert!(
            second.objects.iter().all(|object| object.change == Change::Unchanged),
            "{:?}",
            changes(&second)
        );
        assert_eq!(t.everything().await, before);
    });
}

#[test]
fn generated_values_stay_and_are_in_no_event() {
    trial(async |t| {
        let bundle = t.namespace_yaml() + STEADY;
        t.up_all(&bundle).await;
        let password = |secret: &serde_json::Value| secret["data"]["password"].as_str().unwrap().to_owned();
        let first = password(&t.get(&t.core("secrets", "db")).await.unwrap());
        t.up_all(&bundle).await;
        let live = t.get(&t.core("secrets", "db")).await.unwrap();
        assert_eq!(password(&live), first);
        assert_eq!(live["data"]["user"], "bWU=");
        let events = serde_json::to_string(&t.events.events()).unwrap();
        assert!(!events.contains(&first));
    });
}

/// A definition of a kind of this test's own, so that tests do not share one.
pub(crate) fn definition(group: &str) -> String {
    format!(
        "---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: toys.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{kind: Toy, plural: toys, singular: toy}}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {{size: {{type: integer}}}}}}}}}}}}
"
    )
}

#[test]
fn a_custom_resource_and_its_definition_go_up_in_one_pass_whatever_their_order() {
    trial(async |t| {
        let group = format!("{}.dev", t.namespace());
        let toy =
            format!("---\napiVersion: {group}/v1\nkind: Toy\nmetadata: {{name: bear}}\nspec: {{size: 3}}\n");
        let bundle = toy + &definition(&group) + &t.namespace_yaml();
        let applied = t.up_all(&bundle).await;
        assert_eq!(applied.objects.len(), 3);
        let path = t.path(&format!("{group}/v1"), "toys", "bear");
        assert_eq!(t.get(&path).await.unwrap()["spec"]["size"], 3);
        let again = t.up_all(&bundle).await;
        assert!(
            again.objects.iter().all(|object| object.change == Change::Unchanged),
            "{:?}",
            changes(&again)
        );

        // The kind is known without its definition in the bundle, by discovery.
        let later = t.namespace_yaml()
            + &format!(
                "---\napiVersion: {group}/v1\nkind: Toy\nmetadata: {{name: bear}}\nspec: {{size: 3}}\n"
            );
        let down = t.down(devbox::cluster::DownOptions::default()).await;
        assert!(down.error().is_none(), "{down:?}");
        assert!(
            t.get(&format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/toys.{group}"))
                .await
                .is_none()
        );
        let unknown = t.try_up(&later).await.unwrap_err();
        assert!(matches!(unknown, ClusterError::UnknownKind { .. }), "{unknown}");
    });
}

#[test]
fn a_definition_that_others_use_is_neither_taken_over_nor_removed() {
    trial(async |t| {
        let group = format!("{}.dev", t.namespace());
        let crd = serde_yaml::from_str::<serde_json::Value>(&definition(&group)).unwrap();
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        t.create(path, &crd).await;
        let applied = t.up_all(&(definition(&group) + &t.namespace_yaml())).await;
        assert!(changes(&applied).contains(&format!("CustomResourceDefinition/toys.{group} left alone")));
        t.down(devbox::cluster::DownOptions::default()).await;
        let live = t.get(&format!("{path}/toys.{group}")).await.unwrap();
        assert!(live["metadata"]["labels"].is_null());
        t.delete(&format!("{path}/toys.{group}")).await;
    });
}

#[test]
fn a_namespace_listed_after_its_pod_goes_up_in_one_pass() {
    trial(async |t| {
        let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec: {containers: [{name: a, image: nginx}]}\n";
        let applied = t.up_all(&(pod.to_owned() + &t.namespace_yaml())).await;
        assert_eq!(applied.objects.len(), 2);
        assert!(t.get(&t.core("pods", "one")).await.is_some());
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
fn a_field_of_another_manager_is_named_left_and_taken_only_by_force() {
    trial(async |t| {
        let bundle = |value: &str| t.namespace_yaml() + &config_map("a", value) + &config_map("b", value);
        t.up_all(&bundle("1")).await;
        t.edit(&t.core("configmaps", "a"), &json!({"data": {"key": "theirs"}})).await;
        let before = t.get(&t.core("configmaps", "a")).await.unwrap();
        let applied = t.up(&bundle("2")).await;
        assert_eq!(
            applied.error().unwrap().to_string(),
            "1 object was not applied:\n- ConfigMap/a: cannot apply ConfigMap/a: `.data.key` is managed by `kubectl-edit`"
        );
        assert_eq!(t.get(&t.core("configmaps", "a")).await.unwrap(), before);
        let force = ApplyOptions { force_conflicts: true, ..ApplyOptions::default() };
        let applied = t.up_with(&t.cluster, &bundle("2"), force).await.unwrap();
        assert!(applied.error().is_none());
        assert_eq!(t.get(&t.core("configmaps", "a")).await.unwrap()["data"]["key"], "2");
    });
}

#[test]
fn replicas_that_an_autoscaler_changed_are_kept_where_the_template_leaves_them_out() {
    trial(async |t| {
        let bundle = t.namespace_yaml() + &deployment("web", "nginx", "");
        t.up_all(&bundle).await;
        t.edit(&t.path("apps/v1", "deployments", "web"), &json!({"spec": {"replicas": 3}})).await;
        t.up_all(&bundle).await;
        let live = t.get(&t.path("apps/v1", "deployments", "web")).await.unwrap();
        assert_eq!(live["spec"]["replicas"], 3);
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
fn a_namespace_that_was_there_is_left_as_it_is() {
    trial(async |t| {
        t.namespace_before().await;
        let path = format!("/api/v1/namespaces/{}", t.namespace());
        let before = t.get(&path).await.unwrap();
        let labelled = format!(
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {}, labels: {{mine: now}}}}\n",
            t.namespace()
        );
        let applied = t.up_all(&(labelled + &config_map("a", "1"))).await;
        assert!(changes(&applied).contains(&format!("Namespace/{} left alone", t.namespace())));
        assert_eq!(t.get(&path).await.unwrap(), before);
    });
}

#[test]
fn an_object_that_existed_before_is_announced_when_it_becomes_ours() {
    trial(async |t| {
        t.namespace_before().await;
        t.create(
            t.core("configmaps", "").trim_end_matches('/'),
            &json!({"metadata": {"name": "a"}, "data": {"key": "1"}}),
        )
        .await;
        let applied = t.up_all(&config_map("a", "1")).await;
        assert_eq!(
            applied.warnings,
            [
                "ConfigMap/a: it existed before this environment and is now part of it; `devbox down` will remove it"
            ]
        );
        assert!(t.events.events().iter().any(|event| matches!(event, Event::Warning { .. })));
    });
}

#[test]
fn a_namespace_that_is_being_deleted_is_waited_for_and_made_anew() {
    trial(async |t| {
        let bundle = t.namespace_yaml() + &config_map("a", "1") + &deployment("web", "nginx", "");
        t.up_all(&bundle).await;
        t.delete(&format!("/api/v1/namespaces/{}", t.namespace())).await;
        let applied = t.up_all(&bundle).await;
        assert!(
            applied.objects.iter().all(|object| object.change == Change::Created),
            "{:?}",
            changes(&applied)
        );
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
fn a_developer_without_admin_rights_applies_role_and_binding_or_is_told_what_is_missing() {
    trial(async |t| {
        t.namespace_before().await;
        let jane = format!("jane-{}", t.namespace());
        let admin = std::fs::read_to_string(crate::sandbox::kubeconfig()).unwrap();
        let mut kubeconfig: serde_json::Value = serde_yaml::from_str(&admin).unwrap();
        kubeconfig["users"][0]["user"]["as"] = json!(jane);
        let file = t.kubeconfig("jane", &kubeconfig.to_string());
        let bindings =
            t.path("rbac.authorization.k8s.io/v1", "rolebindings", "").trim_end_matches('/').to_owned();
        let bind = |role: &str| {
            json!({
                "metadata": {"name": format!("jane-{role}")},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": jane}],
            })
        };
        t.create(&bindings, &bind("edit")).await;
        let bundle = config_map("a", "1")
            + "---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app}
rules: [{apiGroups: [''], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: app}
subjects: [{kind: ServiceAccount, name: default}]
";
        let connected = Cluster::connect(&target(&file)).await.unwrap();
        assert_eq!(connected.identity().uid, None);
        let error = t.up_with(&connected, &bundle, ApplyOptions::default()).await.unwrap_err();
        assert!(matches!(error, ClusterError::Forbidden { .. }), "{error}");
        let hint = error.hints().join("\n");
        assert!(hint.contains("create role devbox --verb=list") && hint.contains(&jane), "{hint}");

        t.create(&bindings, &bind("admin")).await;
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
