//! One file per ecosystem. Adding an ecosystem is adding a file and a row here.

mod beam;
mod compiled;
mod deno;
mod dotnet;
mod function;
mod go;
mod jvm;
mod native;
mod node;
mod php;
mod plain;
mod python;
mod ruby;
mod rust;
mod shared;
mod site;
mod source;
mod spin;
#[cfg(test)]
mod table;
mod tools;
mod version;

use super::draft::Draft;
use super::scope::Scope;

pub(super) use source::{is_source, majority, sources_only};

/// What recognises a folder and describes it.
pub(super) struct Ecosystem {
    /// File names; `*.csproj` matches an ending.
    pub(super) markers: &'static [&'static str],
    /// Describes the folder: one draft per component, none where the marker does not hold.
    describe: fn(&Scope<'_>) -> Vec<Draft>,
}

impl Ecosystem {
    /// Describes the folder, and which platform calls it where it holds functions.
    pub(super) fn drafts(&self, scope: &Scope<'_>) -> Vec<Draft> {
        let mut drafts = (self.describe)(scope);
        drafts.iter_mut().for_each(|draft| function::attach(scope, draft));
        drafts
    }
}

/// Every ecosystem with a manifest.
pub(super) const ALL: &[Ecosystem] = &[
    node::ECOSYSTEM,
    python::ECOSYSTEM,
    go::ECOSYSTEM,
    rust::ECOSYSTEM,
    jvm::ECOSYSTEM,
    ruby::ECOSYSTEM,
    php::ECOSYSTEM,
    beam::ECOSYSTEM,
    dotnet::ECOSYSTEM,
    deno::ECOSYSTEM,
    compiled::SWIFT,
    compiled::ZIG,
    compiled::DART,
    compiled::CRYSTAL,
    compiled::HASKELL,
    native::ECOSYSTEM,
    site::ECOSYSTEM,
    spin::ECOSYSTEM,
];

/// Sources without a manifest: asked only where no manifest spoke.
pub(super) const LOOSE: &[Ecosystem] = &[
    deno::LOOSE,
    node::LOOSE,
    python::LOOSE,
    go::LOOSE,
    dotnet::LOOSE,
    ruby::LOOSE,
    php::LOOSE,
    native::LOOSE,
    native::COBOL,
    site::LOOSE,
    site::INFRASTRUCTURE,
];
