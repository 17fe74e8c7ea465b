//! `devbox preset`: the catalogue, and the means of those who write presets.

mod add;
mod changes;
mod check;
mod new;
mod remove;
mod test;
mod traces;
mod trust;
mod update;

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Value, json};

use super::sources::{self, Listed};
use super::workspace;

use crate::cli::PresetCommand;
use crate::config::{FILE_NAME, Kind, Repository, Source, UserConfig, short};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::fs;
use crate::preset::source::{self, Brings, Content};
use crate::preset::{Catalogue, Layer, Preset};
use crate::ui::{Format, Ui, printable};

/// Prints the catalogue or one preset of it.
///
/// # Errors
/// Where a preset is wrong or there is none of the name.
pub(super) fn run(command: &PresetCommand, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    match command {
        PresetCommand::New { name, kind } => return new::run(name, *kind, env, ui),
        PresetCommand::Add(args) => return add::run(args, env, ui),
        PresetCommand::Update(args) => return update::run(args, env, ui),
        PresetCommand::Remove(args) => return remove::run(args, env, ui),
        PresetCommand::Trust(args) => return trust::run(args, env, ui),
        _ => {}
    }
    let (user, repository) = catalogue_of(env)?;
    let (catalogue, listed) = match command {
        // What goes up has to be trusted.
        PresetCommand::Test { .. } if checkout(env).is_none() => {
            (sources::catalogue(env, ui, &user, repository.as_ref())?, Vec::new())
        }
        _ => sources::for_looking(env, ui, &user, repository.as_ref())?,
    };
    let (catalogue, own) = match checkout(env) {
        Some((name, content)) => {
            let catalogue = catalogue.with_source(&name, "./", &content?)?;
            let own = catalogue.names_of(&name);
            (catalogue, own.into_iter().collect())
        }
        None => (catalogue, Vec::new()),
    };
    match command {
        PresetCommand::Show { name } => show(&catalogue.get(name)?, ui),
        PresetCommand::Check { names } if names.is_empty() && !own.is_empty() => {
            check::run(&own, &catalogue, ui)
        }
        PresetCommand::Check { names } => check::run(names, &catalogue, ui),
        PresetCommand::Test { names, sandbox } => test::run(names, sandbox, &catalogue, env, ui),
        _ => list(&catalogue, &listed, ui),
    }
}

/// Everything that says which sources there are: the user's config and the `devbox.yaml` around.
fn catalogue_of(env: &Env) -> Result<(UserConfig, Option<Repository>), Failure> {
    let user = UserConfig::load(&env.dirs.config)?;
    let file = workspace::root(env, None).join(FILE_NAME);
    let text = fs::read_optional(&file)?;
    let repository = text.map(|text| Repository::parse(FILE_NAME, &text)).transpose()?;
    Ok((user, repository))
}

/// The source whose own checkout this is, under the name of its folder: its authors check and test it here.
fn checkout(env: &Env) -> Option<(String, Result<Content, source::SourceError>)> {
    let top = |folder: &&Path| source::is_checkout(folder);
    let folder = env.cwd.ancestors().take(4).find(top)?;
    let name = folder.file_name()?.to_string_lossy();
    Some((crate::plan::dns_label(&name, 40), source::read_folder(folder, &name)))
}

/// Text of a source, for a terminal.
fn text_of(text: &str) -> Cow<'_, str> {
    printable(text)
}

fn source_row(source: &Source, content: Option<&Content>, trusted: bool) -> Value {
    json!({
        "name": source.name,
        "git": source.address.to_string(),
        "ref": source.reference,
        "path": source.folder,
        "commit": source.commit,
        "tree": content.map(|content| &content.tree),
        "trusted": trusted,
    })
}

fn brings_row(brings: &Brings, listed: &[String]) -> Value {
    let programs = brings.programs.iter().map(|(program, file)| json!({ "program": program, "file": file }));
    json!({
        "presets": brings.presets,
        "templates": brings.templates,
        "registries": brings.registries,
        "unlistedRegistries": brings.unlisted(listed),
        "programs": programs.collect::<Vec<_>>(),
    })
}

fn list(catalogue: &Catalogue, listed: &[Listed], ui: &Ui) -> Result<Exit, Failure> {
    let mut presets = Vec::new();
    for kind in [Kind::Environment, Kind::App, Kind::Service, Kind::Access] {
        presets.extend(catalogue.of_kind(kind)?);
    }
    match ui.format {
        Format::Human => {
            let widest = |of: fn(&Preset) -> usize| presets.iter().map(of).max().unwrap_or_default();
            let (name, place) = (widest(|preset| preset.name.len()), widest(|preset| layer(preset).len()));
            for preset in &presets {
                let kind = preset.kind.name();
                let row =
                    format!("{:name$}  {kind:11}  {:place$}  {}", preset.name, layer(preset), preset.summary);
                ui.data(&printable(&row));
            }
            if !listed.is_empty() {
                ui.data("\nsources");
            }
            for Listed { source, content, trusted } in listed {
                let follows = source.reference.as_deref().unwrap_or("HEAD");
                let at = source.commit.as_deref().map_or("not pinned", short);
                let state = match (content, trusted) {
                    (None, _) => "cannot be had",
                    (_, true) => "trusted",
                    (_, false) => "not trusted here yet",
                };
                let row = format!("{}  {} {follows} at {at}, {state}", source.name, source.address);
                ui.data(&printable(&row));
            }
        }
        Format::Json => {
            let rows: Vec<Value> = presets.iter().map(head).collect();
            let sources: Vec<Value> =
                listed.iter().map(|one| source_row(&one.source, one.content.as_ref(), one.trusted)).collect();
            ui.json(&json!({ "schema": 1, "presets": rows, "sources": sources }));
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
        "layer": preset.chain.last().map(|link| link.layer.kind()),
        "source": preset.chain.last().and_then(|link| match &link.layer {
            Layer::Source(source) => Some(source.name.to_string()),
            _ => None,
        }),
        "file": preset.chain.last().map(|link| &link.document.file),
        "extends": preset.ancestry().skip(1).collect::<Vec<_>>(),
        "detects": preset.detects,
    })
}

fn layer(preset: &Preset) -> &str {
    preset.chain.last().map_or("", |link| link.layer.name())
}

fn text(preset: &Preset) -> String {
    let chain: Vec<String> = preset.ancestry().collect();
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
