//! What an apply would do, object by object and field by field. Writes nothing.
//!
//! Whatever the server can judge it judges: a server-side apply with `dryRun=All` of every object,
//! beside one LIST per kind of what is there, two round trips in all. What has no place yet (its
//! namespace or its kind would only be made) is shown as it is rendered. Values that are secret are
//! hidden in here and in no result.

mod field;
mod mask;
mod one;
mod result;

use std::collections::BTreeSet;

use futures::stream;
use futures::{StreamExt, TryStreamExt};
use secrecy::SecretString;

use super::apply::MOST_IN_FLIGHT;
use super::applyset::Environment;
use super::before::{Before, Look, id_of};
use super::connect::Cluster;
use super::error::ClusterError;
use super::guard::Confirmed;
use super::member::{Depth, Member};
use super::namespace::NamespaceState;
use super::opened::Opened;
use super::prepare::Prepared;
use super::prune::HOLDS_DATA;
use super::seen::Seen;
use super::wave::WAVES;
use crate::event::{Event, Outcome, Sink};
use crate::render::Manifest;

pub use field::FieldChange;
pub use result::{Diff, Difference, ObjectDiff};

use mask::Mask;
use one::View;
use result::Snapshot;

/// How to compare.
#[derive(Debug, Clone, Default)]
pub struct DiffOptions {
    /// What would happen with `force_conflicts`.
    pub force_conflicts: bool,
    /// What would happen with `recreate`.
    pub recreate: bool,
    /// Values that are hidden wherever they stand.
    pub secrets: Vec<SecretString>,
}

impl Cluster {
    /// Compares the manifests of an environment with what is there.
    ///
    /// # Errors
    /// Where an apply would be refused as a whole, and where the cluster cannot be read. What the server
    /// says against single objects is in the result.
    pub async fn diff(
        &self,
        confirmed: &Confirmed,
        environment: &Environment,
        manifests: &[Manifest],
        options: &DiffOptions,
        sink: &dyn Sink,
    ) -> Result<Diff, ClusterError> {
        comparing(manifests, sink, async {
            let opened = self.open(confirmed, environment, manifests, Look::ToCompare, sink).await?;
            self.compare(opened, environment, options, sink).await
        })
        .await
    }

    /// Compares the manifests of an environment with what was seen of it right before.
    ///
    /// # Errors
    /// As [`Cluster::diff`].
    pub async fn diff_seen(
        &self,
        seen: Seen,
        confirmed: &Confirmed,
        manifests: &[Manifest],
        options: &DiffOptions,
        sink: &dyn Sink,
    ) -> Result<Diff, ClusterError> {
        let environment = seen.environment().clone();
        comparing(manifests, sink, async {
            let opened = self.open_seen(seen, confirmed, manifests, sink).await?;
            self.compare(opened, &environment, options, sink).await
        })
        .await
    }

    /// Compares again what was shown, right before it is applied. `None` where it still holds, else what
    /// would happen now. Where nothing moved in the cluster, no object is compared again.
    ///
    /// # Errors
    /// As [`Cluster::diff`].
    pub async fn diff_since(
        &self,
        confirmed: &Confirmed,
        environment: &Environment,
        manifests: &[Manifest],
        options: &DiffOptions,
        shown: &Diff,
        sink: &dyn Sink,
    ) -> Result<Option<Diff>, ClusterError> {
        let mut opened = self.open(confirmed, environment, manifests, Look::Again, sink).await?;
        going_away(&mut opened.before);
        let dropped = self
            .dropped(environment, &opened.plan, &opened.before, &mut opened.resources, Depth::Metadata, sink)
            .await?;
        if snapshot(&opened, &dropped) == shown.seen {
            return Ok(None);
        }
        let now = self.diff(confirmed, environment, manifests, options, sink).await?;
        Ok((now.objects != shown.objects).then_some(now))
    }

    async fn compare(
        &self,
        mut opened: Opened,
        environment: &Environment,
        options: &DiffOptions,
        sink: &dyn Sink,
    ) -> Result<Diff, ClusterError> {
        going_away(&mut opened.before);
        opened.check(environment)?;
        let dropped = self
            .dropped(environment, &opened.plan, &opened.before, &mut opened.resources, Depth::Whole, sink)
            .await?;
        let secrets = options.secrets.iter().cloned().chain(one::kept_values(&opened));
        let mask = Mask::new(secrets);
        let view = View {
            environment,
            before: &opened.before,
            new_kinds: opened.new_kinds(),
            planned: &opened.plan,
            force: options.force_conflicts,
            recreate: options.recreate,
            mask: &mask,
            sink,
        };
        let ordered: Vec<&Prepared> =
            WAVES.iter().flat_map(|wave| opened.plan.iter().filter(move |o| o.wave == *wave)).collect();
        let compared: Vec<(ObjectDiff, Option<Member>)> =
            stream::iter(ordered.iter().map(|object| self.compare_one(&view, object)))
                .buffered(MOST_IN_FLIGHT)
                .try_collect()
                .await?;
        let mut seen = snapshot(&opened, &dropped);
        let mut objects = Vec::with_capacity(compared.len() + dropped.len());
        for (object, stranger) in compared {
            if let Some(member) = stranger {
                seen.objects.insert(id_of(&member.key), (member.uid, member.resource_version));
            }
            objects.push(object);
        }
        let mut gone: Vec<ObjectDiff> = dropped.iter().map(|member| pruned(member, &mask)).collect();
        gone.sort_by(|a, b| a.key.cmp(&b.key));
        objects.extend(gone);
        Ok(Diff { objects, seen })
    }
}

/// Tells that a comparison goes on.
async fn comparing(
    manifests: &[Manifest],
    sink: &dyn Sink,
    comparison: impl Future<Output = Result<Diff, ClusterError>>,
) -> Result<Diff, ClusterError> {
    sink.emit(Event::started("diff", format!("compare {} objects", manifests.len())));
    let result = comparison.await;
    let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Failed };
    sink.emit(Event::ended("diff", outcome, ""));
    result
}

/// A namespace that is being deleted is waited for and made anew by an apply: nothing in it counts.
fn going_away(before: &mut Before) {
    if before.namespace == NamespaceState::Terminating {
        before.namespace = NamespaceState::Missing;
        before.members.clear();
        before.strangers.clear();
        before.secrets.clear();
        before.kinds.clear();
    }
}

fn pruned(member: &Member, mask: &Mask) -> ObjectDiff {
    if member.holds_data() {
        return ObjectDiff::new(member.key.clone(), Difference::Kept(HOLDS_DATA.into()), Vec::new());
    }
    let live = member.live.as_ref().map(one::bare);
    let fields = mask.fields(&member.key.kind, field::changes(live.as_ref(), None));
    ObjectDiff::new(member.key.clone(), Difference::Pruned, fields)
}

/// What the difference depends on: what the bundle names, and our members.
fn snapshot(opened: &Opened, dropped: &[Member]) -> Snapshot {
    let Before { namespace, members, strangers, cluster_scoped, .. } = &opened.before;
    let planned: BTreeSet<_> = opened.plan.iter().map(|object| id_of(&object.key)).collect();
    let named = members.iter().filter(|(id, _)| planned.contains(*id)).map(|(_, member)| member);
    let all = named.chain(strangers.values()).chain(cluster_scoped.values()).chain(dropped);
    Snapshot {
        namespace: match namespace {
            NamespaceState::Ours { uid, resource_version, .. } => format!("{uid} {resource_version}"),
            other => format!("{other:?}"),
        },
        objects: all
            .map(|member| (id_of(&member.key), (member.uid.clone(), member.resource_version.clone())))
            .collect(),
    }
}
