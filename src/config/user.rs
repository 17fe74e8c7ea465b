//! The user's own config: `config.yaml` in the platform's config folder.

use std::path::Path;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::document::{Document, DocumentError};
use crate::error::{Exit, Explain};
use crate::fs::{FsError, read_optional};

/// What a user prefers, in every repository.
#[derive(Debug, Clone, Default)]
pub struct UserConfig {
    /// The content with places; `None` where there is no file.
    pub document: Option<Document>,
    /// The name that goes into namespaces, in place of the login name.
    pub user: Option<String>,
    /// Values by preset name; they hold for presets that extend it too.
    pub values: IndexMap<String, IndexMap<String, Value>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Shape {
    /// The name that goes into namespaces, in place of the login name.
    user: Option<String>,
    /// Values by preset name; they hold for presets that extend it too.
    values: IndexMap<String, IndexMap<String, Value>>,
}

/// Why the user's config cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UserConfigError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] FsError),
    /// The file is wrong.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl Explain for UserConfigError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Read(error) => error.hints(),
            Self::Document(error) => error.hints(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Read(error) => error.exit(),
            Self::Document(error) => error.exit(),
        }
    }
}

impl UserConfig {
    /// Reads `config.yaml` in the user's config folder; nothing there is an empty config.
    ///
    /// # Errors
    /// Where the file cannot be read or is wrong.
    pub fn load(folder: &Path) -> Result<Self, UserConfigError> {
        let path = folder.join("config.yaml");
        match read_optional(&path)? {
            Some(text) => Ok(Self::parse(&path.display().to_string(), &text)?),
            None => Ok(Self::default()),
        }
    }

    /// Reads the text of a user config.
    ///
    /// # Errors
    /// With line, column and the line at fault.
    pub fn parse(file: &str, text: &str) -> Result<Self, DocumentError> {
        let document = Document::parse(file, text)?;
        let shape: Shape = document.typed()?;
        Ok(Self { document: Some(document), user: shape.user, values: shape.values })
    }
}
