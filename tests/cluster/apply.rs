//! Scenarios 1 to 8, 14 and 17: what an apply writes, and what it refuses to write.

use devbox::cluster::{ApplyOptions, Change, ClusterError};
use devbox::event::Event;
use serde_json::json;

use crate::faults::{Fault, Proxy};
use crate::trial::{changes, config_map, deployment, trial};

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
fn what_others_write_to_an_object_meanwhile_is_no_change_of_it_by_us() {
    trial(async |t| {
        let quota =
            "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: dev}\nspec: {hard: {pods: '5'}}\n";
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";
        let bundle = |value: &str| {
            t.namespace_yaml() + quota + service + &config_map("a", value) + &deployment("web", "nginx", "")
        };
        let first = t.up_all(&bundle("1")).await;
        t.wait(&first, std::time::Duration::from_secs(60)).await;
        // Right before each object of ours is applied somebody else writes to it, as controllers do.
        let them = t.clone();
        let proxy = Proxy::start(&t, move |seen| {
            let (them, path) = (them.clone(), seen.path.clone());
            match seen.method == "PATCH" && !path.ends_with("devbox-shop") {
                true => Fault::Before(Box::pin(async move {
                    them.edit(&path, &json!({"metadata": {"annotations": {"theirs": "1"}}})).await;
                })),
                false => Fault::None,
            }
        })
        .await;
        let through = proxy.connect().await;
        let again = t.up_with(&through, &bundle("1"), ApplyOptions::default()).await.unwrap();
        assert!(
            again.objects.iter().all(|object| object.change == Change::Unchanged),
            "{:?}",
            changes(&again)
        );
        let changed = t.up_with(&through, &bundle("2"), ApplyOptions::default()).await.unwrap();
        let configured: Vec<String> =
            changes(&changed).into_iter().filter(|line| !line.ends_with(" unchanged")).collect();
        assert_eq!(configured, ["ConfigMap/a configured"]);
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
