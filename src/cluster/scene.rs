//! What a wait has seen so far: the objects, their pods, ReplicaSets and warning events, and what they
//! say together. No request is sent from here.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::applied::{Applied, Change};
use super::pods::{self, PodProblem};
use super::readiness::{State, readiness};
use super::wait::{NotReady, Readiness};
use super::watch::News;
use crate::event::{Event, Outcome, Sink};
use crate::render::ObjectKey;

/// An object that is waited for.
pub(super) struct Tracked {
    key: ObjectKey,
    uid: String,
    live: Value,
    gone: bool,
    pub(super) settled: bool,
    /// Its end was told.
    told: bool,
    said: String,
}

impl Tracked {
    /// It holds nothing up, but may still get further.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(readiness(&self.live), State::Waiting(_))
    }
}

/// How long the API server may refuse a workload's pods: a quota that was just made counts late, and
/// what is being replaced gives its share back first.
const REFUSAL: Duration = Duration::from_secs(10);

/// How long a container that has crashed has to be ready until it counts as mended: without a readiness
/// probe it is ready whenever it runs.
const MENDED: Duration = Duration::from_secs(10);

/// A problem over time.
struct Since {
    /// When it was first seen.
    first: Instant,
    /// Since when it looks solved.
    solved: Option<Instant>,
}

/// Everything seen so far.
pub(super) struct Scene<'a> {
    pub(super) tracked: HashMap<(String, String), Tracked>,
    pods: BTreeMap<String, Value>,
    replica_sets: HashMap<String, Value>,
    warnings: HashMap<String, (String, String)>,
    /// The problems of pods' containers.
    since: HashMap<(String, Option<String>), Since>,
    /// When the pods of an object were first refused, by its UID.
    refused: HashMap<String, Instant>,
    sink: &'a dyn Sink,
}

pub(super) const PODS: &str = "Pod";
pub(super) const REPLICA_SETS: &str = "ReplicaSet.apps";
pub(super) const EVENTS: &str = "Event";

/// Kinds that make pods.
pub(super) const WORKLOADS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"];

impl<'a> Scene<'a> {
    pub(super) fn new(applied: &Applied, sink: &'a dyn Sink) -> Self {
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
                    told: false,
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
            refused: HashMap::new(),
            sink,
        }
    }

    /// A line for each object that is waited for, and for each workload that is ready already.
    pub(super) fn announce(&mut self) {
        let mut all: Vec<&mut Tracked> = self.tracked.values_mut().collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        for tracked in all {
            let workload = WORKLOADS.contains(&tracked.key.kind.as_str()) || tracked.key.kind == "Pod";
            let ready = tracked.settled && !tracked.is_waiting();
            if ready && !workload {
                tracked.told = true;
                continue;
            }
            self.sink.emit(Event::started(step(&tracked.key), tracked.key.to_string()));
            if ready {
                self.sink.emit(Event::ended(step(&tracked.key), Outcome::Done, "ready"));
                tracked.told = true;
            }
        }
    }

    /// Tells what still waits for something from outside when the wait ends.
    pub(super) fn conclude(&self) {
        for tracked in self.tracked.values().filter(|tracked| tracked.settled && !tracked.told) {
            self.sink.emit(settled_event(&tracked.key, &readiness(&tracked.live)));
        }
    }

    pub(super) fn take(&mut self, news: News) {
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

    pub(super) fn put(&mut self, name: &str, object: Value) {
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

    pub(super) fn tracked_mut(&mut self, name: &str, object: &Value) -> Option<&mut Tracked> {
        let object_name = object["metadata"]["name"].as_str().unwrap_or_default();
        self.tracked.get_mut(&(name.to_owned(), object_name.to_owned()))
    }

    /// The pods of an object that run its present template.
    pub(super) fn pods_of<'s>(&'s self, tracked: &'s Tracked) -> impl Iterator<Item = (&'s str, &'s Value)> {
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
    pub(super) fn problem_of<'s>(
        &'s self,
        tracked: &'s Tracked,
    ) -> Option<(&'s str, &'s Value, PodProblem, bool)> {
        let mut found: Option<(&str, &Value, PodProblem, bool)> = None;
        for (uid, pod) in self.pods_of(tracked) {
            let Some(problem) = pods::problem(pod) else { continue };
            let since = self.since.get(&(uid.to_owned(), problem.container.clone()));
            let over = since.is_some_and(|since| since.first.elapsed() >= problem.grace);
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
    pub(super) fn clock(&mut self) {
        let mut seen = Vec::new();
        for (uid, pod) in &self.pods {
            if let Some(problem) = pods::problem(pod) {
                seen.push((uid.clone(), problem.container));
            }
        }
        // A crashing container runs between crashes: only a ready one is a solved one.
        let pods = &self.pods;
        self.since.retain(|(uid, container), since| {
            let Some(pod) = pods.get(uid) else { return false };
            if !is_solved(pod, container.as_deref()) {
                since.solved = None;
                return true;
            }
            let solved = *since.solved.get_or_insert_with(Instant::now);
            has_crashed(pod, container.as_deref()) && solved.elapsed() < MENDED
        });
        for key in seen {
            self.since.entry(key).or_insert_with(|| Since { first: Instant::now(), solved: None });
        }
        let refused: Vec<String> =
            self.tracked.values().filter(|t| self.refusal(t).is_some()).map(|t| t.uid.clone()).collect();
        self.refused.retain(|uid, _| refused.contains(uid));
        for uid in refused {
            self.refused.entry(uid).or_insert_with(Instant::now);
        }
    }

    /// Why the API server refuses an object's pods (quota, Pod Security, a webhook), where it has none.
    fn refusal<'s>(&'s self, tracked: &'s Tracked) -> Option<&'s (String, String)> {
        if tracked.settled || self.pods_of(tracked).next().is_some() {
            return None;
        }
        let sets = self.replica_sets.iter().filter(|(_, set)| pods::controller(set) == Some(&tracked.uid));
        let about = sets.map(|(uid, _)| uid.as_str()).chain(std::iter::once(tracked.uid.as_str()));
        about.filter_map(|uid| self.warnings.get(uid)).find(|(reason, _)| reason == "FailedCreate")
    }

    fn is_refused_for_good(&self, tracked: &Tracked) -> bool {
        self.refused.get(&tracked.uid).is_some_and(|since| since.elapsed() >= REFUSAL)
    }

    /// Judges everything anew and tells what changed.
    pub(super) fn report(&mut self) {
        self.clock();
        let mut updates = Vec::new();
        for (id, tracked) in &self.tracked {
            let state = self.state(tracked);
            if state.is_settled() {
                let tell = !tracked.told && state == State::Ready;
                if tell {
                    self.sink.emit(settled_event(&tracked.key, &state));
                }
                updates.push((id.clone(), true, tracked.told || tell, String::new()));
                continue;
            }
            let text = match self.problem_of(tracked) {
                Some((_, pod, problem, _)) => {
                    format!("{}: {}", pod["metadata"]["name"].as_str().unwrap_or_default(), problem.reason)
                }
                None => match self.probe_of(tracked) {
                    Some(message) => format!("{}: {message}", state.text()),
                    None => state.text().to_owned(),
                },
            };
            if tracked.told {
                self.sink.emit(Event::started(step(&tracked.key), tracked.key.to_string()));
            }
            if text != tracked.said {
                self.sink.emit(Event::progress(step(&tracked.key), text.clone()));
            }
            updates.push((id.clone(), false, false, text));
        }
        for (id, settled, told, said) in updates {
            if let Some(tracked) = self.tracked.get_mut(&id) {
                tracked.settled = settled;
                tracked.told = told;
                tracked.said = said;
            }
        }
    }

    /// What a probe of its pods has said so far; a start takes its time, so that is no failure yet.
    fn probe_of<'s>(&'s self, tracked: &'s Tracked) -> Option<&'s str> {
        let said = self.pods_of(tracked).find_map(|(uid, _)| self.warnings.get(uid))?;
        (said.0 == "Unhealthy").then(|| said.1.lines().next().unwrap_or_default())
    }

    pub(super) fn state(&self, tracked: &Tracked) -> State {
        if tracked.gone {
            State::Failed("it was deleted by somebody else".into())
        } else {
            readiness(&tracked.live)
        }
    }

    pub(super) fn all_settled(&self) -> bool {
        self.tracked.values().all(|tracked| tracked.settled)
    }

    /// Something will certainly not get ready.
    pub(super) fn failed(&self) -> bool {
        self.tracked.values().filter(|tracked| !tracked.settled).any(|tracked| {
            matches!(self.state(tracked), State::Failed(_) | State::Terminating)
                || self.problem_of(tracked).is_some_and(|(_, _, _, over)| over)
                || self.is_refused_for_good(tracked)
        })
    }

    /// Why an object is not ready; and whether the container that shows it has run.
    pub(super) fn not_ready(&self, tracked: &Tracked) -> (NotReady, bool) {
        let state = self.state(tracked);
        let certain =
            matches!(state, State::Failed(_) | State::Terminating) || self.is_refused_for_good(tracked);
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

    pub(super) fn result(&self, not_ready: Vec<NotReady>, timed_out: bool) -> Readiness {
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

pub(super) fn settled_event(key: &ObjectKey, state: &State) -> Event {
    match state {
        State::Waiting(why) => Event::ended(step(key), Outcome::Skipped, why.clone()),
        _ => Event::ended(step(key), Outcome::Done, "ready"),
    }
}

pub(super) fn created(pod: &Value) -> String {
    pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned()
}

pub(super) fn statuses(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .filter_map(|field| pod["status"][field].as_array())
        .flatten()
}

pub(super) fn is_solved(pod: &Value, container: Option<&str>) -> bool {
    match container {
        Some(name) => statuses(pod).any(|s| s["name"] == name && s["ready"] == true),
        None => pods::problem(pod).is_none(),
    }
}

fn has_crashed(pod: &Value, container: Option<&str>) -> bool {
    let restarted = |status: &Value| status["restartCount"].as_i64().is_some_and(|count| count > 0);
    container.is_some_and(|name| statuses(pod).any(|status| status["name"] == name && restarted(status)))
}

/// The first container that is not ready and has started.
pub(super) fn unready_container(pod: &Value) -> Option<String> {
    let started = |status: &&Value| {
        status["state"]["terminated"]["exitCode"].as_i64().is_some_and(|code| code != 0)
            || (status["ready"] != true && status["state"]["running"].is_object())
    };
    statuses(pod).find(started)?["name"].as_str().map(Into::into)
}

pub(super) fn name_of(key: &ObjectKey) -> (String, String) {
    (super::resource::group_kind(&key.group, &key.kind), key.name.clone())
}

pub(super) fn step(key: &ObjectKey) -> String {
    format!("wait/{key}")
}

/// A not-ready object in one line.
pub(super) fn line(object: &NotReady) -> String {
    let mut text = object.reason.clone();
    if let Some(container) = &object.container {
        text = format!("{text} in container `{container}`");
    }
    if !object.message.is_empty() {
        text = format!("{text}: {}", object.message);
    }
    text
}
