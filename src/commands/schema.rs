//! `devbox schema`: the JSON Schema of the files that people write.

use crate::cli::SchemaFile;
use crate::config::{SchemaOf, schema};
use crate::error::Exit;
use crate::ui::Ui;

/// Prints the schema of a file. It is JSON in either format: an editor reads it.
pub(super) fn run(of: SchemaFile, ui: &Ui) -> Exit {
    ui.json(&schema(match of {
        SchemaFile::Preset => SchemaOf::Preset,
        SchemaFile::Project => SchemaOf::Project,
        SchemaFile::Config => SchemaOf::Config,
    }));
    Exit::Done
}
