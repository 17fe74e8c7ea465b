//! Server-side apply in waves: one PATCH per object, everything in a wave at once.
//!
//! Before the first write, in one round trip: the cluster's identity again, the namespace, the record
//! of the environment (the apply set's parent), one metadata LIST per kind (earlier resourceVersions,
//! owners, prune candidates) and the Secrets whose values are taken over. Whatever is refused is
//! refused there. Then the waves, then, only if every object was applied, pruning, then the record
//! made exact. The run may be dropped at any point: the record is a superset of what was written, so
//! the next run finds everything.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::stream;
use serde_json::Value;

use super::applied::{Applied, AppliedObject, Change, ObjectFailure, chain};
use super::applyset::{Environment, PARENT_MANAGER};
use super::before::{Before, id_of, refuse_foreign};
use super::connect::Cluster;
use super::error::ClusterError;
use super::guard::{Confirmed, Refusal};
use super::namespace::NamespaceState;
use super::prepare::{Prepared, prepare};
use super::prune::{exact_kinds, kinds_of};
use super::request::Call;
use super::retry::Races;
use super::secrets;
use super::wave::{WAVES, Wave};
use super::{FIELD_MANAGER, readiness};
use crate::event::{Event, Outcome, Sink};
use crate::render::{Manifest, ObjectKey};

/// Requests at once; the API server allows 100 streams on a connection, watches need some.
pub(super) const MOST_IN_FLIGHT: usize = 50;

/// How to apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Take fields that other managers own.
    pub force_conflicts: bool,
    /// Ask the server what would happen and write nothing. Objects in a namespace, or of a kind, that
    /// is not there yet are taken for created.
    pub dry_run: bool,
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
    /// Kinds of the bundle's definitions that are not in the cluster yet.
    new_kinds: BTreeSet<String>,
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
        check_namespace(confirmed, environment)?;
        let mut resources = self.resolve(manifests, sink).await?;
        let plan = prepare(environment, manifests, &resources)?;
        let mut before = self.before(confirmed, environment, &plan, sink).await?;
        if before.namespace == NamespaceState::Terminating {
            self.namespace_gone(environment, sink).await?;
            before = self.before(confirmed, environment, &plan, sink).await?;
        }
        let creates = plan.iter().any(|object| object.wave == Wave::Namespace);
        if before.namespace == NamespaceState::Missing && !creates {
            return Err(ClusterError::NotFound {
                what: format!("apply to namespace `{}`", environment.namespace),
                message: "it does not exist and no manifest creates it".into(),
            });
        }
        refuse_foreign(environment, &plan, &before)?;

        let fresh_namespace = before.namespace == NamespaceState::Missing;
        let fresh_kind = plan.iter().any(|object| object.wave == Wave::Definitions);
        let fresh_quota = plan.iter().any(|object| object.key.kind == "ResourceQuota");
        let races = Races { fresh_namespace, fresh_kind, role_in_flight: false, fresh_quota };
        let new_kinds = new_kinds(&plan, &before);
        let roles = plan.iter().filter(|object| object.key.kind.ends_with("Role"));
        let roles = roles.map(|role| (role.key.kind.clone(), role.key.name.clone())).collect();
        let run = Run { environment, options, sink, before, races, roles, new_kinds };

        let wanted = kinds_of(&plan);
        let superset: BTreeSet<String> = wanted.union(&run.before.kinds).cloned().collect();
        let mut record_due = !options.dry_run && (!run.before.recorded || superset != run.before.kinds);
        let mut applied = Applied::default();
        for stage in stages(&plan, fresh_namespace) {
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
            if !options.dry_run && (record_due || exact != superset) {
                self.record(environment, &exact, run.races, sink).await?;
            }
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

    async fn apply_one(
        &self,
        run: &Run<'_>,
        prepared: &Prepared,
    ) -> (ObjectKey, Vec<String>, Result<AppliedObject, ClusterError>) {
        let step = prepared.step();
        run.sink.emit(Event::started(&step, prepared.key.to_string()));
        let mut warnings = Vec::new();
        let result = self.try_apply(run, prepared, &step, &mut warnings).await;
        let (outcome, text) = match &result {
            Ok(object) => match &object.change {
                Change::Created => (Outcome::Done, "created".to_owned()),
                Change::Configured => (Outcome::Done, "configured".to_owned()),
                Change::Unchanged => (Outcome::Unchanged, "unchanged".to_owned()),
                Change::LeftAlone(why) => (Outcome::Skipped, why.clone()),
            },
            Err(error) => (Outcome::Failed, chain(error)),
        };
        run.sink.emit(Event::ended(&step, outcome, text));
        for text in &warnings {
            run.sink.emit(Event::warning(format!("{}: {text}", prepared.key)));
        }
        (prepared.key.clone(), warnings, result)
    }

    async fn try_apply(
        &self,
        run: &Run<'_>,
        prepared: &Prepared,
        step: &str,
        warnings: &mut Vec<String>,
    ) -> Result<AppliedObject, ClusterError> {
        if let Some(why) = left_alone(run, prepared) {
            return Ok(AppliedObject::left_alone(prepared, why));
        }
        if run.options.dry_run && run.has_no_place_yet(prepared) {
            return Ok(AppliedObject {
                change: Change::Created,
                ..AppliedObject::left_alone(prepared, String::new())
            });
        }
        let with_values;
        let (object, fresh) = if prepared.takes_over() {
            let (live, fresh) = self.secret(run, prepared, step).await?;
            with_values = secrets::with_live_values(prepared, live.as_ref())?;
            (&with_values, fresh)
        } else {
            (&prepared.object, false)
        };
        let force = run.options.force_conflicts;
        let dry_run = if run.options.dry_run { "&dryRun=All" } else { "" };
        let path = format!(
            "{}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict&force={force}{dry_run}",
            prepared.path()
        );
        let races = Races { role_in_flight: run.names_planned_role(prepared), ..run.races };
        let call = Call::apply(format!("apply {}", prepared.key), path, object).on(step).through(races);
        let reply = self.call(&call, run.sink).await?;
        warnings.extend(reply.warnings);

        let text = |key: &str| reply.body["metadata"][key].as_str().unwrap_or_default().to_owned();
        let resource_version = text("resourceVersion");
        let known = run.known_version(prepared);
        let change = match known {
            _ if fresh || reply.code == http::StatusCode::CREATED => Change::Created,
            None if prepared.wave == Wave::Namespace && reply.tries == 1 => {
                return self.disown_namespace(run, prepared, step).await;
            }
            // The answer to the try that created it was lost.
            None if reply.tries > 1 => Change::Created,
            Some(_) if run.options.dry_run => self.would_change(prepared, &reply.body, run.sink).await?,
            Some(version) if version == resource_version => Change::Unchanged,
            Some(_) => Change::Configured,
            None => {
                warnings.push(
                    "it existed before this environment and is now part of it; `devbox down` will remove it"
                        .into(),
                );
                Change::Configured
            }
        };
        if prepared.wave == Wave::Definitions && !run.options.dry_run {
            self.established(&reply.body, step, run.sink).await?;
        }
        let live = if prepared.key.kind == "Secret" { Value::Null } else { reply.body.clone() };
        Ok(AppliedObject {
            key: prepared.key.clone(),
            uid: text("uid"),
            resource_version,
            change,
            live,
            resource: prepared.resource.clone(),
        })
    }

    /// What a dry run's answer means: it carries the resourceVersion of before, changed or not.
    async fn would_change(
        &self,
        prepared: &Prepared,
        after: &Value,
        sink: &dyn Sink,
    ) -> Result<Change, ClusterError> {
        let call = Call::get(format!("read {}", prepared.key), prepared.path());
        let Some(before) = self.find(&call, sink).await? else { return Ok(Change::Created) };
        let bare = |object: &Value| {
            let mut object = object.clone();
            if let Some(metadata) = object["metadata"].as_object_mut() {
                for field in ["managedFields", "resourceVersion", "generation"] {
                    metadata.remove(field);
                }
            }
            object
        };
        Ok(if bare(&before) == bare(after) { Change::Unchanged } else { Change::Configured })
    }

    /// Somebody created the namespace between our look and our write: gives back what was written (an
    /// apply without fields releases the manager's), so that it does not look like ours.
    async fn disown_namespace(
        &self,
        run: &Run<'_>,
        prepared: &Prepared,
        step: &str,
    ) -> Result<AppliedObject, ClusterError> {
        let bare = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": prepared.key.name},
        });
        let path = format!("{}?fieldManager={FIELD_MANAGER}&force=false", prepared.path());
        self.call(&Call::apply(format!("release {}", prepared.key), path, &bare).on(step), run.sink).await?;
        Ok(AppliedObject::left_alone(prepared, "somebody else created it just now; left as it is".into()))
    }

    /// The live Secret whose values are taken over, created with fresh ones where there is none.
    /// `true` if this run created it. Creation is a POST, so of two runs at once only one can win; the
    /// other reads what that one wrote.
    async fn secret(
        &self,
        run: &Run<'_>,
        prepared: &Prepared,
        step: &str,
    ) -> Result<(Option<Value>, bool), ClusterError> {
        let live = run.before.secrets.get(&prepared.key.name).cloned().flatten();
        if live.is_some() || prepared.generate.is_empty() || run.options.dry_run {
            return Ok((live, false));
        }
        let collection = prepared.resource.collection(&run.environment.namespace);
        let path = format!("{collection}?fieldManager={}", secrets::GENERATE_MANAGER);
        let first = secrets::first(prepared)?;
        let call = Call::create(format!("create {}", prepared.key), path, &first).on(step).through(run.races);
        match self.call(&call, run.sink).await {
            Ok(reply) => Ok((Some(reply.body), true)),
            // Another run, or an earlier try of this request whose answer was lost.
            Err(ClusterError::Changed { .. }) => {
                let read = Call::get(format!("read {}", prepared.key), prepared.path()).on(step);
                Ok((Some(self.call(&read, run.sink).await?.body), false))
            }
            Err(error) => Err(error),
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

    /// Waits until a definition is served.
    async fn established(&self, definition: &Value, step: &str, sink: &dyn Sink) -> Result<(), ClusterError> {
        let mut live = definition.clone();
        let name = definition["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let start = std::time::Instant::now();
        loop {
            match readiness::readiness(&live) {
                readiness::State::Ready => return Ok(()),
                readiness::State::Failed(why) => {
                    return Err(ClusterError::Rejected { what: format!("define `{name}`"), message: why });
                }
                _ if start.elapsed() > ESTABLISHED_WITHIN => {
                    return Err(ClusterError::Rejected {
                        what: format!("define `{name}`"),
                        message: format!("it is not served after {} s", ESTABLISHED_WITHIN.as_secs()),
                    });
                }
                _ => {}
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
            let call = Call::get(format!("read CustomResourceDefinition/{name}"), path).on(step);
            live = self.call(&call, sink).await?.body;
        }
    }
}

const ESTABLISHED_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

impl Run<'_> {
    /// It binds a role that is applied in the same wave.
    fn names_planned_role(&self, prepared: &Prepared) -> bool {
        let text = |key: &str| prepared.object["roleRef"][key].as_str().unwrap_or_default().to_owned();
        self.roles.contains(&(text("kind"), text("name")))
    }

    /// Its namespace or its kind would only be created by this run.
    fn has_no_place_yet(&self, prepared: &Prepared) -> bool {
        let namespaced = prepared.resource.namespaced;
        (namespaced && self.before.namespace == NamespaceState::Missing)
            || self.new_kinds.contains(&prepared.resource.group_kind())
    }

    /// The resourceVersion that an object had before, where it was known as ours.
    fn known_version(&self, prepared: &Prepared) -> Option<String> {
        if prepared.wave == Wave::Namespace {
            return match &self.before.namespace {
                NamespaceState::Ours { resource_version, .. } => Some(resource_version.clone()),
                _ => None,
            };
        }
        let from =
            if prepared.resource.namespaced { &self.before.members } else { &self.before.cluster_scoped };
        from.get(&id_of(&prepared.key)).map(|member| member.resource_version.clone())
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

/// Why an object is left as it is: a namespace or definition that was there before us.
fn left_alone(run: &Run<'_>, prepared: &Prepared) -> Option<String> {
    match prepared.wave {
        Wave::Namespace => match &run.before.namespace {
            NamespaceState::Existing => Some("it was there before and is left as it is".into()),
            NamespaceState::Unreadable => Some("it may not be read; taken as existing".into()),
            _ => None,
        },
        Wave::Definitions => {
            let live = run.before.cluster_scoped.get(&id_of(&prepared.key))?;
            let ours = live.part_of.as_deref() == Some(run.environment.id().as_str());
            (!ours).then(|| "it is in the cluster already and is left as it is".into())
        }
        _ => None,
    }
}

/// The objects in the order they go up. A namespace that is there already holds nothing up: it goes with
/// the first others.
fn stages(plan: &[Prepared], fresh_namespace: bool) -> Vec<Vec<&Prepared>> {
    let of = |wave| plan.iter().filter(move |object| object.wave == wave).collect::<Vec<_>>();
    let mut stages: Vec<Vec<&Prepared>> = WAVES.into_iter().map(of).filter(|wave| !wave.is_empty()).collect();
    if !fresh_namespace && stages.len() > 1 && stages[0][0].wave == Wave::Namespace {
        let namespace = stages.remove(0);
        stages[0].extend(namespace);
    }
    stages
}

fn new_kinds(plan: &[Prepared], before: &Before) -> BTreeSet<String> {
    let definitions = plan.iter().filter(|object| {
        object.wave == Wave::Definitions && !before.cluster_scoped.contains_key(&id_of(&object.key))
    });
    definitions
        .map(|definition| {
            let text =
                |pointer| definition.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            super::resource::group_kind(text("/spec/group"), text("/spec/names/kind"))
        })
        .collect()
}
