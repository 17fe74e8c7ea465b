//! Waiting until what was deleted is gone: one watch per kind, from before the deletions on, so that nothing
//! is missed. Where a kind may not be watched it is looked at again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::try_join_all;
use serde_json::Value;
use tokio::sync::mpsc;

use super::applyset::{Environment, PART_OF};
use super::connect::Cluster;
use super::error::ClusterError;
use super::inventory::Select;
use super::member::Member;
use super::request::Call;
use super::resource::{Resource, Resources};
use super::watch::{Follow, News, earlier};
use crate::event::Sink;

/// Between two looks where watching is not allowed.
const LOOK_EVERY: Duration = Duration::from_millis(300);

impl Cluster {
    /// Waits until members that were deleted are gone; ends only then.
    pub(super) async fn members_gone(
        &self,
        environment: &Environment,
        leaving: &[Member],
        sink: &dyn Sink,
    ) -> Result<(), ClusterError> {
        let mut kinds: BTreeMap<&Resource, (BTreeSet<&str>, Option<String>)> = BTreeMap::new();
        for member in leaving {
            let version = member.resource_version.clone();
            let (uids, from) =
                kinds.entry(&member.resource).or_insert_with(|| (BTreeSet::new(), Some(version)));
            uids.insert(&member.uid);
            *from = earlier(from.take(), &member.resource_version);
        }
        let waits = kinds.into_iter().map(|(resource, (uids, from))| async move {
            let selector = format!("&labelSelector={PART_OF}%3D{}", environment.id());
            let follow = follow(resource, &environment.namespace, selector, from);
            match self.watch_gone(follow, Some(&uids)).await {
                Err(ClusterError::Forbidden { .. } | ClusterError::Rejected { .. }) => {}
                result => return result,
            }
            let there = async || {
                let there = self.members(environment, [resource], sink).await?;
                Ok(there.iter().any(|member| uids.contains(member.uid.as_str())))
            };
            look_until_gone(there).await
        });
        try_join_all(waits).await.map(|_| ())
    }

    /// Waits until a namespace has no pod.
    pub(super) async fn pods_gone(&self, namespace: &str, sink: &dyn Sink) -> Result<(), ClusterError> {
        let resources = Resources::default();
        let Some(pods) = resources.find("", "v1", "Pod") else { return Ok(()) };
        match self.watch_gone(follow(pods, namespace, String::new(), None), None).await {
            Err(ClusterError::Forbidden { .. } | ClusterError::Rejected { .. }) => {}
            result => return result,
        }
        look_until_gone(async || Ok(!self.list(pods, namespace, Select::All, sink).await?.is_empty())).await
    }

    /// Waits until a namespace is gone; `from` is its resourceVersion, where that is known.
    pub(super) async fn namespace_object_gone(
        &self,
        name: &str,
        from: Option<String>,
        sink: &dyn Sink,
    ) -> Result<(), ClusterError> {
        let resources = Resources::default();
        let Some(namespaces) = resources.find("", "v1", "Namespace") else { return Ok(()) };
        let selector = format!("&fieldSelector=metadata.name%3D{name}");
        match self.watch_gone(follow(namespaces, "", selector, from), None).await {
            Err(ClusterError::Forbidden { .. } | ClusterError::Rejected { .. }) => {}
            result => return result,
        }
        let call = Call::get_metadata(format!("read Namespace/{name}"), format!("/api/v1/namespaces/{name}"));
        look_until_gone(async || match self.find(&call, sink).await {
            Ok(live) => Ok(live.is_some()),
            // A Role in the namespace went with it, and so did the permission to look.
            Err(ClusterError::Forbidden { .. }) => Ok(false),
            Err(error) => Err(error),
        })
        .await
    }

    /// Watches until these objects are gone; without `uids`, until nothing is left that was there or came.
    async fn watch_gone(&self, follow: Follow, uids: Option<&BTreeSet<&str>>) -> Result<(), ClusterError> {
        let mut left: Option<BTreeSet<String>> =
            uids.map(|uids| uids.iter().map(|uid| (*uid).to_owned()).collect());
        let (sender, mut news) = mpsc::channel(64);
        let mut following = std::pin::pin!(self.follow(follow, sender));
        loop {
            let one = tokio::select! {
                biased;
                Some(one) = news.recv() => one,
                ended = &mut following => return ended,
            };
            match one {
                News::All(_, items) => {
                    let there: BTreeSet<String> = items.iter().map(uid).collect();
                    left = Some(match uids {
                        Some(uids) => there.into_iter().filter(|uid| uids.contains(uid.as_str())).collect(),
                        None => there,
                    });
                }
                News::Put(_, object) => {
                    if uids.is_none() {
                        left.get_or_insert_default().insert(uid(&object));
                    }
                }
                News::Gone(_, object) => {
                    left.get_or_insert_default().remove(&uid(&object));
                }
            }
            if left.as_ref().is_some_and(BTreeSet::is_empty) {
                return Ok(());
            }
        }
    }
}

async fn look_until_gone(there: impl AsyncFn() -> Result<bool, ClusterError>) -> Result<(), ClusterError> {
    while there().await? {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn uid(object: &Value) -> String {
    object["metadata"]["uid"].as_str().unwrap_or_default().to_owned()
}

fn follow(resource: &Resource, namespace: &str, selector: String, from: Option<String>) -> Follow {
    Follow {
        name: resource.group_kind(),
        collection: resource.collection(namespace),
        selector,
        api_version: resource.api_version(),
        kind: resource.kind.clone(),
        from,
        optional: false,
    }
}
