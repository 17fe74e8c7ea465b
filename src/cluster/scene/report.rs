//! What is told while things get ready, and what is said of those that do not.

use std::time::Instant;

use serde_json::Value;

use super::{Scene, WORKLOADS};
use crate::cluster::last_words::Run;
use crate::cluster::pods::{self, Patience};
use crate::cluster::readiness::{State, readiness};
use crate::cluster::tracked::{Tracked, settled_event, step};
use crate::cluster::trouble::Place;
use crate::cluster::wait::{NotReady, Readiness};
use crate::event::{Event, Outcome};

/// The log lines told of a container that ended for the first time.
const LAST: usize = 3;

impl Scene<'_> {
    /// A line for each object that is waited for, and for each workload that is ready already.
    pub(in crate::cluster) fn announce(&mut self) {
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
    pub(in crate::cluster) fn conclude(&self) {
        for tracked in self.tracked.values().filter(|tracked| tracked.settled && !tracked.told) {
            self.sink.emit(settled_event(&tracked.key, &readiness(&tracked.live)));
        }
    }

    /// Judges everything anew and tells what changed.
    pub(in crate::cluster) fn report(&mut self) {
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

    /// Takes what a container wrote last, and tells of one that ended for the first time.
    pub(in crate::cluster) fn hear(&mut self, place: &Place, log: Vec<String>) {
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

    /// Why an object is not ready; and which run of the container that shows it has more to say.
    pub(in crate::cluster) fn not_ready(&self, tracked: &Tracked) -> (NotReady, Option<Run>) {
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

    pub(in crate::cluster) fn result(&self, not_ready: Vec<NotReady>, timed_out: bool) -> Readiness {
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
