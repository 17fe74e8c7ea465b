//! The same work for many components on a few threads; the results come in the order of the items.

use std::sync::{Mutex, PoisonError};

/// How many threads detection uses.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, |n| n.get().min(8))
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
    std::thread::scope(|scope| {
        for _ in 1..threads().min(count) {
            scope.spawn(run);
        }
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
