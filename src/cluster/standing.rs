//! All there is of an environment, whatever made it: its namespace, its record and its members.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join_all};
use serde_json::Value;

use super::ClusterError;
use super::applyset::Environment;
use super::connect::Cluster;
use super::inventory::Select;
use super::member::Member;
use super::namespace::NamespaceState;
use super::request::Call;
use super::resource::{Resource, Resources};
use crate::event::Sink;

/// What there is of an environment.
pub(super) struct Standing {
    pub(super) namespace: NamespaceState,
    /// The record, where there is one.
    pub(super) record: Option<Value>,
    /// The kinds in the record.
    pub(super) kinds: BTreeSet<String>,
    pub(super) members: Vec<Member>,
}

impl Cluster {
    /// Reads it: in one round trip where `likely` names all kinds of the record, else in two.
    pub(super) async fn standing(
        &self,
        environment: &Environment,
        likely: &BTreeSet<String>,
        sink: &dyn Sink,
    ) -> Result<Standing, ClusterError> {
        let known = Resources::default();
        let id = environment.id();
        let lists = likely.iter().filter_map(|kind| known.find_group_kind(kind)).map(|resource| {
            let list = self.list(resource, &environment.namespace, Select::MembersOf(&id), sink);
            // What cannot be read counts only where the record names it: then it is asked for again.
            async move { Some((resource.group_kind(), list.await.ok()?)) }
        });
        let record_call =
            Call::get(format!("read ConfigMap/{}", environment.parent()), environment.parent_path());
        let (read, listed) = futures::future::join(
            async { tokio::try_join!(self.namespace(environment, sink), self.find(&record_call, sink)) },
            join_all(lists),
        )
        .await;
        let (namespace, record) = read?;
        let kinds = environment.kinds_of(record.as_ref())?;
        let listed: BTreeMap<String, Vec<Member>> = listed.into_iter().flatten().collect();
        let members = if namespace == NamespaceState::Missing {
            Vec::new()
        } else if record.is_none() {
            self.members_without_record(environment, sink).await?
        } else {
            let beside = kinds.iter().filter(|kind| !listed.contains_key(*kind)).cloned().collect();
            let beside = self.resolve_kinds(&beside, &mut Resources::default(), sink).await?;
            let beside = self.members(environment, &beside, sink).await?;
            listed.into_values().flatten().chain(beside).collect()
        };
        Ok(Standing { namespace, record, kinds, members })
    }

    /// Finds members where the record was removed by other hands; kinds that may not be listed can have
    /// none of ours.
    async fn members_without_record(
        &self,
        environment: &Environment,
        sink: &dyn Sink,
    ) -> Result<Vec<Member>, ClusterError> {
        let kinds = self.listable(sink).await?;
        let id = environment.id();
        let lists = kinds.iter().filter(|kind| is_content(kind)).map(|kind| {
            let id = &id;
            async move {
                match self.list(kind, &environment.namespace, Select::MembersOf(id), sink).await {
                    Err(ClusterError::Forbidden { .. } | ClusterError::Server { code: 405, .. }) => {
                        Ok(Vec::new())
                    }
                    result => result,
                }
            }
        });
        // One object may be served by several groups.
        let mut members = try_join_all(lists).await?.concat();
        members.sort_by(|a, b| a.uid.cmp(&b.uid));
        members.dedup_by(|a, b| a.uid == b.uid);
        Ok(members)
    }
}

/// Kinds that hold something; events, metrics and leases come and go by themselves.
pub(super) fn is_content(resource: &Resource) -> bool {
    !matches!(
        (resource.group.as_str(), resource.kind.as_str()),
        ("", "Event" | "Endpoints" | "Binding")
            | ("events.k8s.io" | "metrics.k8s.io" | "discovery.k8s.io", _)
            | ("coordination.k8s.io", "Lease")
    )
}
