//! The files that devbox itself reads: presets, the repository's `devbox.yaml`, the user's config, and
//! state. Unknown keys are rejected with line, column and "did you mean"; every value keeps its origin.

mod answers;
mod document;
mod emit;
mod environments;
mod preset_file;
mod project;
mod repository;
mod schema;
mod suggest;
mod user;

pub use answers::{Answers, AnswersError};
pub use document::{Document, DocumentError, Position};
pub use emit::to_yaml;
pub use environments::{EnvironmentRecord, Place, RecordError};
pub use preset_file::{
    Alternatives, ConnectionFile, Detects, Kind, ParamFile, ParamType, PasswordFile, PresetFile,
};
pub use project::{Project, ProjectError};
pub use repository::{AccessEntry, FILE_NAME, Repository, UnitEntry};
pub use schema::{SchemaOf, schema};
pub use suggest::{closest, did_you_mean};
pub use user::{UserConfig, UserConfigError};
