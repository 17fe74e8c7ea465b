//! One object compared: the server's dry run beside what is there.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt;
use futures::future::{join, ready};
use http::StatusCode;
use secrecy::SecretString;
use serde_json::Value;

use super::super::adopt;
use super::super::applied::chain;
use super::super::apply::recreate::may_be_recreated;
use super::super::applyset::Environment;
use super::super::before::Before;
use super::super::connect::Cluster;
use super::super::error::{ClusterError, FieldConflict};
use super::super::member::Member;
use super::super::namespace::NamespaceState;
use super::super::opened::Opened;
use super::super::prepare::Prepared;
use super::super::request::{Call, Reply};
use super::super::secrets;
use super::super::wave::Wave;
use super::field::{FieldChange, changes};
use super::mask::Mask;
use super::result::{Difference, ObjectDiff};
use crate::error::Explain;
use crate::event::Sink;

/// What every comparison of a run needs.
pub(super) struct View<'a> {
    pub(super) environment: &'a Environment,
    pub(super) before: &'a Before,
    /// Kinds that the bundle itself defines and the cluster does not have yet.
    pub(super) new_kinds: BTreeSet<String>,
    pub(super) planned: &'a [Prepared],
    pub(super) force: bool,
    pub(super) recreate: bool,
    pub(super) mask: &'a Mask,
    pub(super) sink: &'a dyn Sink,
}

impl Cluster {
    /// Compares one object. Gives also what is there under its name and is nobody's member.
    pub(super) async fn compare_one(
        &self,
        view: &View<'_>,
        prepared: &Prepared,
    ) -> Result<(ObjectDiff, Option<Member>), ClusterError> {
        let diff = |difference, fields| ObjectDiff::new(prepared.key.clone(), difference, fields);
        if let Some(why) = view.before.left_alone(view.environment, prepared) {
            return Ok((diff(Difference::LeftAlone(why), Vec::new()), None));
        }
        let with_values;
        let object = if prepared.takes_over() {
            let live = view.before.secrets.get(&prepared.key.name).and_then(Option::as_ref);
            with_values = secrets::with_live_values(prepared, live)?;
            &with_values
        } else {
            &prepared.object
        };
        let as_rendered = || {
            let fields = view.mask.fields(&prepared.key.kind, changes(None, Some(object)));
            ObjectDiff::new(prepared.key.clone(), Difference::Created, fields)
        };
        if view.has_no_place_yet(prepared) {
            return Ok((as_rendered(), None));
        }
        let known = view.before.known(prepared).and_then(|member| member.live.clone());
        let look = match known {
            Some(live) => ready(Ok(Some(live))).left_future(),
            // A namespace, which no list gives.
            None if prepared.wave == Wave::Namespace => self.live(prepared, view.sink).right_future(),
            None => ready(Ok(None)).left_future(),
        };
        let (live, tried) = join(look, self.dry_run(prepared, object, false, view.sink)).await;
        let live = live?;
        let mut conflicts = Vec::new();
        let tried = match tried {
            Err(ClusterError::Conflict { conflicts_of, what }) => {
                conflicts = conflicts_of;
                let forced = self.dry_run(prepared, object, true, view.sink).await;
                forced.map_err(|error| match error {
                    refused @ (ClusterError::Invalid { .. } | ClusterError::Rejected { .. }) => refused,
                    _ => ClusterError::Conflict { what, conflicts_of: conflicts.clone() },
                })
            }
            tried => tried,
        };
        let reply = match tried {
            Ok(reply) => reply,
            Err(error) if live.is_none() && view.needs_what_is_planned(prepared, &error) => {
                let mut created = as_rendered();
                created
                    .warnings
                    .push("the server can only check it once the other new objects are there".into());
                return Ok((created, None));
            }
            Err(error @ ClusterError::Invalid { immutable: true, .. }) if view.recreate => {
                return self.compare_anew(view, prepared, object, error).await.map(|diff| (diff, None));
            }
            Err(error) => return view.refused(prepared, error).map(|refused| (refused, None)),
        };
        let warnings: Vec<String> = reply.warnings.iter().map(|text| view.mask.text(text)).collect();
        if reply.code == StatusCode::CREATED {
            return Ok((ObjectDiff { warnings, ..as_rendered() }, None));
        }
        // It exists and no set's label is on it.
        let mut stranger = None;
        let live = match live {
            Some(live) => Some(live),
            None => {
                let live = self.live(prepared, view.sink).await?;
                stranger = live.as_ref().and_then(|live| Member::read(&prepared.resource, live));
                live
            }
        };
        let leftovers = live.as_ref().is_some_and(adopt::has_client_side_fields).then(|| match view.force {
            true => adopt::taken(&reply.body),
            false => adopt::left(&reply.body),
        });
        let after = if leftovers.is_some() && view.force {
            adopt::without_leftovers(&reply.body)
        } else {
            reply.body
        };
        let fields = changes(live.as_ref().map(bare).as_ref(), Some(&bare(&after)));
        let fields = view.mask.fields(&prepared.key.kind, fields);
        let mut object = diff(changed(&fields, &conflicts, view.force), fields);
        object.warnings = warnings;
        object.warnings.extend(leftovers);
        if stranger.is_some() {
            object.warnings.push(
                "it existed before this environment and would become part of it; `devbox down` would remove it"
                    .into(),
            );
        }
        if object.difference == Difference::Conflicting {
            let conflict = ClusterError::Conflict { what: String::new(), conflicts_of: Vec::new() };
            object.hints = conflict.hints();
        }
        object.conflicts = conflicts;
        Ok((object, stranger))
    }

    /// An object that would have to be made anew: what the manifest says otherwise than what is there.
    async fn compare_anew(
        &self,
        view: &View<'_>,
        prepared: &Prepared,
        object: &Value,
        error: ClusterError,
    ) -> Result<ObjectDiff, ClusterError> {
        let member = match may_be_recreated(view.environment, view.before, prepared) {
            Ok(member) => member,
            Err(error) => return view.refused(prepared, error),
        };
        if let Err(error) = self.prove(prepared, object, "diff", view.sink).await {
            return view.refused(prepared, error);
        }
        let mut fields = changes(member.live.as_ref().map(bare).as_ref(), Some(object));
        fields.retain(|field| field.after.is_some());
        let why = view.why(prepared, error);
        let fields = view.mask.fields(&prepared.key.kind, fields);
        Ok(ObjectDiff::new(prepared.key.clone(), Difference::Recreated(why), fields))
    }

    async fn live(&self, prepared: &Prepared, sink: &dyn Sink) -> Result<Option<Value>, ClusterError> {
        self.find(&Call::get(format!("read {}", prepared.key), prepared.path()), sink).await
    }

    async fn dry_run(
        &self,
        prepared: &Prepared,
        object: &Value,
        force: bool,
        sink: &dyn Sink,
    ) -> Result<Reply, ClusterError> {
        let path = format!("{}&dryRun=All", prepared.apply_path(force));
        self.call(&Call::apply(format!("apply {}", prepared.key), path, object), sink).await
    }
}

fn changed(fields: &[FieldChange], conflicts: &[FieldConflict], force: bool) -> Difference {
    match (conflicts.is_empty(), force, fields.is_empty()) {
        (false, false, _) => Difference::Conflicting,
        (_, _, true) => Difference::Unchanged,
        (_, _, false) => Difference::Changed,
    }
}

impl View<'_> {
    /// Its namespace or its kind would only be made by the apply.
    fn has_no_place_yet(&self, prepared: &Prepared) -> bool {
        let missing = self.before.namespace == NamespaceState::Missing;
        (missing && (prepared.resource.namespaced || prepared.wave == Wave::Namespace))
            || self.new_kinds.contains(&prepared.resource.group_kind())
    }

    /// The server misses an object that the same apply would make: a role of a binding, the account
    /// of a pod.
    fn needs_what_is_planned(&self, prepared: &Prepared, error: &ClusterError) -> bool {
        let (ClusterError::NotFound { message, .. } | ClusterError::Rejected { message, .. }) = error else {
            return false;
        };
        message.contains("not found")
            && self
                .planned
                .iter()
                .filter(|other| other.key != prepared.key && self.before.known(other).is_none())
                .any(|other| message.contains(&format!("{:?}", other.key.name)))
    }

    /// A failure in words that repeat no secret.
    fn why(&self, prepared: &Prepared, error: ClusterError) -> String {
        let kind = prepared.key.kind.as_str();
        let masked = |error| match error {
            ClusterError::Invalid { what, fields, immutable } => {
                ClusterError::Invalid { what, fields: self.mask.problems(kind, &fields), immutable }
            }
            error => error,
        };
        let error = match error {
            ClusterError::NotRecreated { what, why, source: Some(source) } => {
                ClusterError::NotRecreated { what, why, source: Some(Box::new(masked(*source))) }
            }
            error => masked(error),
        };
        self.mask.text(&chain(&error))
    }

    /// An object that the server would refuse; other failures are the whole comparison's.
    fn refused(&self, prepared: &Prepared, error: ClusterError) -> Result<ObjectDiff, ClusterError> {
        let hints = error.hints();
        let (ClusterError::Forbidden { .. }
        | ClusterError::Invalid { .. }
        | ClusterError::NotRecreated { .. }
        | ClusterError::Rejected { .. }
        | ClusterError::Quota { .. }
        | ClusterError::Conflict { .. }
        | ClusterError::Changed { .. }
        | ClusterError::NotFound { .. }
        | ClusterError::Server { .. }) = &error
        else {
            return Err(error);
        };
        let why = self.why(prepared, error);
        let mut object = ObjectDiff::new(prepared.key.clone(), Difference::Refused(why), Vec::new());
        object.hints = hints;
        Ok(object)
    }
}

/// An object without what the server keeps and what says nothing about what is wanted.
pub(super) fn bare(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in
            ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"]
        {
            metadata.remove(field);
        }
    }
    object
}

/// The values that devbox generated or keeps in live Secrets.
pub(super) fn kept_values(opened: &Opened) -> Vec<SecretString> {
    let mut values = Vec::new();
    for prepared in &opened.plan {
        let live = opened.before.secrets.get(&prepared.key.name).and_then(Option::as_ref);
        for key in prepared.generate.iter().chain(&prepared.retain) {
            let encoded = live.and_then(|live| live["data"][key].as_str()).unwrap_or_default();
            let plain = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            values.extend(plain.filter(|text| !text.is_empty()).map(SecretString::from));
        }
    }
    values
}
