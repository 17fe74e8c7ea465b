//! One kind followed: from a resourceVersion where one is known, else from a LIST; listed again after
//! 410 Gone, resumed after a cut.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures::StreamExt;
use http::Request;
use kube::core::WatchEvent;
use serde_json::Value;
use tokio::sync::mpsc;

use super::connect::Cluster;
use super::error::{self, ClusterError};
use super::request::Call;
use crate::event::Silent;

/// What is followed.
#[derive(Debug, Clone)]
pub(super) struct Follow {
    /// Tells the streams apart: the `Kind.group`.
    pub(super) name: String,
    /// The URL path of the collection.
    pub(super) collection: String,
    /// Selectors, `&` first.
    pub(super) selector: String,
    /// `apiVersion` and kind, which items of a list do not carry.
    pub(super) api_version: String,
    pub(super) kind: String,
    /// Where to start; a LIST without it.
    pub(super) from: Option<String>,
    /// It may be missing: where it may not be read, the wait goes on without it.
    pub(super) optional: bool,
}

/// News of one kind.
#[derive(Debug)]
pub(super) enum News {
    /// Everything there is of this kind.
    All(String, Vec<Value>),
    /// An object appeared or changed.
    Put(String, Value),
    /// An object is gone.
    Gone(String, Value),
}

/// How the server ended a watch.
enum End {
    /// It closed; go on from the last resourceVersion.
    Closed,
    /// That resourceVersion is too old.
    Expired,
}

impl Cluster {
    /// Follows a kind until dropped.
    ///
    /// # Errors
    /// Where it may not be read, or the server stays away beyond the bound of retries.
    pub(super) async fn follow(&self, follow: Follow, news: mpsc::Sender<News>) -> Result<(), ClusterError> {
        match self.follow_on(&follow, &news).await {
            Err(ClusterError::Forbidden { .. } | ClusterError::Rejected { .. }) if follow.optional => Ok(()),
            result => result,
        }
    }

    async fn follow_on(&self, follow: &Follow, news: &mpsc::Sender<News>) -> Result<(), ClusterError> {
        let mut from = follow.from.clone();
        let fresh_delays = || {
            ExponentialBuilder::new()
                .with_min_delay(Duration::from_millis(100))
                .with_max_delay(Duration::from_secs(3))
                .with_jitter()
                .with_max_times(12)
                .build()
        };
        let mut delays = fresh_delays();
        loop {
            let version = match from.take() {
                Some(version) => version,
                None => self.relist(follow, news).await?,
            };
            let mut last = version.clone();
            let generation = self.generation().0;
            match self.watch_once(follow, &mut last, news).await {
                Ok(End::Closed) => {
                    if last != version {
                        delays = fresh_delays();
                    }
                    from = Some(last);
                }
                Ok(End::Expired) => {}
                Err(error @ ClusterError::Unreachable { .. }) => {
                    from = Some(last);
                    match delays.next() {
                        Some(delay) => tokio::time::sleep(delay).await,
                        None => return Err(error),
                    }
                    continue;
                }
                // The credential ran out while the watch was open.
                Err(error @ ClusterError::Unauthorized { .. }) => {
                    from = Some(last);
                    if !self.renew(generation).await? {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
            // A server that closes at once must not be asked in a tight loop.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn relist(&self, follow: &Follow, news: &mpsc::Sender<News>) -> Result<String, ClusterError> {
        let path = format!("{}?limit=0{}", follow.collection, follow.selector);
        let mut list = self.call(&Call::get(format!("list `{}`", follow.name), path), &Silent).await?.body;
        let mut items = match list["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        };
        for item in &mut items {
            item["apiVersion"] = follow.api_version.clone().into();
            item["kind"] = follow.kind.clone().into();
        }
        let _ = news.send(News::All(follow.name.clone(), items)).await;
        Ok(list["metadata"]["resourceVersion"].as_str().unwrap_or("0").to_owned())
    }

    async fn watch_once(
        &self,
        follow: &Follow,
        last: &mut String,
        news: &mpsc::Sender<News>,
    ) -> Result<End, ClusterError> {
        let what = format!("watch `{}`", follow.name);
        let subject = self.subject(&what);
        let path = format!(
            "{}?watch=true&allowWatchBookmarks=true&resourceVersion={last}{}",
            follow.collection, follow.selector
        );
        let request = Request::get(path)
            .body(Vec::new())
            .map_err(|source| ClusterError::Answer { what: what.clone(), source: Box::new(source) })?;
        let expired = |error: &kube::Error| matches!(error, kube::Error::Api(status) if status.code == 410);
        let opening = self.client().request_events::<Value>(request).await;
        let stream = match opening {
            Ok(stream) => stream,
            Err(error) if expired(&error) => return Ok(End::Expired),
            Err(kube::Error::Api(status)) if matches!(status.code, 429 | 500..) => {
                let wait =
                    status.details.as_ref().map_or(1, |details| details.retry_after_seconds.clamp(1, 10));
                tokio::time::sleep(Duration::from_secs(wait.into())).await;
                return Ok(End::Closed);
            }
            Err(error) => return Err(error::from_kube(error, &subject)),
        };
        let mut stream = std::pin::pin!(stream);
        while let Some(event) = stream.next().await {
            let version =
                |object: &Value| object["metadata"]["resourceVersion"].as_str().map(ToOwned::to_owned);
            match event {
                Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => {
                    *last = version(&object).unwrap_or_else(|| last.clone());
                    let _ = news.send(News::Put(follow.name.clone(), object)).await;
                }
                Ok(WatchEvent::Deleted(object)) => {
                    *last = version(&object).unwrap_or_else(|| last.clone());
                    let _ = news.send(News::Gone(follow.name.clone(), object)).await;
                }
                Ok(WatchEvent::Bookmark(bookmark)) => last.clone_from(&bookmark.metadata.resource_version),
                Ok(WatchEvent::Error(status)) if status.code == 410 => return Ok(End::Expired),
                Ok(WatchEvent::Error(_)) => return Ok(End::Expired),
                Err(error) if expired(&error) => return Ok(End::Expired),
                // Cut or torn: what was read so far holds, go on from there.
                Err(_) => return Ok(End::Closed),
            }
        }
        Ok(End::Closed)
    }
}

/// The earlier of two resourceVersions; unknown where they are no numbers (they are compared as such
/// by the API server's own watch cache; KEP-5504).
pub(super) fn earlier(a: Option<String>, b: &str) -> Option<String> {
    let a: u64 = a?.parse().ok()?;
    let b: u64 = b.parse().ok()?;
    Some(a.min(b).to_string())
}
