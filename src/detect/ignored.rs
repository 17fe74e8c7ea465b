//! What git ignores below a folder, by the rules of the `ignore` crate.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The rules of a folder, with those of the folders above.
#[derive(Debug)]
pub(super) struct Ignored {
    rules: Option<Gitignore>,
    /// Rules of a repository that are not in it: `.git/info/exclude`.
    excluded: Option<Gitignore>,
    above: Option<Arc<Ignored>>,
}

impl Ignored {
    /// Reads the folder's `.gitignore` where `rules` says that it has one, and what its own git `repository`
    /// excludes. Broken lines ignore nothing.
    pub(super) fn new(dir: &Path, rules: bool, repository: bool, above: Option<Arc<Self>>) -> Self {
        let read = |file: PathBuf| {
            file.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
            let mut builder = GitignoreBuilder::new(dir);
            let _ = builder.add(file);
            builder.build().ok().filter(|rules| !rules.is_empty())
        };
        let rules = rules.then(|| read(dir.join(".gitignore"))).flatten();
        let excluded = repository.then(|| read(repository_of(dir)?.join("info/exclude"))).flatten();
        Self { rules, excluded, above }
    }

    /// Whether a path in the folder, or below it, is ignored: the nearest rule decides.
    pub(super) fn ignores(&self, path: &Path, folder: bool) -> bool {
        let decided = |rules: fn(&Self) -> Option<&Gitignore>| {
            let matches = self.upward().filter_map(rules).map(|rules| rules.matched(path, folder));
            matches.into_iter().find(|found| !found.is_none())
        };
        let found = decided(|one| one.rules.as_ref()).or_else(|| decided(|one| one.excluded.as_ref()));
        matches!(found, Some(Match::Ignore(_)))
    }

    fn upward(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |one| one.above.as_deref())
    }
}

/// Where the repository of a folder is; a work tree's `.git` is a file that says it (gitrepository-layout(5)).
fn repository_of(dir: &Path) -> Option<PathBuf> {
    let git = dir.join(".git");
    if git.symlink_metadata().ok()?.is_dir() {
        return Some(git);
    }
    let of_tree = PathBuf::from(first_line(&git)?.strip_prefix("gitdir: ")?);
    let common = first_line(&of_tree.join("commondir"))?;
    Some(of_tree.join(common))
}

/// The first line of a regular file.
fn first_line(path: &Path) -> Option<String> {
    const LONGEST: u64 = 4096;
    if !path.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    text.lines().next().map(str::to_owned)
}
