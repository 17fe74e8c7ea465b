//! `devbox.yaml`: the repository's own preset. At its top level it is an environment preset; each
//! component and service in it is a preset too, written in place.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::document::{Document, DocumentError};
use super::preset_file::ParamFile;
use super::sources::{self, Source, SourceFile};

/// The file's name.
pub const FILE_NAME: &str = "devbox.yaml";

/// The repository's `devbox.yaml`.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The content, with places.
    pub document: Document,
    /// The project's name, where it is not the folder's.
    pub name: Option<String>,
    /// The environment preset; `namespace` where it is left out.
    pub extends: Option<String>,
    /// Where more presets come from, a later one before an earlier one.
    pub sources: Vec<Source>,
    /// The environment's values.
    pub values: IndexMap<String, Value>,
    /// How the environment's kubeconfig signs in.
    pub access: Option<AccessEntry>,
    /// The components to run, by name; `None` where the file leaves that to detection.
    pub components: Option<IndexMap<String, UnitEntry>>,
    /// The services to run, by name; `None` where the file leaves that to detection.
    pub services: Option<IndexMap<String, UnitEntry>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Shape {
    /// The project's name, where it is not the folder's.
    name: Option<String>,
    /// One line about it.
    summary: Option<String>,
    /// The environment preset; `namespace` where it is left out.
    extends: Option<String>,
    /// Git repositories of presets, by the name that they have here: their presets are `NAME/PRESET`.
    sources: IndexMap<String, Option<SourceFile>>,
    /// Parameters of the environment's own.
    params: IndexMap<String, Option<ParamFile>>,
    /// The environment's values, taken literally.
    values: IndexMap<String, Value>,
    /// Templates of the environment's own; `null` removes one of the preset's.
    templates: IndexMap<String, Option<String>>,
    /// How the environment's kubeconfig signs in.
    access: Option<AccessEntry>,
    /// The components to run, by name; those that detection finds where it is left out.
    components: Option<IndexMap<String, Option<UnitEntry>>>,
    /// The services to run, by name; those that the components need where it is left out.
    services: Option<IndexMap<String, Option<UnitEntry>>>,
}

/// How the environment's kubeconfig signs in, as the file says it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct AccessEntry {
    /// The access preset; the environment's `access` where it is left out.
    pub extends: Option<String>,
    /// Parameters of its own.
    pub params: IndexMap<String, Option<ParamFile>>,
    /// Values, taken literally.
    pub values: IndexMap<String, Value>,
    /// Templates of its own; `null` removes one of the preset's.
    pub templates: IndexMap<String, Option<String>>,
}

/// One component or service of the file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct UnitEntry {
    /// The component's folder, repository-relative.
    pub path: Option<String>,
    /// The preset.
    pub extends: Option<String>,
    /// Parameters of its own.
    pub params: IndexMap<String, Option<ParamFile>>,
    /// Values, taken literally: no template is read from them.
    pub values: IndexMap<String, Value>,
    /// Environment variables, in the clear; `null` leaves one out.
    pub env: IndexMap<String, Value>,
    /// Names of the services that it uses; those that detection found where it is left out.
    pub uses: Option<Vec<String>>,
    /// Templates of its own; `null` removes one of the preset's.
    pub templates: IndexMap<String, Option<String>>,
}

impl Repository {
    /// Reads the text of a `devbox.yaml`.
    ///
    /// # Errors
    /// With line, column and the line at fault.
    pub fn parse(file: &str, text: &str) -> Result<Self, DocumentError> {
        let document = Document::parse(file, text)?;
        let shape: Shape = document.typed()?;
        let filled = |units: IndexMap<String, Option<UnitEntry>>| {
            units.into_iter().map(|(name, entry)| (name, entry.unwrap_or_default())).collect()
        };
        Ok(Self {
            name: shape.name,
            extends: shape.extends,
            sources: sources::read(&document, shape.sources)?,
            values: shape.values,
            access: shape.access,
            components: shape.components.map(filled),
            services: shape.services.map(filled),
            document,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_may_be_left_empty() {
        let repository = Repository::parse(FILE_NAME, "components:\n  api:\n").unwrap();
        assert_eq!(repository.components.unwrap()["api"], UnitEntry::default());
        assert!(repository.services.is_none());
    }

    #[test]
    fn an_unknown_key_deep_inside_is_located() {
        let text = "components:\n  api:\n    path: .\n    vlaues: {port: 1}\n";
        let error = Repository::parse(FILE_NAME, text).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.hint.as_deref()),
            (
                "devbox.yaml:4:5: unknown key `vlaues`\n4 |     vlaues: {port: 1}\n  |     ^",
                Some("did you mean `values`?")
            )
        );
    }
}
