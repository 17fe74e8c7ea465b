//! What a repository is: one bounded walk, rules per ecosystem, facts with evidence.
//!
//! ```text
//! walk -> Tree -> scopes -> drafts (one per folder and ecosystem) -> surroundings -> Facts
//! ```
//!
//! A rule is a row of a table under `rule/` or in an ecosystem's file; code is there only where a file
//! must be read. What is equally good twice becomes an [`Ambiguity`], never a guess.

mod budget;
mod claim;
mod draft;
mod ecosystem;
mod error;
mod facts;
mod ignored;
mod limits;
mod marker;
mod owner;
mod parallel;
mod read;
mod root;
mod rule;
mod scope;
mod sources;
mod surroundings;
mod walk;

use std::path::Path;
use std::time::Instant;

pub use error::DetectError;
pub use facts::{
    Ambiguity, Commands, Component, ComponentKind, EnvVar, Evidence, Facts, Files, Service, Version,
};
pub use limits::Limits;

use draft::Draft;
use read::Tree;
use root::Root;

/// Finds out what the project in `root` is made of.
///
/// Reads files below `root` only, never follows a symbolic link, runs nothing. What is broken, too
/// large or cut short is named in [`Facts::warnings`].
///
/// # Errors
/// Where `root` is missing, no folder, or cannot be read.
pub fn detect(root: &Path, limits: &Limits) -> Result<Facts, DetectError> {
    let started = Instant::now();
    let root = usable(root)?;
    let mut walked = walk::walk(&root, limits, started, surroundings::of_use);
    let mut warnings = std::mem::take(&mut walked.warnings);
    let tree = Tree::new(root, walked, limits.clone(), started, surroundings::is_searched);
    let (mut drafts, scopes) = scope::drafts(&tree);
    surroundings::attach(&tree, &mut drafts, &scopes);
    drop(scopes);
    warnings.extend(tree.warnings());
    let mut facts = Facts {
        schema: 1,
        root: tree.name().to_owned(),
        ambiguous: Vec::new(),
        components: Vec::new(),
        files: surroundings::files(&tree),
        warnings,
    };
    // What was read of many files takes its time to be freed.
    let large = tree.len() > 1000;
    let finished =
        parallel::beside(large, || drop(tree), || drafts.into_iter().map(Draft::finish).collect::<Vec<_>>());
    for (component, ambiguous) in finished {
        facts.components.push(component);
        facts.ambiguous.extend(ambiguous);
    }
    facts.components.sort_by(|a, b| order(&a.path).cmp(order(&b.path)).then_with(|| a.name.cmp(&b.name)));
    facts.ambiguous.sort_by(|a, b| order(&a.component).cmp(order(&b.component)));
    Ok(facts)
}

/// The root first, then by path.
fn order(path: &str) -> &str {
    if path == "." { "" } else { path }
}

fn usable(root: &Path) -> Result<Root, DetectError> {
    let unreadable = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => DetectError::Missing(root.to_path_buf()),
        _ => DetectError::Unreadable { path: root.to_path_buf(), source },
    };
    let resolved = root.canonicalize().map_err(unreadable)?;
    if !resolved.is_dir() {
        return Err(DetectError::NotAFolder(root.to_path_buf()));
    }
    Root::open(&resolved).map_err(unreadable)
}
