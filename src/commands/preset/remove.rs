//! `devbox preset remove`: a source is taken out of the file that pins it.

use serde_json::{Value, json};

use super::super::sources::Pins;
use crate::cli::RemoveArgs;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::ui::{Format, Ui};

/// Removes a source.
///
/// # Errors
/// Where there is none of this name, or nobody said that it should go.
pub(super) fn run(args: &RemoveArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let name = &args.name;
    let mut files: Vec<Pins> = Pins::of_repository(env)?.filter(|_| !args.user).into_iter().collect();
    files.push(Pins::of_user(env)?);
    let Some(pins) = files.iter().find(|pins| pins.find(name).is_some()) else {
        let known = files.iter().flat_map(|pins| &pins.sources).map(|source| source.name.as_str());
        return Err(super::trust::no_such(name, known));
    };
    let (before, after) = pins.without(name)?;
    ui.status(&format!("{} changes:", pins.shown));
    ui.status(ui.difference(before, &after).trim_end());
    for place in uses(before, name) {
        ui.warn(&format!("`{place}` is used in {} and will not be found any more", pins.shown));
    }
    if !args.yes {
        if !ui.interactive {
            return Err(Failure::usage("nobody can be asked here").hint("add `--yes`"));
        }
        if !ui.confirm(&format!("Take `{name}` out?"), true)? {
            return Err(Failure::interrupted());
        }
    }
    pins.write(ui, &after)?;
    match ui.format {
        Format::Human => ui.data(&format!("{name} is not a source in {} any more", pins.shown)),
        Format::Json => ui.json(&json!({ "schema": 1, "file": pins.shown, "removed": name })),
    }
    Ok(Exit::Done)
}

/// The presets of a source that a document extends by their whole names.
fn uses(text: &str, name: &str) -> Vec<String> {
    fn walk(value: &Value, prefix: &str, found: &mut Vec<String>) {
        let Some(map) = value.as_object() else { return };
        for (key, value) in map {
            match value.as_str() {
                Some(text) if key == "extends" && text.starts_with(prefix) => found.push(text.to_owned()),
                _ => walk(value, prefix, found),
            }
        }
    }
    let mut found = Vec::new();
    if let Ok(document) = crate::config::Document::parse("", text) {
        walk(&document.value, &format!("{name}/"), &mut found);
    }
    found
}
