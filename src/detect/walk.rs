//! One bounded walk of the tree. `.gitignore` is honoured; vendored, generated and hidden folders stay
//! out; symbolic links are not followed, so no loop and no way out of the root exists.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::limits::Limits;
use super::read::{base, folder};

/// What the walk found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Regular files by folder, in pieces: several may be of one folder.
    pub(super) pieces: Vec<Piece>,
    /// The files whose names were asked for.
    pub(super) marked: Vec<String>,
    /// What was cut, one fragment each.
    pub(super) warnings: Vec<String>,
}

/// Files of one folder, sorted.
#[derive(Debug)]
pub(super) struct Piece {
    /// Root-relative with `/`; `.` is the root.
    pub(super) folder: String,
    /// Root-relative with `/`.
    pub(super) files: Vec<String>,
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

/// Lists the files under `root`, and beside them those whose names are `marked`.
pub(super) fn walk(
    root: &Path,
    limits: &Limits,
    started: Instant,
    marked: impl Fn(&str) -> bool + Sync,
) -> Walked {
    let found: Mutex<Walked> = Mutex::default();
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
        let mut batch = Batch { walked: Walked::default(), into: &found };
        let (count, deep, unnamed, late, errors, marked) = (&count, &deep, &unnamed, &late, &errors, &marked);
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
            match relative(entry.path(), root) {
                Some(path) if cfg!(windows) => batch.add(path.replace('\\', "/"), marked),
                Some(path) => batch.add(path.to_owned(), marked),
                None => {
                    unnamed.fetch_add(1, Ordering::Relaxed);
                }
            }
            WalkState::Continue
        })
    });
    let mut walked = found.into_inner().unwrap_or_default();
    walked.marked.sort_unstable();
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
        1 => warnings.push("a file whose name is not UTF-8 was left out".to_owned()),
        n => warnings.push(format!("{n} files whose names are not UTF-8 were left out")),
    }
    walked.warnings = warnings;
    walked
}

/// The path below the root, cut from the text: a comparison part by part, as `Path` does it, costs as much as
/// the rest of the listing.
fn relative<'a>(path: &'a Path, root: &Path) -> Option<&'a str> {
    let below = path.as_os_str().as_encoded_bytes().strip_prefix(root.as_os_str().as_encoded_bytes())?;
    Some(std::str::from_utf8(below).ok()?.trim_start_matches(std::path::MAIN_SEPARATOR))
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

/// A thread's files, sorted and handed over when the thread ends.
struct Batch<'a> {
    walked: Walked,
    into: &'a Mutex<Walked>,
}

impl Batch<'_> {
    fn add(&mut self, path: String, marked: &impl Fn(&str) -> bool) {
        if marked(base(&path)) {
            self.walked.marked.push(path.clone());
        }
        match self.walked.pieces.last_mut() {
            // The files of a folder mostly follow each other.
            Some(piece) if piece.folder == folder(&path) => piece.files.push(path),
            _ => self.walked.pieces.push(Piece { folder: folder(&path).to_owned(), files: vec![path] }),
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for piece in &mut self.walked.pieces {
            piece.files.sort_unstable();
        }
        if let Ok(mut all) = self.into.lock() {
            all.pieces.append(&mut self.walked.pieces);
            all.marked.append(&mut self.walked.marked);
        }
    }
}
