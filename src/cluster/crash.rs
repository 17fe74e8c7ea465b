//! When a container that ends again and again will not get anywhere. Pure: what was seen and the time in,
//! a verdict out.
//!
//! A container that ended because its database was not there yet is started again by the kubelet, at once
//! the first time, then after 10, 20, 40 ... seconds, and gets its chance: a run that began when everything
//! else was ready. One that ended twice in the same way, the last time in such a run, will not get there;
//! nor will one whose command cannot be executed, one that ran out of memory twice, or one whose command
//! ended well twice, whatever else there is.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::ending::Ending;

/// How long the rest must have been ready: an address takes a moment to be known everywhere.
const SETTLED: Duration = Duration::from_secs(2);
/// What the kubelet takes beyond its back-off to start a container.
const LATE: Duration = Duration::from_secs(3);
/// The kubelet's first back-off.
const BACK_OFF: Duration = Duration::from_secs(10);
/// How long a container that had crashed before it was looked at may take to come back.
const FOUND_SO: Duration = Duration::from_secs(10);
/// How long a container that has crashed has to run until it counts as mended: without a readiness probe
/// it is ready whenever it runs.
const MENDED: Duration = Duration::from_secs(5);

/// The endings of one container.
#[derive(Debug)]
pub(super) struct Crashes {
    last: Ending,
    /// The first run of those that ended like the last one, one after the other.
    alike_from: i64,
    /// The first run that began when everything else was ready.
    fresh_from: i64,
    /// When the last ending was seen.
    seen: Instant,
    /// When something else was last on its way.
    pending: Option<Instant>,
    /// How long the kubelet waits before it starts the container again.
    back_off: Duration,
    /// The last ending was there before anybody looked.
    found: bool,
    /// Since when it runs again.
    running: Option<Instant>,
}

/// A look at a container that has crashed.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// Its last ending.
    pub(super) ending: Ending,
    /// It runs again.
    pub(super) running: bool,
    /// The kubelet's back-off, where it says so.
    pub(super) back_off: Option<Duration>,
    /// Something else, which it may need, is on its way.
    pub(super) pending: bool,
}

impl Look {
    /// What a container's status says; nothing where it has not crashed.
    pub(super) fn at(spec: &Value, status: &Value, pending: bool) -> Option<Self> {
        Some(Self {
            ending: Ending::of(spec, status)?,
            running: status["state"]["running"].is_object(),
            back_off: back_off(status["state"]["waiting"]["message"].as_str().unwrap_or_default()),
            pending,
        })
    }
}

/// The time in `back-off 1m20s restarting failed container=...`.
fn back_off(message: &str) -> Option<Duration> {
    let text = message.strip_prefix("back-off ")?.split_whitespace().next()?;
    let span: jiff::SignedDuration = text.parse().ok()?;
    span.try_into().ok()
}

impl Crashes {
    /// Begins with a first look. `found` where it had crashed before anybody looked: then what it does
    /// next counts, for what was applied since may have mended it.
    pub(super) fn new(look: &Look, found: bool, now: Instant) -> Self {
        let run = look.ending.run;
        let mut crashes = Self {
            last: look.ending.clone(),
            // What was not seen is taken to have ended like this one.
            alike_from: 0,
            fresh_from: if found { run + 1 } else { 0 },
            seen: now,
            pending: None,
            back_off: if found { FOUND_SO.saturating_sub(LATE) } else { BACK_OFF },
            found,
            running: None,
        };
        crashes.more(look, now);
        crashes
    }

    /// Takes another look; whether it shows an ending of a new kind.
    pub(super) fn look(&mut self, look: &Look, now: Instant) -> bool {
        let new = look.ending.run > self.last.run;
        let other = !look.ending.is_like(&self.last);
        if new {
            if other {
                self.alike_from = look.ending.run;
            }
            self.last = look.ending.clone();
            self.seen = now;
            self.back_off = BACK_OFF;
            self.found = false;
        }
        self.more(look, now);
        new && other
    }

    fn more(&mut self, look: &Look, now: Instant) {
        if let Some(back_off) = look.back_off.filter(|_| !self.found) {
            self.back_off = back_off;
        }
        self.running = look.running.then(|| self.running.unwrap_or(now));
        if look.pending {
            self.pending = Some(now);
        }
        if self.is_pending(now) {
            self.fresh_from = look.ending.run + 1 + i64::from(look.running);
        }
    }

    fn is_pending(&self, now: Instant) -> bool {
        self.pending.is_some_and(|since| now.duration_since(since) < SETTLED)
    }

    /// The last ending.
    pub(super) fn last(&self) -> &Ending {
        &self.last
    }

    /// It will not get anywhere.
    pub(super) fn is_final(&self, now: Instant) -> bool {
        let alike = self.last.run - self.alike_from + 1;
        if self.last.is_certain() || (self.last.is_its_own() && alike >= 2) {
            return true;
        }
        let had_its_chance = self.last.run >= self.fresh_from
            // Nobody starts it again: the node is a simulated one, or away.
            || (self.running.is_none() && now.duration_since(self.seen) >= self.back_off + LATE);
        (alike >= 2 || self.last.run >= 2) && had_its_chance && !self.is_pending(now)
    }

    /// It runs, but has not for long.
    pub(super) fn is_mending(&self, now: Instant) -> bool {
        self.running.is_none_or(|since| now.duration_since(since) < MENDED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(run: i64, code: i64, reason: &str) -> Look {
        let ending = Ending { run, code, reason: reason.into(), message: String::new(), too_slow: false };
        Look { ending, running: false, back_off: None, pending: false }
    }

    fn pending(look: Look) -> Look {
        Look { pending: true, ..look }
    }

    fn after(begun: Instant, seconds: u64) -> Instant {
        begun + Duration::from_secs(seconds)
    }

    #[test]
    fn the_back_off_is_read_from_the_kubelet_s_words() {
        assert_eq!(back_off("back-off 1m20s restarting failed container=a"), Some(Duration::from_secs(80)));
        assert_eq!(back_off("back-off 10s restarting"), Some(Duration::from_secs(10)));
        assert_eq!(back_off("something else"), None);
    }

    #[test]
    fn two_endings_alike_are_enough_where_nothing_else_is_on_its_way() {
        let begun = Instant::now();
        let mut crashes = Crashes::new(&look(0, 1, "Error"), false, begun);
        assert!(!crashes.is_final(after(begun, 1)));
        assert!(!crashes.look(&look(1, 1, "Error"), after(begun, 2)));
        assert!(crashes.is_final(after(begun, 2)));
    }

    #[test]
    fn two_different_endings_are_not_enough_and_three_are() {
        let begun = Instant::now();
        let mut crashes = Crashes::new(&look(0, 1, "Error"), false, begun);
        assert!(crashes.look(&look(1, 2, "Error"), after(begun, 1)), "of a new kind");
        assert!(!crashes.is_final(after(begun, 1)));
        crashes.look(&look(2, 3, "Error"), after(begun, 12));
        assert!(crashes.is_final(after(begun, 12)));
    }

    #[test]
    fn whoever_waits_for_a_database_gets_a_run_after_it_is_ready() {
        let begun = Instant::now();
        let mut crashes = Crashes::new(&pending(look(0, 1, "Error")), false, begun);
        crashes.look(&pending(look(1, 1, "Error")), after(begun, 2));
        assert!(!crashes.is_final(after(begun, 2)));
        // The database is ready after 8 s; the next start is at 12 s.
        crashes.look(&pending(look(1, 1, "Error")), after(begun, 8));
        crashes.look(&look(1, 1, "Error"), after(begun, 9));
        assert!(!crashes.is_final(after(begun, 11)), "it had no chance yet");
        crashes.look(&look(2, 1, "Error"), after(begun, 13));
        assert!(crashes.is_final(after(begun, 13)));
    }

    #[test]
    fn a_run_that_began_before_the_database_was_ready_is_no_chance() {
        let begun = Instant::now();
        let mut crashes = Crashes::new(&pending(look(0, 1, "Error")), false, begun);
        let running = Look { running: true, ..look(0, 1, "Error") };
        crashes.look(&pending(running.clone()), after(begun, 1));
        crashes.look(&running, after(begun, 4));
        crashes.look(&look(1, 1, "Error"), after(begun, 5));
        assert!(!crashes.is_final(after(begun, 6)), "run 1 began before");
        crashes.look(&look(2, 1, "Error"), after(begun, 16));
        assert!(crashes.is_final(after(begun, 16)));
    }

    #[test]
    fn a_container_that_nobody_starts_again_has_had_its_chance() {
        let begun = Instant::now();
        let mut crashes = Crashes::new(&pending(look(3, 1, "Error")), false, begun);
        let kubelet = Look { back_off: Some(Duration::from_secs(40)), ..look(3, 1, "Error") };
        crashes.look(&kubelet, after(begun, 5));
        assert!(!crashes.is_final(after(begun, 42)));
        assert!(crashes.is_final(after(begun, 43)));
    }

    #[test]
    fn what_no_other_run_can_change_is_final_at_once_or_the_second_time() {
        let begun = Instant::now();
        let first = |code, reason| Crashes::new(&pending(look(0, code, reason)), false, begun);
        assert!(first(127, "Error").is_final(begun));
        assert!(first(128, "StartError").is_final(begun));
        let mut memory = first(137, "OOMKilled");
        assert!(!memory.is_final(begun));
        memory.look(&pending(look(1, 137, "OOMKilled")), begun);
        assert!(memory.is_final(begun));
        let mut slow = look(0, 137, "Error");
        slow.ending.too_slow = true;
        assert!(Crashes::new(&slow, false, begun).is_final(begun));
    }

    #[test]
    fn what_had_crashed_before_the_wait_gets_a_run_or_ten_seconds() {
        let begun = Instant::now();
        let found = Look { back_off: Some(Duration::from_secs(300)), ..look(7, 1, "Error") };
        let mut crashes = Crashes::new(&found, true, begun);
        crashes.look(&found, after(begun, 1));
        assert!(!crashes.is_final(after(begun, 9)));
        assert!(crashes.is_final(after(begun, 10)));
        crashes.look(&look(8, 1, "Error"), after(begun, 9));
        assert!(crashes.is_final(after(begun, 9)));
    }

    #[test]
    fn it_is_mended_once_it_has_run_for_a_while() {
        let begun = Instant::now();
        let mut crashes = Crashes::new(&look(0, 1, "Error"), false, begun);
        let running = Look { running: true, ..look(0, 1, "Error") };
        crashes.look(&running, begun);
        assert!(crashes.is_mending(after(begun, 4)));
        assert!(!crashes.is_mending(after(begun, 5)));
    }
}
