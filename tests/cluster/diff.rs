//! Scenarios 29 to 32: what an apply would do, shown before it is done.

use devbox::cluster::{Cluster, DiffOptions, Difference};
use secrecy::SecretString;
use serde_json::json;

use crate::apply::{STEADY, definition};
use crate::faults::{Fault, Proxy};
use crate::trial::{ROLE_AND_BINDING, config_map, deployment, differences, manifests, target, trial};

#[test]
fn what_is_absent_is_shown_and_not_created_and_after_up_there_are_no_differences() {
    trial(async |t| {
        t.namespace_before().await;
        let bundle = STEADY.to_owned() + &config_map("a", "1") + &deployment("web", "nginx", "");
        let diff = t.diff(&bundle).await;
        assert!(diff.differs() && !diff.refused());
        assert!(diff.objects.iter().all(|object| object.difference == Difference::Created), "{diff:#?}");
        assert!(t.everything().await.is_empty());
        let applied = t.up_all(&bundle).await;
        t.wait(&applied, std::time::Duration::from_secs(60)).await;
        let before = t.everything().await;
        let diff = t.diff(&bundle).await;
        assert!(!diff.differs(), "{:#?}", differences(&diff));
        assert!(diff.objects.iter().all(|object| object.fields.is_empty()));
        assert_eq!(t.everything().await, before);
    });
}

#[test]
fn a_new_namespace_and_what_is_in_it_are_shown_as_they_are_rendered() {
    trial(async |t| {
        let bundle = t.namespace_yaml() + &config_map("a", "1");
        let diff = t.diff(&bundle).await;
        let namespace = t.namespace();
        let id = t.environment.id();
        assert_eq!(
            differences(&diff),
            [
                format!("Namespace/{namespace} created"),
                "  apiVersion: none -> \"v1\"".into(),
                "  kind: none -> \"Namespace\"".into(),
                format!("  metadata.annotations[\"devbox.internal/created-by\"]: none -> \"{id}\""),
                format!("  metadata.name: none -> \"{namespace}\""),
                "ConfigMap/a created".into(),
                "  apiVersion: none -> \"v1\"".into(),
                "  data.key: none -> \"1\"".into(),
                "  kind: none -> \"ConfigMap\"".into(),
                format!("  metadata.labels[\"applyset.kubernetes.io/part-of\"]: none -> \"{id}\""),
                "  metadata.name: none -> \"a\"".into(),
                format!("  metadata.namespace: none -> \"{namespace}\""),
            ]
        );
        assert!(t.get(&format!("/api/v1/namespaces/{namespace}")).await.is_none());
    });
}

#[test]
fn a_kind_that_the_bundle_itself_defines_is_shown_with_its_objects() {
    trial(async |t| {
        t.namespace_before().await;
        let group = format!("{}.dev", t.namespace());
        let toy =
            format!("---\napiVersion: {group}/v1\nkind: Toy\nmetadata: {{name: bear}}\nspec: {{size: 3}}\n");
        let diff = t.diff(&(toy + &definition(&group))).await;
        assert!(diff.objects.iter().all(|object| object.difference == Difference::Created), "{diff:#?}");
        let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        assert!(t.get(&format!("{crds}/toys.{group}")).await.is_none());
    });
}

#[test]
fn changed_pruned_kept_and_unchanged_objects_are_told_apart_field_by_field() {
    trial(async |t| {
        let data = "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
        let service =
            "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
        t.up_all(
            &(t.namespace_yaml()
                + &config_map("a", "1")
                + &config_map("b", "1")
                + &deployment("web", "nginx:1", "")
                + data
                + service),
        )
        .await;
        let before = t.everything().await;
        let after = t.namespace_yaml() + &config_map("a", "1") + &deployment("web", "nginx:2", "");
        let diff = t.diff(&after).await;
        let lines = differences(&diff);
        let until_pruned: Vec<&str> = lines.iter().map(String::as_str).take(4).collect();
        let namespace = format!("Namespace/{} unchanged", t.namespace());
        assert_eq!(
            until_pruned,
            [
                namespace.as_str(),
                "ConfigMap/a unchanged",
                "Deployment/web changed",
                "  spec.template.spec.containers[app].image: \"nginx:1\" -> \"nginx:2\"",
            ]
        );
        let rest: Vec<&String> = lines[4..].iter().filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(rest, ["ConfigMap/b pruned", "PersistentVolumeClaim/data kept", "Service/web pruned"]);
        assert!(lines.contains(&"  data.key: \"1\" -> none".to_owned()), "{lines:#?}");
        // The same is then done.
        // But for what the cluster itself does to a deployment and a claim meanwhile.
        let moves = |line: &String| {
            ["deployments", "persistentvolumeclaims"].iter().any(|kind| line.starts_with(kind))
        };
        let unmoved = |all: Vec<String>| all.into_iter().filter(|line| !moves(line)).collect::<Vec<_>>();
        assert_eq!(unmoved(t.everything().await), unmoved(before));
        let applied = t.up_all(&after).await;
        let mut pruned: Vec<String> = applied.pruned.iter().map(|removed| removed.key.to_string()).collect();
        pruned.sort();
        assert_eq!(pruned, ["ConfigMap/b", "PersistentVolumeClaim/data", "Service/web"]);
    });
}

#[test]
fn no_value_of_a_secret_is_shown_wherever_it_stands() {
    trial(async |t| {
        let secret = |section: &str, value: &str| {
            format!(
                "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s, annotations: {{kubectl.kubernetes.io/last-applied-configuration: 'old-hush {value}'}}}}\n{section}: {{user: {value}}}\n"
            )
        };
        let gone =
            "---\napiVersion: v1\nkind: Secret\nmetadata: {name: gone}\nstringData: {key: pruned-hush}\n";
        let generated = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: db, annotations: {devbox.internal/generate: password}}\n";
        let env = |value: &str| {
            deployment("web", "nginx", "").replace(
                "image: \"nginx\"",
                &format!("image: nginx, args: [--key, {value}], env: [{{name: LEVEL, value: {value}}}]"),
            )
        };
        let old =
            t.namespace_yaml() + &secret("stringData", "old-hush") + gone + generated + &env("old-hush");
        t.up_all(&old).await;
        let live = t.get(&t.core("secrets", "db")).await.unwrap();
        let password = live["data"]["password"].as_str().unwrap().to_owned();
        let plain = String::from_utf8(
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &password).unwrap(),
        )
        .unwrap();

        // "new-hush" in base64, as `data` has it.
        let copied = config_map("copy", &format!("x{plain}x"));
        let new =
            t.namespace_yaml() + &secret("data", "bmV3LWh1c2g=") + generated + &env("new-hush") + &copied;
        let options = DiffOptions { secrets: vec![SecretString::from("new-hush")], ..DiffOptions::default() };
        let diff = t.diff_with(&new, options).await;
        let lines = differences(&diff);
        for expected in [
            "Secret/s changed",
            "  data.user: \"(hidden)\" -> \"(hidden)\"",
            "  metadata.annotations[\"kubectl.kubernetes.io/last-applied-configuration\"]: \"(hidden)\" -> \"(hidden)\"",
            "Secret/gone pruned",
            "  data.key: \"(hidden)\" -> none",
            "  spec.template.spec.containers[app].args: \"(hidden)\" -> \"(hidden)\"",
            "  spec.template.spec.containers[app].env[LEVEL].value: \"(hidden)\" -> \"(hidden)\"",
            "ConfigMap/copy created",
            "  data.key: none -> \"(hidden)\"",
        ] {
            assert!(lines.contains(&expected.to_owned()), "{expected}\n{lines:#?}");
        }
        let shown = format!("{diff:?} {} {:?}", serde_json::to_string(&diff).unwrap(), t.events.events());
        for value in ["hush", "aHVza", "bmV3", "b2xk", password.as_str(), plain.as_str()] {
            assert!(!shown.contains(value), "{value} in {shown}");
        }
    });
}

#[test]
fn what_the_server_says_against_a_secret_does_not_repeat_its_values() {
    trial(async |t| {
        t.namespace_before().await;
        let broken = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: tls}\ntype: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: not-json-hush}\n";
        let diff = t.diff(broken).await;
        let Difference::Refused(why) = &diff.objects[0].difference else { panic!("{diff:?}") };
        assert!(why.contains("data[.dockerconfigjson]") && !why.contains("hush"), "{why}");
        assert!(diff.refused() && diff.differs());
    });
}

#[test]
fn a_field_of_another_manager_is_shown_as_a_conflict_and_what_force_would_take() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &config_map("a", "1"))).await;
        t.edit(&t.core("configmaps", "a"), &json!({"data": {"key": "theirs"}})).await;
        let bundle = t.namespace_yaml() + &config_map("a", "2");
        for (force, word) in [(false, Difference::Conflicting), (true, Difference::Changed)] {
            let diff =
                t.diff_with(&bundle, DiffOptions { force_conflicts: force, ..Default::default() }).await;
            let object = diff.objects.iter().find(|object| object.key.name == "a").unwrap();
            assert_eq!(object.difference, word);
            assert_eq!(object.fields.len(), 1);
            assert_eq!(object.fields[0].path, "data.key");
            assert_eq!(object.fields[0].before, Some(json!("theirs")));
            assert_eq!(object.fields[0].after, Some(json!("2")));
            let conflict = &object.conflicts[0];
            assert_eq!((conflict.manager.as_str(), conflict.field.as_str()), ("kubectl-edit", ".data.key"));
        }
        assert_eq!(t.get(&t.core("configmaps", "a")).await.unwrap()["data"]["key"], "theirs");
    });
}

#[test]
fn an_object_that_would_be_taken_over_is_shown_with_a_warning() {
    trial(async |t| {
        t.namespace_before().await;
        let maps = t.core("configmaps", "").trim_end_matches('/').to_owned();
        t.create(&maps, &json!({"metadata": {"name": "a"}, "data": {"key": "1", "other": "2"}})).await;
        let diff = t.diff(&config_map("a", "1")).await;
        let object = &diff.objects[0];
        assert_eq!(object.difference, Difference::Changed);
        assert_eq!(object.fields[0].path, "metadata.labels[\"applyset.kubernetes.io/part-of\"]");
        assert!(object.warnings[0].starts_with("it existed before this environment"), "{object:?}");
    });
}

#[test]
fn a_binding_of_a_role_that_is_new_too_is_shown_to_a_developer_without_admin_rights() {
    trial(async |t| {
        t.namespace_before().await;
        let (file, jane) = t.nobody();
        t.grant(&jane, "admin").await;
        let bundle = ROLE_AND_BINDING;
        let cluster = Cluster::connect(&target(&file)).await.unwrap();
        let confirmed = crate::trial::accepted(&cluster, t.namespace());
        let compare = async || {
            let options = DiffOptions::default();
            cluster.diff(&confirmed, &t.environment, &manifests(bundle), &options, &t.events).await
        };
        // The authorizer's cache takes a moment.
        let diff = loop {
            match compare().await {
                Ok(diff) => break diff,
                Err(error) => {
                    assert!(matches!(error, devbox::cluster::ClusterError::Forbidden { .. }), "{error}")
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        assert!(diff.objects.iter().all(|object| object.difference == Difference::Created), "{diff:#?}");
    });
}

#[test]
fn a_difference_costs_one_dry_run_per_object_and_one_list_per_kind() {
    trial(async |t| {
        let mut bundle = t.namespace_yaml();
        for number in 0..20 {
            bundle += &config_map(&format!("c{number}"), "1");
        }
        bundle += &deployment("web", "nginx", "");
        t.up_all(&bundle).await;
        let proxy = Proxy::start(&t, |_| Fault::None).await;
        let cluster = proxy.connect().await;
        let confirmed = crate::trial::accepted(&cluster, t.namespace());
        let (all, options) = (manifests(&bundle), DiffOptions::default());
        proxy.reset();
        let diff = cluster.diff(&confirmed, &t.environment, &all, &options, &t.events).await.unwrap();
        assert!(!diff.differs());
        let seen = proxy.seen();
        assert_eq!(seen.iter().filter(|seen| seen.method == "PATCH" && seen.dry_run).count(), 22);
        // Identity, the namespace twice, the record, two lists.
        assert_eq!(seen.iter().filter(|seen| seen.method == "GET").count(), 6);
        assert_eq!(seen.len(), 28);
        proxy.reset();
        let shown = diff;
        let newer =
            cluster.diff_since(&confirmed, &t.environment, &all, &options, &shown, &t.events).await.unwrap();
        assert!(newer.is_none());
    });
}

#[test]
fn what_was_shown_holds_until_the_cluster_changes_in_a_way_that_matters() {
    trial(async |t| {
        let old = t.namespace_yaml() + &config_map("a", "1") + &config_map("b", "1") + &config_map("c", "1");
        t.up_all(&old).await;
        let new =
            t.namespace_yaml() + &config_map("a", "2") + &config_map("b", "1") + &config_map("new", "1");
        let shown = t.diff(&new).await;
        assert!(t.diff_since(&new, &shown).await.is_none());

        // Something moved, and the same would be done: nobody needs to be asked again.
        t.edit(&t.core("configmaps", "a"), &json!({"metadata": {"labels": {"theirs": "1"}}})).await;
        assert!(t.diff_since(&new, &shown).await.is_none());

        // A member changed, a pruned one is new, a name is taken: each is seen.
        t.edit(&t.core("configmaps", "b"), &json!({"data": {"key": "theirs"}})).await;
        let newer = t.diff_since(&new, &shown).await.unwrap();
        let b = newer.objects.iter().find(|object| object.key.name == "b").unwrap();
        assert_eq!(b.difference, Difference::Conflicting);
        assert!(t.diff_since(&new, &newer).await.is_none());

        t.delete(&t.core("configmaps", "c")).await;
        let newer = t.diff_since(&new, &newer).await.unwrap();
        assert!(!newer.objects.iter().any(|object| object.key.name == "c"));

        let maps = t.core("configmaps", "").trim_end_matches('/').to_owned();
        t.create(&maps, &json!({"metadata": {"name": "new"}, "data": {"key": "1"}})).await;
        let newer = t.diff_since(&new, &newer).await.unwrap();
        let taken = newer.objects.iter().find(|object| object.key.name == "new").unwrap();
        assert_eq!(taken.difference, Difference::Changed);
        assert!(t.diff_since(&new, &newer).await.is_none());
    });
}
