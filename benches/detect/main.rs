//! What detection costs over listing: `devbox::detect` beside a bare parallel walk of the same tree by
//! the `ignore` crate, on a small application, a monorepo of 50 components and a tree of 100,000 files.
//!
//! Criterion prints the times; the table at the end pairs the two in turn and gives the ratio, which
//! holds when the machine's speed drifts. Nothing here fails for being slow.

mod trees;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};
use devbox::detect::{Limits, detect};
use ignore::{WalkBuilder, WalkState};
use trees::Tree;

/// How often the two are run in turn for the table.
const ROUNDS: usize = 25;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let trees = [Tree::small(), Tree::monorepo(), Tree::large()];
    for tree in &trees {
        let mut group = criterion.benchmark_group(tree.name);
        group.sampling_mode(SamplingMode::Flat).sample_size(10).measurement_time(Duration::from_secs(4));
        group.bench_function("walk", |bencher| bencher.iter(|| walk(tree.root())));
        group.bench_function("detect", |bencher| bencher.iter(|| find(tree.root())));
        group.finish();
    }
    criterion.final_summary();
    if std::env::args().any(|argument| argument == "--bench") {
        table(&trees);
    }
}

/// Lists a tree with as many threads as detection uses, doing nothing with what is found but counting.
fn walk(root: &Path) -> usize {
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get().min(8));
    let count = std::sync::atomic::AtomicUsize::new(0);
    WalkBuilder::new(root).require_git(false).threads(threads).build_parallel().run(|| {
        let count = &count;
        Box::new(move |entry| {
            if entry.is_ok_and(|entry| entry.file_type().is_some_and(|kind| kind.is_file())) {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
            WalkState::Continue
        })
    });
    black_box(count.into_inner())
}

fn find(root: &Path) -> usize {
    let facts = detect(root, &Limits::default()).expect("the tree can be read");
    assert!(!facts.components.is_empty(), "nothing was found in {}", root.display());
    black_box(facts).components.len()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn table(trees: &[Tree]) {
    println!(
        "{:<10} {:>8} {:>11} {:>10} {:>11} {:>7}",
        "tree", "files", "components", "walk", "detect", "ratio"
    );
    for tree in trees {
        let mut rounds: Vec<(Duration, Duration)> = (0..ROUNDS)
            .map(|_| {
                let begun = Instant::now();
                walk(tree.root());
                let walked = begun.elapsed();
                find(tree.root());
                (walked, begun.elapsed().saturating_sub(walked))
            })
            .collect();
        rounds.sort_by(|a, b| ratio(*a).total_cmp(&ratio(*b)));
        let (walked, found) = rounds[ROUNDS / 2];
        println!(
            "{:<10} {:>8} {:>11} {:>7.1} ms {:>8.1} ms {:>7.2}",
            tree.name,
            walk(tree.root()),
            find(tree.root()),
            milliseconds(walked),
            milliseconds(found),
            ratio((walked, found)),
        );
    }
}

fn ratio((walked, found): (Duration, Duration)) -> f64 {
    found.as_secs_f64() / walked.as_secs_f64().max(f64::EPSILON)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
