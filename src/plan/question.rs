//! What is still open: the wizard asks it, a run without a terminal takes the default or names the flag.

use serde::Serialize;
use serde_json::Value;

use crate::config::{ParamFile, ParamType};
use crate::preset::Param;

/// Whom an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The project: the answer goes into `devbox.yaml`.
    Project,
    /// This person's environment: the answer stays with the cluster (namespace, secrets).
    Environment,
}

/// An open question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// The key in answers: `api.port`, `components`.
    pub key: String,
    /// The flag that answers it: `--set api.port=PORT`.
    pub flag: String,
    /// The question, for people.
    pub text: String,
    /// What an answer may be.
    pub param: Param,
    /// What is taken where nobody is asked.
    pub default: Option<Value>,
    /// The answers to choose from; empty where any of the type will do.
    pub choices: Vec<Choice>,
    /// Why it is asked or where the default comes from: `src/server.js:12`.
    pub why: Option<String>,
    /// Without an answer or a default there is no plan.
    pub required: bool,
    /// Whom the answer is about.
    pub scope: Scope,
}

/// One answer to choose from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// The answer.
    pub value: String,
    /// What speaks for it, or an empty text.
    pub note: String,
}

impl Question {
    /// Checks an answer and gives it the form of its type.
    ///
    /// # Errors
    /// A lowercase fragment that says what is wrong.
    pub fn check(&self, answer: &Value) -> Result<Value, String> {
        self.param.check(answer)
    }

    /// Several answers at once.
    pub fn is_multiple(&self) -> bool {
        self.param.kind() == ParamType::List
    }

    /// The question which of several to run.
    pub(super) fn selection(key: &str, text: &str, choices: Vec<Choice>) -> Self {
        let values: Vec<Value> = choices.iter().map(|choice| choice.value.clone().into()).collect();
        let param = Param(ParamFile {
            kind: Some(ParamType::List),
            choices: Some(values.clone()),
            ..ParamFile::default()
        });
        Self {
            key: key.into(),
            flag: format!("--{key} NAME,..."),
            text: text.into(),
            param,
            default: Some(Value::Array(values)),
            choices,
            why: None,
            required: true,
            scope: Scope::Project,
        }
    }
}

/// What stands for the value in a flag: `PORT`, `TEXT`.
pub(super) fn placeholder(kind: ParamType) -> &'static str {
    match kind {
        ParamType::String => "TEXT",
        ParamType::Bool => "true|false",
        ParamType::Int => "NUMBER",
        ParamType::Port => "PORT",
        ParamType::Quantity => "AMOUNT",
        ParamType::Duration => "TIME",
        ParamType::DnsLabel | ParamType::DnsName | ParamType::EnvName => "NAME",
        ParamType::Image => "IMAGE",
        ParamType::Url => "URL",
        ParamType::Choice => "CHOICE",
        ParamType::List => "A,B",
        ParamType::Secret => "SECRET",
    }
}
