//! What a plan is made from. Everything is handed in; nothing is looked up.

use indexmap::IndexMap;
use serde_json::Value;

use super::unit::Origin;
use crate::config::{Project, Repository, UserConfig};
use crate::detect::Facts;
use crate::preset::Catalogue;

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct Inputs<'a> {
    /// What detection found.
    pub facts: &'a Facts,
    /// The repository's `devbox.yaml`, where there is one.
    pub repository: Option<&'a Repository>,
    /// The user's own config.
    pub user: &'a UserConfig,
    /// Answers of the wizard and of `--answers`, by question key.
    pub answers: &'a IndexMap<String, Value>,
    /// `--set` and the flags that stand for one (`--namespace` is `namespace`), by question key.
    pub flags: &'a IndexMap<String, Value>,
    /// The presets.
    pub catalogue: &'a Catalogue,
    /// The repository's own state.
    pub project: Project,
    /// Login name; made a DNS label here. The user's config goes before it.
    pub user_name: String,
}

/// The two layers that are addressed by question key.
#[derive(Debug, Clone, Copy)]
pub struct Layered<'a> {
    flags: &'a IndexMap<String, Value>,
    answers: &'a IndexMap<String, Value>,
}

impl<'a> Inputs<'a> {
    /// Flags above answers.
    pub fn layered(&self) -> Layered<'a> {
        Layered { flags: self.flags, answers: self.answers }
    }
}

impl<'a> Layered<'a> {
    /// What a flag, else an answer, says about one of these keys.
    pub fn get(&self, keys: &[String]) -> Option<(&'a Value, Origin)> {
        let find = |map: &'a IndexMap<String, Value>| keys.iter().find_map(|key| map.get(key));
        find(self.flags)
            .map(|value| (value, Origin::Flag))
            .or_else(|| find(self.answers).map(|value| (value, Origin::Answers)))
            .filter(|(value, _)| !value.is_null())
    }

    /// Every key that was given, flags first.
    pub fn keys(&self) -> impl Iterator<Item = (&'a str, Origin)> {
        let flags = self.flags.keys().map(|key| (key.as_str(), Origin::Flag));
        flags.chain(self.answers.keys().map(|key| (key.as_str(), Origin::Answers)))
    }
}

/// Splits `KEY=VALUE` of `--set`; the value is text, its parameter's type decides what it means.
///
/// # Errors
/// A lowercase fragment, where there is no `=` or no key.
pub fn parse_set(argument: &str) -> Result<(String, Value), String> {
    match argument.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.into())),
        _ => Err("write KEY=VALUE, such as `api.port=3000`".into()),
    }
}
