//! What stands around a component's code: Dockerfile, compose, Procfile, example variables, and what
//! components are to each other. Runs after the ecosystems, which say what a folder is.

mod apphost;
mod compose;
mod docker;
mod dotenv;
mod files;
mod interpolate;
mod link;
mod procfile;
mod role;
mod settings;
mod settle;
mod target;
mod variables;

use std::sync::{Mutex, PoisonError};

use super::draft::Draft;
use super::owner::Owners;
use super::parallel;
use super::read::Tree;
use variables::Looked;

pub(super) use compose::build_contexts;
pub(super) use files::{files, of_use};

/// Adds to every draft what the files around it say.
pub(super) fn attach(tree: &Tree, drafts: &mut Vec<Draft>) {
    let mut compose = compose::read(tree);
    target::assign(tree, drafts, &mut compose);
    let dirs: Vec<String> = drafts.iter().map(|draft| draft.c.path.clone()).collect();
    read_variables(tree, drafts, &dirs);
    for draft in drafts.iter_mut() {
        dotenv::attach(tree, draft, &dirs);
        docker::attach(tree, draft, &compose);
        procfile::attach(tree, draft);
    }
    compose::attach(tree, drafts, &compose);
    apphost::attach(tree, drafts);
    settle::settle(tree, drafts);
    for draft in drafts.iter_mut() {
        settings::attach(tree, draft);
        link::attach(draft);
    }
}

/// Searches the sources of every component that has its folder to itself.
fn read_variables(tree: &Tree, drafts: &mut [Draft], dirs: &[String]) {
    let owners = Owners::new(tree, dirs.iter().map(String::as_str));
    let alone: Vec<Mutex<&mut Draft>> = drafts
        .iter_mut()
        .filter(|draft| dirs.iter().filter(|dir| **dir == draft.c.path).count() == 1)
        .map(Mutex::new)
        .collect();
    let looked = parallel::map(&alone, |draft| {
        let mut draft = draft.lock().unwrap_or_else(PoisonError::into_inner);
        let own = owners.files(&draft.c.path).to_vec();
        (draft.c.path.clone(), variables::attach(tree, &mut draft, &own))
    });
    let cut: Vec<_> = looked.into_iter().filter(|(_, of)| of.looked < of.total).collect();
    let number = |of: fn(&Looked) -> usize| cut.iter().map(|(_, looked)| of(looked)).sum::<usize>();
    let (searched, all) = (number(|of| of.looked), number(|of| of.total));
    match &cut[..] {
        [] => {}
        [(dir, _)] => tree.warn(format!("{dir}: {searched} of {all} sources were searched for variables")),
        [(first, _), .., (last, _)] => tree.warn(format!(
            "{searched} of {all} sources of {} components, {first} to {last}, were searched for variables",
            cut.len()
        )),
    }
}
