//! User config, the repository's `devbox.yaml`, and state; every value keeps its origin.

mod environments;
mod project;

pub use environments::{EnvironmentRecord, Place, RecordError};
pub use project::{Project, ProjectError};
