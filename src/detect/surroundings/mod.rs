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
mod settings;
mod settle;
mod target;
mod variables;

use super::draft::Draft;
use super::read::Tree;

pub(super) use compose::build_contexts;
pub(super) use files::files;

/// Adds to every draft what the files around it say.
pub(super) fn attach(tree: &Tree, drafts: &mut Vec<Draft>) {
    let mut compose = compose::read(tree);
    target::assign(tree, drafts, &mut compose);
    let dirs: Vec<String> = drafts.iter().map(|draft| draft.c.path.clone()).collect();
    for draft in drafts.iter_mut() {
        variables::attach(tree, draft, &dirs);
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
