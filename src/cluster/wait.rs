//! Waiting until everything applied is ready, or until it is clear that something will not be.
//!
//! Starts from the objects as the apply returned them and watches each kind from there, with pods,
//! ReplicaSets and warning events beside, which say why. Nothing is polled. It ends when everything is
//! settled, when a failure is certain (its grace has passed), or at the deadline.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use futures::future::join_all;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;

use super::apply::{Applied, Change};
use super::applyset::{Environment, PART_OF};
use super::connect::Cluster;
use super::error::ClusterError;
use super::pods::{self, PodProblem};
use super::readiness::{State, readiness};
use super::request::Call;
use super::resource::Resources;
use super::watch::{Follow, News};
use crate::event::{Event, Outcome, Silent, Sink};
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

/// An object that is waited for.
struct Tracked {
    key: ObjectKey,
    uid: String,
    live: Value,
    gone: bool,
    settled: bool,
    said: String,
}

/// Everything seen so far.
struct Scene<'a> {
    tracked: HashMap<(String, String), Tracked>,
    pods: BTreeMap<String, Value>,
    replica_sets: HashMap<String, Value>,
    warnings: HashMap<String, (String, String)>,
    /// When a problem of a pod's container was first seen.
    since: HashMap<(String, Option<String>), Instant>,
    sink: &'a dyn Sink,
}

const PODS: &str = "Pod";
const REPLICA_SETS: &str = "ReplicaSet.apps";
const EVENTS: &str = "Event";

/// Kinds that make pods.
const WORKLOADS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"];

/// Log lines and bytes shown of a failed container, and how long their reading may take.
const LOG_LINES: usize = 10;
const LOG_BYTES: usize = 8192;
const LOG_WITHIN: Duration = Duration::from_millis(1000);

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
            return Ok(scene.result(Vec::new(), false));
        }
        let (sender, mut news) = mpsc::channel(256);
        let follows = self.follows(environment, applied, &scene);
        let mut watches = std::pin::pin!(join_all(
            follows.into_iter().map(|follow| self.follow_or_park(follow, sender.clone()))
        ));
        drop(sender);
        let mut tick = tokio::time::interval(Duration::from_millis(250));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let timed_out = loop {
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(deadline) => break true,
                Some(item) = news.recv() => scene.take(item),
                ended = &mut watches => {
                    if let Some(error) = ended.into_iter().find_map(Result::err) {
                        return Err(error);
                    }
                }
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
        };
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
            let waited = scene.tracked.get(&name_of(&object.key)).is_some_and(|tracked| !tracked.settled);
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
        let mut all: Vec<(NotReady, bool)> = scene
            .tracked
            .values()
            .filter(|tracked| !tracked.settled)
            .map(|tracked| scene.not_ready(tracked))
            .collect();
        let logs = all.iter().map(|(object, has_run)| async move {
            match (&object.pod, &object.container, has_run) {
                (Some(pod), Some(container), true) => self.last_lines(environment, pod, container).await,
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

    /// The last lines of a container's run before this one, or of this one.
    async fn last_lines(&self, environment: &Environment, pod: &str, container: &str) -> Vec<String> {
        let read = async {
            for previous in ["true", "false"] {
                let path = format!(
                    "/api/v1/namespaces/{}/pods/{pod}/log?container={container}&previous={previous}&tailLines={LOG_LINES}&limitBytes={LOG_BYTES}",
                    environment.namespace
                );
                if let Ok(reply) =
                    self.call(&Call::text(format!("read the log of {pod}"), path), &Silent).await
                    && let Some(text) = reply.body.as_str().filter(|text| !text.trim().is_empty())
                {
                    return text.lines().map(|line| line.trim_end().to_owned()).collect();
                }
            }
            Vec::new()
        };
        tokio::time::timeout(LOG_WITHIN, read).await.unwrap_or_default()
    }
}

/// The earlier of two resourceVersions; unknown where they are no numbers (they are compared as such
/// by the API server's own watch cache; KEP-5504).
fn earlier(a: Option<String>, b: &str) -> Option<String> {
    let a: u64 = a?.parse().ok()?;
    let b: u64 = b.parse().ok()?;
    Some(a.min(b).to_string())
}

fn name_of(key: &ObjectKey) -> (String, String) {
    (super::resource::group_kind(&key.group, &key.kind), key.name.clone())
}

fn step(key: &ObjectKey) -> String {
    format!("wait/{key}")
}

/// A not-ready object in one line.
fn line(object: &NotReady) -> String {
    let mut text = object.reason.clone();
    if let Some(container) = &object.container {
        text = format!("{text} in container `{container}`");
    }
    if !object.message.is_empty() {
        text = format!("{text}: {}", object.message);
    }
    text
}

impl<'a> Scene<'a> {
    fn new(applied: &Applied, sink: &'a dyn Sink) -> Self {
        let tracked = applied
            .objects
            .iter()
            .filter(|object| !matches!(object.change, Change::LeftAlone(_)) && !object.live.is_null())
            .map(|object| {
                let tracked = Tracked {
                    key: object.key.clone(),
                    uid: object.uid.clone(),
                    settled: readiness(&object.live).is_settled(),
                    live: object.live.clone(),
                    gone: false,
                    said: String::new(),
                };
                (name_of(&object.key), tracked)
            })
            .collect();
        Self {
            tracked,
            pods: BTreeMap::new(),
            replica_sets: HashMap::new(),
            warnings: HashMap::new(),
            since: HashMap::new(),
            sink,
        }
    }

    /// A line for each object that is waited for, and for each workload that is ready already.
    fn announce(&self) {
        let mut all: Vec<&Tracked> = self.tracked.values().collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        for tracked in all {
            let workload = WORKLOADS.contains(&tracked.key.kind.as_str()) || tracked.key.kind == "Pod";
            let state = readiness(&tracked.live);
            if !tracked.settled {
                self.sink.emit(Event::started(step(&tracked.key), tracked.key.to_string()));
            } else if workload || matches!(state, State::Waiting(_)) {
                self.sink.emit(Event::started(step(&tracked.key), tracked.key.to_string()));
                self.sink.emit(settled_event(&tracked.key, &state));
            }
        }
    }

    fn take(&mut self, news: News) {
        match news {
            News::All(name, objects) => {
                match name.as_str() {
                    PODS => self.pods.clear(),
                    REPLICA_SETS => self.replica_sets.clear(),
                    _ => {}
                }
                for tracked in self.tracked.values_mut() {
                    if name_of(&tracked.key).0 == name {
                        tracked.gone = true;
                    }
                }
                for object in objects {
                    self.put(&name, object);
                }
            }
            News::Put(name, object) => self.put(&name, object),
            News::Gone(name, object) => {
                let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
                match name.as_str() {
                    PODS => drop(self.pods.remove(uid)),
                    REPLICA_SETS => drop(self.replica_sets.remove(uid)),
                    _ => {}
                }
                if let Some(tracked) = self.tracked_mut(&name, &object)
                    && tracked.uid == uid
                {
                    tracked.gone = true;
                    tracked.settled = false;
                }
            }
        }
    }

    fn put(&mut self, name: &str, object: Value) {
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        if let Some(tracked) = self.tracked_mut(name, &object) {
            tracked.gone = false;
            tracked.uid.clone_from(&uid);
            tracked.live = object.clone();
        }
        match name {
            PODS => drop(self.pods.insert(uid, object)),
            REPLICA_SETS => drop(self.replica_sets.insert(uid, object)),
            EVENTS => {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let about = text(&object["involvedObject"]["uid"]);
                self.warnings.insert(about, (text(&object["reason"]), text(&object["message"])));
            }
            _ => {}
        }
    }

    fn tracked_mut(&mut self, name: &str, object: &Value) -> Option<&mut Tracked> {
        let object_name = object["metadata"]["name"].as_str().unwrap_or_default();
        self.tracked.get_mut(&(name.to_owned(), object_name.to_owned()))
    }

    /// The pods of an object that run its present template.
    fn pods_of<'s>(&'s self, tracked: &'s Tracked) -> impl Iterator<Item = (&'s str, &'s Value)> {
        self.pods.iter().filter_map(move |(uid, pod)| {
            if *uid == tracked.uid {
                return Some((uid.as_str(), pod));
            }
            let controller = pods::controller(pod)?;
            let replica_set = self.replica_sets.get(controller);
            let owner = match replica_set {
                Some(set) if controller != tracked.uid => pods::controller(set)?,
                _ => controller,
            };
            (owner == tracked.uid && pods::is_current(pod, &tracked.live, replica_set))
                .then_some((uid.as_str(), pod))
        })
    }

    /// The first problem among an object's pods; `true` where its grace has passed.
    fn problem_of<'s>(&'s self, tracked: &'s Tracked) -> Option<(&'s str, &'s Value, PodProblem, bool)> {
        let mut found: Option<(&str, &Value, PodProblem, bool)> = None;
        for (uid, pod) in self.pods_of(tracked) {
            let Some(problem) = pods::problem(pod) else { continue };
            let since = self.since.get(&(uid.to_owned(), problem.container.clone()));
            let over = since.is_some_and(|since| since.elapsed() >= problem.grace);
            if over || found.is_none() {
                found = Some((uid, pod, problem, over));
            }
            if over {
                break;
            }
        }
        found
    }

    /// Starts the clock of new problems and stops that of solved ones.
    fn clock(&mut self) {
        let mut seen = Vec::new();
        for (uid, pod) in &self.pods {
            if let Some(problem) = pods::problem(pod) {
                seen.push((uid.clone(), problem.container));
            }
        }
        // A crashing container runs between crashes: only a ready one is a solved one.
        let pods = &self.pods;
        self.since.retain(|(uid, container), _| {
            pods.get(uid).is_some_and(|pod| !is_solved(pod, container.as_deref()))
        });
        for key in seen {
            self.since.entry(key).or_insert_with(Instant::now);
        }
    }

    /// Judges everything anew and tells what changed.
    fn report(&mut self) {
        self.clock();
        let mut updates = Vec::new();
        for (id, tracked) in &self.tracked {
            let state = self.state(tracked);
            if state.is_settled() {
                if !tracked.settled {
                    self.sink.emit(settled_event(&tracked.key, &state));
                }
                updates.push((id.clone(), true, String::new()));
                continue;
            }
            let text = match self.problem_of(tracked) {
                Some((_, pod, problem, _)) => {
                    format!("{}: {}", pod["metadata"]["name"].as_str().unwrap_or_default(), problem.reason)
                }
                None => state.text().to_owned(),
            };
            if tracked.settled {
                self.sink.emit(Event::started(step(&tracked.key), tracked.key.to_string()));
            }
            if text != tracked.said {
                self.sink.emit(Event::progress(step(&tracked.key), text.clone()));
            }
            updates.push((id.clone(), false, text));
        }
        for (id, settled, said) in updates {
            if let Some(tracked) = self.tracked.get_mut(&id) {
                tracked.settled = settled;
                tracked.said = said;
            }
        }
    }

    fn state(&self, tracked: &Tracked) -> State {
        if tracked.gone {
            State::Failed("it was deleted by somebody else".into())
        } else {
            readiness(&tracked.live)
        }
    }

    fn all_settled(&self) -> bool {
        self.tracked.values().all(|tracked| tracked.settled)
    }

    /// Something will certainly not get ready.
    fn failed(&self) -> bool {
        self.tracked.values().filter(|tracked| !tracked.settled).any(|tracked| {
            matches!(self.state(tracked), State::Failed(_) | State::Terminating)
                || self.problem_of(tracked).is_some_and(|(_, _, _, over)| over)
        })
    }

    /// Why an object is not ready; and whether the container that shows it has run.
    fn not_ready(&self, tracked: &Tracked) -> (NotReady, bool) {
        let state = self.state(tracked);
        let certain = matches!(state, State::Failed(_) | State::Terminating);
        let mut object = NotReady {
            key: tracked.key.clone(),
            failed: certain,
            reason: state.text().to_owned(),
            message: String::new(),
            pod: None,
            container: None,
            log: Vec::new(),
            advice: None,
        };
        if let Some((_, pod, problem, over)) = self.problem_of(tracked) {
            object.failed |= over;
            object.reason = problem.reason;
            object.message = problem.message;
            object.pod = pod["metadata"]["name"].as_str().map(Into::into);
            object.container = problem.container;
            object.advice = problem.advice.map(Into::into);
            return (object, problem.has_run);
        }
        // The events of its pods, its ReplicaSets and its own, in this order.
        let pods: Vec<(&str, &Value)> = self.pods_of(tracked).collect();
        let sets = self.replica_sets.iter().filter(|(_, set)| pods::controller(set) == Some(&tracked.uid));
        let about = pods
            .iter()
            .map(|(uid, _)| *uid)
            .chain(sets.map(|(uid, _)| uid.as_str()))
            .chain(std::iter::once(tracked.uid.as_str()));
        if let Some((reason, message)) = about.filter_map(|uid| self.warnings.get(uid)).next() {
            object.message = format!("{reason}: {message}");
            object.advice = pods::event_advice(reason, message).map(Into::into);
        }
        // A Job that failed: its last pod has the reason in its log.
        let last = pods.iter().map(|(_, pod)| *pod).max_by_key(|pod| created(pod));
        if let Some(pod) = last {
            object.pod = pod["metadata"]["name"].as_str().map(Into::into);
            object.container = unready_container(pod);
        }
        let has_run = object.container.is_some();
        (object, has_run)
    }

    fn result(&self, not_ready: Vec<NotReady>, timed_out: bool) -> Readiness {
        let mut result = Readiness { not_ready, timed_out, ..Readiness::default() };
        for tracked in self.tracked.values().filter(|tracked| tracked.settled) {
            match readiness(&tracked.live) {
                State::Waiting(why) => result.waiting.push((tracked.key.clone(), why)),
                _ => result.ready.push(tracked.key.clone()),
            }
        }
        result.ready.sort();
        result.waiting.sort();
        result
    }
}

fn settled_event(key: &ObjectKey, state: &State) -> Event {
    match state {
        State::Waiting(why) => Event::ended(step(key), Outcome::Skipped, why.clone()),
        _ => Event::ended(step(key), Outcome::Done, "ready"),
    }
}

fn created(pod: &Value) -> String {
    pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned()
}

fn statuses(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .filter_map(|field| pod["status"][field].as_array())
        .flatten()
}

fn is_solved(pod: &Value, container: Option<&str>) -> bool {
    match container {
        Some(name) => statuses(pod).any(|s| s["name"] == name && s["ready"] == true),
        None => pods::problem(pod).is_none(),
    }
}

/// The first container that is not ready and has started.
fn unready_container(pod: &Value) -> Option<String> {
    let started = |status: &&Value| {
        status["state"]["terminated"]["exitCode"].as_i64().is_some_and(|code| code != 0)
            || (status["ready"] != true && status["state"]["running"].is_object())
    };
    statuses(pod).find(started)?["name"].as_str().map(Into::into)
}
