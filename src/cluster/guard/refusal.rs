//! What the guard says no with.

use crate::error::{Exit, Explain};

/// Why a target must not be written to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A name says production.
    #[error("refused: {what} `{name}` looks like production (`{word}`)")]
    Production {
        /// `context`, `cluster`, `namespace` or `server`.
        what: &'static str,
        /// The name.
        name: String,
        /// The word in it.
        word: String,
    },
    /// The namespace belongs to the cluster itself.
    #[error("refused: namespace `{namespace}` belongs to the cluster itself")]
    System {
        /// The namespace.
        namespace: String,
    },
    /// The context's name was not typed.
    #[error("refused: context `{context}` was not confirmed: {reason}")]
    NotConfirmed {
        /// The context.
        context: String,
        /// Why it must be.
        reason: String,
    },
    /// The permission is for another namespace.
    #[error("refused: namespace `{namespace}` was not confirmed, `{confirmed}` was")]
    OtherNamespace {
        /// The namespace that would be written to.
        namespace: String,
        /// The one that was confirmed.
        confirmed: String,
    },
}

impl Explain for Refusal {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Production { what: "namespace", .. } => {
                vec!["nothing overrides this; choose another namespace with `--namespace`".into()]
            }
            Self::Production { .. } => {
                vec!["nothing overrides this; choose a development cluster with `--context`".into()]
            }
            Self::System { .. } => vec!["choose another namespace with `--namespace`".into()],
            Self::NotConfirmed { context, .. } => vec![
                format!(
                    "run the command in a terminal and type `{context}` when asked; it is then remembered"
                ),
                format!("or, where nobody can be asked, name it once more: `--confirm-context {context}`"),
            ],
            Self::OtherNamespace { .. } => Vec::new(),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
