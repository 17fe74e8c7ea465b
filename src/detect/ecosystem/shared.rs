//! What ecosystems have in common: dependencies to framework and services, calls that listen.

use crate::detect::draft::{At, Draft, PortSource};
use crate::detect::read::listen::{self, Listen};
use crate::detect::read::{Words, flag};
use crate::detect::rule::driver;
use crate::detect::rule::framework::{Framework, best};
use crate::detect::scope::Scope;

/// A dependency as a manifest says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) at: At,
}

/// Settles the most specific framework, its kind and its default port.
pub(super) fn framework(
    table: &'static [Framework],
    dependencies: &[Dependency],
    draft: &mut Draft,
) -> Option<&'static Framework> {
    let (row, name) = best(table, dependencies.iter().map(|dependency| dependency.name.as_str()))?;
    let dependency = dependencies.iter().find(|dependency| dependency.name == name)?;
    draft.framework(row.name, dependency.version.clone(), &dependency.at, 0.95);
    draft.kind(row.kind, &dependency.at, 0.9);
    draft.strength = 3;
    if let Some(port) = row.port {
        draft.port(port, PortSource::Default, &dependency.at);
    }
    Some(row)
}

/// Adds the services that drivers reach.
pub(super) fn services(ecosystem: &str, dependencies: &[Dependency], draft: &mut Draft) {
    for dependency in dependencies {
        if let Some(kind) = driver::service(ecosystem, &dependency.name) {
            draft.service(kind, None, &dependency.at, 0.85);
        }
    }
}

/// Ports on which backing services listen: a program that names one is their client.
const OF_SERVICES: &[u16] = &[1433, 3306, 4222, 5432, 5672, 6379, 9042, 9092, 9200, 11211, 27017];

/// Looks for calls that listen in sources that hold one of `words`; gives whether there is one.
pub(super) fn listens(
    scope: &Scope<'_>,
    draft: &mut Draft,
    extensions: &[&str],
    words: &Words,
    rows: &[Listen],
) -> bool {
    let sources = scope.sources(extensions);
    let likely: Vec<&str> = sources
        .iter()
        .copied()
        .filter(|file| scope.tree.text(file).is_some_and(|text| words.any_in(&text)))
        .take(80)
        .collect();
    let mut found = listen::search(scope.tree, &likely, rows, &sources);
    found.retain(|place| place.port.is_none_or(|port| !OF_SERVICES.contains(&port)));
    note_variables(&found, draft);
    if let Some((place, port)) = found.iter().find_map(|place| Some((place, place.port?))) {
        draft.port(port, PortSource::Code, &At::line(&place.file, place.line));
    } else if found.is_empty() || option(scope, &sources, draft) {
        return !found.is_empty();
    } else if let Some((place, variable)) = found.iter().find_map(|one| Some((one, one.variable.clone()?))) {
        draft.note("ports", &format!("${variable}"), &At::line(&place.file, place.line), 0.5);
        draft.port_variable = Some(variable);
    }
    !found.is_empty()
}

/// Takes the port that an option of the command line has by default, for a program that listens on what it is told.
pub(super) fn option(scope: &Scope<'_>, sources: &[&str], draft: &mut Draft) -> bool {
    let Some(flag) = flag::default(scope.tree, sources) else { return false };
    draft.port(flag.port, PortSource::Code, &At::line(flag.file, flag.line));
    true
}

/// Remembers which variables say where the code listens: files may give them values.
pub(super) fn note_variables(found: &[listen::Found], draft: &mut Draft) {
    draft.port_names.extend(found.iter().flat_map(|place| place.variables.iter().cloned()));
}
