//! One rendered document becomes one object.

use serde_json::Value;

use super::error::RenderError;
use super::manifest::Manifest;
use crate::preset::{Rendered, decode, decode_text};

/// Parses a document and puts the values in the place of their markers.
pub(super) fn parse(document: &Rendered, template: String, unit: &str) -> Result<Manifest, RenderError> {
    let line = document.line;
    let object = yaml(document, &template)?;
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let missing = ["/apiVersion", "/kind", "/metadata/name"].into_iter().find(|name| text(name).is_empty());
    if let Some(missing) = missing {
        let missing = format!("no `{}`", missing.trim_start_matches('/').replace('/', "."));
        return Err(RenderError::NoObject { template, line, missing });
    }
    Ok(Manifest { object, template, line, unit: unit.into() })
}

/// Parses YAML with markers.
pub(super) fn yaml(document: &Rendered, template: &str) -> Result<Value, RenderError> {
    // By way of the YAML value: it refuses repeated keys and tags, JSON's map would take them.
    let parsed = serde_yaml::from_str::<serde_yaml::Value>(&document.text);
    let value = parsed.and_then(serde_yaml::from_value::<Value>).map_err(|error| {
        let at = error.location().and_then(|place| document.text.lines().nth(place.line() - 1));
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or_default();
        RenderError::Yaml {
            template: template.into(),
            line: document.line,
            message: decode_text(message),
            rendered: at.map(|line| decode_text(line.trim()).chars().filter(|c| !c.is_control()).collect()),
        }
    })?;
    Ok(decode(value))
}

/// One object has one template.
pub(super) fn twice(manifest: &Manifest, other: &Manifest) -> RenderError {
    RenderError::Twice {
        template: manifest.template.clone(),
        line: manifest.line,
        object: manifest.key().to_string(),
        other: format!("{}:{} ({})", other.template, other.line, other.unit),
    }
}
