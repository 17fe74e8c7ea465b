//! Deleting members: last wave first, each with the UID that was seen, one failure stopping no other.

use futures::StreamExt;
use futures::stream;
use serde::Serialize;

use super::ClusterError;
use super::apply::MOST_IN_FLIGHT;
use super::connect::Cluster;
use super::member::Member;
use super::request::Call;
use super::resource::{Resource, Resources};
use super::wave::{WAVES, Wave};
use crate::event::{Event, Outcome, Sink};
use crate::render::ObjectKey;

/// What became of an object that was to be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// The object.
    pub key: ObjectKey,
    /// What became of it.
    pub removal: Removal,
}

/// What became of an object that was to be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "why", rename_all = "camelCase")]
pub enum Removal {
    /// Deleted, or it would be (dry run).
    Deleted,
    /// Kept on purpose, and why.
    Kept(String),
    /// Another object took its place since it was seen; that one stays.
    Replaced,
    /// It could not be deleted, and why.
    Failed(String),
}

/// What became of what was to be removed.
pub(super) struct Deletions {
    pub(super) removed: Vec<Removed>,
    /// What was deleted, or could not be, and was still there with the server's answer.
    pub(super) there: Vec<Member>,
}

/// What is common to deletions of one run.
pub(super) struct Deleting<'a> {
    /// Prefix of step ids: `prune` or `down`.
    pub(super) verb: &'static str,
    /// Nothing is sent.
    pub(super) dry_run: bool,
    pub(super) sink: &'a dyn Sink,
}

impl Cluster {
    /// Deletes members wave by wave, the last wave first.
    pub(super) async fn delete_all(&self, members: Vec<Member>, deleting: &Deleting<'_>) -> Deletions {
        let (mut removed, mut there) = (Vec::new(), Vec::new());
        for wave in WAVES.iter().rev() {
            let now = members.iter().filter(|member| Wave::of(&member.key.group, &member.key.kind) == *wave);
            let deletions =
                stream::iter(now.map(|member| async move { self.delete_one(member, deleting).await }));
            for (result, lingering) in deletions.buffer_unordered(MOST_IN_FLIGHT).collect::<Vec<_>>().await {
                removed.push(result);
                there.extend(lingering);
            }
        }
        removed.sort_by(|a, b| a.key.cmp(&b.key));
        Deletions { removed, there }
    }

    /// Deletes one; gives it also where it is still there.
    async fn delete_one(&self, member: &Member, deleting: &Deleting<'_>) -> (Removed, Option<Member>) {
        let step = format!("{}/{}", deleting.verb, member.key);
        deleting.sink.emit(Event::started(&step, member.key.to_string()));
        let (removal, there) = self.try_delete(member, &step, deleting).await;
        let (outcome, text) = match &removal {
            Removal::Deleted if deleting.dry_run => (Outcome::Done, "would be deleted".to_owned()),
            Removal::Deleted => (Outcome::Done, "deleted".to_owned()),
            Removal::Kept(why) => (Outcome::Skipped, format!("kept: {why}")),
            Removal::Replaced => (Outcome::Skipped, "kept: it was created anew in the meantime".to_owned()),
            Removal::Failed(why) => (Outcome::Failed, why.clone()),
        };
        deleting.sink.emit(Event::ended(&step, outcome, text));
        (Removed { key: member.key.clone(), removal }, there)
    }

    async fn try_delete(
        &self,
        member: &Member,
        step: &str,
        deleting: &Deleting<'_>,
    ) -> (Removal, Option<Member>) {
        let there = || Some(member.clone());
        if Wave::of(&member.key.group, &member.key.kind) == Wave::Definitions {
            match self.has_instances(member, deleting.sink).await {
                Ok(false) => {}
                Ok(true) => {
                    return (Removal::Kept("objects of this kind exist in the cluster".into()), there());
                }
                Err(error) => return (Removal::Failed(error.to_string()), there()),
            }
        }
        if deleting.dry_run || member.deleting {
            return (Removal::Deleted, there());
        }
        let call = Call::delete(format!("delete {}", member.key), member.path(), &member.uid).on(step);
        match self.call(&call, deleting.sink).await {
            // What is gone is answered with a Status or with how it was last, what finalizers or a grace period
            // hold with when its deletion began (k8s.io/apiserver/pkg/registry/generic/registry,
            // `Store.Delete`, `ReturnDeletedObject`).
            Ok(reply) if reply.body["metadata"]["deletionTimestamp"].is_null() => (Removal::Deleted, None),
            Ok(_) => (Removal::Deleted, there()),
            Err(ClusterError::NotFound { .. }) => (Removal::Deleted, None),
            // 409: the precondition on the UID did not hold.
            Err(ClusterError::Changed { message, .. }) if message.contains("UID") => {
                (Removal::Replaced, None)
            }
            Err(error) => (Removal::Failed(error.to_string()), there()),
        }
    }

    /// Deleting a definition deletes every custom resource in the cluster, other people's too: it stays
    /// while there is one that is not already on its way out.
    async fn has_instances(&self, member: &Member, sink: &dyn Sink) -> Result<bool, ClusterError> {
        let call = Call::get(format!("read {}", member.key), member.path());
        let Some(definition) = self.find(&call, sink).await? else { return Ok(false) };
        let mut resources = Resources::default();
        resources.learn_definition(&definition);
        let group = definition["spec"]["group"].as_str().unwrap_or_default();
        let kind = definition["spec"]["names"]["kind"].as_str().unwrap_or_default();
        let Some(resource) = resources.find_group_kind(&super::resource::group_kind(group, kind)) else {
            return Ok(true);
        };
        let everywhere = Resource { namespaced: false, ..resource.clone() };
        let instances = self.list(&everywhere, "", super::inventory::Select::All, sink).await?;
        Ok(instances.iter().any(|instance| !instance.deleting))
    }
}
