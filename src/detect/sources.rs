//! The files of a component that are its program: tests and tools left out, and which of very many are
//! looked at.

use super::read::{base, extension, folder};

/// The program's files, shallow ones first.
pub(super) struct Sources<'t>(Vec<Source<'t>>);

struct Source<'t> {
    path: &'t str,
    extension: &'t str,
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
    /// The sources among the own files of the component in `dir`; those of one folder follow each other.
    pub(super) fn of(files: &[&'t str], dir: &str) -> Self {
        let skip = if dir == "." { 0 } else { dir.len() + 1 };
        let mut last: Option<(&str, usize, bool)> = None;
        let mut sources = Vec::with_capacity(files.len());
        for path in files.iter().copied() {
            let of = folder(path);
            let (depth, aside) = match last {
                Some((same, depth, aside)) if same == of => (depth, aside),
                _ => (of.matches('/').count() + usize::from(of != "."), aside_folder(of.get(skip..))),
            };
            last = Some((of, depth, aside));
            if !aside && !aside_file(base(path)) {
                sources.push(Source { path, extension: extension(path), depth });
            }
        }
        sources.sort_by_key(|source| source.depth);
        Self(sources)
    }

    /// The sources with a wanted extension, `most` at the most: what is left out is deep and has a name
    /// that promises little.
    pub(super) fn with(&self, wanted: impl Fn(&str) -> bool, most: usize) -> Chosen<'t> {
        let mut of: Vec<&Source<'t>> = self.0.iter().filter(|source| wanted(source.extension)).collect();
        let total = of.len();
        if total > most {
            of.sort_by_cached_key(|source| (!likely(base(source.path)), source.depth));
            of.truncate(most);
            of.sort_by_key(|source| source.depth);
        }
        Chosen { found: of.into_iter().map(|source| source.path).collect(), total }
    }
}

/// Whether a name promises an entry point or settings.
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
        "constants",
        "options",
        "wsgi",
        "asgi",
        "manage",
        "database",
        "db",
        "redis",
        "cache",
        "queue",
        "worker",
        "cli",
        "root",
        "cmd",
        "api",
    ];
    let stem = name.split('.').next().unwrap_or_default();
    STEMS.iter().any(|likely| {
        let end = stem.len().checked_sub(likely.len()).and_then(|start| stem.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(likely))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_tools_are_no_sources() {
        let files = ["a/main.go", "a/main_test.go", "a/docs/x.go", "a/x/test/y.go", "a/x/z.go"];
        let found = Sources::of(&files, "a").with(|extension| extension == "go", 10).found;
        assert_eq!(found, ["a/main.go", "a/x/z.go"]);
        let java = ["src/main/java/com/example/examples/App.java", "examples/src/main/java/App.java"];
        assert_eq!(Sources::of(&java, ".").with(|_| true, 10).found, [java[0]]);
        // The component's own folder may be called anything.
        assert_eq!(Sources::of(&["tests/a.py"], "tests").with(|_| true, 1).total, 1);
    }

    #[test]
    fn of_too_many_the_shallow_and_the_telling_are_looked_at() {
        let files = ["a.ts", "b.ts", "c.ts", "src/deep/config.ts", "src/deep/unit.ts", "src/app.config.ts"];
        let chosen = Sources::of(&files, ".").with(|_| true, 3);
        assert_eq!(chosen.found, ["a.ts", "b.ts", "src/deep/config.ts"]);
        assert_eq!(chosen.total, 5);
    }
}
