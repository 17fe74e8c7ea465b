//! `devbox preset`: the catalogue, and the means of those who write presets.

mod check;
mod new;
mod test;

use serde_json::{Value, json};

use crate::cli::PresetCommand;
use crate::config::Kind;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::preset::{Catalogue, Preset};
use crate::ui::{Format, Ui, printable};

/// Prints the catalogue or one preset of it.
///
/// # Errors
/// Where a preset is wrong or there is none of the name.
pub(super) fn run(command: &PresetCommand, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let catalogue = Catalogue::built_in()?.with_user(&env.dirs.config)?;
    match command {
        PresetCommand::List => list(&catalogue, ui),
        PresetCommand::Show { name } => show(&catalogue.get(name)?, ui),
        PresetCommand::Check { names } => check::run(names, &catalogue, ui),
        PresetCommand::Test { names, sandbox } => test::run(names, sandbox, &catalogue, env, ui),
        PresetCommand::New { name, kind } => new::run(name, *kind, env, ui),
    }
}

fn list(catalogue: &Catalogue, ui: &Ui) -> Result<Exit, Failure> {
    let mut presets = Vec::new();
    for kind in [Kind::Environment, Kind::App, Kind::Service, Kind::Access] {
        presets.extend(catalogue.of_kind(kind)?);
    }
    match ui.format {
        Format::Human => {
            let name = presets.iter().map(|preset| preset.name.len()).max().unwrap_or_default();
            for preset in &presets {
                let kind = preset.kind.name();
                let row =
                    format!("{:name$}  {kind:11}  {:8}  {}", preset.name, layer(preset), preset.summary);
                ui.data(&printable(&row));
            }
        }
        Format::Json => {
            let rows: Vec<Value> = presets.iter().map(head).collect();
            ui.json(&json!({ "schema": 1, "presets": rows }));
        }
    }
    Ok(Exit::Done)
}

fn show(preset: &Preset, ui: &Ui) -> Result<Exit, Failure> {
    match ui.format {
        Format::Human => ui.data(&printable(&text(preset))),
        Format::Json => {
            let origin = |section: &str, key: &str| {
                preset
                    .origin(section, key)
                    .map(|link| json!({ "preset": link.name, "file": link.document.file }))
            };
            let params: Vec<Value> = preset
                .params
                .iter()
                .map(
                    |(name, param)| json!({ "name": name, "param": param, "origin": origin("params", name) }),
                )
                .collect();
            let values: Vec<Value> = preset
                .values
                .iter()
                .map(
                    |(name, value)| json!({ "name": name, "value": value, "origin": origin("values", name) }),
                )
                .collect();
            let templates: Vec<Value> = preset
                .templates
                .iter()
                .map(|(name, template)| {
                    json!({ "name": name, "path": template.path, "origin": origin("templates", name) })
                })
                .collect();
            ui.json(&json!({
                "schema": 1,
                "preset": head(preset),
                "params": params,
                "values": values,
                "services": preset.services,
                "templates": templates,
                "connection": preset.connection,
            }));
        }
    }
    Ok(Exit::Done)
}

fn head(preset: &Preset) -> Value {
    json!({
        "name": preset.name,
        "summary": preset.summary,
        "kind": preset.kind,
        "layer": layer(preset),
        "file": preset.chain.last().map(|link| &link.document.file),
        "extends": preset.ancestry().skip(1).collect::<Vec<_>>(),
        "detects": preset.detects,
    })
}

fn layer(preset: &Preset) -> &'static str {
    preset.chain.last().map_or("", |link| link.layer.name())
}

fn text(preset: &Preset) -> String {
    let chain: Vec<&str> = preset.ancestry().collect();
    let mut lines = vec![
        format!("{}: {}", preset.name, preset.summary),
        format!("{} preset, {}, {}", preset.kind.name(), layer(preset), chain.join(" -> ")),
    ];
    let from = |section: &str, key: &str| {
        preset.origin(section, key).map(|link| format!("  <- {}", link.document.file)).unwrap_or_default()
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
    lines.join("\n")
}
