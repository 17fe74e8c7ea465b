//! `devbox preset check`: what is wrong or odd about presets, without a cluster.

use serde_json::{Value, json};

use crate::config::DocumentError;
use crate::error::{Exit, Explain, Failure};
use crate::plan;
use crate::preset::{Catalogue, Preset, PresetError, lint};
use crate::render::render;
use crate::ui::{Format, Ui, printable};
use crate::validate::{advice, validate_in};

/// Checks presets by name, all where none is named: each is resolved, planned in a made-up repository,
/// rendered, and the objects are checked.
///
/// # Errors
/// Where there is no preset of a name.
pub(super) fn run(names: &[String], catalogue: &Catalogue, ui: &Ui) -> Result<Exit, Failure> {
    let all: Vec<String> = catalogue.names().into_iter().collect();
    let names = if names.is_empty() { &all } else { names };
    let results = in_parallel(names, |name| Ok::<_, PresetError>(findings(&catalogue.get(name)?, catalogue)));
    let found = names.iter().zip(results).map(|(name, result)| Ok((name, result?)));
    let found = found.collect::<Result<Vec<_>, PresetError>>()?;
    let sound = found.iter().all(|(_, findings)| findings.is_empty());
    match ui.format {
        Format::Human => {
            let shown = |(name, findings): &(&String, Vec<String>)| match findings.as_slice() {
                [] => format!("{name}: sound\n"),
                findings => format!("{name}:\n{}", findings.iter().map(|f| indented(f)).collect::<String>()),
            };
            ui.data(&printable(&found.iter().map(shown).collect::<String>()));
        }
        Format::Json => {
            let rows: Vec<Value> =
                found.iter().map(|(name, findings)| json!({ "name": name, "findings": findings })).collect();
            ui.json(&json!({ "schema": 1, "sound": sound, "presets": rows }));
        }
    }
    Ok(if sound { Exit::Done } else { Exit::Failure })
}

/// Does the same for each, on every processor; what comes out is in the same order.
fn in_parallel<T: Send>(names: &[String], work: impl Fn(&str) -> T + Sync) -> Vec<T> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = names.len().div_ceil(workers).max(1);
    std::thread::scope(|scope| {
        let work = &work;
        let check = move |part: &[String]| part.iter().map(|name| work(name)).collect::<Vec<T>>();
        let parts = names.chunks(share).map(|part| scope.spawn(move || check(part)));
        let parts: Vec<_> = parts.collect();
        parts.into_iter().flat_map(|part| part.join().expect("a check does not panic")).collect()
    })
}

fn findings(preset: &Preset, catalogue: &Catalogue) -> Vec<String> {
    let mut findings: Vec<String> = lint(preset, catalogue).iter().map(with_hint).collect();
    let plan = match plan::trial(catalogue, std::slice::from_ref(preset), "trial") {
        Ok(plan) => plan,
        Err(error) => {
            findings.push(failure(&error));
            return findings;
        }
    };
    match render(&plan, catalogue) {
        Ok(manifests) => {
            let text = |file: &str| catalogue.template_text(file);
            let problems = validate_in(&manifests, &text).into_iter().chain(advice(&manifests, &text));
            findings.extend(problems.map(|problem| problem.to_string()));
        }
        Err(error) => findings.push(failure(&error)),
    }
    findings
}

fn with_hint(error: &DocumentError) -> String {
    match &error.hint {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    }
}

fn failure(error: &impl Explain) -> String {
    let hints: String = error.hints().iter().map(|hint| format!(" ({hint})")).collect();
    format!("{error}{hints}")
}

fn indented(text: &str) -> String {
    format!("  {}\n", text.replace('\n', "\n  "))
}
