//! Why a kubeconfig cannot be used: the file, the key, and what else is there to choose.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Exit, Explain};
use crate::fs::FsError;

/// A kubeconfig that cannot be read, or in which something that is named is missing.
#[derive(Debug, thiserror::Error)]
pub enum KubeconfigError {
    /// The file given with `--kubeconfig` is not there.
    #[error("no kubeconfig at `{}`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// No file was found, or none of them holds a context.
    #[error("no kubeconfig with a context was found")]
    Nothing {
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] FsError),
    /// The file is no YAML, or no mapping.
    #[error("`{}` is not a kubeconfig", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What the parser says, with line and column.
        #[source]
        source: serde_yaml::Error,
    },
    /// The file has another shape than a kubeconfig.
    #[error("`{}` is not a kubeconfig: {problem}", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// The key and what is wrong with it.
        problem: String,
    },
    /// No context was asked for and no file sets `current-context`.
    #[error("no context is chosen: no kubeconfig sets `current-context`")]
    NoCurrent {
        /// The contexts that there are.
        available: Vec<String>,
    },
    /// The context is in none of the files.
    #[error("no context `{context}` in {}", files(looked))]
    NoContext {
        /// The context that was asked for.
        context: String,
        /// The files that were read.
        looked: Vec<PathBuf>,
        /// The contexts that there are.
        available: Vec<String>,
    },
    /// The context names a cluster or a user that is in none of the files.
    #[error("context `{context}` in `{}` names {what} `{name}`, which no kubeconfig defines", path.display())]
    Dangling {
        /// The context.
        context: String,
        /// Its file.
        path: PathBuf,
        /// `cluster` or `user`.
        what: &'static str,
        /// The missing entry.
        name: String,
    },
    /// An entry of that name is there and is not to be replaced.
    #[error("{what} `{name}` is in `{}` already, and is not replaced: {why}", path.display())]
    Taken {
        /// `context`, `cluster` or `user`.
        what: &'static str,
        /// Its name.
        name: String,
        /// Its file.
        path: PathBuf,
        /// What speaks against it.
        why: String,
    },
    /// A context that is to be removed is not devbox's.
    #[error("context `{context}` in `{}` was not put there by devbox", path.display())]
    NotOurs {
        /// The context.
        context: String,
        /// Its file.
        path: PathBuf,
    },
    /// The file that says which context is the current one is not the one that is written.
    #[error("the current context is set in `{}`, which is not changed", path.display())]
    CurrentElsewhere {
        /// The context that was to be the current one.
        context: String,
        /// That file.
        path: PathBuf,
    },
    /// The file is written in a way that cannot be changed without touching more than our entries.
    #[error("cannot change `{}` without rewriting more of it than devbox's entries", path.display())]
    Style {
        /// The file.
        path: PathBuf,
    },
    /// Somebody holds the lock.
    #[error("`{}` has been there for {} s: another program is writing the kubeconfig, or was interrupted", lock.display(), age.as_secs())]
    Locked {
        /// The lock.
        lock: PathBuf,
        /// For how long.
        age: Duration,
    },
    /// An entry is there but cannot be used.
    #[error("cannot use {key} in `{}`", path.display())]
    Entry {
        /// Such as `clusters[dev].server`.
        key: String,
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn files(looked: &[PathBuf]) -> String {
    looked.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}

fn contexts(available: &[String]) -> String {
    const MOST: usize = 20;
    let mut names: Vec<String> = available.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    if available.len() > MOST {
        names.push(format!("and {} more", available.len() - MOST));
    }
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

impl Explain for KubeconfigError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Missing { .. } => vec!["check the path given with `--kubeconfig`".into()],
            Self::Nothing { looked } => vec![
                format!("looked at {}", files(looked)),
                "set `KUBECONFIG`, pass `--kubeconfig FILE`, or run `devbox sandbox start` for a local cluster"
                    .into(),
            ],
            Self::Read(error) => error.hints(),
            Self::NoCurrent { available } => {
                vec![format!("pass `--context NAME`; contexts: {}", contexts(available))]
            }
            Self::NoContext { context, available, .. } => {
                let near = available
                    .iter()
                    .map(|name| (strsim::jaro_winkler(name, context), name))
                    .filter(|(score, _)| *score > 0.8)
                    .max_by(|a, b| a.0.total_cmp(&b.0));
                let mut hints = Vec::new();
                if let Some((_, name)) = near {
                    hints.push(format!("did you mean `{name}`?"));
                }
                hints.push(format!("contexts: {}", contexts(available)));
                hints
            }
            Self::Taken { what, .. } => vec![
                "give it another name: `--name NAME`".into(),
                format!("or replace the {what}: `--force`"),
            ],
            Self::NotOurs { context, .. } => {
                vec![format!("remove it yourself: `kubectl config delete-context {context}`")]
            }
            Self::CurrentElsewhere { context, .. } => vec![format!(
                "merge without `--current`, then `kubectl config use-context {context}`"
            )],
            Self::Style { .. } => vec![
                "see the entries with `devbox kubeconfig print` and write them yourself".into(),
                "or give them a file of their own: `--kubeconfig FILE`".into(),
            ],
            Self::Locked { lock, .. } => {
                vec![format!("where no other program is at it, remove it: `rm {}`", lock.display())]
            }
            Self::Dangling { .. } | Self::Entry { .. } | Self::Syntax { .. } | Self::Shape { .. } => Vec::new(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Missing { .. } | Self::NoCurrent { .. } | Self::NoContext { .. } => Exit::Usage,
            _ => Exit::Failure,
        }
    }
}
