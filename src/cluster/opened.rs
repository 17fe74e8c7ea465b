//! A bundle laid beside what is there: resolved, made ready, refused as a whole where it must be. What
//! applying and comparing have in common before the first write.

use std::collections::BTreeSet;

use serde_json::Value;

use super::apply::check_namespace;
use super::applyset::Environment;
use super::before::{Before, Look, id_of, refuse_foreign};
use super::connect::Cluster;
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

impl Cluster {
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
        self.read_as_confirmed(confirmed, self.read(environment, manifests, look, sink)).await
    }

    pub(super) async fn read(
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
