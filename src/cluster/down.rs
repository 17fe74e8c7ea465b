//! Removing an environment: only what carries our apply set's label, with the UID that was seen, last
//! wave first. Claims and objects marked to be kept stay unless volumes are asked for by name. The
//! namespace goes only if a run of ours created it and nothing that is not ours is in it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use serde::Serialize;
use serde_json::Value;

use super::ClusterError;
use super::apply::check_namespace;
use super::applyset::Environment;
use super::connect::Cluster;
use super::delete::{Deleting, Removal, Removed};
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

        let (kept, going): (Vec<Member>, Vec<Member>) =
            members.into_iter().partition(|member| !options.volumes && member.holds_data());
        for member in &kept {
            let why = HOLDS_DATA.to_owned();
            let step = format!("down/{}", member.key);
            sink.emit(Event::ended(&step, Outcome::Skipped, format!("{} kept: {why}", member.key)));
            down.objects.push(Removed { key: member.key.clone(), removal: Removal::Kept(why) });
        }
        let deleting = Deleting { verb: "down", dry_run: options.dry_run, sink };
        let removed = self.delete_all(going.clone(), &deleting).await;
        let ours =
            |member: &&Member| removed.iter().any(|r| r.key == member.key && r.removal == Removal::Deleted);
        let deleted: Vec<Member> = going.iter().filter(ours).cloned().collect();
        down.objects.extend(removed.iter().cloned());

        let start = Instant::now();
        if !options.dry_run {
            down.stuck = self.wait_gone(environment, &deleted, start, options.timeout, sink).await?;
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
                self.remove_namespace(environment, &uid, &gone, options, start, sink, &mut down).await?;
            }
            NamespaceState::Terminating if clean && !options.dry_run => {
                down.stuck.extend(self.wait_namespace_gone(environment, start, options.timeout, sink).await?);
            }
            _ => {}
        }
        Ok(down)
    }

    /// Waits until deleted members are gone; what is left after the time is stuck.
    async fn wait_gone(
        &self,
        environment: &Environment,
        deleted: &[Member],
        start: Instant,
        timeout: Duration,
        sink: &dyn Sink,
    ) -> Result<Vec<Stuck>, ClusterError> {
        // Without finalizers the object was gone with the answer, but for pods and what has dependents.
        let kinds: BTreeSet<&Resource> = deleted.iter().map(|member| &member.resource).collect();
        let uids: BTreeSet<&str> = deleted.iter().map(|member| member.uid.as_str()).collect();
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
            if start.elapsed() >= timeout {
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

    /// Removes the namespace that we created, if nothing but what went is in it.
    #[expect(clippy::too_many_arguments, reason = "one step of `down`, which has all of these at hand")]
    async fn remove_namespace(
        &self,
        environment: &Environment,
        uid: &str,
        gone: &BTreeSet<&str>,
        options: &DownOptions,
        start: Instant,
        sink: &dyn Sink,
        down: &mut Down,
    ) -> Result<(), ClusterError> {
        let name = &environment.namespace;
        let step = format!("down/Namespace/{name}");
        sink.emit(Event::started(&step, format!("Namespace/{name}")));
        down.foreign = match self.foreign(environment, gone, sink).await {
            Ok(foreign) => foreign,
            Err(ClusterError::Forbidden { denied, .. }) => {
                let why = format!("kept: you may not list `{}`, so it may hold something", denied.resource);
                sink.emit(Event::ended(&step, Outcome::Skipped, why));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if !down.foreign.is_empty() {
            let names: Vec<String> = down.foreign.iter().take(5).map(ToString::to_string).collect();
            let more = down.foreign.len().saturating_sub(5);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let why = format!("kept: it holds what devbox did not make: {}{more}", names.join(", "));
            sink.emit(Event::ended(&step, Outcome::Skipped, why));
            return Ok(());
        }
        if options.dry_run {
            sink.emit(Event::ended(&step, Outcome::Done, "would be deleted"));
            down.namespace_removed = true;
            return Ok(());
        }
        sink.emit(Event::progress(&step, "waiting until its pods are gone"));
        self.pods_gone(environment, start, options.timeout / 2, sink).await?;
        let path = format!("/api/v1/namespaces/{name}");
        let call = Call::delete(format!("delete Namespace/{name}"), path, uid).on(&step);
        match self.call(&call, sink).await {
            Ok(_) | Err(ClusterError::NotFound { .. }) => {}
            Err(ClusterError::Forbidden { .. }) => {
                sink.emit(Event::ended(&step, Outcome::Skipped, "kept: you may not delete namespaces"));
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let stuck = self.wait_namespace_gone(environment, start, options.timeout, sink).await?;
        match stuck {
            None => {
                down.namespace_removed = true;
                sink.emit(Event::ended(&step, Outcome::Done, "deleted"));
            }
            Some(stuck) => {
                sink.emit(Event::ended(&step, Outcome::Failed, stuck.held_by.join("; ")));
                down.stuck.push(stuck);
            }
        }
        Ok(())
    }

    /// Waits until no pod is left. The namespace controller that still finds one looks again only after
    /// half a pod's grace period and more (k8s.io/kubernetes/pkg/controller/namespace/deletion).
    async fn pods_gone(
        &self,
        environment: &Environment,
        start: Instant,
        timeout: Duration,
        sink: &dyn Sink,
    ) -> Result<(), ClusterError> {
        let resources = Resources::default();
        let Some(pods) = resources.find("", "v1", "Pod") else { return Ok(()) };
        while start.elapsed() < timeout
            && !self.list(pods, &environment.namespace, Select::All, sink).await?.is_empty()
        {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn wait_namespace_gone(
        &self,
        environment: &Environment,
        start: Instant,
        timeout: Duration,
        sink: &dyn Sink,
    ) -> Result<Option<Stuck>, ClusterError> {
        let name = &environment.namespace;
        let call = Call::get(format!("read Namespace/{name}"), format!("/api/v1/namespaces/{name}"));
        loop {
            let live = match self.find(&call, sink).await {
                Ok(Some(live)) => live,
                Ok(None) => return Ok(None),
                // A Role in the namespace went with it, and so did the permission to look.
                Err(ClusterError::Forbidden { .. }) => return Ok(None),
                Err(error) => return Err(error),
            };
            if start.elapsed() >= timeout {
                return Ok(Some(self.stuck_namespace(environment, &live, sink).await));
            }
            tokio::time::sleep(LOOK_EVERY).await;
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

    /// What is in the namespace and neither ours nor made by the cluster or by an owner that goes.
    async fn foreign(
        &self,
        environment: &Environment,
        gone: &BTreeSet<&str>,
        sink: &dyn Sink,
    ) -> Result<Vec<ObjectKey>, ClusterError> {
        let kinds = self.listable(sink).await?;
        let lists = kinds.iter().filter(|kind| is_content(kind)).map(|kind| async move {
            match self.list(kind, &environment.namespace, Select::All, sink).await {
                Ok(members) => Ok(members),
                // Served by something that is gone or that may not be read: nobody's data of ours.
                Err(ClusterError::Server { code: 405, .. }) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        });
        let parent = environment.parent();
        let mut foreign: Vec<ObjectKey> = try_join_all(lists)
            .await?
            .into_iter()
            .flatten()
            .filter(|member| !member.owned && !member.deleting && !gone.contains(member.uid.as_str()))
            .filter(|member| !is_made_by_cluster(&member.key))
            .filter(|member| !(member.key.kind == "ConfigMap" && member.key.name == parent))
            .map(|member| member.key)
            .collect();
        foreign.sort();
        foreign.dedup();
        Ok(foreign)
    }
}

/// Kinds that hold something; events, metrics and leases come and go by themselves.
fn is_content(resource: &Resource) -> bool {
    !matches!(
        (resource.group.as_str(), resource.kind.as_str()),
        ("", "Event" | "Endpoints" | "Binding")
            | ("events.k8s.io" | "metrics.k8s.io" | "discovery.k8s.io", _)
            | ("coordination.k8s.io", "Lease")
    )
}

/// What every namespace has.
fn is_made_by_cluster(key: &ObjectKey) -> bool {
    matches!(
        (key.group.as_str(), key.kind.as_str(), key.name.as_str()),
        ("", "ConfigMap", "kube-root-ca.crt" | "openshift-service-ca.crt" | "istio-ca-root-cert")
            | ("", "ServiceAccount", "default")
    ) || (key.kind == "Secret" && key.name.starts_with("default-token-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_namespace_has_is_nobodys() {
        let key = |kind: &str, name: &str| ObjectKey {
            group: String::new(),
            version: "v1".into(),
            kind: kind.into(),
            namespace: Some("n".into()),
            name: name.into(),
        };
        assert!(is_made_by_cluster(&key("ConfigMap", "kube-root-ca.crt")));
        assert!(is_made_by_cluster(&key("ServiceAccount", "default")));
        assert!(!is_made_by_cluster(&key("ConfigMap", "mine")));
    }
}
