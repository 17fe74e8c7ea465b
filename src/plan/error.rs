//! Why there is no plan.

use super::question::Question;
use super::unit::Origin;
use crate::config::DocumentError;
use crate::error::{Exit, Explain};
use crate::preset::{PresetError, TemplateError};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// `devbox.yaml` or the user's config is wrong.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A preset is wrong.
    #[error(transparent)]
    Preset(#[from] PresetError),
    /// A default is no template that can be evaluated.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A flag or answer is about something that is not in the plan.
    #[error("there is nothing called `{key}` to set ({origin})")]
    UnknownKey {
        /// The key.
        key: String,
        /// Where it was given.
        origin: Origin,
        /// The closest known, or all.
        hint: Option<String>,
    },
    /// A value is not of its type.
    #[error("`{key}` cannot be {shown} ({origin}): {reason}")]
    Invalid {
        /// The key.
        key: String,
        /// The value for people; a secret is hidden.
        shown: String,
        /// Where it was given.
        origin: Origin,
        /// What is wrong.
        reason: String,
    },
    /// Values without default are missing, and nobody can be asked.
    #[error("{}", missing(questions))]
    Missing {
        /// What is missing.
        questions: Vec<Question>,
    },
    /// Nothing in the repository can be run.
    #[error("found nothing to deploy in `{project}`")]
    Nothing {
        /// The project's name.
        project: String,
        /// What could be started, but looks like tools for the command line.
        tools: Vec<String>,
    },
}

fn missing(questions: &[Question]) -> String {
    let lines = questions.iter().map(|q| format!("\n{}  ({})", q.flag, q.text));
    format!("{} value(s) are missing:{}", questions.len(), lines.collect::<String>())
}

impl Explain for PlanError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Document(error) => error.hints(),
            Self::Preset(error) => error.hints(),
            Self::Template(error) => error.hint.iter().cloned().collect(),
            Self::UnknownKey { hint, .. } => hint.iter().cloned().collect(),
            Self::Invalid { .. } => Vec::new(),
            Self::Missing { .. } => {
                vec!["give the flags above, or run `devbox init` in a terminal to be asked".into()]
            }
            Self::Nothing { tools, .. } if !tools.is_empty() => vec![format!(
                "{} looks like a command-line tool; run it all the same with `--components {}`",
                tools.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
                tools.join(",")
            )],
            Self::Nothing { .. } => vec![
                "see what was found with `devbox detect`".into(),
                "name a component in `devbox.yaml` with `extends: web` and an `image`".into(),
            ],
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
