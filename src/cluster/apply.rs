//! Server-side apply in waves: one PATCH per object, everything in a wave at once.
//!
//! Before the first write, in one round trip: the cluster's identity again, the namespace, the record
//! of the environment (the apply set's parent), one metadata LIST per kind (earlier resourceVersions,
//! owners, prune candidates) and the Secrets whose values are taken over. Whatever is refused is
//! refused there. Then the waves, then, only if every object was applied, pruning, then the record
//! made exact. The run may be dropped at any point: the record is a superset of what was written, so
//! the next run finds everything.

mod object;
pub(in crate::cluster) mod recreate;

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::stream;

use super::applied::{Applied, ObjectFailure};
use super::applyset::{Environment, PARENT_MANAGER};
use super::before::{Before, Look};
use super::connect::Cluster;
use super::error::ClusterError;
use super::guard::{Confirmed, Refusal};
use super::namespace::NamespaceState;
use super::opened::Opened;
use super::prepare::Prepared;
use super::prune::{exact_kinds, kinds_of};
use super::request::Call;
use super::retry::Races;
use super::seen::Seen;
use super::wave::{WAVES, Wave};
use crate::event::Sink;
use crate::render::Manifest;

/// Requests at once; the API server allows 100 streams on a connection, watches need some.
pub(super) const MOST_IN_FLIGHT: usize = 90;

/// How to apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Take fields that other managers own.
    pub force_conflicts: bool,
    /// Delete and make anew what cannot be changed in place, where it is ours, holds no data, and the
    /// server would accept the new one.
    pub recreate: bool,
}

/// What every request of a run needs.
pub(super) struct Run<'a> {
    pub(super) environment: &'a Environment,
    pub(super) options: &'a ApplyOptions,
    pub(super) sink: &'a dyn Sink,
    pub(super) before: Before,
    races: Races,
    /// Kind and name of the bundle's roles.
    roles: BTreeSet<(String, String)>,
}

impl Cluster {
    /// Applies the manifests of an environment.
    ///
    /// Where some objects cannot be applied, the others of their wave are, later waves are not
    /// started, nothing is pruned, and the result names them.
    ///
    /// # Errors
    /// Where the whole is refused, before anything is written: another cluster or namespace than the
    /// confirmed one, objects outside the namespace, objects or a record of somebody else; and where
    /// the cluster cannot be read.
    pub async fn apply(
        &self,
        confirmed: &Confirmed,
        environment: &Environment,
        manifests: &[Manifest],
        options: &ApplyOptions,
        sink: &dyn Sink,
    ) -> Result<Applied, ClusterError> {
        let opened = self.open(confirmed, environment, manifests, Look::ToApply, sink).await?;
        self.apply_opened(opened, confirmed, environment, manifests, (options, sink)).await
    }

    /// Applies the manifests of an environment on what was seen of it right before.
    ///
    /// # Errors
    /// As [`Cluster::apply`].
    pub async fn apply_seen(
        &self,
        seen: Seen,
        confirmed: &Confirmed,
        manifests: &[Manifest],
        options: &ApplyOptions,
        sink: &dyn Sink,
    ) -> Result<Applied, ClusterError> {
        let environment = seen.environment().clone();
        let opened = self.open_seen(seen, confirmed, manifests, sink).await?;
        self.apply_opened(opened, confirmed, &environment, manifests, (options, sink)).await
    }

    async fn apply_opened(
        &self,
        mut opened: Opened,
        confirmed: &Confirmed,
        environment: &Environment,
        manifests: &[Manifest],
        (options, sink): (&ApplyOptions, &dyn Sink),
    ) -> Result<Applied, ClusterError> {
        if opened.before.namespace == NamespaceState::Terminating {
            self.namespace_gone(environment, sink).await?;
            opened = self.open(confirmed, environment, manifests, Look::ToApply, sink).await?;
        }
        opened.check(environment)?;
        let Opened { plan, mut resources, before } = opened;

        let fresh_namespace = before.namespace == NamespaceState::Missing;
        let fresh_kind = plan.iter().any(|object| object.wave == Wave::Definitions);
        let fresh_quota = plan.iter().any(|object| object.key.kind == "ResourceQuota");
        let races = Races { fresh_namespace, fresh_kind, role_in_flight: false, fresh_quota };
        let roles = plan.iter().filter(|object| object.key.kind.ends_with("Role"));
        let roles = roles.map(|role| (role.key.kind.clone(), role.key.name.clone())).collect();
        let run = Run { environment, options, sink, before, races, roles };

        let wanted = kinds_of(&plan);
        let superset: BTreeSet<String> = wanted.union(&run.before.kinds).cloned().collect();
        let mut record_due = !run.before.recorded || superset != run.before.kinds;
        let mut applied = Applied::default();
        for stage in stages(&plan, &run.before) {
            if !applied.failures.is_empty() {
                applied.not_started.extend(stage.iter().map(|object| object.key.clone()));
                continue;
            }
            let namespace_alone = stage.iter().all(|object| object.wave == Wave::Namespace);
            if record_due && !namespace_alone {
                self.record(environment, &superset, run.races, sink).await?;
                record_due = false;
            }
            self.apply_stage(&run, &stage, &mut applied).await;
        }
        if applied.failures.is_empty() {
            let lingering;
            (applied.pruned, lingering) = self.prune(&run, &plan, &mut resources).await?;
            let mut exact = exact_kinds(wanted, &applied.pruned);
            exact.extend(lingering);
            if record_due || exact != superset {
                self.record(environment, &exact, run.races, sink).await?;
            }
            applied.kinds = exact;
        }
        Ok(applied)
    }

    async fn apply_stage(&self, run: &Run<'_>, stage: &[&Prepared], applied: &mut Applied) {
        let mut results: Vec<_> = stream::iter(stage.iter().map(|object| self.apply_one(run, object)))
            .buffer_unordered(MOST_IN_FLIGHT)
            .collect()
            .await;
        results.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, warnings, result) in results {
            applied.warnings.extend(warnings.into_iter().map(|text| format!("{key}: {text}")));
            match result {
                Ok(object) => applied.objects.push(object),
                Err(error) => applied.failures.push(ObjectFailure { key, error }),
            }
        }
    }

    /// Writes the record. We own it alone (it was checked to be ours or missing), so it is forced.
    pub(super) async fn record(
        &self,
        environment: &Environment,
        kinds: &BTreeSet<String>,
        races: Races,
        sink: &dyn Sink,
    ) -> Result<(), ClusterError> {
        let path = format!(
            "{}?fieldManager={PARENT_MANAGER}&fieldValidation=Strict&force=true",
            environment.parent_path()
        );
        let what = format!("record the environment in ConfigMap/{}", environment.parent());
        let call = Call::apply(what, path, &environment.parent_object(kinds)).through(races);
        self.call(&call, sink).await.map(|_| ())
    }
}

pub(super) fn check_namespace(confirmed: &Confirmed, environment: &Environment) -> Result<(), Refusal> {
    if confirmed.namespace() == environment.namespace {
        return Ok(());
    }
    Err(Refusal::OtherNamespace {
        namespace: environment.namespace.clone(),
        confirmed: confirmed.namespace().into(),
    })
}

/// The objects in the order they go up. What is there and does not change holds nothing up: a namespace,
/// and foundations that are all as they shall be, go with what comes after them.
fn stages<'a>(plan: &'a [Prepared], before: &Before) -> Vec<Vec<&'a Prepared>> {
    let holds_up = |wave: Wave, objects: &[&Prepared]| match wave {
        Wave::Namespace => before.namespace == NamespaceState::Missing,
        Wave::Foundations => !objects.iter().all(|object| before.is_steady(object)),
        _ => true,
    };
    let mut stages: Vec<Vec<&Prepared>> = vec![Vec::new()];
    for wave in WAVES {
        let objects: Vec<&Prepared> = plan.iter().filter(|object| object.wave == wave).collect();
        let barrier = !objects.is_empty() && holds_up(wave, &objects);
        if let Some(stage) = stages.last_mut() {
            stage.extend(objects);
        }
        if barrier {
            stages.push(Vec::new());
        }
    }
    stages.retain(|stage| !stage.is_empty());
    stages
}
