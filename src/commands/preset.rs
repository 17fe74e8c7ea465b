//! `devbox preset`: the catalogue, and the means of those who write presets.

mod add;
mod changes;
mod check;
mod list;
mod new;
mod remove;
mod show;
mod test;
mod traces;
mod trust;
mod update;

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Value, json};

use super::{sources, workspace};
use crate::cli::PresetCommand;
use crate::config::{FILE_NAME, Repository, Source, UserConfig};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::fs;
use crate::preset::source::{self, Brings, Content};
use crate::preset::{Layer, Preset};
use crate::ui::{Ui, printable};

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
        PresetCommand::Show { name } => Ok(show::run(&catalogue.get(name)?, ui)),
        PresetCommand::Check { names } if names.is_empty() && !own.is_empty() => {
            check::run(&own, &catalogue, ui)
        }
        PresetCommand::Check { names } => check::run(names, &catalogue, ui),
        PresetCommand::Test { names, sandbox } => test::run(names, sandbox, &catalogue, env, ui),
        _ => list::run(&catalogue, &listed, ui),
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
