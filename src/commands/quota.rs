//! A quota that is too small for what always runs: pods or claims that could never come, refused before
//! anything is written. What only jobs lack is a warning; they wait for each other.

use crate::error::Failure;
use crate::plan::{Origin, Plan};
use crate::preset::{Catalogue, reads};
use crate::render::Manifest;
use crate::validate::{Overfull, Problem, overfull_in};

/// Refuses a set that its own quota cannot hold.
///
/// # Errors
/// Names each resource with the sum, the limit, who asks for most, and what to type.
pub(super) fn check(plan: &Plan, manifests: &[Manifest], catalogue: &Catalogue) -> Result<(), Failure> {
    let mut overfull = overfull_in(manifests, &|file| catalogue.template_text(file));
    overfull.retain(Overfull::is_certain);
    if overfull.is_empty() {
        return Ok(());
    }
    let mut failure =
        Failure::usage("the environment does not fit its quota: some pods or volumes could never come");
    for one in &overfull {
        let Problem { template, line, object, path, message, .. } = &one.problem;
        failure = failure.cause(format!("{template}:{line}: {object}: {path}: {message}"));
    }
    for one in &overfull {
        let hint = allow_more(plan, catalogue, one);
        if !failure.hints.contains(&hint) {
            failure = failure.hint(hint);
        }
    }
    Err(failure.hint("or ask for less: `devbox render --explain` says who decided each value"))
}

/// What raises the quota: the value that its line reads, where it was decided.
fn allow_more(plan: &Plan, catalogue: &Catalogue, overfull: &Overfull) -> String {
    let Overfull { problem, needed, unit, .. } = overfull;
    let unit = plan.units.iter().find(|other| other.name == *unit);
    let text = catalogue.template_text(&problem.template).unwrap_or_default();
    let line = text.lines().nth(problem.line.saturating_sub(1)).unwrap_or_default();
    let read = reads(line).into_iter().find_map(|(name, _)| {
        let unit = unit?;
        Some((unit, name, unit.values.get(name)?))
    });
    let Some((unit, name, resolved)) = read else {
        return format!(
            "raise `{}` in {}:{} to at least {needed}",
            problem.path, problem.template, problem.line
        );
    };
    // The whole key: a bare one may be the only component's as well.
    let key = format!("{}.{name}", unit.name);
    let instead = match &resolved.origin {
        origin @ (Origin::Repository { .. } | Origin::User { .. }) => {
            format!("`{name}: {needed}` in {origin}")
        }
        _ => format!("`{name}: {needed}` under `values` in devbox.yaml"),
    };
    format!("allow more: `--set {key}={needed}`, or {instead}")
}
