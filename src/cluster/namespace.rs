//! The environment's namespace: there or not, ours or somebody else's.
//!
//! A namespace is ours if a run of ours created it, which its annotation says
//! ([`applyset::CREATED_BY`](super::applyset)). One that was there before is used as it is: its labels
//! are not touched, and `down` leaves it.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::ClusterError;
use super::applyset::{CREATED_BY, Environment};
use super::connect::Cluster;
use super::own::Own;
use super::request::Call;
use crate::event::{Event, Sink};

/// How long an apply waits for a namespace of that name to be gone.
const GOING_AWAY: Duration = Duration::from_secs(60);

/// The state of the environment's namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NamespaceState {
    Missing,
    /// Created by a run of this environment.
    Ours {
        uid: String,
        resource_version: String,
        own: Option<Own>,
    },
    /// Was there before, or belongs to another environment.
    Existing,
    /// The user may not read namespaces; taken as existing.
    Unreadable,
    Terminating,
}

/// Reads the state from the live object.
pub(super) fn state_of(environment: &Environment, live: Option<&Value>) -> NamespaceState {
    let Some(live) = live else { return NamespaceState::Missing };
    let metadata = &live["metadata"];
    if metadata.get("deletionTimestamp").is_some_and(|stamp| !stamp.is_null()) {
        return NamespaceState::Terminating;
    }
    if metadata["annotations"][CREATED_BY].as_str() == Some(environment.id().as_str()) {
        let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
        return NamespaceState::Ours {
            uid: text("uid"),
            resource_version: text("resourceVersion"),
            own: Own::read(live),
        };
    }
    NamespaceState::Existing
}

impl Cluster {
    /// Reads the environment's namespace.
    pub(super) async fn namespace(
        &self,
        environment: &Environment,
        sink: &dyn Sink,
    ) -> Result<NamespaceState, ClusterError> {
        let name = &environment.namespace;
        let call = Call::get(format!("read namespace `{name}`"), format!("/api/v1/namespaces/{name}"));
        match self.find(&call, sink).await {
            Ok(live) => Ok(state_of(environment, live.as_ref())),
            Err(ClusterError::Forbidden { .. }) => Ok(NamespaceState::Unreadable),
            Err(error) => Err(error),
        }
    }

    /// Waits, within a bound, for a namespace that is being deleted to be gone.
    pub(super) async fn namespace_gone(
        &self,
        environment: &Environment,
        sink: &dyn Sink,
    ) -> Result<(), ClusterError> {
        let step = format!("apply/Namespace/{}", environment.namespace);
        sink.emit(Event::started(&step, format!("Namespace/{}", environment.namespace)));
        sink.emit(Event::progress(&step, "is being deleted; waiting until it is gone"));
        let start = Instant::now();
        while start.elapsed() < GOING_AWAY {
            tokio::time::sleep(Duration::from_millis(500)).await;
            if self.namespace(environment, sink).await? != NamespaceState::Terminating {
                return Ok(());
            }
        }
        let call = Call::get(
            format!("read namespace `{}`", environment.namespace),
            format!("/api/v1/namespaces/{}", environment.namespace),
        );
        let held_by = match self.find(&call, sink).await? {
            Some(live) => self.stuck_namespace(environment, &live, sink).await.held_by,
            None => return Ok(()),
        };
        Err(ClusterError::Terminating { namespace: environment.namespace.clone(), held_by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_ours_only_if_its_annotation_says_that_we_created_it() {
        let environment = Environment { project: "shop".into(), namespace: "dev".into() };
        let state = |yaml: String| {
            let live: Value = serde_yaml::from_str(&yaml).unwrap();
            state_of(&environment, Some(&live))
        };
        let id = environment.id();
        assert_eq!(state_of(&environment, None), NamespaceState::Missing);
        assert_eq!(state("metadata: {name: dev}".into()), NamespaceState::Existing);
        assert_eq!(
            state("metadata: {annotations: {devbox.internal/created-by: applyset-other-v1}}".into()),
            NamespaceState::Existing
        );
        assert_eq!(
            state(format!(
                "metadata: {{uid: u, resourceVersion: '1', annotations: {{devbox.internal/created-by: {id}}}}}"
            )),
            NamespaceState::Ours { uid: "u".into(), resource_version: "1".into(), own: None }
        );
        assert_eq!(state("metadata: {deletionTimestamp: x}".into()), NamespaceState::Terminating);
    }
}
