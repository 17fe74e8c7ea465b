//! Templates to Kubernetes objects. Pure: no file, network, environment or clock.

mod error;
mod kubeconfig;
mod manifest;
mod object;

pub use error::RenderError;
pub use kubeconfig::{KubeconfigInput, kubeconfig};
pub use manifest::{GENERATE, KEEP, Manifest, ObjectKey, RETAIN};

use crate::plan::{Plan, unit_context};
use crate::preset::{Catalogue, TemplateError};

/// Renders every template of every unit, in the plan's order.
///
/// # Errors
/// The first template that cannot be rendered, or whose output is no Kubernetes object, with its line.
pub fn render(plan: &Plan, catalogue: &Catalogue) -> Result<Vec<Manifest>, RenderError> {
    let mut manifests: Vec<Manifest> = Vec::new();
    for unit in &plan.units {
        let context = unit_context(plan, unit);
        for template in unit.templates.values() {
            let engine = catalogue.engine(&template.layer).map_err(in_templates)?;
            for document in engine.render(&template.path, &context).map_err(in_templates)? {
                let manifest = object::parse(&document, file(&template.path), &unit.name)?;
                object::refuse_twin(&manifests, &manifest)?;
                manifests.push(manifest);
            }
        }
    }
    Ok(manifests)
}

/// A template as people look for it.
fn file(template: &str) -> String {
    format!("templates/{template}")
}

fn in_templates(error: TemplateError) -> TemplateError {
    TemplateError { template: file(&error.template), ..error }
}

#[cfg(test)]
mod tests;
