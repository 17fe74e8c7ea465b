//! Removing what no manifest makes any more, after everything else was applied.

use std::collections::BTreeSet;

use serde_json::Value;

use super::apply::Run;
use super::applyset::Environment;
use super::before::{Before, Id, id_of};
use super::connect::Cluster;
use super::delete::{Deleting, Removal, Removed};
use super::error::ClusterError;
use super::member::{Depth, Member};
use super::prepare::Prepared;
use super::resource::Resources;
use super::wave::Wave;
use crate::event::{Event, Outcome, Sink};

impl Cluster {
    /// Removes members that no manifest makes any more. Gives also the kinds of those that a finalizer
    /// holds, which stay in the record until they are gone.
    pub(super) async fn prune(
        &self,
        run: &Run<'_>,
        plan: &[Prepared],
        resources: &mut Resources,
    ) -> Result<(Vec<Removed>, BTreeSet<String>), ClusterError> {
        let dropped =
            self.dropped(run.environment, plan, &run.before, resources, Depth::Metadata, run.sink).await?;
        let (kept, gone): (Vec<Member>, Vec<Member>) = dropped.into_iter().partition(Member::holds_data);
        let mut removed: Vec<Removed> = kept
            .into_iter()
            .map(|member| {
                let step = format!("prune/{}", member.key);
                run.sink.emit(Event::started(&step, member.key.to_string()));
                run.sink.emit(Event::ended(&step, Outcome::Skipped, format!("kept: {HOLDS_DATA}")));
                Removed { key: member.key, removal: Removal::Kept(HOLDS_DATA.into()) }
            })
            .collect();
        let held = gone.iter().filter(|member| !member.finalizers.is_empty());
        let lingering = held.map(|member| member.resource.group_kind()).collect();
        let deleting = Deleting { verb: "prune", dry_run: false, sink: run.sink };
        removed.extend(self.delete_all(gone, &deleting).await.removed);
        Ok((removed, lingering))
    }

    /// Members that no manifest makes any more, of the planned kinds and of those in the record.
    pub(super) async fn dropped(
        &self,
        environment: &Environment,
        plan: &[Prepared],
        before: &Before,
        resources: &mut Resources,
        depth: Depth,
        sink: &dyn Sink,
    ) -> Result<Vec<Member>, ClusterError> {
        let listed: BTreeSet<String> =
            plan.iter().filter(|o| o.resource.namespaced).map(|o| o.resource.group_kind()).collect();
        let beside: BTreeSet<String> = before.kinds.difference(&listed).cloned().collect();
        let kinds = self.resolve_kinds(&beside, resources, sink).await?;
        let mut members = self.members_to(depth, environment, &kinds, sink).await?;
        let id = environment.id();
        members.extend(before.members.values().filter(|m| m.part_of.as_deref() == Some(&id)).cloned());
        let planned: BTreeSet<Id> = plan.iter().map(|object| id_of(&object.key)).collect();
        let claims = claims_of(plan);
        members.retain(|member| {
            !planned.contains(&id_of(&member.key))
                && member.key.kind != "Namespace"
                && !(member.is_claim() && claims.iter().any(|prefix| member.key.name.starts_with(prefix)))
        });
        Ok(members)
    }
}

/// Why a member is kept that nothing makes any more.
pub(super) const HOLDS_DATA: &str = "it holds data; `devbox down --volumes` removes it";

/// The kinds of what is applied.
pub(super) fn kinds_of(plan: &[Prepared]) -> BTreeSet<String> {
    let members = plan.iter().filter(|object| object.wave != Wave::Namespace);
    let mut kinds: BTreeSet<String> = members.map(|object| object.resource.group_kind()).collect();
    // Claims that StatefulSets make are members too, though no manifest names them.
    if !claims_of(plan).is_empty() {
        kinds.insert("PersistentVolumeClaim".into());
    }
    kinds
}

/// The kinds of the planned objects, and of what was to go but is still there.
pub(super) fn exact_kinds(mut kinds: BTreeSet<String>, pruned: &[Removed]) -> BTreeSet<String> {
    let there = pruned.iter().filter(|removed| removed.removal != Removal::Deleted);
    kinds.extend(there.map(|removed| super::resource::group_kind(&removed.key.group, &removed.key.kind)));
    kinds
}

/// Name prefixes of the claims that the plan's StatefulSets make: `<template>-<set>-`.
fn claims_of(plan: &[Prepared]) -> Vec<String> {
    let sets = plan.iter().filter(|object| object.key.kind == "StatefulSet");
    sets.flat_map(|set| {
        let templates = set.object.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
        let names = templates.into_iter().flatten().filter_map(|t| t["metadata"]["name"].as_str());
        names.map(|name| format!("{name}-{}-", set.key.name)).collect::<Vec<_>>()
    })
    .collect()
}
