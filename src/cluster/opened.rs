//! A bundle laid beside what is there: resolved, made ready, refused as a whole where it must be. What
//! applying and comparing have in common before the first write.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::apply::check_namespace;
use super::applyset::Environment;
use super::before::{Before, Look, id_of, refuse_foreign};
use super::connect::{Cluster, Identity};
use super::error::ClusterError;
use super::guard::Confirmed;
use super::namespace::NamespaceState;
use super::prepare::{Prepared, prepare};
use super::resource::Resources;
use super::wave::Wave;
use crate::event::Sink;
use crate::render::Manifest;

/// A bundle beside what is there.
pub(super) struct Opened {
    pub(super) plan: Vec<Prepared>,
    pub(super) resources: Resources,
    pub(super) before: Before,
}

/// What a connection's first flight of requests saw: who the cluster is and, at the same moment, what is
/// there of an environment. Only reading, so it needs nobody's word; whoever then writes hands over the
/// guard's word for this very identity.
pub struct Seen {
    opened: Result<Opened, ClusterError>,
    environment: Environment,
    look: Look,
    identity: Identity,
    at: Instant,
}

impl Seen {
    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// What was seen holds this long; after a longer pause it is read again, and who the cluster is too.
const HOLDS: Duration = Duration::from_secs(5);

impl Cluster {
    /// Reads who the cluster is, as the first request of a connection, and together with it what is there
    /// of an environment. What cannot be read of the environment is told when it is used.
    ///
    /// # Errors
    /// Where the server does not answer or does not accept the credentials.
    pub async fn see(
        &mut self,
        environment: &Environment,
        manifests: &[Manifest],
        look: Look,
        sink: &dyn Sink,
    ) -> Result<Seen, ClusterError> {
        let reading = async { Ok(self.read(environment, manifests, look, sink).await) };
        let (uid, opened) = futures::future::try_join(self.uid(true), reading).await?;
        self.identified(uid);
        let identity = self.identity().clone();
        Ok(Seen { opened, environment: environment.clone(), look, identity, at: Instant::now() })
    }

    /// Makes a bundle ready and reads what is there, and again who the cluster is: what that says
    /// outweighs every other failure. Writes nothing.
    pub(super) async fn open(
        &self,
        confirmed: &Confirmed,
        environment: &Environment,
        manifests: &[Manifest],
        look: Look,
        sink: &dyn Sink,
    ) -> Result<Opened, ClusterError> {
        check_namespace(confirmed, environment)?;
        let reading = async { Ok(self.read(environment, manifests, look, sink).await) };
        let (uid, opened) = futures::future::try_join(self.uid(false), reading).await?;
        self.refuse_other(confirmed.identity(), &uid)?;
        opened
    }

    /// What was seen, where it still holds and is of the cluster that was confirmed; else opens anew.
    pub(super) async fn open_seen(
        &self,
        seen: Seen,
        confirmed: &Confirmed,
        manifests: &[Manifest],
        sink: &dyn Sink,
    ) -> Result<Opened, ClusterError> {
        let Seen { opened, environment, look, identity, at } = seen;
        if identity != *confirmed.identity() || at.elapsed() > HOLDS {
            return self.open(confirmed, &environment, manifests, look, sink).await;
        }
        check_namespace(confirmed, &environment)?;
        opened
    }

    async fn read(
        &self,
        environment: &Environment,
        manifests: &[Manifest],
        look: Look,
        sink: &dyn Sink,
    ) -> Result<Opened, ClusterError> {
        let resources = self.resolve(manifests, sink).await?;
        let plan = prepare(environment, manifests, &resources)?;
        let (before, ()) = futures::future::try_join(
            self.before(environment, &plan, look, sink),
            self.check_runtime_classes(manifests, sink),
        )
        .await?;
        Ok(Opened { plan, resources, before })
    }
}

impl Opened {
    /// Refuses what cannot be applied as a whole: there is no namespace and none is made, or objects
    /// belong to somebody else.
    pub(super) fn check(&self, environment: &Environment) -> Result<(), ClusterError> {
        let creates = self.plan.iter().any(|object| object.wave == Wave::Namespace);
        if self.before.namespace == NamespaceState::Missing && !creates {
            return Err(ClusterError::NotFound {
                what: format!("apply to namespace `{}`", environment.namespace),
                message: "it does not exist and no manifest creates it".into(),
            });
        }
        refuse_foreign(environment, &self.plan, &self.before)
    }

    /// The kinds whose definitions are in the bundle and not in the cluster yet.
    pub(super) fn new_kinds(&self) -> BTreeSet<String> {
        let definitions = self.plan.iter().filter(|object| {
            object.wave == Wave::Definitions && !self.before.cluster_scoped.contains_key(&id_of(&object.key))
        });
        definitions
            .map(|definition| {
                let text =
                    |pointer| definition.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                super::resource::group_kind(text("/spec/group"), text("/spec/names/kind"))
            })
            .collect()
    }
}
