//! One file per ecosystem. Adding an ecosystem is adding a file and a row here.

mod go;
mod node;
mod python;
mod source;
mod tools;
mod version;

use super::draft::Draft;
use super::scope::Scope;

pub(super) use source::sources_only;

/// What recognises a folder and describes it.
pub(super) struct Ecosystem {
    /// File names; `*.csproj` matches an ending.
    pub(super) markers: &'static [&'static str],
    /// Describes the folder: one draft per component, none where the marker does not hold.
    pub(super) describe: fn(&Scope<'_>) -> Vec<Draft>,
}

/// Every ecosystem with a manifest.
pub(super) const ALL: &[Ecosystem] = &[node::ECOSYSTEM, python::ECOSYSTEM, go::ECOSYSTEM];

/// Sources without a manifest: asked only where no manifest spoke.
pub(super) const LOOSE: &[Ecosystem] = &[python::LOOSE, go::LOOSE];
