//! What stands around a component's code: Dockerfile, compose, Procfile, example variables, and what
//! components are to each other. Runs after the ecosystems, which say what a folder is.

mod agree;
mod apphost;
mod compose;
mod composed;
mod declared;
mod docker;
mod dockerfile;
mod dotenv;
mod files;
mod image_version;
mod interpolate;
mod later;
mod line;
mod link;
mod platform;
mod procfile;
mod reading;
mod role;
mod settings;
mod settle;
mod target;
mod tasks;
mod variables;

use super::draft::Draft;
use super::owner::Owners;
use super::parallel;
use super::read::Tree;
use super::scope::Scope;
use variables::Looked;

pub(super) use compose::build_contexts;
pub(super) use files::{files, of_use};
pub(super) use variables::searched as is_searched;

/// Adds to every draft what the files around it say.
pub(super) fn attach<'t>(tree: &'t Tree, drafts: &mut Vec<Draft>, scopes: &[Scope<'t>]) {
    let mut compose = compose::read(tree);
    target::assign(tree, drafts, &mut compose);
    let dirs: Vec<String> = drafts.iter().map(|draft| draft.c.path.clone()).collect();
    let owners = Owners::new(tree, dirs.iter().map(String::as_str));
    let looked = parallel::map_mut(drafts, |draft| {
        // Who shares a folder with another does not know whose variables the sources read.
        let alone = dirs.iter().filter(|dir| **dir == draft.c.path).count() == 1;
        let looked = alone.then(|| read_variables(tree, draft, &owners, scopes));
        dotenv::attach(tree, draft, &dirs);
        docker::attach(tree, draft, &compose);
        procfile::attach(tree, draft);
        platform::attach(tree, draft);
        tasks::attach(tree, draft);
        looked.map(|looked| (draft.c.path.clone(), looked))
    });
    say_what_was_cut(tree, looked.into_iter().flatten());
    composed::attach(tree, drafts, &compose);
    apphost::attach(tree, drafts);
    settle::settle(tree, drafts);
    parallel::map_mut(drafts, |draft| {
        settings::attach(tree, draft);
        agree::attach(draft);
        link::attach(draft);
    });
}

/// Searches the component's sources. Where a folder below it turned out to be no component, the files there
/// are this one's, and its scope is made anew.
fn read_variables<'t>(
    tree: &'t Tree,
    draft: &mut Draft,
    owners: &Owners<'_, 't>,
    scopes: &[Scope<'t>],
) -> Looked {
    let own = owners.folders(&draft.c.path);
    let known = scopes.iter().find(|scope| scope.dir == draft.c.path && scope.is_of(own));
    let chosen = known.map_or_else(|| Scope::new(tree, &draft.c.path, own).searched(), Scope::searched);
    variables::attach(tree, draft, chosen)
}

/// Says which components have more sources than were searched.
fn say_what_was_cut(tree: &Tree, looked: impl Iterator<Item = (String, Looked)>) {
    let cut: Vec<_> = looked.filter(|(_, of)| of.looked < of.total).collect();
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
