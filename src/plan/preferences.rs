//! The user's own values by preset: a name that means nothing is said, for nobody would miss it.

use super::error::PlanError;
use super::inputs::Inputs;
use crate::config::{closest, did_you_mean};
use crate::preset::Catalogue;

/// Looks at every preset that the user's config gives values for; what may be right in another repository is a
/// warning.
///
/// # Errors
/// Where a preset has no such value, nor has one that extends it.
pub(super) fn check(inputs: &Inputs<'_>) -> Result<Vec<String>, PlanError> {
    let (user, catalogue) = (inputs.user, inputs.catalogue);
    let Some(document) = &user.document else { return Ok(Vec::new()) };
    let mut warnings = Vec::new();
    for (preset, values) in &user.values {
        let Ok(found) = catalogue.get(preset) else {
            let names = catalogue.names();
            if let Some(near) = closest(preset, names.iter().map(String::as_str)) {
                let at = document.error_at(&["values", preset], "", None);
                let line = at.position.map_or(1, |position| position.line);
                warnings.push(format!(
                    "{}:{line}: values for `{preset}`, which is no preset here; did you mean `{near}`?",
                    document.file
                ));
            }
            continue;
        };
        for name in values.keys().filter(|name| !found.names().any(|known| known == *name)) {
            if extended_by(catalogue, preset).any(|child| child.names().any(|known| known == name)) {
                continue;
            }
            let message = format!("preset `{preset}` has no value `{name}`");
            let hint = did_you_mean(name, found.names().filter(|name| *name != "env"));
            return Err(document.error_at(&["values", preset, name], message, hint).into());
        }
    }
    Ok(warnings)
}

/// The presets that extend another.
fn extended_by<'a>(
    catalogue: &'a Catalogue,
    parent: &'a str,
) -> impl Iterator<Item = crate::preset::Preset> + 'a {
    let presets = catalogue.names().into_iter().filter_map(|name| catalogue.get(&name).ok());
    presets.filter(move |preset| {
        preset.chain.iter().any(|link| link.name == parent || link.qualified() == parent)
    })
}
