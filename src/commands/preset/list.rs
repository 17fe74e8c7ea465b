//! `devbox preset list`: every preset there is here, and the sources.

use serde_json::{Value, json};

use super::super::sources::Listed;
use super::{head, layer, source_row};
use crate::config::{Kind, short};
use crate::error::{Exit, Failure};
use crate::preset::{Catalogue, Preset};
use crate::ui::{Format, Ui, printable};

/// Prints the catalogue.
///
/// # Errors
/// Where the inheritance of a preset does not work out.
pub(super) fn run(catalogue: &Catalogue, listed: &[Listed], ui: &Ui) -> Result<Exit, Failure> {
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
