//! Offline checks of rendered objects. Pure.

mod advice;
mod name;
mod place;
mod problem;
mod quota;
mod reference;
mod schema;
mod twin;

pub use advice::advice;
pub use problem::Problem;
pub use quota::Overfull;
pub use schema::kubernetes_version;

use crate::render::Manifest;

/// Checks the objects one by one and as a set; nothing found is an empty list.
pub fn validate(manifests: &[Manifest]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for manifest in manifests {
        schema::check(manifest, manifests, &mut problems);
        name::check(manifest, &mut problems);
        twin::check(manifest, &mut problems);
        reference::check(manifest, manifests, &mut problems);
    }
    quota::check(manifests, &mut problems);
    problems
}

/// [`validate`], each problem at the line of its field. `text` gives a template's text by its name.
pub fn validate_in<'a>(manifests: &[Manifest], text: &dyn Fn(&str) -> Option<&'a str>) -> Vec<Problem> {
    let mut problems = validate(manifests);
    place::place(&mut problems, text);
    problems
}

/// What of the quotas in the set is not enough for the set, each problem at the line of its field.
pub fn overfull_in<'a>(manifests: &[Manifest], text: &dyn Fn(&str) -> Option<&'a str>) -> Vec<Overfull> {
    let mut overfull = quota::overfull(manifests);
    overfull.iter_mut().for_each(|one| place::place(std::slice::from_mut(&mut one.problem), text));
    overfull
}

#[cfg(test)]
mod tests;
