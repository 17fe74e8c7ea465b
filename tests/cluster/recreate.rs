//! Scenario 10: what cannot be changed in place.

use devbox::cluster::{ApplyOptions, Change, DiffOptions, Difference};
use serde_json::{Value, json};

use crate::faults::{Fault, Proxy, first};
use crate::trial::{changes, manifests, trial};

const RECREATE: ApplyOptions = ApplyOptions { force_conflicts: false, recreate: true };

fn job(image: &str, more: &str) -> String {
    format!(
        "---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: once}}\nspec: {{{more}template: {{spec: {{restartPolicy: Never, containers: [{{name: a, image: {image}}}]}}}}}}\n"
    )
}

async fn uid(t: &crate::trial::Trial, path: &str) -> Value {
    t.get(path).await.unwrap()["metadata"]["uid"].clone()
}

#[test]
fn what_cannot_be_changed_is_made_anew_on_request_and_is_then_steady() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &job("one", ""))).await;
        let path = t.path("batch/v1", "jobs", "once");
        let before = uid(&t, &path).await;
        let bundle = t.namespace_yaml() + &job("two", "");

        let refused = t.diff(&bundle).await;
        let object = &refused.objects[1];
        assert!(
            matches!(&object.difference, Difference::Refused(why) if why.contains("field is immutable")),
            "{object:?}"
        );
        assert!(object.hints[0].contains("--recreate"), "{object:?}");
        let options = DiffOptions { recreate: true, ..DiffOptions::default() };
        let shown = t.diff_with(&bundle, options).await;
        let object = &shown.objects[1];
        assert!(matches!(&object.difference, Difference::Recreated(_)), "{object:?}");
        assert_eq!(object.fields.len(), 1, "{object:?}");
        assert_eq!(object.fields[0].path, "spec.template.spec.containers[a].image");
        assert_eq!(uid(&t, &path).await, before);

        let applied = t.up_with(&t.cluster, &bundle, RECREATE).await.unwrap();
        assert!(applied.error().is_none(), "{}", applied.error().unwrap());
        assert!(changes(&applied).contains(&"Job/once recreated".to_owned()), "{:?}", changes(&applied));
        let live = t.get(&path).await.unwrap();
        assert_ne!(live["metadata"]["uid"], before);
        assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["image"], "two");
        let again = t.up_with(&t.cluster, &bundle, RECREATE).await.unwrap();
        assert!(again.objects.iter().all(|object| object.change != Change::Recreated));
        assert_eq!(uid(&t, &path).await, live["metadata"]["uid"]);
    });
}

#[test]
fn nothing_is_deleted_for_a_new_object_that_the_server_would_not_accept() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &job("one", ""))).await;
        let path = t.path("batch/v1", "jobs", "once");
        let before = t.get(&path).await.unwrap()["metadata"]["uid"].clone();
        let bundle = t.namespace_yaml() + &job("two", "parallelism: -1, ");
        let applied = t.up_with(&t.cluster, &bundle, RECREATE).await.unwrap();
        let error = applied.error().unwrap().to_string();
        assert!(
            error.contains("cannot recreate Job/once: the server would not accept the new one")
                && error.contains("`spec.parallelism`"),
            "{error}"
        );
        assert_eq!(uid(&t, &path).await, before);
        let options = DiffOptions { recreate: true, ..DiffOptions::default() };
        let diff = t.diff_with(&bundle, options).await;
        assert!(
            diff.refused() && !diff.objects.iter().any(|o| matches!(o.difference, Difference::Recreated(_)))
        );
    });
}

#[test]
fn data_and_what_is_not_ours_is_never_made_anew() {
    trial(async |t| {
        t.namespace_before().await;
        let claim = |class: &str| {
            format!(
                "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data}}\nspec: {{storageClassName: {class}, accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}\n"
            )
        };
        t.up_all(&claim("one")).await;
        let jobs = t.path("batch/v1", "jobs", "").trim_end_matches('/').to_owned();
        let theirs = json!({
            "metadata": {"name": "once"},
            "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "x"}]}}},
        });
        let theirs = t.create(&jobs, &theirs).await;
        let data = uid(&t, &t.core("persistentvolumeclaims", "data")).await;
        let applied = t.up_with(&t.cluster, &(claim("two") + &job("two", "")), RECREATE).await.unwrap();
        let error = applied.failures.iter().map(|failure| failure.error.to_string()).collect::<Vec<_>>();
        assert_eq!(
            error,
            ["cannot recreate PersistentVolumeClaim/data: it holds data or credentials of data"]
        );
        let applied = t.up_with(&t.cluster, &(claim("one") + &job("two", "")), RECREATE).await.unwrap();
        let error = applied.failures.iter().map(|failure| failure.error.to_string()).collect::<Vec<_>>();
        // Its image differs and another manager owns it: with force it still is not ours to delete.
        assert_eq!(error.len(), 1, "{error:?}");
        let force = ApplyOptions { force_conflicts: true, recreate: true };
        let applied = t.up_with(&t.cluster, &(claim("one") + &job("two", "")), force).await.unwrap();
        let error = applied.failures.iter().map(|failure| failure.error.to_string()).collect::<Vec<_>>();
        assert_eq!(error, ["cannot recreate Job/once: it was not created by this environment"]);
        assert_eq!(uid(&t, &t.core("persistentvolumeclaims", "data")).await, data);
        assert_eq!(uid(&t, &t.path("batch/v1", "jobs", "once")).await, theirs["metadata"]["uid"]);
    });
}

#[test]
fn a_lost_answer_while_it_is_made_anew_leaves_one_object() {
    trial(async |t| {
        t.up_all(&(t.namespace_yaml() + &job("one", ""))).await;
        let path = t.path("batch/v1", "jobs", "once");
        let before = uid(&t, &path).await;
        let target = path.clone();
        let proxy = Proxy::start(&t, move |seen| match (seen.method.as_str(), seen.path == target) {
            ("DELETE", true) => first(1, seen, Fault::CutAfter),
            ("PATCH", true) if seen.before == 1 => Fault::CutAfter,
            _ => Fault::None,
        })
        .await;
        let cluster = proxy.connect().await;
        let bundle = t.namespace_yaml() + &job("two", "");
        let confirmed = crate::trial::accepted(&cluster, t.namespace());
        let applied = cluster
            .apply(&confirmed, &t.environment, &manifests(&bundle), &RECREATE, &t.events)
            .await
            .unwrap();
        assert!(applied.error().is_none(), "{}", applied.error().unwrap());
        assert_ne!(uid(&t, &path).await, before);
        let deletes = proxy.seen().iter().filter(|seen| seen.method == "DELETE").count();
        assert_eq!(deletes, 2);
    });
}
