//! Which sources somebody on this machine looked at and trusts: by content, so that a changed one is asked
//! about again, wherever it comes from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::env::Env;
use crate::fs::{self, Access, FsError};

/// What was trusted on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    schema: u32,
    trees: BTreeMap<String, Trusted>,
}

/// A tree that was trusted, and what for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trusted {
    /// What the source was called.
    pub source: String,
    /// Where it came from.
    pub git: String,
    /// The commit that was looked at.
    pub commit: String,
    /// Registries of its images that were shown and are in no list.
    pub registries: Vec<String>,
    /// Programs that its access presets run and that were shown.
    #[serde(default)]
    pub programs: Vec<String>,
}

impl Trust {
    /// Reads it. A file that is not ours trusts nothing.
    ///
    /// # Errors
    /// Where it is there and cannot be read.
    pub fn load(env: &Env) -> Result<Self, FsError> {
        let text = fs::read_optional(&file(env))?.unwrap_or_default();
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// What a tree was trusted for; `None` where nobody did.
    pub fn of(&self, tree: &str) -> Option<&Trusted> {
        self.trees.get(tree)
    }

    /// Every registry that was shown with a tree that is trusted.
    pub fn registries(&self) -> impl Iterator<Item = &str> {
        self.trees.values().flat_map(|trusted| &trusted.registries).map(String::as_str)
    }

    /// Every program that was shown with a tree that is trusted.
    pub fn programs(&self) -> impl Iterator<Item = &str> {
        self.trees.values().flat_map(|trusted| &trusted.programs).map(String::as_str)
    }

    /// Remembers a tree.
    ///
    /// # Errors
    /// Where the state folder is not writable.
    pub fn remember(env: &Env, tree: &str, trusted: Trusted) -> Result<(), FsError> {
        let path = file(env);
        let _lock = fs::lock(&path.with_extension("lock"))?;
        let mut all = Self::load(env)?;
        all.schema = 1;
        all.trees.insert(tree.to_owned(), trusted);
        let text = serde_json::to_string_pretty(&all).unwrap_or_default();
        fs::write_atomic(&path, text.as_bytes(), Access::Private)
    }
}

fn file(env: &Env) -> PathBuf {
    env.dirs.state.join("trusted-sources.json")
}
