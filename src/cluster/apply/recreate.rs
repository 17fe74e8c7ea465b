//! An object that cannot be changed in place: deleted and made anew.
//!
//! Only on request, only what is ours and holds no data, and only after the server said, in a dry run
//! under another name, that it would accept the new one. Interrupted in between, the next run makes it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::applyset::Environment;
use super::super::before::Before;
use super::super::connect::Cluster;
use super::super::error::ClusterError;
use super::super::member::Member;
use super::super::prepare::Prepared;
use super::super::request::{Call, Reply};
use super::super::wave::Wave;
use super::Run;
use crate::event::{Event, Sink};
use crate::render::KEEP;

/// How long an object may take to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(60);

/// Between two looks at whether it is.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Cluster {
    /// Makes an object anew that the server would not change.
    pub(super) async fn recreate(
        &self,
        run: &Run<'_>,
        prepared: &Prepared,
        object: &Value,
        step: &str,
    ) -> Result<Reply, ClusterError> {
        let member = may_be_recreated(run.environment, &run.before, prepared)?;
        self.prove(prepared, object, step, run.sink).await?;
        run.sink.emit(Event::progress(step, "cannot be changed in place: deleted, to be made anew"));
        let call = Call::delete(format!("delete {}", prepared.key), prepared.path(), &member.uid).on(step);
        match self.call(&call, run.sink).await {
            Ok(_) | Err(ClusterError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        self.gone(prepared, &member.uid, step, run.sink).await?;
        let path = prepared.apply_path(run.options.force_conflicts);
        let call = Call::apply(format!("apply {}", prepared.key), path, object).on(step).through(run.races);
        self.call(&call, run.sink).await
    }

    /// Asks the server whether it would accept the object, in a dry run. The old one still has the
    /// name, so the new one is tried under another.
    pub(in crate::cluster) async fn prove(
        &self,
        prepared: &Prepared,
        object: &Value,
        step: &str,
        sink: &dyn Sink,
    ) -> Result<(), ClusterError> {
        let mut trial = object.clone();
        if let Some(metadata) = trial["metadata"].as_object_mut() {
            metadata.remove("name");
            metadata.insert("generateName".into(), json!("devbox-proof-"));
        }
        let namespace = prepared.key.namespace.as_deref().unwrap_or_default();
        let path = format!("{}?dryRun=All&fieldValidation=Strict", prepared.resource.collection(namespace));
        let call = Call::create(format!("recreate {}", prepared.key), path, &trial).on(step);
        match self.call(&call, sink).await {
            Ok(_) => Ok(()),
            Err(error @ (ClusterError::Unreachable { .. } | ClusterError::GaveUp { .. })) => Err(error),
            Err(error) => Err(ClusterError::NotRecreated {
                what: prepared.key.to_string(),
                why: "the server would not accept the new one".into(),
                source: Some(Box::new(error)),
            }),
        }
    }

    async fn gone(
        &self,
        prepared: &Prepared,
        uid: &str,
        step: &str,
        sink: &dyn Sink,
    ) -> Result<(), ClusterError> {
        let start = Instant::now();
        loop {
            let read = Call::get_metadata(format!("read {}", prepared.key), prepared.path()).on(step);
            let live = self.find(&read, sink).await?;
            let Some(live) = live.and_then(|live| Member::read(&prepared.resource, &live)) else {
                return Ok(());
            };
            if live.uid != uid {
                return Ok(());
            }
            if start.elapsed() >= GONE_WITHIN {
                let held = match live.finalizers.is_empty() {
                    true => "the cluster is still deleting it".to_owned(),
                    false => {
                        format!("it is deleted and held by the finalizers `{}`", live.finalizers.join("`, `"))
                    }
                };
                return Err(ClusterError::NotRecreated {
                    what: prepared.key.to_string(),
                    why: held,
                    source: None,
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// The member that may go for its successor.
///
/// # Errors
/// Where it is not ours, holds data, or takes more than itself along.
pub(in crate::cluster) fn may_be_recreated<'a>(
    environment: &Environment,
    before: &'a Before,
    prepared: &Prepared,
) -> Result<&'a Member, ClusterError> {
    let refuse = |why: &str| {
        Err(ClusterError::NotRecreated { what: prepared.key.to_string(), why: why.into(), source: None })
    };
    let kept = prepared.object["metadata"]["annotations"][KEEP] == "true";
    let volume = matches!(prepared.key.kind.as_str(), "PersistentVolumeClaim" | "PersistentVolume");
    if kept || volume || prepared.takes_over() {
        return refuse("it holds data or credentials of data");
    }
    if matches!(prepared.wave, Wave::Namespace | Wave::Definitions) {
        return refuse("everything in it would go with it");
    }
    let ours = |member: &&Member| member.part_of.as_deref() == Some(environment.id().as_str());
    match before.known(prepared).filter(ours) {
        Some(member) if member.keep => refuse("it is marked to be kept"),
        Some(member) => Ok(member),
        None => refuse("it was not created by this environment"),
    }
}
