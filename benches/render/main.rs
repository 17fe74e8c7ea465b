//! What rendering costs. In this process: to load, plan, render and check an environment of the whole
//! catalogue, a component of every app preset and every service. With `--helm FILE` or `--kustomize FILE` also
//! as whole processes in turn: `devbox render` beside `helm template` and `kustomize build` of the same
//! objects, for one environment and for the whole catalogue. `--devbox FILE` names another build of devbox,
//! `--rounds N` how often each runs. Nothing here fails for being slow. Linux only.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark may panic and prints"
)]

mod chart;
mod overlay;
mod processes;
mod shapes;

use std::hint::black_box;
use std::path::PathBuf;

use criterion::Criterion;
use devbox::config::Kind;
use devbox::plan::{Plan, to_yaml, trial};
use devbox::preset::{Catalogue, Preset};
use devbox::render::render;
use devbox::validate::validate;

/// What the command line asks for beyond criterion's own.
#[derive(Default)]
struct Settings {
    helm: Option<PathBuf>,
    kustomize: Option<PathBuf>,
    devbox: PathBuf,
    rounds: usize,
}

fn main() {
    let settings = settings();
    let catalogue = Catalogue::built_in().expect("the built-in catalogue resolves");
    let mut presets: Vec<Preset> = catalogue.of_kind(Kind::App).expect("apps resolve");
    presets.extend(catalogue.of_kind(Kind::Service).expect("services resolve"));
    let plan = trial(&catalogue, &presets, "bench").expect("the catalogue is planned");
    if let Some(settings) = &settings {
        beside(settings, &plan);
        return;
    }
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

/// Runs every program with the same objects, in turn.
fn beside(settings: &Settings, plan: &Plan) {
    let folder = tempfile::tempdir().unwrap();
    println!("| objects | program | wall time | CPU time | peak memory |\n|---|---|---|---|---|");
    for name in ["environment", "catalogue"] {
        let root = folder.path().join(name);
        match name {
            "environment" => copy(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/express"), &root),
            _ => {
                std::fs::create_dir_all(&root).unwrap();
                std::fs::write(root.join("devbox.yaml"), to_yaml(plan, None)).unwrap();
            }
        }
        // Presets clone the code from where the repository says that it is.
        let git = git2::Repository::init(&root).unwrap();
        git.remote("origin", "https://git.example/team/bench.git").unwrap();
        let set = shapes::rendered(&settings.devbox, &root, &folder.path().join("home"));
        let mut programs = vec![processes::devbox(&settings.devbox, &root)];
        if let Some(helm) = &settings.helm {
            programs.push(chart::write(&set, helm, &folder.path().join(format!("{name}-chart"))));
        }
        if let Some(kustomize) = &settings.kustomize {
            programs.push(overlay::write(&set, kustomize, &folder.path().join(format!("{name}-overlay"))));
        }
        processes::compare(&set, programs, settings.rounds, &folder.path().join("home"));
    }
}

/// Reads the command line; `None` where only criterion has something to do.
fn settings() -> Option<Settings> {
    let devbox = env!("CARGO_BIN_EXE_devbox").into();
    let mut settings = Settings { devbox, rounds: 20, ..Settings::default() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("`{word}` needs a value"));
        match word.as_str() {
            "--helm" => settings.helm = Some(value().into()),
            "--kustomize" => settings.kustomize = Some(value().into()),
            "--devbox" => settings.devbox = value().into(),
            "--rounds" => settings.rounds = value().parse().unwrap(),
            _ => {}
        }
    }
    (settings.helm.is_some() || settings.kustomize.is_some()).then_some(settings)
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}
