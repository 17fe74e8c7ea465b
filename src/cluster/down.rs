//! Removing an environment: only what carries our apply set's label, with the UID that was seen, last
//! wave first. Claims and objects marked to be kept stay unless volumes are asked for by name. The
//! namespace goes only if a run of ours created it and nothing that is not ours is in it.

mod namespace;

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use serde::Serialize;
use serde_json::Value;

use super::ClusterError;
use super::apply::check_namespace;
use super::applyset::Environment;
use super::connect::Cluster;
use super::delete::{Deleting, Deletions, Removal, Removed};
use super::guard::Confirmed;
use super::inventory::{Member, Select};
use super::namespace::NamespaceState;
use super::prune::HOLDS_DATA;
use super::request::Call;
use super::resource::{Resource, Resources};
use super::retry::Races;
use super::stuck::Stuck;
use crate::event::{Event, Outcome, Sink};
use crate::render::ObjectKey;

/// How to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownOptions {
    /// Remove claims and objects marked to be kept, too.
    pub volumes: bool,
    /// Only say what would be removed.
    pub dry_run: bool,
    /// How long to wait until what was deleted is gone.
    pub timeout: Duration,
}

impl Default for DownOptions {
    fn default() -> Self {
        Self { volumes: false, dry_run: false, timeout: Duration::from_secs(120) }
    }
}

/// The result of a removal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Down {
    /// What was removed, or would be, and what was kept and why.
    pub objects: Vec<Removed>,
    /// What was deleted and does not go away within the time.
    pub stuck: Vec<Stuck>,
    /// The namespace is gone too, or would be.
    pub namespace_removed: bool,
    /// What is in our namespace and not ours, which is why it stays.
    pub foreign: Vec<ObjectKey>,
}

impl Down {
    /// There was nothing to remove.
    pub fn nothing(&self) -> bool {
        !self.namespace_removed
            && self.objects.iter().all(|object| matches!(object.removal, Removal::Kept(_)))
    }

    /// The failure, where something could not be removed.
    pub fn error(&self) -> Option<ClusterError> {
        let failed = self.objects.iter().filter_map(|object| match &object.removal {
            Removal::Failed(why) => Some(format!("{}: {why}", object.key)),
            _ => None,
        });
        let stuck = self.stuck.iter().map(|stuck| format!("{}: {}", stuck.key, stuck.held_by.join("; ")));
        let objects: Vec<String> = failed.chain(stuck).collect();
        (!objects.is_empty()).then_some(ClusterError::NotRemoved { objects })
    }
}

/// Between two looks at what is still there.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// A removal on its way.
#[derive(Clone, Copy)]
struct Going<'a> {
    environment: &'a Environment,
    options: &'a DownOptions,
    start: Instant,
    sink: &'a dyn Sink,
}

impl Cluster {
    /// Removes an environment. The second time there is nothing to remove, which is no error.
    ///
    /// # Errors
    /// Where another cluster or namespace was confirmed, the record is not ours, or the cluster cannot
    /// be read. What could not be removed is in the result.
    pub async fn down(
        &self,
        confirmed: &Confirmed,
        environment: &Environment,
        options: &DownOptions,
        sink: &dyn Sink,
    ) -> Result<Down, ClusterError> {
        check_namespace(confirmed, environment)?;
        let record_call =
            Call::get(format!("read ConfigMap/{}", environment.parent()), environment.parent_path());
        let (identity, reads) = futures::future::join(self.verify(confirmed.identity()), async {
            tokio::try_join!(self.namespace(environment, sink), self.find(&record_call, sink))
        })
        .await;
        identity?;
        let (namespace, record) = reads?;
        let mut down = Down::default();
        if namespace == NamespaceState::Missing {
            return Ok(down);
        }
        let kinds = environment.kinds_of(record.as_ref())?;
        let members = if record.is_some() {
            let resources = self.resolve_kinds(&kinds, &mut Resources::default(), sink).await?;
            self.members(environment, &resources, sink).await?
        } else {
            self.members_without_record(environment, sink).await?
        };

        let (kept, leaving): (Vec<Member>, Vec<Member>) =
            members.into_iter().partition(|member| !options.volumes && member.holds_data());
        for member in &kept {
            let why = HOLDS_DATA.to_owned();
            let step = format!("down/{}", member.key);
            sink.emit(Event::ended(&step, Outcome::Skipped, format!("{} kept: {why}", member.key)));
            down.objects.push(Removed { key: member.key.clone(), removal: Removal::Kept(why) });
        }
        let deleting = Deleting { verb: "down", dry_run: options.dry_run, sink };
        let Deletions { removed, mut there } = self.delete_all(leaving.clone(), &deleting).await;
        let deleted: HashSet<&ObjectKey> =
            removed.iter().filter(|r| r.removal == Removal::Deleted).map(|r| &r.key).collect();
        there.retain(|member| deleted.contains(&member.key));
        let deleted: Vec<&Member> = leaving.iter().filter(|member| deleted.contains(&member.key)).collect();
        down.objects.extend(removed.iter().cloned());

        let going = Going { environment, options, start: Instant::now(), sink };
        if !options.dry_run {
            down.stuck = self.wait_gone(&going, &there).await?;
            let left: BTreeSet<String> = removed
                .iter()
                .filter(|r| matches!(r.removal, Removal::Failed(_) | Removal::Kept(_)))
                .map(|r| &r.key)
                .chain(down.stuck.iter().map(|stuck| &stuck.key))
                .chain(kept.iter().map(|member| &member.key))
                .map(|key| super::resource::group_kind(&key.group, &key.kind))
                .collect();
            self.settle_record(environment, record.as_ref(), &kinds, &left, sink).await?;
        }
        let clean =
            kept.is_empty() && down.stuck.is_empty() && removed.iter().all(|r| r.removal == Removal::Deleted);
        match namespace {
            NamespaceState::Ours { uid, .. } if clean => {
                let gone: BTreeSet<&str> = deleted.iter().map(|member| member.uid.as_str()).collect();
                self.remove_namespace(&going, &uid, &gone, &mut down).await?;
            }
            NamespaceState::Terminating if clean && !options.dry_run => {
                down.stuck.extend(self.wait_namespace_gone(&going).await?);
            }
            _ => {}
        }
        Ok(down)
    }

    /// Waits until what was deleted and not gone with the answer is gone; what is left after the time is
    /// stuck.
    async fn wait_gone(&self, going: &Going<'_>, there: &[Member]) -> Result<Vec<Stuck>, ClusterError> {
        let Going { environment, options, start, sink } = *going;
        let kinds: BTreeSet<&Resource> = there.iter().map(|member| &member.resource).collect();
        let uids: BTreeSet<&str> = there.iter().map(|member| member.uid.as_str()).collect();
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        loop {
            let there = self.members(environment, kinds.iter().copied(), sink).await?;
            let there: Vec<Member> =
                there.into_iter().filter(|member| uids.contains(member.uid.as_str())).collect();
            if there.is_empty() {
                return Ok(Vec::new());
            }
            if start.elapsed() >= options.timeout {
                let stuck: Vec<Stuck> = there.iter().map(Stuck::member).collect();
                for stuck in &stuck {
                    let step = format!("down/{}", stuck.key);
                    sink.emit(Event::ended(step, Outcome::Failed, stuck.held_by.join("; ")));
                }
                return Ok(stuck);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Deletes the record where nothing is left, else makes it say what is.
    async fn settle_record(
        &self,
        environment: &Environment,
        record: Option<&Value>,
        kinds: &BTreeSet<String>,
        left: &BTreeSet<String>,
        sink: &dyn Sink,
    ) -> Result<(), ClusterError> {
        let Some(record) = record else { return Ok(()) };
        let parent = environment.parent();
        if left.is_empty() {
            let uid = record["metadata"]["uid"].as_str().unwrap_or_default();
            let call = Call::delete(format!("delete ConfigMap/{parent}"), environment.parent_path(), uid);
            match self.call(&call, sink).await {
                Ok(_) | Err(ClusterError::NotFound { .. } | ClusterError::Changed { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        } else if left == kinds {
            Ok(())
        } else {
            self.record(environment, left, Races::default(), sink).await
        }
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
