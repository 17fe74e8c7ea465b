//! What it costs to plan, render and check an environment of the whole catalogue: a component of every app
//! preset and every service. Nothing here fails for being slow.

use std::hint::black_box;

use criterion::Criterion;
use devbox::config::Kind;
use devbox::plan::trial;
use devbox::preset::{Catalogue, Preset};
use devbox::render::render;
use devbox::validate::validate;

fn main() {
    let catalogue = Catalogue::built_in().expect("the built-in catalogue resolves");
    let mut presets: Vec<Preset> = catalogue.of_kind(Kind::App).expect("apps resolve");
    presets.extend(catalogue.of_kind(Kind::Service).expect("services resolve"));
    let plan = trial(&catalogue, &presets, "bench").expect("the catalogue is planned");
    let manifests = render(&plan, &catalogue).expect("the catalogue renders");
    assert!(manifests.len() > 100, "{} objects", manifests.len());

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group(format!("catalogue of {} objects", manifests.len()));
    group.sample_size(20);
    group.bench_function("load", |bencher| bencher.iter(|| black_box(Catalogue::built_in().is_ok())));
    group.bench_function("plan", |bencher| {
        bencher.iter(|| black_box(trial(&catalogue, &presets, "bench").is_ok()))
    });
    group.bench_function("render", |bencher| bencher.iter(|| black_box(render(&plan, &catalogue).is_ok())));
    group.bench_function("validate", |bencher| bencher.iter(|| black_box(validate(&manifests))));
    group.finish();
    criterion.final_summary();
}
