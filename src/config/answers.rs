//! `--answers FILE`: answers to the wizard's questions, as a YAML file or on standard input.
//!
//! Its top level knows the wizard's own questions; everything else is a value by its `--set` key,
//! nested (`web: {port: 3000}`) or dotted (`web.port: 3000`). Unknown value keys are found where the
//! plan is resolved: only there is known what exists.

use std::io::Read;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::Value;

use super::document::{Document, DocumentError};
use crate::error::{Exit, Explain};
use crate::fs::FsError;

/// The most that is read from standard input.
const MOST_BYTES: u64 = 1 << 20;

/// Answers to the wizard's questions.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// The file's name, or `standard input`.
    pub file: String,
    /// The kubeconfig context.
    pub context: Option<String>,
    /// The sandbox's name; `true` in the file is the default one.
    pub sandbox: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The components to run.
    pub components: Option<Vec<String>>,
    /// The kinds of services to run.
    pub services: Option<Vec<String>>,
    /// Values by their `--set` key.
    pub values: IndexMap<String, Value>,
}

/// Why answers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    /// There is no such file.
    #[error("no answers file `{0}`")]
    Missing(String),
    /// The file or standard input cannot be read.
    #[error("cannot read answers from {file}")]
    Read {
        /// The file's name.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FsError),
    /// The file is wrong.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl Explain for AnswersError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Missing(_) => vec!["use `--answers -` to give them on standard input".into()],
            Self::Read { .. } => Vec::new(),
            Self::File(error) => error.hints(),
            Self::Document(error) => error.hints(),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

impl Answers {
    /// Reads a file, or standard input where the path is `-`.
    ///
    /// # Errors
    /// Where it cannot be read, is no YAML map, or a known key has a value of another type.
    pub fn load(path: &Path) -> Result<Self, AnswersError> {
        if path == Path::new("-") {
            let file = "standard input".to_owned();
            let mut text = String::new();
            // One byte more than allowed, so that the parser sees that it is too much.
            let read = std::io::stdin().lock().take(MOST_BYTES + 1).read_to_string(&mut text);
            read.map_err(|source| AnswersError::Read { file: file.clone(), source })?;
            return Ok(Self::parse(&file, &text)?);
        }
        let file = path.display().to_string();
        match crate::fs::read_optional(path)? {
            Some(text) => Ok(Self::parse(&file, &text)?),
            None => Err(AnswersError::Missing(file)),
        }
    }

    /// Reads the text of an answers file.
    ///
    /// # Errors
    /// With line, column and the line at fault.
    pub fn parse(file: &str, text: &str) -> Result<Self, DocumentError> {
        let document = Document::parse(file, text)?;
        let mut answers = Self { file: file.to_owned(), ..Self::default() };
        let Value::Object(top) = &document.value else { return Ok(answers) };
        for (key, value) in top {
            let wrong = |wanted: &str| document.error_at(&[key], format!("`{key}` takes {wanted}"), None);
            match key.as_str() {
                "context" => answers.context = Some(text_of(value).ok_or_else(|| wrong("a context's name"))?),
                "namespace" => answers.namespace = Some(text_of(value).ok_or_else(|| wrong("a name"))?),
                "sandbox" => answers.sandbox = sandbox(value).ok_or_else(|| wrong("`true` or a name"))?,
                "components" => {
                    answers.components = Some(list_of(value).ok_or_else(|| wrong("a list of names"))?);
                }
                "services" => {
                    answers.services = Some(list_of(value).ok_or_else(|| wrong("a list of kinds"))?);
                }
                _ => flatten(key, value, &mut answers.values),
            }
        }
        Ok(answers)
    }
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn list_of(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(text_of).collect()
}

fn sandbox(value: &Value) -> Option<Option<String>> {
    match value {
        Value::Bool(true) => Some(Some("default".into())),
        Value::Bool(false) => Some(None),
        Value::String(name) => Some(Some(name.clone())),
        _ => None,
    }
}

fn flatten(key: &str, value: &Value, into: &mut IndexMap<String, Value>) {
    match value {
        Value::Object(map) => {
            for (inner, value) in map {
                flatten(&format!("{key}.{inner}"), value, into);
            }
        }
        value => {
            into.insert(key.to_owned(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_may_be_nested_or_dotted() {
        let answers =
            Answers::parse("a.yaml", "sandbox: true\nservices: [redis]\nweb: {port: 1}\ndb.size: 1Gi\n")
                .unwrap();
        assert_eq!(answers.sandbox.as_deref(), Some("default"));
        assert_eq!(answers.services, Some(vec!["redis".into()]));
        let values: Vec<_> = answers.values.into_iter().collect();
        assert_eq!(values, [("web.port".into(), json!(1)), ("db.size".into(), json!("1Gi"))]);
    }

    #[test]
    fn a_wrong_type_is_located() {
        let error = Answers::parse("a.yaml", "namespace: x\ncomponents: api\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.yaml:2:1: `components` takes a list of names\n2 | components: api\n  | ^"
        );
    }
}
