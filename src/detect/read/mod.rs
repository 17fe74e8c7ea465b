//! Reading files for the rules: bounded, cached, tolerant. Never fails: what cannot be read is named
//! once in the warnings and is then as good as absent.

pub(super) mod code;
pub(super) mod json;
pub(super) mod lines;
pub(super) mod listen;
pub(super) mod pattern;
pub(super) mod tree;
pub(super) mod version;
pub(super) mod xml;

pub(super) use code::Code;
pub(super) use tree::{Tree, base, extension, folder, join};
