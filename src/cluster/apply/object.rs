//! One object: applied, told about, and read back.

use http::StatusCode;
use serde_json::Value;

use super::super::adopt;
use super::super::applied::{AppliedObject, Change, chain};
use super::super::connect::Cluster;
use super::super::error::ClusterError;
use super::super::prepare::Prepared;
use super::super::request::{Call, Reply};
use super::super::retry::Races;
use super::super::wave::Wave;
use super::super::{FIELD_MANAGER, readiness, secrets};
use super::Run;
use crate::event::{Event, Outcome, Sink};
use crate::render::ObjectKey;

impl Cluster {
    /// Applies one object and tells how it went.
    pub(super) async fn apply_one(
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
                Change::Recreated => (Outcome::Done, "deleted and made anew".to_owned()),
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
        if let Some(why) = run.before.left_alone(run.environment, prepared) {
            return Ok(AppliedObject::left_alone(prepared, why));
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
        let path = prepared.apply_path(force);
        let races = Races { role_in_flight: run.names_planned_role(prepared), ..run.races };
        let call = Call::apply(format!("apply {}", prepared.key), path, object).on(step).through(races);
        let (mut recreated, mut taken) = (false, false);
        let mut reply = match self.call(&call, run.sink).await {
            Err(ClusterError::Invalid { immutable: true, .. }) if run.options.recreate => {
                recreated = true;
                self.recreate(run, prepared, object, step).await?
            }
            result => result?,
        };
        warnings.append(&mut reply.warnings);
        if adopt::has_client_side_fields(&reply.body) {
            if !force {
                warnings.push(adopt::left(&reply.body));
            } else if self.take_client_side_fields(prepared, &reply.body, step, run.sink).await? {
                taken = true;
                reply = Reply { code: reply.code, ..self.call(&call, run.sink).await? };
            }
        }

        let text = |key: &str| reply.body["metadata"][key].as_str().unwrap_or_default().to_owned();
        let resource_version = text("resourceVersion");
        let change = match run.before.is_as_before(prepared, &reply.body) {
            _ if recreated => Change::Recreated,
            _ if fresh || reply.code == StatusCode::CREATED => Change::Created,
            None if prepared.wave == Wave::Namespace && reply.tries == 1 => {
                return self.disown_namespace(run, prepared, step).await;
            }
            // The answer to the try that created it was lost.
            None if reply.tries > 1 => Change::Created,
            Some(true) if !taken => Change::Unchanged,
            Some(_) => Change::Configured,
            None => {
                warnings.push(
                    "it existed before this environment and is now part of it; `devbox down` will remove it"
                        .into(),
                );
                Change::Configured
            }
        };
        if prepared.wave == Wave::Definitions {
            self.established(&reply.body, step, run.sink).await?;
        }
        Ok(AppliedObject {
            key: prepared.key.clone(),
            uid: text("uid"),
            resource_version,
            change,
            live: to_be_waited_for(prepared, reply.body),
            resource: prepared.resource.clone(),
        })
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
        if live.is_some() || prepared.generate.is_empty() {
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

/// What is kept of an applied object: what its readiness is told from, and nothing of a Secret.
fn to_be_waited_for(prepared: &Prepared, mut live: Value) -> Value {
    match (prepared.key.group.as_str(), prepared.key.kind.as_str()) {
        ("", "Secret") => return Value::Null,
        ("", "ConfigMap") => {
            if let Some(fields) = live.as_object_mut() {
                fields.retain(|field, _| matches!(field.as_str(), "apiVersion" | "kind" | "metadata"));
            }
        }
        _ => {}
    }
    if let Some(metadata) = live["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    live
}

/// How long a definition may take to be served.
const ESTABLISHED_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

impl Run<'_> {
    /// It binds a role that is applied in the same wave.
    fn names_planned_role(&self, prepared: &Prepared) -> bool {
        let text = |key: &str| prepared.object["roleRef"][key].as_str().unwrap_or_default().to_owned();
        self.roles.contains(&(text("kind"), text("name")))
    }
}
