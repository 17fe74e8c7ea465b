//! The files that devbox itself reads: presets, the repository's `devbox.yaml`, the user's config, and
//! state. Unknown keys are rejected with line, column and "did you mean"; every value keeps its origin.

mod address;
mod answers;
mod document;
mod edit;
mod emit;
mod environments;
mod preset_file;
mod project;
mod repository;
mod schema;
mod sources;
mod strict;
mod suggest;
mod user;
mod wording;

pub use address::{Address, AddressError, SshAddress, Way};
pub use answers::{Answers, AnswersError};
pub use document::{Document, DocumentError, Position};
pub use edit::{EditError, edit_sources, pin_of};
pub use emit::to_yaml;
pub use environments::{EnvironmentRecord, Place, RecordError};
pub use preset_file::{
    Alternatives, ConnectionFile, Detects, Kind, ParamFile, ParamType, PasswordFile, PresetFile,
};
pub use project::{Project, ProjectError};
pub use repository::{AccessEntry, FILE_NAME, Repository, UnitEntry};
pub use schema::{SchemaOf, schema};
pub use sources::{SOURCE_NAME, Source, SourceFile, check_folder, check_reference, check_source_name, short};
pub use suggest::{closest, did_you_mean};
pub use user::{UserConfig, UserConfigError};
