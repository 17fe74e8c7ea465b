//! What a connection's first flight of requests sees: who the cluster is and, at the same moment, what is
//! there of an environment. Only reading, so it needs nobody's word; whoever then writes hands over the
//! guard's word for this very identity.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::future::try_join;

use super::apply::check_namespace;
use super::applyset::Environment;
use super::before::Look;
use super::connect::{Cluster, Identity};
use super::error::ClusterError;
use super::guard::Confirmed;
use super::opened::Opened;
use super::standing::Standing;
use crate::event::Sink;
use crate::render::Manifest;

/// What was seen with a cluster's identity.
pub struct Seen {
    content: Content,
    environment: Environment,
    identity: Identity,
    at: Instant,
}

enum Content {
    /// A bundle beside what is there.
    Opened(Look, Result<Opened, ClusterError>),
    /// All there is of the environment.
    Standing(Result<Standing, ClusterError>),
}

/// What was seen holds this long; after a longer pause it is read again, and who the cluster is too.
const HOLDS: Duration = Duration::from_secs(5);

impl Seen {
    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// It is recent, and of the cluster that was confirmed.
    fn holds(&self, confirmed: &Confirmed) -> bool {
        self.identity == *confirmed.identity() && self.at.elapsed() <= HOLDS
    }
}

impl Cluster {
    /// Reads who the cluster is, as the first request of a connection, and together with it what a bundle
    /// will meet. What cannot be read of the environment is told when it is used.
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
        let reading = Box::pin(async { Ok(self.read(environment, manifests, look, sink).await) });
        let (uid, opened) = try_join(self.uid(true), reading).await?;
        Ok(self.seen(uid, environment, Content::Opened(look, opened)))
    }

    /// As [`Cluster::see`], but all there is of the environment; `likely` are the kinds that it probably
    /// has, which saves a round trip where there are no others.
    ///
    /// # Errors
    /// As [`Cluster::see`].
    pub async fn see_standing(
        &mut self,
        environment: &Environment,
        likely: &BTreeSet<String>,
        sink: &dyn Sink,
    ) -> Result<Seen, ClusterError> {
        let reading = Box::pin(async { Ok(self.standing(environment, likely, sink).await) });
        let (uid, standing) = try_join(self.uid(true), reading).await?;
        Ok(self.seen(uid, environment, Content::Standing(standing)))
    }

    fn seen(&mut self, uid: Option<String>, environment: &Environment, content: Content) -> Seen {
        self.identified(uid);
        let identity = self.identity().clone();
        Seen { content, environment: environment.clone(), identity, at: Instant::now() }
    }

    /// Reads something together with who the cluster is; that it is not the confirmed one outweighs every
    /// other failure.
    pub(super) async fn read_as_confirmed<T>(
        &self,
        confirmed: &Confirmed,
        reading: impl Future<Output = Result<T, ClusterError>>,
    ) -> Result<T, ClusterError> {
        // On the heap: it is large, and moved a few times on its way.
        let reading = Box::pin(reading);
        let (uid, read) = try_join(self.uid(false), async { Ok(reading.await) }).await?;
        self.refuse_other(confirmed.identity(), &uid)?;
        read
    }

    /// The bundle that was seen, where it still holds and is of the cluster that was confirmed; else opens
    /// anew.
    pub(super) async fn open_seen(
        &self,
        seen: Seen,
        confirmed: &Confirmed,
        manifests: &[Manifest],
        sink: &dyn Sink,
    ) -> Result<Opened, ClusterError> {
        check_namespace(confirmed, &seen.environment)?;
        let holds = seen.holds(confirmed);
        match seen.content {
            Content::Opened(_, opened) if holds => opened,
            Content::Opened(look, _) => self.open(confirmed, &seen.environment, manifests, look, sink).await,
            Content::Standing(_) => {
                self.open(confirmed, &seen.environment, manifests, Look::ToApply, sink).await
            }
        }
    }

    /// What was seen to stand, where it still holds and is of the cluster that was confirmed; else reads
    /// anew.
    pub(super) async fn stand_seen(
        &self,
        seen: Seen,
        confirmed: &Confirmed,
        sink: &dyn Sink,
    ) -> Result<Standing, ClusterError> {
        check_namespace(confirmed, &seen.environment)?;
        let holds = seen.holds(confirmed);
        match seen.content {
            Content::Standing(standing) if holds => standing,
            _ => self.stand(confirmed, &seen.environment, sink).await,
        }
    }

    /// Reads all there is of an environment, and again who the cluster is. Writes nothing.
    pub(super) async fn stand(
        &self,
        confirmed: &Confirmed,
        environment: &Environment,
        sink: &dyn Sink,
    ) -> Result<Standing, ClusterError> {
        check_namespace(confirmed, environment)?;
        let likely = BTreeSet::new();
        self.read_as_confirmed(confirmed, self.standing(environment, &likely, sink)).await
    }
}
