//! Round trips, counted: no request is answered before all of its flight are there. What needs more flights
//! than expected never ends.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::watch;

use super::{Fault, Seen};

/// Flights of so many requests each.
pub(crate) struct Flights {
    sizes: Vec<usize>,
    flights: RefCell<Vec<Vec<String>>>,
    /// How many are complete.
    complete: watch::Sender<usize>,
}

impl Flights {
    /// What comes after the last flight is answered at once.
    pub(crate) fn of(sizes: &[usize]) -> Rc<Self> {
        Rc::new(Self {
            sizes: sizes.to_vec(),
            flights: RefCell::new(vec![Vec::new()]),
            complete: watch::Sender::new(0),
        })
    }

    /// For a proxy: holds a request until its flight is complete.
    pub(crate) fn hold(&self, seen: &Seen) -> Fault {
        let mut flights = self.flights.borrow_mut();
        let at = flights.len() - 1;
        let verb = if seen.watch { "WATCH" } else { &seen.method };
        flights[at].push(format!("{verb} {}", seen.path));
        let Some(size) = self.sizes.get(at) else { return Fault::None };
        if flights[at].len() == *size {
            flights.push(Vec::new());
            self.complete.send_replace(at + 1);
            return Fault::None;
        }
        let mut complete = self.complete.subscribe();
        Fault::Before(Box::pin(async move {
            let _ = complete.wait_for(|complete| *complete > at).await;
        }))
    }

    /// What came in each flight, sorted; the part of each path behind `root`.
    pub(crate) fn seen(&self, root: &str) -> Vec<Vec<String>> {
        let mut flights = self.flights.borrow().clone();
        for flight in &mut flights {
            flight.iter_mut().for_each(|line| *line = line.replace(root, ""));
            flight.sort();
        }
        flights.retain(|flight| !flight.is_empty());
        flights
    }
}
