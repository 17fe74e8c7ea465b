//! Reading files for the rules: bounded, cached, tolerant. Never fails: what cannot be read is named
//! once in the warnings and is then as good as absent.

mod argument;
mod cache;
mod caller;
pub(super) mod code;
mod decode;
mod file;
mod files;
pub(super) mod flag;
pub(super) mod json;
pub(super) mod lines;
pub(super) mod listen;
mod listing;
mod needle;
pub(super) mod path;
pub(super) mod pattern;
mod resolve;
mod text;
pub(super) mod tree;
pub(super) mod version;
mod words;
pub(super) mod xml;

pub(super) use code::Code;
pub(super) use files::{Files, MARKS, mark};
pub(super) use path::{ancestors, base, extension, folder, is_below, join};
pub(super) use text::Text;
pub(super) use tree::Tree;
pub(super) use words::Words;
