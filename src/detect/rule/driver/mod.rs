//! Dependencies that reach a backing service, one table per ecosystem.
//!
//! A row counts where the dependency's whole name equals it; a trailing `*` matches a family. Object
//! mappers that reach several databases are no rows: the driver or the URL beside them says which.

mod beam;
mod compiled;
mod dotnet;
mod go;
mod jvm;
mod node;
mod php;
mod python;
mod ruby;
mod rust;

use super::framework::is;

/// An ecosystem's drivers of one service.
#[derive(Debug)]
pub(in crate::detect) struct Driver {
    /// The service.
    pub(in crate::detect) kind: &'static str,
    /// Dependency names.
    pub(in crate::detect) names: &'static [&'static str],
}

const fn d(kind: &'static str, names: &'static [&'static str]) -> Driver {
    Driver { kind, names }
}

/// All tables, by the ecosystem as in `Draft::ecosystem`.
pub(in crate::detect) const TABLES: &[(&str, &[Driver])] = &[
    ("node", node::ROWS),
    ("python", python::ROWS),
    ("go", go::ROWS),
    ("rust", rust::ROWS),
    ("jvm", jvm::ROWS),
    ("dotnet", dotnet::ROWS),
    ("ruby", ruby::ROWS),
    ("php", php::ROWS),
    ("beam", beam::ROWS),
    ("haskell", compiled::HASKELL),
    ("swift", compiled::SWIFT),
    ("dart", compiled::DART),
    ("crystal", compiled::CRYSTAL),
    ("cpp", compiled::CPP),
    ("zig", compiled::ZIG),
];

/// The service of a dependency.
pub(in crate::detect) fn service(ecosystem: &str, dependency: &str) -> Option<&'static str> {
    let (_, rows) = TABLES.iter().find(|(name, _)| *name == ecosystem)?;
    rows.iter().find(|row| row.names.iter().any(|name| is(name, dependency))).map(|row| row.kind)
}
