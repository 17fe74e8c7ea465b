//! An object that is waited for, and the words about it.

use serde_json::Value;

use super::readiness::{State, readiness};
use super::wait::NotReady;
use crate::event::{Event, Outcome};
use crate::render::ObjectKey;

/// An object that is waited for.
pub(super) struct Tracked {
    pub(super) key: ObjectKey,
    pub(super) uid: String,
    pub(super) live: Value,
    pub(super) gone: bool,
    pub(super) settled: bool,
    /// Its end was told.
    pub(super) told: bool,
    pub(super) said: String,
}

impl Tracked {
    /// It holds nothing up, but may still get further.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(readiness(&self.live), State::Waiting(_))
    }
}

pub(super) fn settled_event(key: &ObjectKey, state: &State) -> Event {
    match state {
        State::Waiting(why) => Event::ended(step(key), Outcome::Skipped, why.clone()),
        _ => Event::ended(step(key), Outcome::Done, "ready"),
    }
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
