//! What a repository is: one bounded walk, rules per ecosystem, facts with evidence.

mod facts;

pub use facts::{
    Ambiguity, Commands, Component, ComponentKind, EnvVar, Evidence, Facts, Files, Service, Version,
};

/// Bounds of one detection.
#[derive(Debug, Clone, Default)]
pub struct Limits;

/// Why a folder cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct DetectError;
impl crate::error::Explain for DetectError {}

/// Detects.
pub fn detect(root: &std::path::Path, _limits: &Limits) -> Result<Facts, DetectError> {
    let name = root.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Facts {
        schema: 1,
        root: name,
        ambiguous: vec![],
        components: vec![],
        files: Files::default(),
        warnings: vec![],
    })
}
