//! Why a plan cannot be rendered.

use crate::error::Explain;
use crate::preset::TemplateError;

/// Why a plan cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The template is wrong or reads a name that is not there.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// What it renders to is not YAML.
    #[error("{template}:{line}: renders to something that is not YAML: {message}")]
    Yaml {
        /// The template.
        template: String,
        /// The line where the document starts.
        line: usize,
        /// What the parser says.
        message: String,
        /// The rendered line at fault.
        rendered: Option<String>,
    },
    /// What it renders to is no Kubernetes object.
    #[error("{template}:{line}: renders to no Kubernetes object: {missing}")]
    NoObject {
        /// The template.
        template: String,
        /// The line where the document starts.
        line: usize,
        /// What it lacks.
        missing: String,
    },
    /// What an access preset renders to is no user of a kubeconfig.
    #[error("{template}:{line}: renders to no user of a kubeconfig: {problem}")]
    NoUser {
        /// The template.
        template: String,
        /// The line where the document starts.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// The whole set is larger than any environment.
    #[error("{template}: the plan renders to more than {objects} objects or {} MiB", bytes >> 20)]
    TooMuch {
        /// The template that went over it.
        template: String,
        /// The most objects.
        objects: usize,
        /// The most bytes.
        bytes: usize,
    },
    /// Two templates give the same object.
    #[error("{template}:{line}: {object} is rendered by {other} too")]
    Twice {
        /// The second template.
        template: String,
        /// The line where the document starts.
        line: usize,
        /// The object.
        object: String,
        /// The first template.
        other: String,
    },
}

impl Explain for RenderError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Template(error) => error.hint.iter().cloned().collect(),
            Self::Yaml { rendered: Some(line), .. } => vec![format!("the rendered line is `{line}`")],
            Self::Yaml { .. } | Self::TooMuch { .. } => Vec::new(),
            Self::NoObject { .. } => {
                vec!["an object has `apiVersion`, `kind` and `metadata.name` as text".into()]
            }
            Self::NoUser { .. } => {
                vec!["an access template gives what stands under `user:`, such as `exec` or `token`".into()]
            }
            Self::Twice { .. } => vec!["let a name in one of them depend on `unit.name`".into()],
        }
    }
}
