//! Where a preset belongs.

use std::sync::Arc;

/// Where a preset belongs, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Part of devbox.
    BuiltIn,
    /// An organisation's source.
    Source(SourceLayer),
    /// The user's config folder.
    User,
    /// The repository's `devbox.yaml`.
    Repository,
}

/// One source among those of a catalogue; a later one goes before an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceLayer {
    pub(super) order: usize,
    /// What it is called here.
    pub name: Arc<str>,
    /// What stands before the paths of its files: `acme@0123456:`.
    pub label: Arc<str>,
}

impl Layer {
    /// How people call it.
    pub fn name(&self) -> &str {
        match self {
            Self::BuiltIn => "built in",
            Self::Source(source) => source.label.trim_end_matches([':', '/']),
            Self::User => "user",
            Self::Repository => "repository",
        }
    }

    /// How programs call it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BuiltIn => "built in",
            Self::Source(_) => "source",
            Self::User => "user",
            Self::Repository => "repository",
        }
    }
}
