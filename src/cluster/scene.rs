//! What a wait has seen so far: the objects, their pods, ReplicaSets and warning events. `verdict.rs`
//! judges it, `report.rs` tells it. No request is sent from here.

mod report;
mod verdict;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use serde_json::Value;

use super::applied::{Applied, Change};
use super::crash::Look;
use super::last_words::Run;
use super::pods;
use super::readiness::readiness;
use super::tracked::{Tracked, name_of};
use super::trouble::{Place, Troubles};
use super::watch::News;
use crate::event::Sink;

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

    pub(super) fn all_settled(&self) -> bool {
        self.tracked.values().all(|tracked| tracked.settled)
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
