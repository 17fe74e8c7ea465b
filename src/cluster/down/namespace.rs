//! Removing the namespace that we created: only if nothing is left in it that is not ours.

use std::collections::BTreeSet;

use futures::future::try_join_all;

use super::super::ClusterError;
use super::super::applyset::Environment;
use super::super::connect::Cluster;
use super::super::inventory::Select;
use super::super::request::Call;
use super::super::resource::Resource;
use super::super::standing::is_content;
use super::super::stuck::Stuck;
use super::{Down, Going};
use crate::event::{Event, Outcome, Sink};
use crate::render::ObjectKey;

/// What it takes to see what is beside ours.
pub(super) struct Beside<'a> {
    /// The kinds that the cluster serves.
    pub(super) served: Result<Vec<Resource>, ClusterError>,
    /// The UIDs of what went.
    pub(super) gone: BTreeSet<&'a str>,
}

impl Cluster {
    /// Removes the namespace that we created, if nothing but what went is in it. `settling` is what is
    /// written meanwhile.
    pub(super) async fn remove_namespace(
        &self,
        going: &Going<'_>,
        uid: &str,
        beside: Beside<'_>,
        settling: impl Future<Output = Result<(), ClusterError>>,
        down: &mut Down,
    ) -> Result<(), ClusterError> {
        let Going { environment, options, sink, .. } = *going;
        let name = &environment.namespace;
        let step = format!("down/Namespace/{name}");
        sink.emit(Event::started(&step, format!("Namespace/{name}")));
        // The pods that are still there may take longer than it takes to see that the namespace stays.
        let mut pods = std::pin::pin!(tokio::time::timeout_at(going.until(2), self.pods_gone(name, sink)));
        let mut pods_gone = None;
        let foreign = async { Ok(self.foreign(environment, beside, sink).await) };
        let mut looking = std::pin::pin!(futures::future::try_join(settling, foreign));
        let ((), foreign) = loop {
            tokio::select! {
                looked = &mut looking => break looked?,
                gone = &mut pods, if pods_gone.is_none() => pods_gone = Some(gone),
            }
        };
        down.foreign = match foreign {
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
        // The namespace controller that still finds a pod looks again only after half a pod's grace period
        // and more (k8s.io/kubernetes/pkg/controller/namespace/deletion).
        let pods_gone = match pods_gone {
            Some(gone) => gone,
            None => {
                sink.emit(Event::progress(&step, "waiting until its pods are gone"));
                pods.await
            }
        };
        pods_gone.unwrap_or(Ok(()))?;
        sink.emit(Event::progress(&step, "waiting until it is gone"));
        let path = format!("/api/v1/namespaces/{name}");
        let call = Call::delete(format!("delete Namespace/{name}"), path, uid).on(&step);
        let from = match self.call(&call, sink).await {
            Ok(reply) => reply.body["metadata"]["resourceVersion"].as_str().map(ToOwned::to_owned),
            Err(ClusterError::NotFound { .. }) => None,
            Err(ClusterError::Forbidden { .. }) => {
                sink.emit(Event::ended(&step, Outcome::Skipped, "kept: you may not delete namespaces"));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let stuck = self.wait_namespace_gone(going, from).await?;
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

    /// Waits until the namespace is gone; what does not go within the time is stuck. `from` is its
    /// resourceVersion when it was deleted.
    pub(super) async fn wait_namespace_gone(
        &self,
        going: &Going<'_>,
        from: Option<String>,
    ) -> Result<Option<Stuck>, ClusterError> {
        let Going { environment, sink, .. } = *going;
        let name = &environment.namespace;
        let waiting = self.namespace_object_gone(name, from, sink);
        if let Ok(gone) = tokio::time::timeout_at(going.until(1), waiting).await {
            return gone.map(|()| None);
        }
        let call = Call::get(format!("read Namespace/{name}"), format!("/api/v1/namespaces/{name}"));
        match self.find(&call, sink).await? {
            Some(live) => Ok(Some(self.stuck_namespace(environment, &live, sink).await)),
            None => Ok(None),
        }
    }

    /// What is in the namespace and neither ours nor made by the cluster or by an owner that goes.
    async fn foreign(
        &self,
        environment: &Environment,
        Beside { served, gone }: Beside<'_>,
        sink: &dyn Sink,
    ) -> Result<Vec<ObjectKey>, ClusterError> {
        let kinds = served?;
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
