//! What stands around a component's code: Dockerfile, compose, Procfile, example variables, and what
//! components are to each other. Runs after the ecosystems, which say what a folder is.

mod compose;
mod docker;
mod dotenv;
mod files;
mod link;
mod procfile;
mod settle;
mod variables;

use super::draft::Draft;
use super::read::Tree;

pub(super) use compose::build_contexts;
pub(super) use files::files;

/// Adds to every draft what the files around it say.
pub(super) fn attach(tree: &Tree, drafts: &mut Vec<Draft>) {
    let dirs: Vec<String> = drafts.iter().map(|draft| draft.c.path.clone()).collect();
    let compose = compose::read(tree);
    for draft in drafts.iter_mut() {
        variables::attach(tree, draft, &dirs);
        dotenv::attach(tree, draft, &dirs);
        docker::attach(tree, draft, &compose);
        procfile::attach(tree, draft);
    }
    compose::attach(tree, drafts, &compose);
    for draft in drafts.iter_mut() {
        link::attach(draft);
    }
    settle::settle(tree, drafts);
}
