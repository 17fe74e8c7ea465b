//! One bounded walk of the tree. `.gitignore` is honoured; vendored, generated and hidden folders stay
//! out; symbolic links are not followed, so no loop and no way out of the root exists.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::limits::Limits;

/// What the walk found.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Regular files, root-relative with `/`, sorted.
    pub(super) files: Vec<String>,
    /// What was cut, one fragment each.
    pub(super) warnings: Vec<String>,
}

/// Folders that hold other people's code or what a build wrote.
const SKIPPED: &[&str] = &[
    "node_modules",
    "bower_components",
    "jspm_packages",
    "vendor",
    "third_party",
    "Godeps",
    "__pycache__",
    "site-packages",
    "venv",
    "virtualenv",
    "target",
    "dist",
    "_build",
    "elm-stuff",
    "dist-newstyle",
    "zig-out",
    "zig-cache",
    "coverage",
    "htmlcov",
    "obj",
    "Pods",
    "DerivedData",
    "__snapshots__",
    "testdata",
    "__fixtures__",
    "fixtures",
    "__mocks__",
    "bazel-bin",
    "bazel-out",
    "wp-includes",
];

/// Hidden folders that rules read.
const HIDDEN: &[&str] =
    &[".devcontainer", ".github", ".mvn", ".config", ".storybook", ".streamlit", ".ebextensions"];

/// Whether a folder of this name is entered.
fn entered(name: &str) -> bool {
    if name.starts_with('.') { HIDDEN.contains(&name) } else { !SKIPPED.contains(&name) }
}

fn wanted(entry: &DirEntry) -> bool {
    let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    if entry.depth() == 0 || !folder {
        return true;
    }
    entry.file_name().to_str().is_none_or(entered)
}

/// Lists the files under `root`.
pub(super) fn walk(root: &Path, limits: &Limits, started: Instant) -> Listing {
    let found: Mutex<Vec<String>> = Mutex::default();
    let errors: Mutex<Vec<String>> = Mutex::default();
    let count = AtomicUsize::new(0);
    let deep = AtomicUsize::new(0);
    let unnamed = AtomicUsize::new(0);
    let late = AtomicBool::new(false);
    let walker = WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        .max_depth(Some(limits.depth))
        .threads(super::parallel::threads())
        .filter_entry(wanted)
        .build_parallel();
    walker.run(|| {
        let mut batch = Batch { files: Vec::new(), into: &found };
        let (count, deep, unnamed, late, errors) = (&count, &deep, &unnamed, &late, &errors);
        Box::new(move |entry| {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    note(errors, root, &error);
                    return WalkState::Continue;
                }
            };
            let kind = entry.file_type();
            if kind.is_some_and(|kind| kind.is_dir()) {
                if entry.depth() >= limits.depth {
                    deep.fetch_add(1, Ordering::Relaxed);
                }
                return WalkState::Continue;
            }
            if !kind.is_some_and(|kind| kind.is_file()) {
                return WalkState::Continue;
            }
            let seen = count.fetch_add(1, Ordering::Relaxed);
            if seen >= limits.files {
                return WalkState::Quit;
            }
            if seen % 512 == 0 && started.elapsed() > limits.time {
                late.store(true, Ordering::Relaxed);
                return WalkState::Quit;
            }
            match entry.path().strip_prefix(root).ok().and_then(Path::to_str) {
                Some(path) if cfg!(windows) => batch.files.push(path.replace('\\', "/")),
                Some(path) => batch.files.push(path.to_owned()),
                None => {
                    unnamed.fetch_add(1, Ordering::Relaxed);
                }
            }
            WalkState::Continue
        })
    });
    let mut files = found.into_inner().unwrap_or_default();
    files.sort_unstable();
    let mut warnings = errors.into_inner().unwrap_or_default();
    warnings.sort();
    if count.into_inner() > limits.files {
        warnings.push(format!("only the first {} files were looked at", limits.files));
    }
    if late.into_inner() {
        warnings.push(format!("listing stopped after {} s", limits.time.as_secs()));
    }
    match deep.into_inner() {
        0 => {}
        n => warnings.push(format!("{n} folders deeper than {} levels were not entered", limits.depth)),
    }
    match unnamed.into_inner() {
        0 => {}
        n => warnings.push(format!("{n} files whose names are not UTF-8 were left out")),
    }
    Listing { files, warnings }
}

/// Remembers the first few folders that could not be read.
fn note(errors: &Mutex<Vec<String>>, root: &Path, error: &ignore::Error) {
    const MOST: usize = 20;
    let Ok(mut errors) = errors.lock() else { return };
    if errors.len() < MOST && error.io_error().is_some() {
        let text = error.to_string().replace(&format!("{}/", root.display()), "");
        errors.push(format!("cannot read {text}"));
    }
}

/// A thread's files, handed over when the thread ends.
struct Batch<'a> {
    files: Vec<String>,
    into: &'a Mutex<Vec<String>>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if let Ok(mut all) = self.into.lock() {
            all.append(&mut self.files);
        }
    }
}
