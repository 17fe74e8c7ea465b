//! What is certain by now: which pod of an object has a problem, whether others may still mend it, and
//! whether the wait is over.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::Scene;
use crate::cluster::crash::Look;
use crate::cluster::last_words::Run;
use crate::cluster::pods::{self, Patience, PodProblem};
use crate::cluster::readiness::{State, readiness};
use crate::cluster::tracked::Tracked;

/// How long the API server may refuse a workload's pods: a quota that was just made counts late, and
/// what is being replaced gives its share back first.
const REFUSAL: Duration = Duration::from_secs(10);

impl Scene<'_> {
    /// The first problem among an object's pods; `true` where it is certain by now.
    pub(super) fn problem_of<'s>(&'s self, tracked: &'s Tracked) -> Option<(&'s Value, PodProblem, bool)> {
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
    pub(super) fn clock(&mut self) {
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

    /// Why the API server refuses an object's pods (quota, Pod Security, a webhook), where it has none.
    fn refusal<'s>(&'s self, tracked: &'s Tracked) -> Option<&'s (String, String)> {
        if tracked.settled || self.pods_of(tracked).next().is_some() {
            return None;
        }
        let sets = self.replica_sets.iter().filter(|(_, set)| pods::controller(set) == Some(&tracked.uid));
        let about = sets.map(|(uid, _)| uid.as_str()).chain(std::iter::once(tracked.uid.as_str()));
        about.filter_map(|uid| self.warnings.get(uid)).find(|(reason, _)| reason == "FailedCreate")
    }

    pub(super) fn is_refused_for_good(&self, tracked: &Tracked) -> bool {
        self.refused.get(&tracked.uid).is_some_and(|since| since.elapsed() >= REFUSAL)
    }

    pub(in crate::cluster) fn state(&self, tracked: &Tracked) -> State {
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

    /// Something will certainly not get ready.
    pub(in crate::cluster) fn failed(&self) -> bool {
        self.tracked.values().filter(|tracked| !tracked.settled).any(|tracked| {
            matches!(self.state(tracked), State::Failed(_) | State::Terminating)
                || self.problem_of(tracked).is_some_and(|(_, _, over)| over)
                || self.is_refused_for_good(tracked)
        })
    }
}
