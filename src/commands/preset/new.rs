//! `devbox preset new`: a preset to begin with, in the user's config folder, with its schema beside it.

use super::super::schema_file;
use crate::cli::NewPreset;
use crate::config::SchemaOf;
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::fs::{self, Access};
use crate::ui::Ui;

const SERVICE: &str = include_str!("service.yaml.txt");
const APP: &str = include_str!("app.yaml.txt");

/// Writes a preset that works, for its author to change.
///
/// # Errors
/// Where there is one of this name, or the folder is not writable.
pub(super) fn run(name: &str, kind: NewPreset, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    if crate::plan::dns_label(name, 40) != name {
        let failure = Failure::usage(format!("`{}` cannot name a preset", name.escape_debug()));
        return Err(failure.hint("lower case letters, digits and `-`, a letter first"));
    }
    let presets = env.dirs.config.join("presets");
    let file = presets.join(format!("{name}.yaml"));
    if file.exists() {
        return Err(Failure::usage(format!("`{}` is there already", file.display())));
    }
    std::fs::create_dir_all(&presets).map_err(|source| {
        Failure::new(format!("cannot create `{}`", presets.display())).cause(source.to_string())
    })?;
    let template = match kind {
        NewPreset::Service => SERVICE,
        NewPreset::App => APP,
    };
    let text = format!("{}{}", SchemaOf::Preset.line(), template.replace("NAME", name));
    fs::write_atomic(&file, text.as_bytes(), Access::Shared)?;
    schema_file::refresh(ui, &file, SchemaOf::Preset, &text);
    ui.status(&format!(
        "look at it with `devbox preset show {name}`, check it with `devbox preset check {name}`"
    ));
    ui.data(&file.display().to_string());
    Ok(Exit::Done)
}
