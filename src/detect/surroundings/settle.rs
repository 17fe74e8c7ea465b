//! The last look over all components: names, libraries of the others, kinds that follow from the rest.

use std::collections::BTreeSet;

use crate::detect::draft::{At, Draft};
use crate::detect::facts::ComponentKind;
use crate::detect::read::Tree;

/// Words of a name that say what a program without a port does.
const WORKERS: &[&str] =
    &["worker", "consumer", "scheduler", "cron", "processor", "listener", "subscriber", "daemon"];

/// Settles names and kinds.
pub(super) fn settle(tree: &Tree, drafts: &mut [Draft]) {
    for draft in drafts.iter_mut() {
        if draft.c.name.is_empty() {
            draft.c.name = tree.folder_name(&draft.c.path).to_owned();
        }
    }
    libraries(drafts);
    through_libraries(drafts);
    for draft in drafts.iter_mut() {
        let worker = draft
            .c
            .name
            .split(['-', '_', '.', '/'])
            .any(|word| WORKERS.contains(&word.to_lowercase().as_str()));
        let plain = matches!(draft.c.kind, ComponentKind::Unknown | ComponentKind::Cli);
        if worker && plain && draft.c.framework.is_none() {
            let path = draft.c.path.clone();
            draft.kind(ComponentKind::Worker, &At::file(path), 0.65);
        }
    }
}

/// A program reaches the services of the libraries that it uses.
fn through_libraries(drafts: &mut [Draft]) {
    let library = |draft: &Draft| draft.c.kind == ComponentKind::Library;
    let called: Vec<BTreeSet<String>> = drafts
        .iter()
        .map(|draft| {
            draft.aliases.iter().cloned().chain([draft.c.name.clone(), draft.c.path.clone()]).collect()
        })
        .collect();
    let needed: Vec<Vec<usize>> = drafts
        .iter()
        .map(|draft| {
            let is = |(index, other): &(usize, &Draft)| {
                library(other)
                    && draft.c.path != other.c.path
                    && draft.needs.iter().any(|need| called[*index].contains(need))
            };
            drafts.iter().enumerate().filter(is).map(|(index, _)| index).collect()
        })
        .collect();
    let mut add = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        if library(draft) || draft.c.kind == ComponentKind::Infrastructure {
            continue;
        }
        let (mut open, mut seen) = (needed[index].clone(), BTreeSet::new());
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(&needed[next]);
            }
        }
        for library in seen {
            add.extend(drafts[library].services_seen().into_iter().map(|service| (index, service)));
        }
    }
    for (index, (kind, version, at)) in add {
        drafts[index].service_through(&kind, version, &at);
    }
}

/// What siblings need and what serves nobody by itself is a library of theirs.
fn libraries(drafts: &mut [Draft]) {
    let needed: BTreeSet<String> = drafts
        .iter()
        .flat_map(|draft| draft.needs.iter().filter(|need| **need != draft.c.name && **need != draft.c.path))
        .cloned()
        .collect();
    for draft in drafts.iter_mut() {
        let known = |name: &String| needed.contains(name);
        let used = known(&draft.c.name) || known(&draft.c.path) || draft.aliases.iter().any(known);
        let serves =
            matches!(draft.c.kind, ComponentKind::Web | ComponentKind::Static) && draft.strength >= 3;
        if used && !serves {
            let at =
                draft.c.evidence.first().map_or_else(|| At::file("."), |e| At::line(e.file.clone(), e.line));
            draft.kind(ComponentKind::Library, &at, 0.9);
            draft.forget_guessed_start();
        }
    }
}
