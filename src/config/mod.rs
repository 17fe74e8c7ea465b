//! The files that devbox itself reads: presets, the repository's `devbox.yaml`, the user's config, and
//! state. Unknown keys are rejected with line, column and "did you mean"; every value keeps its origin.

mod checkout;
mod document;
mod emit;
mod preset_file;
mod repository;
mod suggest;
mod user;

pub use checkout::Checkout;
pub use document::{Document, DocumentError, Position};
pub use emit::to_yaml;
pub use preset_file::{
    Alternatives, ConnectionFile, Detects, Kind, ParamFile, ParamType, PasswordFile, PresetFile,
};
pub use repository::{FILE_NAME, Repository, UnitEntry};
pub use suggest::{closest, did_you_mean};
pub use user::{UserConfig, UserConfigError};
