//! Templates to Kubernetes objects. Pure: no file, network, environment or clock.

mod error;
mod kubeconfig;
mod manifest;
mod object;

pub use error::RenderError;
pub use kubeconfig::{KubeconfigInput, Plugin, Variable, kubeconfig, kubeconfig_user};
pub use manifest::{GENERATE, KEEP, Manifest, ObjectKey, REQUIRES, RETAIN};

use std::collections::HashMap;

use crate::plan::{Plan, Role, plan_context, unit_context};
use crate::preset::{Catalogue, Layer, Names, TemplateError};

/// A plan may render to this many objects...
const MOST_OBJECTS: usize = 2_000;
/// ...and this much text.
const MOST_BYTES: usize = 32 << 20;

/// Renders every template of every unit that has objects, in the plan's order.
///
/// # Errors
/// The first template that cannot be rendered, or whose output is no Kubernetes object, with its line.
pub fn render(plan: &Plan, catalogue: &Catalogue) -> Result<Vec<Manifest>, RenderError> {
    let mut manifests: Vec<Manifest> = Vec::new();
    let mut known: HashMap<ObjectKey, usize> = HashMap::new();
    let mut bytes = 0;
    let whole = Names::of(&plan_context(plan));
    for unit in plan.units.iter().filter(|unit| unit.role != Role::Access) {
        let names = whole.clone().with(&unit_context(unit));
        for template in unit.templates.values() {
            let file = || catalogue.template_file(&template.layer, &template.path);
            let named = |error| named(catalogue, &template.layer, error);
            let engine = catalogue.engine(&template.layer).map_err(named)?;
            for document in engine.render(&template.path, &names).map_err(named)? {
                bytes += document.text.len();
                if manifests.len() == MOST_OBJECTS || bytes > MOST_BYTES {
                    return Err(RenderError::TooMuch {
                        template: file(),
                        objects: MOST_OBJECTS,
                        bytes: MOST_BYTES,
                    });
                }
                let manifest = object::parse(&document, file(), &unit.name)?;
                if let Some(other) = known.insert(manifest.key(), manifests.len()) {
                    return Err(object::twice(&manifest, &manifests[other]));
                }
                manifests.push(manifest);
            }
        }
    }
    Ok(manifests)
}

/// An error with its template as people look for it.
fn named(catalogue: &Catalogue, layer: &Layer, error: TemplateError) -> TemplateError {
    TemplateError { template: catalogue.template_file(layer, &error.template), ..error }
}

#[cfg(test)]
mod tests;
