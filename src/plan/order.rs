//! The order in which a preset's values are settled: each after those that its templates read, and else as
//! declared. A child may so give a parent's parameter a default that reads one of its own.

use serde_json::Value;

use crate::preset::{Preset, PresetError};

/// Every parameter and value, each after those that it reads.
///
/// # Errors
/// Where values need each other in a circle: the first of them, in its line.
pub(super) fn settle(preset: &Preset) -> Result<Vec<&str>, PresetError> {
    let mut order = Vec::new();
    for name in preset.names() {
        visit(preset, name, &mut order, &mut Vec::new())?;
    }
    Ok(order)
}

fn visit<'a>(
    preset: &'a Preset,
    name: &'a str,
    order: &mut Vec<&'a str>,
    path: &mut Vec<&'a str>,
) -> Result<(), PresetError> {
    if order.contains(&name) {
        return Ok(());
    }
    if let Some(start) = path.iter().position(|above| *above == name) {
        let circle: Vec<&str> = path[start..].iter().copied().chain([name]).collect();
        let section = if preset.params.contains_key(name) { "params" } else { "values" };
        let message = format!("values need each other in a circle: {}", circle.join(" -> "));
        return Err(match preset.origin(section, name).or(preset.chain.last()) {
            Some(link) => link.error_at(&[section, name], message, None),
            None => PresetError::Unknown { name: name.to_owned(), hint: None },
        });
    }
    path.push(name);
    for read in reads(preset, name) {
        if read != name
            && let Some(read) = preset.names().find(|known| *known == read)
        {
            visit(preset, read, order, path)?;
        }
    }
    path.pop();
    order.push(name);
    Ok(())
}

/// The values that a value's templates read.
fn reads(preset: &Preset, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(param) = preset.params.get(name) {
        if let Some(when) = &param.0.when {
            names_in(when, &mut found);
        }
        if let (Some(default), None) = (&param.0.default, preset.values.get(name)) {
            walk(default, &mut found);
        }
    }
    if let Some(value) = preset.values.get(name) {
        walk(value, &mut found);
    }
    found
}

fn walk(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("{{") || text.contains("{%") => names_in(text, found),
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        Value::Object(map) => map.values().for_each(|value| walk(value, found)),
        _ => {}
    }
}

fn names_in(text: &str, found: &mut Vec<String>) {
    found.extend(crate::preset::reads(text).into_iter().map(|(name, _)| name.to_owned()));
}
