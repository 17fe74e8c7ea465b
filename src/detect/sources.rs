//! The files of a component that are its program: tests and tools left out, and which of very many are
//! looked at.

use std::collections::BTreeMap;

use super::owner::Folder;
use super::read::{base, extension, folder};

/// The program's files, shallow ones first.
pub(super) struct Sources<'t> {
    files: Vec<Source<'t>>,
    /// All extensions that the files have, and how many have each.
    extensions: Vec<(&'t str, usize)>,
    promising: Vec<usize>,
}

struct Source<'t> {
    path: &'t str,
    /// Its place among the extensions.
    extension: usize,
    depth: usize,
}

/// Some of the files.
pub(super) struct Chosen<'t> {
    /// Those that are looked at, shallow ones first.
    pub(super) found: Vec<&'t str>,
    /// How many there are.
    pub(super) total: usize,
}

impl<'t> Sources<'t> {
    /// The sources in the folders of the component in `dir`.
    pub(super) fn of(folders: &[Folder<'t>], dir: &str) -> Self {
        let skip = if dir == "." { 0 } else { dir.len() + 1 };
        let mut extensions: Vec<(&str, usize)> = Vec::new();
        let mut last = 0;
        let mut by_depth: BTreeMap<usize, Vec<Source<'t>>> = BTreeMap::new();
        for (of, files) in folders.iter().filter(|(of, _)| !aside_folder(of.get(skip..))) {
            let depth = of.matches('/').count() + usize::from(*of != ".");
            let sources = by_depth.entry(depth).or_default();
            for path in files.iter().filter(|path| !aside_file(base(path))) {
                let extension = extension(path);
                // Files of one kind mostly follow each other.
                if extensions.get(last).is_none_or(|(known, _)| *known != extension) {
                    last =
                        extensions.iter().position(|(known, _)| *known == extension).unwrap_or_else(|| {
                            extensions.push((extension, 0));
                            extensions.len() - 1
                        });
                }
                extensions[last].1 += 1;
                sources.push(Source { path, extension: last, depth });
            }
        }
        let files: Vec<Source<'t>> = by_depth.into_values().flatten().collect();
        let promising = promising(&files, skip);
        Self { files, extensions, promising }
    }

    /// How many sources have a wanted extension.
    pub(super) fn count(&self, wanted: impl Fn(&str) -> bool) -> usize {
        self.extensions.iter().filter(|(extension, _)| wanted(extension)).map(|(_, count)| count).sum()
    }

    /// The sources with a wanted extension, `most` at the most: what is left out promises little
    /// by its name, or is deep.
    pub(super) fn with(&self, wanted: impl Fn(&str) -> bool, most: usize) -> Chosen<'t> {
        let of: Vec<bool> = self.extensions.iter().map(|(extension, _)| wanted(extension)).collect();
        let total = self.extensions.iter().zip(&of).filter(|(_, of)| **of).map(|((_, count), _)| count).sum();
        let path = |source: &Source<'t>| source.path;
        let found = if total > most {
            let promising = self.promising.iter().map(|at| &self.files[*at]);
            let mut chosen: Vec<&Source<'t>> =
                promising.filter(|source| of[source.extension]).take(most).collect();
            chosen.sort_by_key(|source| source.depth);
            chosen.into_iter().map(path).collect()
        } else {
            self.files.iter().filter(|source| of[source.extension]).map(path).collect()
        };
        Chosen { found, total }
    }
}

/// The places of the files, those first that promise much, shallow ones first among equals; `skip` is where
/// the path in the component begins.
fn promising(files: &[Source<'_>], skip: usize) -> Vec<usize> {
    let mut places: [Vec<usize>; 3] = Default::default();
    let mut last: Option<(&str, Promise)> = None;
    for (at, source) in files.iter().enumerate() {
        let of = folder(source.path);
        let promised = match last {
            Some((same, promised)) if same == of => promised,
            _ => promise_of_folder(of.get(skip..)),
        };
        last = Some((of, promised));
        places[promise(promised, base(source.path)) as usize].push(at);
    }
    places.concat()
}

/// What a source promises to tell, most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Promise {
    /// Entry points, settings, and what reaches other programs.
    Much,
    Some,
    /// What people look at, shapes of data, and what a generator wrote.
    Little,
}

/// What a file promises by its name and its folder's.
fn promise(folder: Promise, name: &str) -> Promise {
    match folder {
        _ if written(name) => Promise::Little,
        Promise::Little if likely(name) => Promise::Some,
        Promise::Some if likely(name) => Promise::Much,
        _ => folder,
    }
}

/// What a folder, by its path in the component, promises.
fn promise_of_folder(dir: Option<&str>) -> Promise {
    const MUCH: &[&str] = &["settings", "config", "configs", "conf", "env", "environments"];
    const LITTLE: &[&str] = &[
        "components",
        "icons",
        "widgets",
        "dialogs",
        "modals",
        "hooks",
        "styles",
        "themes",
        "locale",
        "locales",
        "i18n",
        "lang",
        "translations",
        "migrations",
        "stories",
        "types",
        "typings",
        "generated",
        "__generated__",
        "gen",
        "proto",
        "dao",
        "entity",
        "entities",
        "dto",
        "dtos",
        "assets",
        "images",
        "public",
        "static",
        "templates",
        "models",
        "schemas",
        "queries",
        "interfaces",
        "exceptions",
        "enums",
    ];
    let mut promise = Promise::Some;
    for part in dir.unwrap_or_default().split('/') {
        if LITTLE.contains(&part) {
            return Promise::Little;
        }
        if MUCH.contains(&part) {
            promise = Promise::Much;
        }
    }
    promise
}

/// Whether a generator wrote a file, or it shows a part of a page, by its name.
fn written(name: &str) -> bool {
    const PARTS: &[&str] = &[".d.ts", ".stories.", ".pb.", ".g.", ".gen.", ".generated.", ".min."];
    let Some(dot) = memchr::memchr(b'.', name.as_bytes()) else { return false };
    let (stem, rest) = name.split_at(dot);
    rest[1..].contains('.') && PARTS.iter().any(|part| rest.contains(part))
        || stem.ends_with("_pb2")
        || stem.ends_with("_pb2_grpc")
}

/// Whether a name is that of an entry point, of settings, or of what reaches other programs.
fn likely(name: &str) -> bool {
    const STEMS: &[&str] = &[
        "main",
        "app",
        "application",
        "server",
        "index",
        "program",
        "startup",
        "bootstrap",
        "run",
        "start",
        "config",
        "configuration",
        "settings",
        "env",
        "environment",
        "wsgi",
        "asgi",
        "manage",
        "database",
        "db",
        "redis",
        "queue",
        "worker",
        "cli",
        "cmd",
        "api",
        "client",
        "auth",
        "provider",
        "telemetry",
        "logger",
        "storage",
        "url",
    ];
    let end = memchr::memchr(b'.', name.as_bytes()).unwrap_or(name.len());
    let stem = &name.as_bytes()[..end];
    // No name of the table ends with a digit, as very many generated ones do.
    let Some(last) = stem.last().filter(|last| last.is_ascii_alphabetic()) else { return false };
    let last = last.to_ascii_lowercase();
    STEMS.iter().any(|likely| {
        let likely = likely.as_bytes();
        likely.last() == Some(&last)
            && stem.len().checked_sub(likely.len()).is_some_and(|at| stem[at..].eq_ignore_ascii_case(likely))
    })
}

/// Whether a file, by its path in the component, is of tests or of tools and not of the program.
pub(super) fn is_test(path: &str) -> bool {
    path.contains('/') && aside_folder(Some(folder(path))) || aside_file(base(path))
}

/// Whether a folder, by its path in the component, holds tests, tools or documentation.
fn aside_folder(dir: Option<&str>) -> bool {
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
    let aside = |part: &str| FOLDERS.contains(&part) || part.ends_with(".Tests") || part == "androidTest";
    // Below `src/main` a folder is part of a package's name.
    let own = |dir: &str| dir.split_once("src/main/").map_or(dir.len(), |(above, _)| above.len());
    dir.is_some_and(|dir| dir[..own(dir)].split('/').any(aside))
}

/// Whether a file's name is that of a test or of a tool's configuration.
fn aside_file(name: &str) -> bool {
    let dot = memchr::memrchr(b'.', name.as_bytes());
    let stem = dot.map_or(name, |at| &name[..at]);
    let inner = memchr::memchr(b'.', stem.as_bytes()).is_some();
    inner && [".test.", ".spec.", ".config."].iter().any(|part| name.contains(part))
        || stem.ends_with("_test")
        || stem.starts_with("test_")
        || stem.ends_with("Test")
        || stem.ends_with("Tests")
        || matches!(
            name,
            "conftest.py" | "gulpfile.js" | "Gruntfile.js" | "setup.py" | "noxfile.py" | "build.rs"
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::read::Files;

    fn choose(files: &[&str], dir: &str, wanted: &str, most: usize) -> (Vec<String>, usize) {
        let one = |file: &str| {
            let of = folder(file);
            (of.to_owned(), Files::new(if of == "." { "" } else { of }, &[base(file).to_owned()]))
        };
        let files: Vec<(String, Files)> = files.iter().map(|file| one(file)).collect();
        let folders: Vec<Folder<'_>> = files.iter().map(|(of, files)| (of.as_str(), files)).collect();
        let sources = Sources::of(&folders, dir);
        let chosen = sources.with(|extension| wanted.is_empty() || extension == wanted, most);
        (chosen.found.into_iter().map(str::to_owned).collect(), chosen.total)
    }

    #[test]
    fn tests_and_tools_are_no_sources() {
        let files = ["a/main.go", "a/main_test.go", "a/docs/x.go", "a/x/test/y.go", "a/x/z.go"];
        assert_eq!(choose(&files, "a", "go", 10).0, ["a/main.go", "a/x/z.go"]);
        let java = ["src/main/java/com/example/examples/App.java", "examples/src/main/java/App.java"];
        assert_eq!(choose(&java, ".", "", 10).0, [java[0]]);
        // The component's own folder may be called anything.
        assert_eq!(choose(&["tests/a.py"], "tests", "", 1).1, 1);
    }

    #[test]
    fn of_too_many_the_shallow_and_the_telling_are_looked_at() {
        let files = ["a.ts", "b.ts", "c.ts", "src/deep/config.ts", "src/deep/unit.ts", "src/app.config.ts"];
        let (chosen, total) = choose(&files, ".", "", 3);
        assert_eq!(chosen, ["a.ts", "b.ts", "src/deep/config.ts"]);
        assert_eq!(total, 5);
    }
}
