//! Waiting until everything applied is ready, or until it is clear that something will not be.
//!
//! Starts from the objects as the apply returned them and watches each kind from there, with pods,
//! ReplicaSets and warning events beside, which say why. Nothing is polled. It ends when everything is
//! settled, when a failure is certain (`crash.rs`, `probe.rs` and the graces of `pods.rs` say when), or at the
//! deadline.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{join_all, try_join_all};
use futures::stream::FuturesUnordered;
use serde::Serialize;
use tokio::sync::mpsc;

use super::applied::Applied;
use super::applyset::{Environment, PART_OF};
use super::connect::Cluster;
use super::error::ClusterError;
use super::last_words::{Run, SHOWN};
use super::resource::Resources;
use super::scene::{EVENTS, PODS, REPLICA_SETS, Scene, WORKLOADS};
use super::tracked::{line, name_of, step};
use super::watch::{Follow, News, earlier};
use crate::event::{Event, Outcome, Sink};
use crate::render::ObjectKey;

/// How to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitOptions {
    /// The wait ends after this.
    pub timeout: Duration,
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(300) }
    }
}

/// An object that is not ready, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotReady {
    /// The object.
    pub key: ObjectKey,
    /// It will not get ready by itself; `false` where time ran out first.
    pub failed: bool,
    /// What it is at: `ImagePullBackOff`, `1 of 2 replicas ready`.
    pub reason: String,
    /// The server's words; empty where the reason says it all.
    pub message: String,
    /// The pod that shows it.
    pub pod: Option<String>,
    /// The container of that pod.
    pub container: Option<String>,
    /// The last lines that the container wrote.
    pub log: Vec<String>,
    /// What usually helps.
    pub advice: Option<String>,
}

/// The result of a wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// Objects that are ready.
    pub ready: Vec<ObjectKey>,
    /// Objects that wait for something from outside without holding anything up, and for what.
    pub waiting: Vec<(ObjectKey, String)>,
    /// Objects that are not ready, failures first.
    pub not_ready: Vec<NotReady>,
    /// The deadline passed.
    pub timed_out: bool,
}

impl Readiness {
    /// Everything is ready or holds nothing up.
    pub fn is_ready(&self) -> bool {
        self.not_ready.is_empty()
    }

    /// The failure (exit code 3) that names what is not ready.
    pub fn error(&self) -> Option<ClusterError> {
        (!self.is_ready())
            .then(|| ClusterError::NotReady { objects: self.not_ready.clone(), timed_out: self.timed_out })
    }
}

/// Log lines that are read for where a container says that it listens.
const HEARD: usize = 60;

impl Cluster {
    /// Waits until what was applied is ready.
    ///
    /// # Errors
    /// Where the cluster cannot be watched. That something is not ready is no error but the result.
    pub async fn wait(
        &self,
        environment: &Environment,
        applied: &Applied,
        options: &WaitOptions,
        sink: &dyn Sink,
    ) -> Result<Readiness, ClusterError> {
        let deadline = tokio::time::Instant::now() + options.timeout;
        let mut scene = Scene::new(applied, sink);
        scene.announce();
        if scene.all_settled() {
            scene.conclude();
            return Ok(scene.result(Vec::new(), false));
        }
        let (sender, mut news) = mpsc::channel(256);
        let follows = self.follows(environment, applied, &scene);
        let mut watches = std::pin::pin!(try_join_all(
            follows.into_iter().map(|follow| self.follow_or_park(follow, sender.clone()))
        ));
        drop(sender);
        let mut heard = FuturesUnordered::new();
        let mut tick = tokio::time::interval(Duration::from_millis(250));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let timed_out = loop {
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(deadline) => break true,
                Some(item) = news.recv() => scene.take(item),
                ended = &mut watches => {
                    // They go on for ever but for an error.
                    ended?;
                }
                Some((place, log)) = heard.next(), if !heard.is_empty() => scene.hear(&place, log),
                _ = tick.tick() => {}
            }
            // Whatever has arrived is one picture; judge it once.
            while let Ok(item) = news.try_recv() {
                scene.take(item);
            }
            scene.report();
            if scene.all_settled() || scene.failed() {
                break false;
            }
            for (place, pod, run) in scene.take_wanted() {
                heard.push(async move {
                    let log = self.last_words(&environment.namespace, &pod, &place.1, run, HEARD).await;
                    (place, log)
                });
            }
        };
        scene.conclude();
        let not_ready = self.explain(environment, &scene).await;
        for object in &not_ready {
            sink.emit(Event::ended(step(&object.key), Outcome::Failed, line(object)));
        }
        Ok(scene.result(not_ready, timed_out))
    }

    /// A watch that cannot go on fails the wait; one that may be missing parks for good.
    async fn follow_or_park(&self, follow: Follow, news: mpsc::Sender<News>) -> Result<(), ClusterError> {
        let optional = follow.optional;
        match self.follow(follow, news).await {
            Err(error) if !optional => Err(error),
            _ => std::future::pending().await,
        }
    }

    /// One watch per kind of what is not settled, and the three that tell why.
    fn follows(&self, environment: &Environment, applied: &Applied, scene: &Scene<'_>) -> Vec<Follow> {
        let mut kinds: BTreeMap<String, Follow> = BTreeMap::new();
        for object in &applied.objects {
            let waited = scene
                .tracked
                .get(&name_of(&object.key))
                .is_some_and(|tracked| !tracked.settled || tracked.is_waiting());
            if !waited {
                continue;
            }
            let resource = &object.resource;
            let entry = kinds.entry(resource.group_kind()).or_insert_with(|| Follow {
                name: resource.group_kind(),
                collection: resource.collection(&environment.namespace),
                selector: format!("&labelSelector={PART_OF}%3D{}", environment.id()),
                api_version: resource.api_version(),
                kind: resource.kind.clone(),
                from: Some(object.resource_version.clone()),
                optional: false,
            });
            entry.from = earlier(entry.from.take(), &object.resource_version);
        }
        let makes_pods = kinds.values().any(|follow| WORKLOADS.contains(&follow.kind.as_str()));
        let mut follows: Vec<Follow> = kinds.into_values().filter(|follow| follow.name != PODS).collect();
        let any_pods = makes_pods || applied.objects.iter().any(|object| object.key.kind == "Pod");
        if any_pods {
            let resources = Resources::default();
            for (name, version) in [(PODS, "v1"), (REPLICA_SETS, "v1")] {
                if name == REPLICA_SETS {
                    follows.retain(|follow| follow.name != REPLICA_SETS);
                }
                let (kind, group) = name.split_once('.').unwrap_or((name, ""));
                if let Some(resource) = resources.find(group, version, kind) {
                    follows.push(Follow {
                        name: name.into(),
                        collection: resource.collection(&environment.namespace),
                        selector: String::new(),
                        api_version: resource.api_version(),
                        kind: kind.into(),
                        from: None,
                        optional: false,
                    });
                }
            }
            follows.push(Follow {
                name: EVENTS.into(),
                collection: format!("/api/v1/namespaces/{}/events", environment.namespace),
                selector: "&fieldSelector=type%3DWarning".into(),
                api_version: "v1".into(),
                kind: "Event".into(),
                from: None,
                optional: true,
            });
        }
        follows
    }

    /// Says of each object that is not settled why, with the last log lines of containers that ran.
    async fn explain(&self, environment: &Environment, scene: &Scene<'_>) -> Vec<NotReady> {
        let mut all: Vec<(NotReady, Option<Run>)> = scene
            .tracked
            .values()
            .filter(|tracked| !tracked.settled)
            .map(|tracked| scene.not_ready(tracked))
            .collect();
        let logs = all.iter().map(|(object, run)| async move {
            match (&object.pod, &object.container, run) {
                (Some(pod), Some(container), Some(run)) => {
                    self.last_words(&environment.namespace, pod, container, *run, SHOWN).await
                }
                _ => Vec::new(),
            }
        });
        let logs = join_all(logs).await;
        for ((object, _), log) in all.iter_mut().zip(logs) {
            object.log = log;
        }
        let mut all: Vec<NotReady> = all.into_iter().map(|(object, _)| object).collect();
        all.sort_by(|a, b| (!a.failed, &a.key).cmp(&(!b.failed, &b.key)));
        all
    }
}
