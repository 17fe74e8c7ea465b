//! Offline checks of rendered objects. Pure.

mod name;
mod problem;
mod quota;
mod reference;

pub use problem::Problem;

use crate::render::Manifest;

/// Checks the objects one by one and as a set; nothing found is an empty list.
pub fn validate(manifests: &[Manifest]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for manifest in manifests {
        name::check(manifest, &mut problems);
        reference::check(manifest, manifests, &mut problems);
    }
    quota::check(manifests, &mut problems);
    problems
}

#[cfg(test)]
mod tests;
