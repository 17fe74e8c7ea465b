//! `devbox preset show`: one preset with all that it inherits, each part with the file and line that says it.

use serde_json::{Value, json};

use super::{head, layer};
use crate::error::Exit;
use crate::preset::Preset;
use crate::ui::{Format, Ui, printable};

/// Prints a preset.
pub(super) fn run(preset: &Preset, ui: &Ui) -> Exit {
    match ui.format {
        Format::Human => ui.data(&printable(&text(preset))),
        Format::Json => {
            let params = preset.params.iter().map(|(name, param)| (name, "param", json!(param)));
            let values = preset.values.iter().map(|(name, value)| (name, "value", value.clone()));
            let templates =
                preset.templates.iter().map(|(name, template)| (name, "path", json!(template.path)));
            ui.json(&json!({
                "schema": 1,
                "preset": head(preset),
                "params": entries(preset, "params", params),
                "values": entries(preset, "values", values),
                "services": preset.services,
                "templates": entries(preset, "templates", templates),
                "connection": preset.connection,
            }));
        }
    }
    Exit::Done
}

/// The entries of a section: name, what is said of it under its key, and where.
fn entries<'p>(
    preset: &Preset,
    section: &str,
    of: impl Iterator<Item = (&'p String, &'static str, Value)>,
) -> Vec<Value> {
    let entry = |(name, key, value): (&String, &str, Value)| {
        let origin = preset.origin(section, name).map(|link| {
            let (file, line) = link.place(section, name);
            json!({ "preset": link.name, "file": file, "line": line })
        });
        json!({ "name": name, key: value, "origin": origin })
    };
    of.map(entry).collect()
}

fn text(preset: &Preset) -> String {
    let chain: Vec<String> = preset.ancestry().collect();
    let mut lines = vec![
        format!("{}: {}", preset.name, preset.summary),
        format!("{} preset, {}, {}", preset.kind.name(), layer(preset), chain.join(" -> ")),
    ];
    let from = |section: &str, key: &str| {
        let place = preset.origin(section, key).map(|link| link.place(section, key));
        let shown = place.map(|(file, line)| match line {
            Some(line) => format!("  <- {file}:{line}"),
            None => format!("  <- {file}"),
        });
        shown.unwrap_or_default()
    };
    let one_line = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    lines.push("\nparameters".into());
    for (name, param) in &preset.params {
        lines.push(format!("  {name} ({}){}", param.kind().name(), from("params", name)));
        let summary = param.0.ask.as_ref().or(param.0.summary.as_ref());
        lines.extend(summary.map(|summary| format!("      {}", summary.trim())));
        if !param.choices().is_empty() {
            lines.push(format!("      one of {}", param.choices().join(", ")));
        }
        let default = preset.values.get(name).or(param.0.default.as_ref());
        lines.extend(default.map(|default| format!("      default {}", one_line(default))));
        lines.extend(param.0.when.as_ref().map(|when| format!("      where {when}")));
    }
    let free: Vec<_> = preset.values.iter().filter(|(name, _)| !preset.params.contains_key(*name)).collect();
    if !free.is_empty() {
        lines.push("\nvalues".into());
    }
    for (name, value) in free {
        lines.push(format!("  {name}: {}{}", one_line(value), from("values", name)));
    }
    lines.push("\ntemplates".into());
    for (name, template) in &preset.templates {
        lines.push(format!("  {name}: {}{}", template.path, from("templates", name)));
    }
    if !preset.services.is_empty() {
        lines.push(format!("\nservices: {}", preset.services.join(", ")));
    }
    // What is left out says nothing.
    if let Ok(Value::Object(connection)) = serde_json::to_value(&preset.connection) {
        lines.push("\nconnection".into());
        let said = connection.iter().filter(|(_, value)| !value.is_null() && **value != json!({}));
        lines.extend(
            said.map(|(key, value)| format!("  {key}: {}{}", one_line(value), from("connection", key))),
        );
    }
    lines.join("\n")
}
