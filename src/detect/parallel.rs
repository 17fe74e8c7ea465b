//! The same work for many components on a few threads; the results come in the order of the items. The
//! threads stay for the next piece of work, which is often done sooner than a thread starts.

use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// How many threads detection uses; asked once, as the answer takes reading the limits of control groups.
fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| std::thread::available_parallelism().map_or(2, |n| n.get().min(8)))
}

/// Does `work` for every item; the calling thread is one of those that work.
pub(super) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    each(items.iter(), work)
}

/// As [`map`], with items that `work` changes.
pub(super) fn map_mut<T: Send, R: Send>(items: &mut [T], work: impl Fn(&mut T) -> R + Sync) -> Vec<R> {
    each(items.iter_mut(), work)
}

fn each<I: ExactSizeIterator + Send, R: Send>(items: I, work: impl Fn(I::Item) -> R + Sync) -> Vec<R> {
    let count = items.len();
    let items = Mutex::new(items.enumerate());
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(count));
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        let mut own = Vec::new();
        while let Some((at, item)) = next() {
            own.push((at, work(item)));
        }
        done.lock().unwrap_or_else(PoisonError::into_inner).append(&mut own);
    };
    together(count, run);
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Does something aside while `work` is done, on a thread of its own where that is `worth` one.
pub(super) fn beside<R>(worth: bool, aside: impl FnOnce() + Send, work: impl FnOnce() -> R) -> R {
    match worth.then(pool).flatten() {
        Some(pool) => pool.in_place_scope(|scope| {
            scope.spawn(|_| aside());
            work()
        }),
        None => {
            let result = work();
            aside();
            result
        }
    }
}

/// Runs the same on the calling thread and on others, on `most` threads at the most.
pub(super) fn together(most: usize, run: impl Fn() + Sync) {
    let beside = threads().min(most).saturating_sub(1);
    match (beside > 0).then(pool).flatten() {
        Some(pool) => pool.in_place_scope(|scope| {
            for _ in 0..beside {
                scope.spawn(|_| run());
            }
            run();
        }),
        None => run(),
    }
}

/// The threads beside the calling one, started when first wanted; none where only one is of use, or the
/// system gives no more.
fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let start = || {
        let beside = threads() - 1;
        let pool =
            || ThreadPoolBuilder::new().num_threads(beside).thread_name(|n| format!("detect-{n}")).build();
        (beside > 0).then(pool)?.ok()
    };
    POOL.get_or_init(start).as_ref()
}

/// Work that makes more work, shared among threads.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    open: Vec<T>,
    /// How many are being worked on.
    busy: usize,
}

impl<T> Queue<T> {
    pub(super) fn new(first: T) -> Self {
        Self { state: Mutex::new(State { open: vec![first], busy: 0 }), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece of work, waiting for what others find; `None` when all is done. Each is followed by
    /// [`Queue::done`].
    pub(super) fn take(&self) -> Option<T> {
        let mut state = self.state();
        loop {
            if let Some(next) = state.open.pop() {
                state.busy += 1;
                return Some(next);
            }
            if state.busy == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends a piece of work with what it found.
    pub(super) fn done(&self, found: Vec<T>) {
        let mut state = self.state();
        state.busy -= 1;
        match found.len() {
            0 if state.busy > 0 || !state.open.is_empty() => return,
            1 => self.changed.notify_one(),
            _ => self.changed.notify_all(),
        }
        state.open.extend(found);
    }

    /// Whether work is left.
    pub(super) fn is_open(&self) -> bool {
        !self.state().open.is_empty()
    }

    /// Drops what is not begun.
    pub(super) fn stop(&self) {
        self.state().open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_work_finds_is_worked_on() {
        let queue = Queue::new(6u32);
        let sum = Mutex::new(0);
        let run = || {
            while let Some(n) = queue.take() {
                *sum.lock().unwrap() += 1;
                queue.done(vec![n.saturating_sub(1); if n > 0 { 2 } else { 0 }]);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(run);
            }
        });
        assert_eq!(*sum.lock().unwrap(), 127);
    }

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let mut items: Vec<u32> = (0..1000).collect();
        let doubled: Vec<u32> = items.iter().map(|n| n * 2).collect();
        assert_eq!(map(&items, |n| n * 2), doubled);
        let before = map_mut(&mut items, |n| {
            *n *= 2;
            *n / 2
        });
        assert_eq!((before, items), ((0..1000).collect(), doubled));
    }
}
