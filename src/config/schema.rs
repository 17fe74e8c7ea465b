//! JSON Schema of the files that people write, made from the types that read them: an editor that knows
//! the schema completes keys and shows slips while they are typed.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::preset_file::PresetFile;
use super::{repository, user};

/// A file that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaOf {
    /// A preset.
    Preset,
    /// The repository's `devbox.yaml`.
    Project,
    /// The user's `config.yaml`.
    Config,
}

impl SchemaOf {
    /// Where the schema is, seen from the file that names it. `devbox.yaml` is committed, so the path is the
    /// same on every machine; each keeps the schema of its own devbox there.
    pub fn path(self) -> &'static str {
        match self {
            Self::Preset => "../schemas/preset.json",
            Self::Project => ".devbox-k8s/schema.json",
            Self::Config => "schemas/config.json",
        }
    }

    /// The first line of a file that devbox writes, which tells editors where its schema is.
    pub fn line(self) -> String {
        format!("# yaml-language-server: $schema={}\n", self.path())
    }
}

/// The JSON Schema (draft 7, which every YAML language server reads) of a file.
pub fn schema(of: SchemaOf) -> Value {
    match of {
        SchemaOf::Preset => generate::<PresetFile>("A devbox preset"),
        SchemaOf::Project => generate::<repository::Shape>("devbox.yaml: how a repository runs"),
        SchemaOf::Config => generate::<user::Shape>("config.yaml: what a user prefers"),
    }
}

fn generate<T: JsonSchema>(title: &str) -> Value {
    let mut schema: Schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    schema.insert("title".into(), title.into());
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_knows_every_key_and_no_other() {
        let preset = schema(SchemaOf::Preset);
        assert_eq!(preset["additionalProperties"], false);
        let keys: Vec<&String> = preset["properties"].as_object().unwrap().keys().collect();
        // What the parser itself says that it expects.
        let document = super::super::Document::parse("p.yaml", "zzzzzzz: 1\n").unwrap();
        let hint = document.typed::<PresetFile>().unwrap_err().hint.unwrap();
        assert_eq!(hint.matches('`').count() / 2, keys.len(), "{hint}");
        assert!(keys.iter().all(|key| hint.contains(&format!("`{key}`"))), "{hint} {keys:?}");
    }

    #[test]
    fn a_parameters_type_is_one_of_the_fields_own() {
        let preset = schema(SchemaOf::Preset);
        let types = serde_json::to_string(&preset["definitions"]["ParamType"]).unwrap();
        for kind in ["dns-label", "quantity", "env-name", "secret"] {
            assert!(types.contains(&format!("\"{kind}\"")), "{types}");
        }
        assert_eq!(preset["definitions"]["ParamFile"]["additionalProperties"], false);
        assert_eq!(schema(SchemaOf::Project)["definitions"]["UnitEntry"]["additionalProperties"], false);
        assert_eq!(schema(SchemaOf::Config)["$schema"], "http://json-schema.org/draft-07/schema#");
    }
}
