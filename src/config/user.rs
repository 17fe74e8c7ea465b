//! The user's own config: `config.yaml` in the platform's config folder.

use std::path::Path;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::document::{Document, DocumentError};
use super::sources::{self, Source, SourceFile};
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
    /// Where more presets come from, in every repository.
    pub sources: Vec<Source>,
    /// Registries, and folders of registries, whose images a source may bring without being asked about.
    pub registries: Vec<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Shape {
    /// The name that goes into namespaces, in place of the login name.
    user: Option<String>,
    /// Values by preset name; they hold for presets that extend it too.
    values: IndexMap<String, IndexMap<String, Value>>,
    /// Git repositories of presets for every repository, by the name that they have here.
    sources: IndexMap<String, Option<SourceFile>>,
    /// Registries whose images a source's presets may bring without a question: `ghcr.io`,
    /// `registry.example.com/platform`.
    registries: Vec<String>,
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
        Ok(Self {
            user: shape.user,
            values: shape.values,
            sources: sources::read(&document, shape.sources)?,
            registries: shape.registries,
            document: Some(document),
        })
    }
}
