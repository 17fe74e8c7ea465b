//! Kubeconfig files: reading the user's, writing the environment's own.
//!
//! Reading follows client-go's `tools/clientcmd` (loader.go, overrides.go): `KUBECONFIG` is a list
//! in which the first file wins per key with whole entries, a listed file that is missing is
//! skipped, an explicit file must exist, relative paths belong to the folder of their own file.
//! There is no in-cluster fallback. The user's files are never opened for writing here.

mod entry;
pub mod environment;
mod error;
mod load;
mod target;

pub use error::KubeconfigError;
pub use load::{ContextSummary, Kubeconfigs};
pub use target::{ProxySetting, Target};
