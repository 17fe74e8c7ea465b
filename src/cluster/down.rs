//! Removing an environment: only what carries our apply set's label, with the UID that was seen, last
//! wave first. Claims and objects marked to be kept stay unless volumes are asked for by name. The
//! namespace goes only if a run of ours created it and nothing that is not ours is in it.

mod namespace;

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::ClusterError;
use super::applyset::Environment;
use super::connect::Cluster;
use super::delete::{Deleting, Deletions, Removal, Removed};
use super::guard::Confirmed;
use super::member::Member;
use super::namespace::NamespaceState;
use super::prune::HOLDS_DATA;
use super::request::Call;
use super::resource::Resource;
use super::retry::Races;
use super::seen::Seen;
use super::standing::Standing;
use super::stuck::Stuck;
use crate::event::{Event, Outcome, Sink};
use crate::render::ObjectKey;
use namespace::Beside;

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

/// A removal on its way.
#[derive(Clone, Copy)]
struct Going<'a> {
    environment: &'a Environment,
    options: &'a DownOptions,
    start: Instant,
    sink: &'a dyn Sink,
}

impl Going<'_> {
    /// When a part of the time is over.
    fn until(&self, part: u32) -> tokio::time::Instant {
        (self.start + self.options.timeout / part).into()
    }
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
        let standing = self.stand(confirmed, environment, sink).await?;
        Box::pin(self.down_standing(standing, environment, options, sink)).await
    }

    /// Removes an environment on what was seen of it right before.
    ///
    /// # Errors
    /// As [`Cluster::down`].
    pub async fn down_seen(
        &self,
        seen: Seen,
        confirmed: &Confirmed,
        options: &DownOptions,
        sink: &dyn Sink,
    ) -> Result<Down, ClusterError> {
        let environment = seen.environment().clone();
        let standing = self.stand_seen(seen, confirmed, sink).await?;
        Box::pin(self.down_standing(standing, &environment, options, sink)).await
    }

    async fn down_standing(
        &self,
        standing: Standing,
        environment: &Environment,
        options: &DownOptions,
        sink: &dyn Sink,
    ) -> Result<Down, ClusterError> {
        let Standing { namespace, record, kinds, members } = standing;
        let mut down = Down::default();
        if namespace == NamespaceState::Missing {
            return Ok(down);
        }
        let (kept, leaving): (Vec<Member>, Vec<Member>) =
            members.into_iter().partition(|member| !options.volumes && member.holds_data());
        for member in &kept {
            let why = HOLDS_DATA.to_owned();
            let step = format!("down/{}", member.key);
            sink.emit(Event::started(&step, member.key.to_string()));
            sink.emit(Event::ended(&step, Outcome::Skipped, format!("kept: {why}")));
            down.objects.push(Removed { key: member.key.clone(), removal: Removal::Kept(why) });
        }
        let deleting = Deleting { verb: "down", dry_run: options.dry_run, sink };
        // What there may be beside ours is asked for meanwhile.
        let ours = matches!(namespace, NamespaceState::Ours { .. }) && kept.is_empty();
        let served = async { if ours { Some(self.listable(sink).await) } else { None } };
        let (Deletions { removed, mut there }, served) =
            futures::future::join(self.delete_all(leaving.clone(), &deleting), served).await;
        let deleted: HashSet<&ObjectKey> =
            removed.iter().filter(|r| r.removal == Removal::Deleted).map(|r| &r.key).collect();
        there.retain(|member| deleted.contains(&member.key));
        let deleted: Vec<&Member> = leaving.iter().filter(|member| deleted.contains(&member.key)).collect();
        down.objects.extend(removed.iter().cloned());

        let going = Going { environment, options, start: Instant::now(), sink };
        let mut settled = None;
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
            settled = Some(left);
        }
        let settling = async {
            match &settled {
                Some(left) => self.settle_record(environment, record.as_ref(), &kinds, left, sink).await,
                None => Ok(()),
            }
        };
        let clean =
            kept.is_empty() && down.stuck.is_empty() && removed.iter().all(|r| r.removal == Removal::Deleted);
        match (namespace, served) {
            (NamespaceState::Ours { uid, .. }, Some(served)) if clean => {
                let gone: BTreeSet<&str> = deleted.iter().map(|member| member.uid.as_str()).collect();
                let beside = Beside { served, gone };
                Box::pin(self.remove_namespace(&going, &uid, beside, settling, &mut down)).await?;
            }
            (NamespaceState::Terminating, _) if clean && !options.dry_run => {
                settling.await?;
                down.stuck.extend(self.wait_namespace_gone(&going, None).await?);
            }
            _ => settling.await?,
        }
        Ok(down)
    }

    /// Waits until what was deleted and not gone with the answer is gone; what is left after the time is
    /// stuck.
    async fn wait_gone(&self, going: &Going<'_>, there: &[Member]) -> Result<Vec<Stuck>, ClusterError> {
        let Going { environment, sink, .. } = *going;
        if there.is_empty() {
            return Ok(Vec::new());
        }
        let waiting = self.members_gone(environment, there, sink);
        if let Ok(gone) = tokio::time::timeout_at(going.until(1), waiting).await {
            return gone.map(|()| Vec::new());
        }
        let kinds: BTreeSet<&Resource> = there.iter().map(|member| &member.resource).collect();
        let uids: BTreeSet<&str> = there.iter().map(|member| member.uid.as_str()).collect();
        let still = self.members(environment, kinds, sink).await?;
        let still = still.iter().filter(|member| uids.contains(member.uid.as_str()));
        let stuck: Vec<Stuck> = still.map(Stuck::member).collect();
        for stuck in &stuck {
            let step = format!("down/{}", stuck.key);
            sink.emit(Event::ended(step, Outcome::Failed, stuck.held_by.join("; ")));
        }
        Ok(stuck)
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
}
