//! Kubeconfig files: reading the user's, editing them without loss, writing the environment's own.
//!
//! Reading follows client-go's `tools/clientcmd` (loader.go, overrides.go): `KUBECONFIG` is a list
//! in which the first file wins per key with whole entries, a listed file that is missing is
//! skipped, an explicit file must exist, relative paths belong to the folder of their own file.
//! There is no in-cluster fallback. The user's files are written only where that was asked for:
//! [`Guest`] says which entries change, `edit.rs` changes them in the text, [`Store`] writes it.

mod edit;
mod entry;
pub mod environment;
mod error;
mod guest;
mod layout;
mod load;
mod store;
mod target;

pub use error::KubeconfigError;
pub use guest::{Changes, EntryChange, Guest, MergeOptions, Owner, remove};
pub use load::{ContextSummary, Kubeconfigs};
pub use store::{Store, Written};
pub use target::{ProxySetting, Target};
