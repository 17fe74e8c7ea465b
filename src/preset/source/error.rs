//! What can be wrong with a source, or with the way to it.

use crate::config::short;
use crate::error::{Exit, Explain};
use crate::fs::FsError;

/// Why a source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Nothing says which commit.
    #[error("source `{name}` is not pinned to a commit")]
    NotPinned {
        /// The source.
        name: String,
    },
    /// It holds something that no source may hold.
    #[error("{label}: refused `{path}`: {why}")]
    Refused {
        /// `acme@0123456`.
        label: String,
        /// The path in it.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// There are no presets in it.
    #[error("{label}: there is no `presets/` with a preset in it")]
    Empty {
        /// `acme@0123456`.
        label: String,
    },
    /// It lacks the folder that was named.
    #[error("{label}: there is no folder `{folder}`")]
    NoFolder {
        /// `acme@0123456`.
        label: String,
        /// The folder.
        folder: String,
    },
    /// The repository has no such branch or tag.
    #[error("`{address}` has no branch or tag `{reference}`")]
    NoReference {
        /// The repository.
        address: String,
        /// The branch or tag.
        reference: String,
        /// The closest, or some that there are.
        hint: Option<String>,
    },
    /// The repository has no such commit any more.
    #[error("commit {commit} of source `{name}` is not in `{address}` any more")]
    Vanished {
        /// The source.
        name: String,
        /// The commit.
        commit: String,
        /// The repository.
        address: String,
    },
    /// It could not be fetched.
    #[error("cannot fetch source `{name}` from `{address}`")]
    Fetch {
        /// The source.
        name: String,
        /// The repository.
        address: String,
        /// Why.
        #[source]
        source: Trouble,
    },
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// A file of ours could not be read or written.
    #[error(transparent)]
    File(#[from] FsError),
    /// What was fetched cannot be read.
    #[error("{label}: git cannot read it")]
    Git {
        /// `acme@0123456`.
        label: String,
        /// What libgit2 said.
        #[source]
        source: git2::Error,
    },
}

/// What went wrong on the way to a repository.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The host cannot be reached, or the connection broke.
    #[error("{0}")]
    Network(String),
    /// The server wants a login that it was not given, or did not take the one it was given.
    #[error("the server wants a login{}", if *.tried { ", and did not accept the one of git's credential helpers" } else { "" })]
    Login {
        /// A credential was tried.
        tried: bool,
        /// The host.
        host: String,
    },
    /// An answer that is none of git's.
    #[error("{0}")]
    Answer(String),
    /// `ssh` ended with an error.
    #[error("{program} ended with {status}{}", if .said.is_empty() { String::new() } else { format!(":\n{said}") })]
    Ssh {
        /// The program.
        program: String,
        /// Its exit status.
        status: String,
        /// What it wrote last.
        said: String,
    },
    /// It is more than a source may be.
    #[error("it has more than {} MiB, or more objects than a source may have", .0 >> 20)]
    TooLarge(u64),
    /// An object of it would take too much memory.
    #[error("an object of it unpacks to more than {} MiB", .0 >> 20)]
    Explodes(usize),
    /// Nothing came for too long.
    #[error("nothing came from it for {0} seconds")]
    Stalled(u64),
    /// It took too long.
    #[error("it was not done after {0} seconds")]
    TooSlow(u64),
    /// What git said.
    #[error("{}", .0.message())]
    Git(#[from] git2::Error),
    /// The work came to an unexpected end.
    #[error("the work on it came to an unexpected end")]
    Lost,
}

impl Explain for SourceError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::NotPinned { name } => vec![format!("pin it: `devbox preset update {name}`")],
            Self::Refused { .. } => {
                vec![
                    "a source holds ordinary text files in `presets/` and `templates/`; ask its authors"
                        .into(),
                ]
            }
            Self::Empty { .. } => vec!["name the folder that holds `presets/`: `--path FOLDER`".into()],
            Self::NoFolder { .. } => vec!["`path` names the folder that holds `presets/`".into()],
            Self::NoReference { hint, .. } => hint.iter().cloned().collect(),
            Self::Vanished { name, commit, .. } => vec![
                format!("move to a commit that is there: `devbox preset update {name}`"),
                format!(
                    "or ask its authors to bring {} back under a branch or tag: history was rewritten",
                    short(commit)
                ),
            ],
            Self::Fetch { source, address, .. } => hints_of(source, address),
            Self::File(error) => error.hints(),
            Self::Interrupted | Self::Git { .. } => Vec::new(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NotPinned { .. } => Exit::Usage,
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::Failure,
        }
    }
}

fn hints_of(trouble: &Trouble, address: &str) -> Vec<String> {
    match trouble {
        Trouble::Login { host, .. } => vec![
            format!("log in to {host} with git, once: `git ls-remote {address}`"),
            "or set a helper up that knows the login: `git help credentials`".into(),
        ],
        Trouble::Ssh { .. } => vec![format!("see whether git gets there: `git ls-remote {address}`")],
        Trouble::Git(error) if error.code() == git2::ErrorCode::Owner => {
            vec!["the repository belongs to another user; see `safe.directory` in `git help config`".into()]
        }
        Trouble::Network(_) | Trouble::Stalled(_) | Trouble::TooSlow(_) => {
            vec!["what was fetched before works without the network".into()]
        }
        Trouble::TooLarge(_) | Trouble::Explodes(_) => {
            vec!["keep the presets in a repository of their own".into()]
        }
        _ => Vec::new(),
    }
}
