//! Noticing that something of an environment changed, without asking again and again: one watch per kind,
//! and of the pods and ReplicaSets that its workloads make. What changed is read anew by whoever wants
//! to know.

use futures::future::try_join_all;
use tokio::sync::mpsc;

use super::ClusterError;
use super::applyset::{Environment, ID_LABEL, PART_OF};
use super::connect::Cluster;
use super::request::Call;
use super::resource::{Resource, Resources};
use super::watch::{Follow, News};
use crate::event::Silent;

impl Cluster {
    /// Tells `changed` whenever something of an environment changes, until its record does: then the kinds
    /// to be watched may be others, and it ends to be called again. A cut watch is resumed, one that is too
    /// old begins anew; where nobody has taken what was told before, nothing is told twice.
    ///
    /// # Errors
    /// Where something may not be watched, or the server stays away.
    pub async fn notice(
        &self,
        environment: &Environment,
        changed: &mpsc::Sender<()>,
    ) -> Result<(), ClusterError> {
        let record = Call::get(format!("read ConfigMap/{}", environment.parent()), environment.parent_path());
        let record = self.find(&record, &Silent).await?;
        let kinds = environment.kinds_of(record.as_ref())?;
        let known = Resources::default();
        let resources = self.resolve_kinds(&kinds, &mut Resources::default(), &Silent).await?;
        let members = format!("&labelSelector={PART_OF}%3D{}", environment.id());
        let beside = [known.find("", "v1", "Pod"), known.find("apps", "v1", "ReplicaSet")];
        let follow = |name: String, resource: &Resource, selector: &str| Follow {
            name,
            collection: resource.collection(&environment.namespace),
            selector: selector.to_owned(),
            api_version: resource.api_version(),
            kind: resource.kind.clone(),
            from: None,
            optional: false,
        };
        let ours = resources.iter().map(|resource| follow(resource.group_kind(), resource, &members));
        let made = beside.into_iter().flatten().map(|resource| follow(resource.group_kind(), resource, ""));
        let of_record = format!("&labelSelector={ID_LABEL}%3D{}", environment.id());
        let records =
            known.find("", "v1", "ConfigMap").map(|resource| follow(RECORD.into(), resource, &of_record));
        let (sender, mut news) = mpsc::channel(64);
        let follows = ours.chain(made).chain(records).map(|follow| self.follow(follow, sender.clone()));
        let mut watching = std::pin::pin!(try_join_all(follows));
        drop(sender);
        loop {
            tokio::select! {
                // They go on for ever but for an error.
                ended = &mut watching => return ended.map(|_| ()),
                one = news.recv() => match one {
                    None => return Ok(()),
                    Some(one) => {
                        let _ = changed.try_send(());
                        if matches!(&one, News::Put(name, _) | News::Gone(name, _) if name == RECORD) {
                            return Ok(());
                        }
                    }
                },
            }
        }
    }
}

/// Tells the record apart from ConfigMaps that are members.
const RECORD: &str = "the record";
