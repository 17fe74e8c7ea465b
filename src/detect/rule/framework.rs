//! A row of an ecosystem's framework table.

use crate::detect::facts::ComponentKind;

/// A framework, found by a dependency.
#[derive(Debug)]
pub(in crate::detect) struct Framework {
    /// Its name as its ecosystem writes it, in lower case.
    pub(in crate::detect) name: &'static str,
    /// Dependencies that say it, any of them; a trailing `*` matches a family.
    pub(in crate::detect) names: &'static [&'static str],
    /// The most specific wins: Nest (60) over Express (30).
    pub(in crate::detect) rank: u8,
    /// The port that its own tools listen on; `None` where only a literal in the code says one.
    pub(in crate::detect) port: Option<u16>,
    /// What an application of it is.
    pub(in crate::detect) kind: ComponentKind,
}

/// Builds a row.
pub(in crate::detect) const fn row(
    name: &'static str,
    names: &'static [&'static str],
    rank: u8,
    port: Option<u16>,
    kind: ComponentKind,
) -> Framework {
    Framework { name, names, rank, port, kind }
}

/// Whether a dependency is what a row's pattern says.
pub(in crate::detect) fn is(pattern: &str, dependency: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => dependency.starts_with(prefix),
        None => dependency == pattern,
    }
}

/// The most specific framework among dependencies, with the dependency that says it.
pub(in crate::detect) fn best<'a, 'd>(
    table: &'a [Framework],
    dependencies: impl IntoIterator<Item = &'d str>,
) -> Option<(&'a Framework, &'d str)> {
    let mut found: Option<(&Framework, &str)> = None;
    for dependency in dependencies {
        for row in table {
            let better = found.is_none_or(|(best, _)| row.rank > best.rank);
            if better && row.names.iter().any(|pattern| is(pattern, dependency)) {
                found = Some((row, dependency));
            }
        }
    }
    found
}
