//! What can be wrong with presets.

use super::engine::TemplateError;
use crate::config::DocumentError;
use crate::error::{Exit, Explain};
use crate::fs::FsError;

/// Why a preset cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    /// Its document is wrong.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// One of its templates is wrong.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Its folder cannot be read.
    #[error(transparent)]
    Read(#[from] FsError),
    /// No preset has this name.
    #[error("no preset is called `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// The closest, or all.
        hint: Option<String>,
    },
    /// A preset is its own ancestor.
    #[error("presets extend each other in a circle: {}", chain.join(" -> "))]
    Cycle {
        /// The names, the first one again at the end.
        chain: Vec<String>,
    },
}

impl Explain for PresetError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Document(error) => error.hints(),
            Self::Template(error) => error.hint.iter().cloned().collect(),
            Self::Read(error) => error.hints(),
            Self::Unknown { hint, .. } => {
                hint.iter().cloned().chain(["list them with `devbox preset list`".into()]).collect()
            }
            Self::Cycle { .. } => vec!["let one of them extend another preset, or none".into()],
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Read(_) => Exit::Failure,
            _ => Exit::Usage,
        }
    }
}
