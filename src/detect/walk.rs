//! One bounded walk of the tree, a folder at a time on a few threads. `.gitignore` is honoured; vendored,
//! generated and hidden folders stay out; symbolic links are not followed, so no loop and no way out of the
//! root exists.

use std::ffi::OsStr;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::ignored::Ignored;
use super::limits::Limits;
use super::parallel::{Queue, together};
use super::read::Files;
use super::root::{Kind, Root};

/// What the walk found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Folders that hold files, in no order.
    pub(super) folders: Vec<Folder>,
    /// The files whose names were asked for.
    pub(super) marked: Vec<String>,
    /// What was cut, one fragment each.
    pub(super) warnings: Vec<String>,
}

/// A folder that holds files itself.
#[derive(Debug)]
pub(super) struct Folder {
    /// Root-relative with `/`; `.` is the root.
    pub(super) path: String,
    /// The paths of its files, sorted.
    pub(super) files: Files,
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
    &[".devcontainer", ".github", ".mvn", ".config", ".storybook", ".streamlit", ".ebextensions", ".moon"];

/// Whether a folder of this name is entered.
fn entered(name: &str) -> bool {
    if name.starts_with('.') { HIDDEN.contains(&name) } else { !SKIPPED.contains(&name) }
}

/// Lists the files under `root`, and beside them those whose names are `marked`.
pub(super) fn walk(
    root: &Root,
    limits: &Limits,
    started: Instant,
    marked: impl Fn(&str) -> bool + Sync,
) -> Walked {
    let walk = Walk {
        root,
        limits,
        started,
        queue: Queue::new(Job { path: String::new(), depth: 0, ignored: None }),
        counts: Counts::default(),
        errors: Mutex::default(),
    };
    let found: Mutex<Walked> = Mutex::default();
    let work = |most: usize| {
        let mut own = Walked::default();
        for _ in 0..most {
            let Some(job) = walk.queue.take() else { break };
            let below = walk.enter(job, &marked, &mut own);
            walk.queue.done(below);
        }
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.folders.append(&mut own.folders);
        found.marked.append(&mut own.marked);
    };
    // A small tree is listed before a thread would have started.
    const ALONE: usize = 8;
    work(ALONE);
    if walk.queue.is_open() {
        together(usize::MAX, || work(usize::MAX));
    }
    let mut walked = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    walked.marked.sort_unstable();
    walked.warnings = walk.warnings();
    walked
}

/// A folder to list.
struct Job {
    /// Root-relative with `/`; empty for the root.
    path: String,
    depth: usize,
    ignored: Option<Arc<Ignored>>,
}

#[derive(Default)]
struct Counts {
    files: AtomicUsize,
    deep: AtomicUsize,
    unnamed: AtomicUsize,
    late: AtomicUsize,
}

struct Walk<'a> {
    root: &'a Root,
    limits: &'a Limits,
    started: Instant,
    queue: Queue<Job>,
    counts: Counts,
    errors: Mutex<Vec<String>>,
}

/// What one folder holds.
#[derive(Default)]
struct Entries {
    files: Vec<String>,
    folders: Vec<String>,
    /// Says itself what is ignored: `.gitignore`.
    rules: bool,
    /// Is the top of a git repository.
    repository: bool,
}

impl Walk<'_> {
    /// Lists a folder, adds its files, and gives the folders in it that are entered.
    fn enter(&self, job: Job, marked: &impl Fn(&str) -> bool, found: &mut Walked) -> Vec<Job> {
        if self.started.elapsed() > self.limits.time {
            self.counts.late.fetch_add(1, Ordering::Relaxed);
            self.queue.stop();
            return Vec::new();
        }
        let mut entries = Entries::default();
        if let Err(error) = self.list(&job.path, &mut entries) {
            self.note(&job.path, &error);
        }
        let ignored = match (entries.rules, entries.repository) {
            (false, false) => job.ignored,
            (rules, repository) => {
                let path = self.root.join(&job.path);
                Some(Arc::new(Ignored::new(&path, rules, repository, job.ignored)))
            }
        };
        if let Some(ignored) = &ignored {
            let path = self.root.join(&job.path);
            let kept = |name: &String, folder: bool| !ignored.ignores(&path.join(name), folder);
            entries.files.retain(|name| kept(name, false));
            entries.folders.retain(|name| kept(name, true));
        }
        let before = self.counts.files.fetch_add(entries.files.len(), Ordering::Relaxed);
        if before + entries.files.len() > self.limits.files {
            entries.files.truncate(self.limits.files.saturating_sub(before));
            self.queue.stop();
        }
        entries.files.sort_unstable();
        let files = Files::new(&job.path, &entries.files);
        let names = entries.files.iter().zip(files.iter());
        found.marked.extend(names.filter(|(name, _)| marked(name)).map(|(_, file)| file.to_owned()));
        if !entries.files.is_empty() {
            let path = if job.path.is_empty() { ".".to_owned() } else { job.path.clone() };
            found.folders.push(Folder { path, files });
        }
        if job.depth + 1 >= self.limits.depth {
            self.counts.deep.fetch_add(entries.folders.len(), Ordering::Relaxed);
            return Vec::new();
        }
        let below = entries.folders.iter().map(|name| Job {
            path: if job.path.is_empty() { name.clone() } else { format!("{}/{name}", job.path) },
            depth: job.depth + 1,
            ignored: ignored.clone(),
        });
        below.collect()
    }

    fn list(&self, folder: &str, entries: &mut Entries) -> io::Result<()> {
        self.root.list(folder, |entry| {
            match entry {
                Ok((name, kind)) => self.sort(name, kind, entries),
                Err(error) => self.note(folder, &error),
            }
            entries.files.len() <= self.limits.files
        })
    }

    /// Puts an entry where it belongs; what is neither a file nor a folder belongs nowhere.
    fn sort(&self, name: &OsStr, kind: Kind, entries: &mut Entries) {
        entries.repository |= name == OsStr::new(".git");
        if kind == Kind::Other {
            return;
        }
        let Some(name) = name.to_str() else {
            self.counts.unnamed.fetch_add(1, Ordering::Relaxed);
            return;
        };
        if kind == Kind::File {
            entries.rules |= name == ".gitignore";
            entries.files.push(name.to_owned());
        } else if entered(name) {
            entries.folders.push(name.to_owned());
        }
    }

    /// Remembers the first few folders that could not be read.
    fn note(&self, folder: &str, error: &io::Error) {
        const MOST: usize = 20;
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        if errors.len() < MOST {
            errors.push(format!("cannot read {}: {error}", if folder.is_empty() { "." } else { folder }));
        }
    }

    fn warnings(self) -> Vec<String> {
        let Counts { files, deep, unnamed, late } = self.counts;
        let mut warnings = self.errors.into_inner().unwrap_or_else(PoisonError::into_inner);
        warnings.sort();
        if files.into_inner() > self.limits.files {
            warnings.push(format!("only the first {} files were looked at", self.limits.files));
        }
        if late.into_inner() > 0 {
            warnings.push(format!("listing stopped after {} s", self.limits.time.as_secs()));
        }
        match deep.into_inner() {
            0 => {}
            n => warnings
                .push(format!("{n} folders deeper than {} levels were not entered", self.limits.depth)),
        }
        match unnamed.into_inner() {
            0 => {}
            1 => warnings.push("a file whose name is not UTF-8 was left out".to_owned()),
            n => warnings.push(format!("{n} files whose names are not UTF-8 were left out")),
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use ignore::WalkBuilder;

    use super::*;

    #[test]
    fn what_git_ignores_is_what_the_crate_s_own_walk_leaves_out() {
        let tree = tempfile::tempdir().unwrap();
        let root = tree.path();
        let files = [
            (".gitignore", "*.log\n/build/\n!keep.log\ngen/**/x\nsub/only.txt\n# no\n\\#odd\n[broken\n"),
            (".git/info/exclude", "private\n*.tmp\n"),
            ("a.log", ""),
            ("keep.log", ""),
            ("#odd", ""),
            ("private/a", ""),
            ("sub/private", ""),
            ("sub/only.txt", ""),
            ("build/a", ""),
            ("sub/build/a", ""),
            ("gen/a/b/x", ""),
            ("gen/a/y", ""),
            ("sub/.gitignore", "!a.log\n*.txt\n!*.tmp\n/deep/b\n"),
            ("sub/a.log", ""),
            ("sub/b.tmp", ""),
            ("b.tmp", ""),
            ("sub/deep/a.txt", ""),
            ("sub/deep/b/a", ""),
            ("sub/deep/c/b/a", ""),
            ("inner/.git/info/exclude", "*.md\n"),
            ("inner/.gitignore", "lib/\n"),
            ("inner/a.md", ""),
            ("inner/lib/a", ""),
            ("inner/lib2/a", ""),
            ("inner/x.log", ""),
            ("wörter/ä.log", ""),
            ("wörter/ä.txt", ""),
        ];
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let walked = walk(&Root::open(root).unwrap(), &Limits::default(), Instant::now(), |_| true);
        let found: BTreeSet<&str> = walked.folders.iter().flat_map(|folder| folder.files.iter()).collect();
        let mut builder = WalkBuilder::new(root);
        builder.hidden(false).parents(false).ignore(false).git_global(false).require_git(false);
        let entries = builder.filter_entry(|entry| entry.file_name() != ".git").build().map(Result::unwrap);
        let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
        let relative = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        let expected: BTreeSet<String> = files.map(|entry| relative(entry.path())).collect();
        assert_eq!(found, expected.iter().map(String::as_str).collect());
        assert!(found.contains("sub/a.log") && !found.contains("a.log") && !found.contains("inner/a.md"));
        assert_eq!(walked.marked.len(), expected.len());
        assert_eq!(walked.warnings, [] as [&str; 0]);
    }
}
