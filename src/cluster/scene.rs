//! What a wait has seen so far: the objects, their pods, ReplicaSets and warning events, and what they
//! say together. No request is sent from here.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::applied::{Applied, Change};
use super::crash::Look;
use super::last_words::Run;
use super::pods::{self, Patience, PodProblem};
use super::readiness::{State, readiness};
use super::tracked::{Tracked, name_of, settled_event, step};
use super::trouble::{Place, Troubles};
use super::wait::{NotReady, Readiness};
use super::watch::News;
use crate::event::{Event, Outcome, Sink};

/// How long the API server may refuse a workload's pods: a quota that was just made counts late, and
/// what is being replaced gives its share back first.
const REFUSAL: Duration = Duration::from_secs(10);

/// The log lines told of a container that ended for the first time.
const LAST: usize = 3;

/// Everything seen so far.
pub(super) struct Scene<'a> {
    pub(super) tracked: HashMap<(String, String), Tracked>,
    pods: BTreeMap<String, Value>,
    replica_sets: HashMap<String, Value>,
    warnings: HashMap<String, (String, String)>,
    /// When the problems of pods' containers were first seen.
    since: HashMap<(String, Option<String>), Instant>,
    troubles: Troubles,
    /// The containers that had ended before anybody looked; nothing until the pods are listed.
    ended_before: Option<HashSet<Place>>,
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
            troubles: Troubles::default(),
            ended_before: None,
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
                if name == PODS {
                    self.ended_before.get_or_insert_with(|| ended(&self.pods));
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
                let (reason, message) = (text(&object["reason"]), text(&object["message"]));
                if reason == "Unhealthy"
                    && let Some(container) = pods::container_of(&object)
                {
                    self.troubles.fails((about.clone(), container), &message, Instant::now());
                }
                self.warnings.insert(about, (reason, message));
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

    /// The first problem among an object's pods; `true` where it is certain by now.
    fn problem_of<'s>(&'s self, tracked: &'s Tracked) -> Option<(&'s Value, PodProblem, bool)> {
        let mut found: Option<(&Value, PodProblem, bool)> = None;
        for (uid, pod) in self.pods_of(tracked) {
            let Some((problem, over)) = self.trouble_of(uid, pod) else { continue };
            if over || found.is_none() {
                found = Some((pod, problem, over));
            }
            if over {
                break;
            }
        }
        found
    }

    /// What keeps a pod from getting ready, by its status or by its probes.
    fn trouble_of(&self, uid: &str, pod: &Value) -> Option<(PodProblem, bool)> {
        let now = Instant::now();
        if let Some(problem) = pods::problem(pod) {
            let container = problem.container.clone();
            let over = match problem.patience {
                Patience::For(time) => self
                    .since
                    .get(&(uid.to_owned(), container))
                    .is_some_and(|first| now.duration_since(*first) >= time),
                Patience::Crashes => {
                    container.is_some_and(|name| self.troubles.is_final(&(uid.to_owned(), name), now))
                }
            };
            return Some((problem, over));
        }
        pods::statuses(pod).find_map(|status| {
            let name = status["name"].as_str()?;
            let container = pods::container(&pod["spec"], name);
            let unready = self.troubles.unready(&(uid.to_owned(), name.to_owned()), container, now)?;
            let problem = PodProblem {
                container: Some(name.to_owned()),
                reason: "Unhealthy".into(),
                message: unready.message,
                advice: Some(unready.advice),
                patience: Patience::Crashes,
                log: Some(Run::Present),
            };
            Some((problem, unready.over))
        })
    }

    /// It is on its way, and nothing is known against it: others may wait for it.
    fn is_on_its_way(&self, tracked: &Tracked) -> bool {
        let unharmed = |uid: &str, pod: &Value| {
            let crashed = |status: &Value| {
                status["name"]
                    .as_str()
                    .is_some_and(|name| self.troubles.has_crashed(&(uid.to_owned(), name.to_owned())))
            };
            self.trouble_of(uid, pod).is_none() && !pods::statuses(pod).any(crashed)
        };
        !tracked.gone
            && matches!(readiness(&tracked.live), State::Progressing(_))
            && self.pods_of(tracked).all(|(uid, pod)| unharmed(uid, pod))
    }

    /// Looks at every container, starts the clock of new problems and stops that of solved ones.
    fn clock(&mut self) {
        let now = Instant::now();
        self.look(now);
        let mut seen = Vec::new();
        for (uid, pod) in &self.pods {
            if let Some(problem) = pods::problem(pod) {
                seen.push((uid.clone(), problem.container));
            }
        }
        let pods = &self.pods;
        self.since.retain(|(uid, container), _| {
            pods.get(uid).is_some_and(|pod| !pods::is_solved(pod, container.as_deref()))
        });
        for key in seen {
            self.since.entry(key).or_insert(now);
        }
        let refused: Vec<String> =
            self.tracked.values().filter(|t| self.refusal(t).is_some()).map(|t| t.uid.clone()).collect();
        self.refused.retain(|uid, _| refused.contains(uid));
        for uid in refused {
            self.refused.entry(uid).or_insert(now);
        }
    }

    fn look(&mut self, now: Instant) {
        let Some(ended_before) = &self.ended_before else { return };
        let coming: Vec<&str> =
            self.tracked.values().filter(|t| self.is_on_its_way(t)).map(|t| t.uid.as_str()).collect();
        let mut looks = Vec::new();
        for tracked in self.tracked.values() {
            let others = coming.iter().any(|uid| *uid != tracked.uid);
            for (uid, pod) in self.pods_of(tracked) {
                for status in pods::statuses(pod) {
                    let Some(name) = status["name"].as_str() else { continue };
                    let place = (uid.to_owned(), name.to_owned());
                    let pending = others || self.waits_for_sibling(uid, pod, name);
                    let asks = status["state"]["running"].is_object() && status["ready"] != true;
                    looks.push((place, Look::at(&pod["spec"], status, pending), pending, asks));
                }
            }
        }
        for (place, look, pending, asks) in looks {
            self.troubles.look(&place, look.as_ref(), ended_before.contains(&place), now);
            if asks {
                self.troubles.pending(&place, pending, now);
            } else {
                self.troubles.forget_probe(&place);
            }
        }
        let pods = &self.pods;
        self.troubles.keep(|uid| pods.contains_key(uid));
    }

    /// Another container of the pod is still on its way: a proxy to a database, say.
    fn waits_for_sibling(&self, uid: &str, pod: &Value, name: &str) -> bool {
        let statuses = pod["status"]["containerStatuses"].as_array().map_or(&[][..], Vec::as_slice);
        statuses.iter().any(|status| status["name"] == name)
            && statuses.iter().filter(|status| status["name"] != name).any(|status| {
                let crashed = status["name"]
                    .as_str()
                    .is_some_and(|other| self.troubles.has_crashed(&(uid.to_owned(), other.to_owned())));
                status["ready"] != true && status["state"]["running"].is_object() && !crashed
            })
    }

    /// Whose log is to be read: container, pod's name, and which run's.
    pub(super) fn take_wanted(&mut self) -> Vec<(Place, String, Run)> {
        let wanted = self.troubles.take_wanted().into_iter();
        wanted
            .filter_map(|place| {
                let pod = self.pods.get(&place.0)?;
                let name = pod["metadata"]["name"].as_str()?.to_owned();
                let status = pods::statuses(pod).find(|status| status["name"] == place.1.as_str())?;
                let crashed = self.troubles.is_untold(&place);
                let before = crashed && !status["state"]["terminated"].is_object();
                Some((place, name, if before { Run::Before } else { Run::Present }))
            })
            .collect()
    }

    /// Takes what a container wrote last, and tells of one that ended for the first time.
    pub(super) fn hear(&mut self, place: &Place, log: Vec<String>) {
        let last = log[log.len().saturating_sub(LAST)..].to_vec();
        let Some(ending) = self.troubles.hear(place, log, Instant::now()) else { return };
        let Some(pod) = self.pods.get(&place.0) else { return };
        let pod = pod["metadata"]["name"].as_str().unwrap_or_default();
        let mut text = format!("{pod}: container `{}` {}", place.1, ending.words());
        for line in last {
            text.push_str("\n    | ");
            text.push_str(&line);
        }
        self.sink.emit(Event::note(text));
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
                Some((pod, problem, _)) => {
                    let pod = pod["metadata"]["name"].as_str().unwrap_or_default();
                    match problem.patience {
                        Patience::Crashes => format!("{pod}: {}: {}", problem.reason, problem.message),
                        Patience::For(_) => format!("{pod}: {}", problem.reason),
                    }
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
            match readiness(&tracked.live) {
                State::Ready if self.is_mending(tracked) => {
                    State::Progressing("it has ended, and runs again for a moment only".into())
                }
                state => state,
            }
        }
    }

    /// A container of its that has crashed runs again: without a readiness probe it is ready at once.
    fn is_mending(&self, tracked: &Tracked) -> bool {
        let now = Instant::now();
        self.pods_of(tracked).any(|(uid, pod)| {
            pods::statuses(pod)
                .filter_map(|status| status["name"].as_str())
                .any(|name| self.troubles.is_mending(&(uid.to_owned(), name.to_owned()), now))
        })
    }

    pub(super) fn all_settled(&self) -> bool {
        self.tracked.values().all(|tracked| tracked.settled)
    }

    /// Something will certainly not get ready.
    pub(super) fn failed(&self) -> bool {
        self.tracked.values().filter(|tracked| !tracked.settled).any(|tracked| {
            matches!(self.state(tracked), State::Failed(_) | State::Terminating)
                || self.problem_of(tracked).is_some_and(|(_, _, over)| over)
                || self.is_refused_for_good(tracked)
        })
    }

    /// Why an object is not ready; and which run of the container that shows it has more to say.
    pub(super) fn not_ready(&self, tracked: &Tracked) -> (NotReady, Option<Run>) {
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
        if let Some((pod, problem, over)) = self.problem_of(tracked) {
            object.failed |= over;
            object.reason = problem.reason;
            object.message = problem.message;
            object.pod = pod["metadata"]["name"].as_str().map(Into::into);
            object.container = problem.container;
            object.advice = problem.advice.map(Into::into);
            return (object, problem.log);
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
        let last = pods.iter().map(|(_, pod)| *pod).max_by_key(|pod| pods::created(pod));
        if let Some(pod) = last {
            object.pod = pod["metadata"]["name"].as_str().map(Into::into);
            object.container = pods::unready_container(pod);
        }
        let run = object.container.is_some().then_some(Run::Present);
        (object, run)
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

/// The containers that have ended.
fn ended(pods: &BTreeMap<String, Value>) -> HashSet<Place> {
    let places = pods.iter().flat_map(|(uid, pod)| {
        pods::statuses(pod)
            .filter(|status| Look::at(&pod["spec"], status, false).is_some())
            .filter_map(|status| Some((uid.clone(), status["name"].as_str()?.to_owned())))
    });
    places.collect()
}
