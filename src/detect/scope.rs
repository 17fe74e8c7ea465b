//! Which folders are components, which files belong to which, and which ecosystem a folder is of.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{At, Draft, Slot};
use super::ecosystem::{ALL, LOOSE};
use super::read::{Tree, extension, folder};
use super::surroundings;

/// A folder with the files that belong to it and to no component below it.
pub(super) struct Scope<'t> {
    pub(super) tree: &'t Tree,
    pub(super) dir: String,
    pub(super) files: Vec<&'t str>,
}

impl Scope<'_> {
    /// A file directly in the folder.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        self.tree.find(&self.dir, name)
    }

    /// The first of several files.
    pub(super) fn first(&self, names: &[&str]) -> Option<String> {
        self.tree.first(&self.dir, names)
    }

    /// The folder's name.
    pub(super) fn name(&self) -> &str {
        self.tree.folder_name(&self.dir)
    }

    /// The path relative to the folder.
    pub(super) fn relative<'a>(&self, path: &'a str) -> &'a str {
        if self.dir == "." {
            return path;
        }
        path.strip_prefix(&self.dir).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path)
    }

    /// Own files with one of these extensions that are no tests, shallow ones first.
    pub(super) fn sources(&self, extensions: &[&str]) -> Vec<&str> {
        let mut files: Vec<&str> = self
            .files
            .iter()
            .copied()
            .filter(|file| extensions.contains(&extension(file)) && !is_test(self.relative(file)))
            .collect();
        files.sort_by_key(|file| file.matches('/').count());
        files.truncate(self.tree.sources());
        files
    }

    /// How many own files have one of these extensions.
    pub(super) fn count(&self, extensions: &[&str]) -> usize {
        self.files
            .iter()
            .filter(|file| extensions.contains(&extension(file)) && !file.ends_with(".d.ts"))
            .count()
    }
}

/// Whether a file is of tests or of tools and not of the running program.
pub(super) fn is_test(path: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "test",
        "tests",
        "spec",
        "specs",
        "__tests__",
        "e2e",
        "cypress",
        "scripts",
        ".github",
        "docs",
        "testing",
        "integration-tests",
        "unit-tests",
        "benches",
        "examples",
        ".storybook",
    ];
    let mut parts = path.split('/').rev();
    let name = parts.next().unwrap_or_default();
    // Below `src/main` a folder is part of a package's name.
    let above = path.split_once("src/main/").map(|(above, _)| above);
    let mut parts: Box<dyn Iterator<Item = &str>> = match above {
        Some(above) => Box::new(above.split('/')),
        None => Box::new(parts),
    };
    if parts.any(|part| FOLDERS.contains(&part) || part.ends_with(".Tests") || part == "androidTest") {
        return true;
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    name.contains(".test.")
        || name.contains(".spec.")
        || name.contains(".config.")
        || stem.ends_with("_test")
        || stem.starts_with("test_")
        || stem.ends_with("Test")
        || stem.ends_with("Tests")
        || matches!(
            name,
            "conftest.py" | "gulpfile.js" | "Gruntfile.js" | "setup.py" | "noxfile.py" | "build.rs"
        )
}

/// Folders whose manifests are samples, generated or of tests, below the root.
const NEVER: &[&str] = &[
    "build",
    "templates",
    "template",
    "__tests__",
    "cypress",
    "docs-src",
    "snippets",
    "scaffolds",
    "skeleton",
    "bin",
    "test",
    "tests",
    "__template__",
    ".storybook",
    ".github",
    ".devcontainer",
    ".config",
    ".mvn",
    ".ebextensions",
    ".streamlit",
    "testing",
    "benchmarks",
    "out",
    "buildSrc",
    "build-logic",
    "META-INF",
];

fn excluded(dir: &str) -> bool {
    dir != "." && dir.split('/').any(|part| NEVER.contains(&part) || part.starts_with("{{"))
}

fn has_marker(names: &[String], markers: &[&str]) -> bool {
    markers.iter().any(|marker| match marker.strip_prefix('*') {
        Some(suffix) => names.iter().any(|name| name.ends_with(suffix) && name.len() > suffix.len()),
        None => names.binary_search_by(|name| name.as_str().cmp(marker)).is_ok(),
    })
}

/// Describes every component folder, one draft each, in the order of their paths.
pub(super) fn drafts(tree: &Tree) -> Vec<Draft> {
    let mut dirs: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (dir, names) in tree.folders().filter(|(dir, _)| !excluded(dir)) {
        let of: Vec<usize> = (0..ALL.len()).filter(|index| has_marker(names, ALL[*index].markers)).collect();
        if !of.is_empty() {
            dirs.insert(dir, of);
        }
    }
    let contexts = surroundings::build_contexts(tree);
    tree.share_sources(dirs.len());
    let inner: Vec<&str> = dirs.keys().copied().filter(|dir| is_inner_project(tree, &dirs, dir)).collect();
    dirs.retain(|dir, _| !inner.contains(dir));
    let mut found = describe(tree, &dirs, &contexts);
    drop_asset_tools(&mut found);
    if found.is_empty() || contexts.iter().any(|context| !covered(&found, context)) {
        let wanted =
            |dir: &str| (found.is_empty() && (dir == "." || !dir.contains('/'))) || contexts.contains(dir);
        let mut loose: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (dir, names) in
            tree.folders().filter(|(dir, _)| wanted(dir) && !excluded(dir) && !covered(&found, dir))
        {
            let of: Vec<usize> =
                (0..LOOSE.len()).filter(|index| has_marker(names, LOOSE[*index].markers)).collect();
            // Sources further down speak for the root when nothing else does.
            if !of.is_empty() || contexts.contains(dir) {
                loose.insert(dir, of);
            }
        }
        if loose.is_empty() && found.is_empty() && !tree.files().is_empty() {
            loose.insert(".", Vec::new());
        }
        if loose.contains_key(".") && !contexts.iter().any(|context| context != ".") {
            loose.retain(|dir, _| *dir == ".");
        }
        found.extend(describe_loose(tree, &loose, &dirs, &contexts));
    }
    found
}

/// Whether a folder has Django's `manage.py` and a folder above has the requirements of it.
fn is_inner_project(tree: &Tree, dirs: &BTreeMap<&str, Vec<usize>>, dir: &str) -> bool {
    const REQUIREMENTS: &[&str] =
        &["pyproject.toml", "requirements.txt", "Pipfile", "environment.yml", "setup.py"];
    let lists = |dir: &str| tree.first(dir, REQUIREMENTS).is_some();
    let above = || ancestors(dir).skip(1).chain(std::iter::once("."));
    dir != "."
        && tree.find(dir, "manage.py").is_some()
        && !lists(dir)
        && dirs.get(dir).is_some_and(|of| of.len() == 1)
        && above().any(lists)
}

/// Folders in which a server's own framework keeps what browsers load.
const ASSETS: &[&str] =
    &["assets", "static", "resources", "theme", "webpack", "src/main/webapp", "src/main/frontend"];

/// A Node manifest in such a folder of a Phoenix, Rails, Laravel, Spring or Django application is its
/// asset tool.
fn drop_asset_tools(found: &mut Vec<Draft>) {
    let servers: Vec<String> =
        found.iter().filter(|draft| draft.strength == 4).map(|draft| draft.c.path.clone()).collect();
    found.retain(|draft| {
        let inside = |server: &String| {
            ASSETS.iter().any(|name| super::read::join(server, name).as_deref() == Some(&draft.c.path))
        };
        draft.ecosystem != "node" || !servers.iter().any(inside)
    });
}

fn covered(found: &[Draft], dir: &str) -> bool {
    found.iter().any(|draft| draft.c.path == dir)
}

/// Splits the files among the folders: each file goes to the nearest one.
fn scopes<'t>(tree: &'t Tree, dirs: &BTreeSet<&str>, of: &str) -> Vec<&'t str> {
    let inside: Vec<&str> = dirs.iter().copied().filter(|dir| *dir != of && is_below(dir, of)).collect();
    let files = tree.under(of).iter().map(String::as_str);
    if inside.is_empty() {
        return files.collect();
    }
    let inside: BTreeSet<&str> = inside.into_iter().collect();
    let mut last = ("", true);
    files
        .filter(|file| {
            let dir = folder(file);
            if dir != last.0 {
                last = (dir, !ancestors(dir).any(|dir| inside.contains(dir)));
            }
            last.1
        })
        .collect()
}

/// A folder and all folders above it, without the root.
pub(super) fn ancestors(dir: &str) -> impl Iterator<Item = &str> {
    let mut next = (dir != ".").then_some(dir);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.rsplit_once('/').map(|(parent, _)| parent);
        Some(this)
    })
}

/// Whether `dir` is inside of `of`.
pub(super) fn is_below(dir: &str, of: &str) -> bool {
    of == "." || dir == of || dir.strip_prefix(of).is_some_and(|rest| rest.starts_with('/'))
}

fn describe(tree: &Tree, dirs: &BTreeMap<&str, Vec<usize>>, contexts: &BTreeSet<String>) -> Vec<Draft> {
    let all: BTreeSet<&str> = dirs.keys().copied().chain(contexts.iter().map(String::as_str)).collect();
    let mut found = Vec::new();
    for (dir, of) in dirs {
        if tree.late() {
            tree.warn(format!("looking stopped after {} s", tree.limits().time.as_secs()));
            break;
        }
        let scope = Scope { tree, dir: (*dir).to_owned(), files: scopes(tree, &all, dir) };
        let drafts: Vec<Draft> = of.iter().flat_map(|index| (ALL[*index].describe)(&scope)).collect();
        found.extend(choose(drafts));
    }
    found
}

fn describe_loose(
    tree: &Tree,
    loose: &BTreeMap<&str, Vec<usize>>,
    dirs: &BTreeMap<&str, Vec<usize>>,
    contexts: &BTreeSet<String>,
) -> Vec<Draft> {
    let all: BTreeSet<&str> = dirs
        .keys()
        .copied()
        .chain(contexts.iter().map(String::as_str))
        .chain(loose.keys().copied())
        .collect();
    let mut found = Vec::new();
    for (dir, of) in loose {
        let scope = Scope { tree, dir: (*dir).to_owned(), files: scopes(tree, &all, dir) };
        let drafts: Vec<Draft> = of.iter().flat_map(|index| (LOOSE[*index].describe)(&scope)).collect();
        let mut chosen = choose(drafts);
        if chosen.is_empty() {
            chosen.extend(super::ecosystem::sources_only(&scope, contexts.contains(*dir)));
        }
        found.extend(chosen);
    }
    found
}

/// Of the drafts of one folder, the one that the folder is. A Node manifest beside a server of another
/// language is that server's asset tool.
fn choose(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = drafts.into_iter().filter(|draft| !draft.aggregator).collect();
    // Several of one ecosystem (two project files in one folder) all stand.
    if drafts.len() < 2 || drafts.iter().all(|draft| draft.ecosystem == drafts[0].ecosystem) {
        return drafts;
    }
    let weight = |draft: &Draft| (draft.strength, draft.ecosystem != "node");
    drafts.sort_by_key(|draft| std::cmp::Reverse(weight(draft)));
    let mut drafts = drafts.into_iter();
    let Some(mut chosen) = drafts.next() else { return Vec::new() };
    for other in drafts {
        let equal = other.strength == chosen.strength && chosen.strength == 3;
        if equal && other.c.language != chosen.c.language {
            let language =
                |draft: &Draft| draft.c.language.clone().unwrap_or_else(|| draft.ecosystem.to_owned());
            let at = |draft: &Draft| {
                draft.c.evidence.first().map_or_else(|| At::file("."), |e| At::line(e.file.clone(), e.line))
            };
            let candidates = vec![(language(&chosen), at(&chosen)), (language(&other), at(&other))];
            let reason =
                format!("{} or {}: both run a server from this folder", language(&chosen), language(&other));
            chosen.ambiguous("language", candidates, reason);
            chosen.absorb(other);
        } else if other.ecosystem == "node"
            && let Some(build) = other.c.commands.build.clone()
        {
            let at = At::file(super::read::join(&other.c.path, "package.json").unwrap_or_default());
            chosen.command(Slot::Build, &build, &at, 0.7);
        }
    }
    vec![chosen]
}
