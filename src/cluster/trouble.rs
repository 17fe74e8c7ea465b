//! What the containers of an environment went through while it was waited for: how their runs ended, what
//! their probes and their logs said. No request is sent from here.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use serde_json::Value;

use super::crash::{Crashes, Look};
use super::ending::Ending;
use super::probe::{Probing, Unready};

/// A container: its pod's UID and its name.
pub(super) type Place = (String, String);

/// The troubles of all containers.
#[derive(Default)]
pub(super) struct Troubles {
    crashes: HashMap<Place, Crashes>,
    probes: HashMap<Place, Probing>,
    /// Whose log should be read.
    wanted: BTreeSet<Place>,
    /// Whose ending is to be told with its last words.
    untold: BTreeSet<Place>,
}

impl Troubles {
    /// Looks at a container's status. `found` where it had ended before anybody looked.
    pub(super) fn look(&mut self, place: &Place, look: Option<&Look>, found: bool, now: Instant) {
        let Some(look) = look else {
            // An init container that got through in the end.
            self.crashes.remove(place);
            return;
        };
        let new_kind = match self.crashes.get_mut(place) {
            Some(crashes) => crashes.look(look, now),
            None => {
                self.crashes.insert(place.clone(), Crashes::new(look, found, now));
                !found
            }
        };
        if new_kind {
            self.wanted.insert(place.clone());
            self.untold.insert(place.clone());
        }
    }

    /// Takes an event `Unhealthy`.
    pub(super) fn fails(&mut self, place: Place, message: &str, now: Instant) {
        self.wanted.insert(place.clone());
        match self.probes.get_mut(&place) {
            Some(probing) => probing.fails(message, now),
            None => drop(self.probes.insert(place, Probing::new(message, now))),
        }
    }

    /// Tells whether something else is on its way that a container may need.
    pub(super) fn pending(&mut self, place: &Place, pending: bool, now: Instant) {
        if let Some(probing) = self.probes.get_mut(place) {
            probing.pending(pending, now);
        }
    }

    /// A container's probe succeeds, or it does not run.
    pub(super) fn forget_probe(&mut self, place: &Place) {
        self.probes.remove(place);
    }

    /// Forgets the containers of pods that are gone.
    pub(super) fn keep(&mut self, is_there: impl Fn(&str) -> bool) {
        self.crashes.retain(|(uid, _), _| is_there(uid));
        self.probes.retain(|(uid, _), _| is_there(uid));
        self.wanted.retain(|(uid, _)| is_there(uid));
        self.untold.retain(|(uid, _)| is_there(uid));
    }

    /// The containers whose log should be read now.
    pub(super) fn take_wanted(&mut self) -> BTreeSet<Place> {
        std::mem::take(&mut self.wanted)
    }

    /// Its ending is still to be told.
    pub(super) fn is_untold(&self, place: &Place) -> bool {
        self.untold.contains(place)
    }

    /// Takes what a container wrote last. Gives its ending where that is to be told.
    pub(super) fn hear(&mut self, place: &Place, log: Vec<String>, now: Instant) -> Option<&Ending> {
        if let Some(probing) = self.probes.get_mut(place) {
            probing.hear(log, now);
        }
        self.untold.remove(place).then(|| self.crashes.get(place).map(Crashes::last))?
    }

    /// A container has ended again and again and will not get anywhere.
    pub(super) fn is_final(&self, place: &Place, now: Instant) -> bool {
        self.crashes.get(place).is_some_and(|crashes| crashes.is_final(now))
    }

    pub(super) fn has_crashed(&self, place: &Place) -> bool {
        self.crashes.contains_key(place)
    }

    /// A container that has crashed runs again, but has not for long.
    pub(super) fn is_mending(&self, place: &Place, now: Instant) -> bool {
        self.crashes.get(place).is_some_and(|crashes| crashes.is_mending(now))
    }

    /// What can be said of a container by its probe.
    pub(super) fn unready(&self, place: &Place, container: &Value, now: Instant) -> Option<Unready> {
        self.probes.get(place)?.verdict(container, now)
    }
}
