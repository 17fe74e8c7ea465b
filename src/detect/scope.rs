//! Which folders are components, which files belong to which, and which ecosystem a folder is of.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{At, Draft, Slot};
use super::ecosystem::{ALL, Ecosystem, LOOSE, is_source, majority, sources_only};
use super::marker::Markers;
use super::owner::{Folder, Owners};
use super::parallel;
use super::read::{Tree, ancestors, extension, is_below};
use super::sources::{Chosen, Sources};
use super::surroundings;

/// A folder with the files that belong to it and to no component below it.
pub(super) struct Scope<'t> {
    pub(super) tree: &'t Tree,
    pub(super) dir: String,
    pub(super) files: Vec<&'t str>,
    folders: Vec<Folder<'t>>,
    sources: Sources<'t>,
}

impl<'t> Scope<'t> {
    pub(super) fn new(tree: &'t Tree, dir: &str, folders: &[Folder<'t>]) -> Self {
        let files = folders.iter().flat_map(|(_, files)| files.iter()).collect();
        let sources = Sources::of(folders, dir);
        Self { tree, dir: dir.to_owned(), files, folders: folders.to_vec(), sources }
    }

    /// Whether these are the folders that belong to it.
    pub(super) fn is_of(&self, folders: &[Folder<'t>]) -> bool {
        self.folders.len() == folders.len()
            && self.folders.iter().zip(folders).all(|(own, other)| std::ptr::eq(own.1, other.1))
    }

    /// Own files that are searched for variables, shallow ones first.
    pub(super) fn searched(&self) -> Chosen<'t> {
        self.sources.with(surroundings::is_searched, self.tree.sources())
    }

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

    /// Own files with one of these extensions that are no tests, shallow ones first; as many as are
    /// searched.
    pub(super) fn sources(&self, extensions: &[&str]) -> Vec<&str> {
        self.sources.with(|extension| extensions.contains(&extension), self.tree.sources()).found
    }

    /// How many own files have one of these extensions.
    pub(super) fn count(&self, extensions: &[&str]) -> usize {
        self.files
            .iter()
            .filter(|file| extensions.contains(&extension(file)) && !file.ends_with(".d.ts"))
            .count()
    }
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
    ".moon",
    ".mvn",
    ".ebextensions",
    ".streamlit",
    "testing",
    "benchmarks",
    "out",
    "buildSrc",
    "build-logic",
    "META-INF",
    "e2e",
    "themes",
    "exampleSite",
    "remix.init",
];

/// Folders that hold recipes of images.
const RECIPES: &[&str] = &["docker", ".docker", "dockerfiles", "infra", "deploy", "deployment", "ops"];

/// Folders that hold a project's sources or pages, not a project of their own.
const INNER: &[&str] =
    &["src", "public", "public_html", "htdocs", "html", "www", "web", "site", "static", "app", "lib"];

fn excluded(dir: &str) -> bool {
    dir != "."
        && dir
            .split('/')
            .any(|part| NEVER.contains(&part) || part.starts_with("{{") || part.ends_with("-e2e"))
}

/// Describes every component folder, one draft each, in the order of their paths; gives the folders too.
pub(super) fn drafts(tree: &Tree) -> (Vec<Draft>, Vec<Scope<'_>>) {
    let contexts = surroundings::build_contexts(tree);
    let contexts: BTreeSet<&str> = contexts.iter().map(String::as_str).collect();
    let marked = |table: &'static [Ecosystem], wanted: &dyn Fn(&str) -> bool| {
        let markers = Markers::new(table);
        let of = tree.folders().filter(|(dir, _)| wanted(dir)).map(|(dir, files)| (dir, markers.of(files)));
        let kept =
            |(dir, of): &(&str, Vec<usize>)| (!of.is_empty() || contexts.contains(dir)) && !excluded(dir);
        of.filter(kept).collect::<BTreeMap<&str, Vec<usize>>>()
    };
    let mut dirs = marked(ALL, &|_| true);
    dirs.retain(|_, of| !of.is_empty());
    let inner: Vec<&str> = dirs.keys().copied().filter(|dir| is_inner_project(tree, &dirs, dir)).collect();
    dirs.retain(|dir, _| !inner.contains(dir));
    let owners = Owners::new(tree, dirs.keys().chain(&contexts).copied());
    let mut scopes = Vec::new();
    let mut found = describe(tree, &dirs, &owners, &mut scopes, |scope, of| ask(ALL, of, scope));
    drop_asset_tools(&mut found);
    if found.is_empty() || contexts.iter().any(|context| !covered(&found, context)) {
        let wanted = |dir: &str| {
            let near = found.is_empty() && (dir == "." || !dir.contains('/'));
            (near || contexts.contains(dir)) && !covered(&found, dir)
        };
        let mut loose = marked(LOOSE, &wanted);
        // Sources further down speak for the root when nothing else does.
        if loose.is_empty() && found.is_empty() && tree.files().next().is_some() {
            loose.insert(".", Vec::new());
        }
        let inner = |dir: &str| INNER.contains(&dir) && !contexts.contains(dir);
        if found.is_empty() && !loose.is_empty() && loose.keys().all(|dir| inner(dir)) {
            let of: BTreeSet<usize> = std::mem::take(&mut loose).into_values().flatten().collect();
            loose.insert(".", of.into_iter().collect());
        }
        if loose.contains_key(".") && !contexts.iter().any(|context| *context != ".") {
            loose.retain(|dir, _| *dir == ".");
        }
        let owners = Owners::new(tree, dirs.keys().chain(&contexts).chain(loose.keys()).copied());
        found.extend(describe(tree, &loose, &owners, &mut scopes, |scope, of| {
            let mut chosen = ask(LOOSE, of, scope);
            if chosen.is_empty() && !holds(scope, &dirs) {
                chosen.extend(sources_only(scope, contexts.contains(scope.dir.as_str())));
            }
            chosen
        }));
    }
    (found, scopes)
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

/// How many files are read at a time.
const TOGETHER: usize = 24;

/// One piece of describing; all reading is begun before the first folder is described.
enum Step<'s, 't> {
    Read(&'s [&'t str]),
    Describe(&'s Scope<'t>, &'s [usize]),
}

/// Describes folders side by side; `describe` gives the drafts of one. The folders join those `before`.
fn describe<'t>(
    tree: &'t Tree,
    dirs: &BTreeMap<&str, Vec<usize>>,
    owners: &Owners<'_, 't>,
    before: &mut Vec<Scope<'t>>,
    describe: impl Fn(&Scope<'_>, &[usize]) -> Vec<Draft> + Sync,
) -> Vec<Draft> {
    let dirs: Vec<(&str, &Vec<usize>)> = dirs.iter().map(|(dir, of)| (*dir, of)).collect();
    let scopes = parallel::map(&dirs, |(dir, of)| (Scope::new(tree, dir, owners.folders(dir)), *of));
    let all = before.iter().chain(scopes.iter().map(|(scope, _)| scope));
    tree.share_sources(all.map(|scope| scope.sources.count(is_source)));
    let searched: Vec<Vec<&str>> = scopes.iter().map(|(scope, _)| scope.searched().found).collect();
    let reads = searched.iter().flat_map(|files| files.chunks(TOGETHER)).map(Step::Read);
    let steps: Vec<Step<'_, '_>> =
        reads.chain(scopes.iter().map(|(scope, of)| Step::Describe(scope, of))).collect();
    let drafts = parallel::map(&steps, |step| match step {
        Step::Read(files) => {
            tree.preload(files);
            Vec::new()
        }
        Step::Describe(..) if tree.late() => {
            tree.warn(format!("looking stopped after {} s", tree.limits().time.as_secs()));
            Vec::new()
        }
        Step::Describe(scope, of) => describe(scope, of),
    });
    before.extend(scopes.into_iter().map(|(scope, _)| scope));
    drafts.into_iter().flatten().collect()
}

/// Whether a context of an image is no component: it only holds components together, or it is the recipe
/// (`docker/php`) of an application beside it.
fn holds(scope: &Scope<'_>, dirs: &BTreeMap<&str, Vec<usize>>) -> bool {
    let dir = scope.dir.as_str();
    let code = majority(scope).is_some_and(|(language, _)| language != "Shell");
    let above = dirs.keys().any(|other| *other != dir && is_below(other, dir));
    let recipe = !dirs.is_empty() && dir.split('/').any(|part| RECIPES.contains(&part));
    above && (dirs.contains_key(dir) || !code) || recipe && !code
}

/// Lets ecosystems of a table describe one folder.
fn ask(table: &[Ecosystem], of: &[usize], scope: &Scope<'_>) -> Vec<Draft> {
    choose(of.iter().flat_map(|index| table[*index].drafts(scope)).collect())
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
