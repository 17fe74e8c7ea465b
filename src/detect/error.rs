//! Why a folder cannot be looked at. What cannot be read inside it is a warning in the facts instead.

use std::io;
use std::path::PathBuf;

use crate::error::{Exit, Explain};

/// A folder that detection cannot begin with.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// Nothing is there.
    #[error("no folder `{0}`")]
    Missing(PathBuf),
    /// Something is there, but no folder.
    #[error("`{0}` is a file, not a folder")]
    NotAFolder(PathBuf),
    /// The operating system refuses.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// The operating system's answer.
        #[source]
        source: io::Error,
    },
}

impl Explain for DetectError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Missing(_) => vec!["pass the project's folder: `devbox detect PATH`".into()],
            Self::NotAFolder(path) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.map_or_else(|| ".".into(), |folder| folder.display().to_string());
                vec![format!("pass the folder that holds it: `devbox detect {folder}`")]
            }
            Self::Unreadable { path, .. } => {
                vec![format!("check who may enter it: `ls -ld {}`", path.display())]
            }
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Missing(_) | Self::NotAFolder(_) => Exit::Usage,
            Self::Unreadable { .. } => Exit::Failure,
        }
    }
}
