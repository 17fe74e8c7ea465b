//! What was deleted and does not go away: which finalizer on which object holds it, who put it there and
//! who removes it.

use futures::future::join_all;
use serde::Serialize;
use serde_json::Value;

use super::applyset::Environment;
use super::connect::Cluster;
use super::error::ClusterError;
use super::inventory::Select;
use super::member::Member;
use super::resource::Resource;
use crate::event::Sink;
use crate::render::ObjectKey;

/// An object that was deleted and does not go away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stuck {
    /// The object.
    pub key: ObjectKey,
    /// What holds it: finalizers, objects in a namespace, or the server's words about it.
    pub held_by: Vec<String>,
}

/// More objects than this are counted, not named.
const MOST_NAMED: usize = 10;

impl Stuck {
    /// An object that its finalizers hold.
    pub(super) fn member(member: &Member) -> Self {
        let held_by = match member.finalizers.is_empty() {
            true => vec!["it is not gone yet; the cluster is still deleting it".into()],
            false => held_by(member),
        };
        Self { key: member.key.clone(), held_by }
    }
}

impl Cluster {
    /// Explains a namespace that does not go away by what is left in it. Whatever cannot be read is
    /// left out: the explanation must not fail what it explains.
    pub(super) async fn stuck_namespace(
        &self,
        environment: &Environment,
        live: &Value,
        sink: &dyn Sink,
    ) -> Stuck {
        let key = ObjectKey {
            group: String::new(),
            version: "v1".into(),
            kind: "Namespace".into(),
            namespace: None,
            name: environment.namespace.clone(),
        };
        let mut held_by: Vec<String> = Vec::new();
        if let Ok(remnants) = self.remnants(environment, sink).await {
            let more = remnants.len().saturating_sub(MOST_NAMED);
            for remnant in remnants.iter().take(MOST_NAMED) {
                held_by.extend(remnant.held_by.iter().map(|why| format!("{} is {why}", remnant.key)));
            }
            if more > 0 {
                held_by.push(format!("and {more} more objects"));
            }
        }
        if held_by.is_empty() {
            held_by = conditions(live);
        }
        Stuck { key, held_by }
    }

    /// Objects in the namespace that finalizers hold.
    async fn remnants(&self, environment: &Environment, sink: &dyn Sink) -> Result<Vec<Stuck>, ClusterError> {
        let kinds = self.listable(sink).await?;
        let lists =
            kinds.iter().map(|kind: &Resource| self.list(kind, &environment.namespace, Select::All, sink));
        let members = join_all(lists).await.into_iter().flatten().flatten();
        let mut held: Vec<Member> =
            members.filter(|member| member.deleting && !member.finalizers.is_empty()).collect();
        // One object may be served by several groups.
        held.sort_by(|a, b| a.uid.cmp(&b.uid));
        held.dedup_by(|a, b| a.uid == b.uid);
        held.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(held.iter().map(Stuck::member).collect())
    }
}

fn held_by(member: &Member) -> Vec<String> {
    let by = member.finalizers_by.as_deref();
    let who = by.map(|manager| format!(" (put there by `{manager}`)")).unwrap_or_default();
    let each = member.finalizers.iter();
    each.map(|finalizer| format!("held by the finalizer `{finalizer}`{who}{}", remover(finalizer))).collect()
}

/// Who removes a finalizer, where it is known.
fn remover(finalizer: &str) -> String {
    match finalizer {
        "kubernetes.io/pvc-protection" => ", until no pod uses the claim".into(),
        "kubernetes.io/pv-protection" => ", until no claim uses the volume".into(),
        "foregroundDeletion" => ", until its dependents are gone".into(),
        "service.kubernetes.io/load-balancer-cleanup" => ", until the cloud's load balancer is gone".into(),
        other => match other.split_once('/') {
            Some((domain, _)) => format!(", which the controller of `{domain}` removes; is it running?"),
            None => String::new(),
        },
    }
}

/// What the namespace controller says about what is left in a namespace
/// (k8s.io/kubernetes/pkg/controller/namespace/deletion).
fn conditions(live: &Value) -> Vec<String> {
    let conditions = live["status"]["conditions"].as_array();
    let mut held: Vec<String> = conditions
        .into_iter()
        .flatten()
        .filter(|condition| condition["status"] == "True")
        .filter_map(|condition| condition["message"].as_str().map(ToOwned::to_owned))
        .collect();
    if held.is_empty() {
        held.push("the cluster is still deleting it".into());
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stuck_namespace_says_what_is_left_in_it() {
        let live = serde_yaml::from_str(
            "status: {conditions: [{type: NamespaceDeletionDiscoveryFailure, status: 'False', message: fine},
              {type: NamespaceFinalizersRemaining, status: 'True', message: 'a.dev/x in 1 resource instances'}]}",
        )
        .unwrap();
        assert_eq!(conditions(&live), ["a.dev/x in 1 resource instances"]);
    }

    #[test]
    fn a_finalizer_is_traced_to_who_removes_it() {
        assert_eq!(remover("toys.dev/hold"), ", which the controller of `toys.dev` removes; is it running?");
        assert_eq!(remover("kubernetes.io/pvc-protection"), ", until no pod uses the claim");
    }
}
