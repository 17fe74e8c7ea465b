//! Everything in a namespace, of every kind that the server lists: what "nothing is leaked" is counted by.

use serde_json::Value;

use crate::trial::Trial;

/// Kinds that the cluster makes and removes by itself.
const OF_THE_CLUSTER: [&str; 4] = ["events", "endpoints", "endpointslices", "leases"];

/// `plural.group/name` of everything in the test's namespace but what the cluster keeps there, what an
/// owner takes along, and what is on its way out.
pub(crate) async fn inventory(t: &Trial) -> Vec<String> {
    let mut all = Vec::new();
    for (root, group) in roots(t).await {
        let served = t.get(&root).await.unwrap_or_default();
        for resource in served["resources"].as_array().cloned().unwrap_or_default() {
            let plural = resource["name"].as_str().unwrap_or_default().to_owned();
            let lists =
                resource["verbs"].as_array().is_some_and(|verbs| verbs.iter().any(|verb| verb == "list"));
            if resource["namespaced"] != true || !lists || OF_THE_CLUSTER.contains(&plural.as_str()) {
                continue;
            }
            let list =
                t.get(&format!("{root}/namespaces/{}/{plural}", t.namespace())).await.unwrap_or_default();
            let items = list["items"].as_array().cloned().unwrap_or_default();
            all.extend(items.iter().filter(|item| counts(item)).map(|item| {
                format!("{plural}.{group}/{}", item["metadata"]["name"].as_str().unwrap_or_default())
            }));
        }
    }
    all.sort();
    all.dedup();
    all
}

async fn roots(t: &Trial) -> Vec<(String, String)> {
    let mut roots = vec![("/api/v1".to_owned(), String::new())];
    let groups = t.get("/apis").await.unwrap();
    for group in groups["groups"].as_array().unwrap() {
        let version = group["preferredVersion"]["groupVersion"].as_str().unwrap();
        roots.push((format!("/apis/{version}"), group["name"].as_str().unwrap().to_owned()));
    }
    roots
}

fn counts(item: &Value) -> bool {
    let metadata = &item["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default();
    metadata["ownerReferences"].is_null()
        && metadata["deletionTimestamp"].is_null()
        && !["kube-root-ca.crt", "default"].contains(&name)
}
