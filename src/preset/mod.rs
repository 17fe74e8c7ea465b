//! Presets: the catalogue, inheritance, parameter types, and the template engine that defaults and
//! manifests share.

mod catalogue;
mod engine;
mod error;
mod grammar;
mod inherit;
mod layer;
mod lint;
mod marker;
mod param;
mod quantity;
mod reads;
pub mod source;

pub use catalogue::{Catalogue, TemplateSet, Traits};
pub use engine::{Engine, Names, Rendered, TemplateError};
pub use error::PresetError;
pub use inherit::{Chain, Link, Preset, TemplateRef};
pub use layer::{Layer, SourceLayer};
pub use lint::lint;
pub use marker::{decode, decode_text};
pub use param::Param;
pub(crate) use param::plain;
pub use quantity::Quantity;
pub use reads::reads;

#[cfg(test)]
mod tests;
