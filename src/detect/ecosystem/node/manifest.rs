//! `package.json` and its relatives, and Nx's `project.json` over the root's dependencies.

use std::sync::Arc;

use serde_json::Value;

use crate::detect::draft::At;
use crate::detect::read::{Text, Tree, base, lines, version};
use crate::detect::scope::Scope;

/// Manifests of other ecosystems, which a root with nothing but tools may hold together.
const MANIFESTS: &[&str] = &[
    "requirements.txt",
    "pyproject.toml",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "composer.json",
    "Gemfile",
    "mix.exs",
];

/// A package's manifest.
pub(super) struct Manifest {
    /// Repository-relative.
    pub(super) file: String,
    doc: Arc<Value>,
    text: Text,
    /// Nx's targets, where the project is described by `project.json` alone.
    pub(super) nx: Option<Arc<Value>>,
    /// Described by `project.json` alone: the root's dependencies that its sources import.
    borrowed: Option<Vec<(String, String)>>,
}

impl Manifest {
    pub(super) fn read(scope: &Scope<'_>) -> Option<Self> {
        if let Some(file) = scope.first(&["package.json", "package.json5", "package.yaml"]) {
            let doc = scope.tree.doc(&file).filter(|doc| doc.is_object())?;
            let text = scope.tree.text(&file)?;
            let nx = scope.find("project.json").and_then(|file| scope.tree.doc(&file));
            return Some(Self { file, doc, text, nx, borrowed: None });
        }
        let file = scope.find("project.json")?;
        let nx = scope
            .tree
            .doc(&file)
            .filter(|doc| doc.get("targets").is_some() || doc.get("projectType").is_some())?;
        let text = scope.tree.text(&file)?;
        let borrowed = Some(imported(scope));
        Some(Self { file, doc: Arc::clone(&nx), text, nx: Some(nx), borrowed })
    }

    /// A package's manifest by its folder.
    pub(super) fn of(tree: &Tree, dir: &str) -> Option<Self> {
        let file = tree.find(dir, "package.json")?;
        let doc = tree.doc(&file).filter(|doc| doc.is_object())?;
        let text = tree.text(&file)?;
        Some(Self { file, doc, text, nx: None, borrowed: None })
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.doc.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_str)
    }

    pub(super) fn pointer(&self, pointer: &str) -> Option<&str> {
        self.doc.pointer(pointer).and_then(Value::as_str)
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A script that does something.
    pub(super) fn script(&self, name: &str) -> Option<&str> {
        let script = self.doc.get("scripts")?.get(name)?.as_str()?.trim();
        (!script.is_empty() && !script.contains("no test specified")).then_some(script)
    }

    /// All scripts.
    pub(super) fn scripts(&self) -> impl Iterator<Item = (&str, &str)> {
        let scripts = self.doc.get("scripts").and_then(Value::as_object);
        scripts.into_iter().flatten().filter_map(|(name, script)| Some((name.as_str(), script.as_str()?)))
    }

    fn section(&self, key: &str) -> impl Iterator<Item = (&str, &str)> {
        let section = self.doc.get(key).and_then(Value::as_object);
        section
            .into_iter()
            .flatten()
            .map(|(name, version)| (name.as_str(), version.as_str().unwrap_or_default()))
    }

    /// What runs with the program.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = (&str, &str)> {
        let borrowed =
            self.borrowed.iter().flatten().map(|(name, version)| (name.as_str(), version.as_str()));
        self.section("dependencies").chain(self.section("optionalDependencies")).chain(borrowed)
    }

    /// What builds and tests it.
    pub(super) fn tools(&self) -> impl Iterator<Item = (&str, &str)> {
        self.section("devDependencies")
    }

    /// Both.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.dependencies().chain(self.tools())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.all().any(|(known, _)| known == name)
    }

    /// The first number of the version that a dependency is declared with.
    pub(super) fn major(&self, name: &str) -> Option<u64> {
        let (_, declared) = self.all().find(|(known, _)| *known == name)?;
        version::numbers(&version::bare(declared)?).first().copied()
    }

    /// Where a key or a dependency stands.
    pub(super) fn at(&self, key: &str) -> At {
        At::line(
            &self.file,
            lines::word(&self.text, &format!("\"{key}\"")).or_else(|| lines::word(&self.text, key)),
        )
    }

    /// Whether it is a program rather than a package for others.
    pub(super) fn is_app(&self) -> bool {
        self.flag("private")
            || ["start", "dev", "serve", "start:dev", "develop"]
                .iter()
                .any(|name| self.script(name).is_some())
            || (self.get("exports").is_none() && self.get("types").is_none() && self.get("files").is_none())
    }

    /// Whether Nx alone describes a project of another language, or one without any code.
    pub(super) fn is_foreign(&self, scope: &Scope<'_>) -> bool {
        self.borrowed.is_some()
            && scope.count(&["ts", "tsx", "js", "jsx", "mjs", "cjs", "vue", "svelte", "astro"]) == 0
    }

    /// Whether it only brings tools to a program of another language: nothing of its own runs or is built.
    pub(super) fn is_tool(&self, scope: &Scope<'_>) -> bool {
        let runs = ["start", "dev", "serve", "build", "main", "module", "exports", "bin", "workspaces"];
        let own = scope.count(&["ts", "tsx", "js", "jsx", "mjs", "cjs", "vue", "svelte", "astro", "html"]);
        own == 0
            && !runs.iter().any(|name| self.script(name).is_some() || self.get(name).is_some())
            && crate::detect::ecosystem::majority(scope).is_some_and(|(language, _)| language != "Shell")
    }

    /// The project's name and targets, where Nx alone describes it.
    pub(super) fn nx_targets(&self) -> Option<(&str, Vec<&str>)> {
        self.borrowed.as_ref()?;
        let targets = self.get("targets")?.as_object()?;
        // Older workspaces name their projects elsewhere, after the folder as a rule.
        let folder = self.file.rsplit('/').nth(1).unwrap_or_default();
        Some((self.text("name").unwrap_or(folder), targets.keys().map(String::as_str).collect()))
    }

    /// Whether it holds other packages together.
    pub(super) fn is_workspace(&self, scope: &Scope<'_>) -> bool {
        let declared = self.get("workspaces").is_some()
            || ["pnpm-workspace.yaml", "lerna.json", "rush.json", "nx.json", "turbo.json"]
                .iter()
                .any(|name| scope.find(name).is_some());
        let member = |file: &&str| scope.relative(file).contains('/');
        let mut below = scope.tree.under(&scope.dir).filter(member).map(base);
        let is_package = |name: &str| matches!(name, "package.json" | "project.json");
        // Tools alone (`concurrently`, `husky`) over folders with packages of their own.
        let bare = self.dependencies().next().is_none()
            && scope.count(&["ts", "tsx", "js", "jsx", "mjs", "vue", "svelte"]) <= 2;
        let idle = bare
            && scope.first(super::PAGES).is_none()
            && !["start", "dev", "serve", "build"].iter().any(|name| self.script(name).is_some())
            && !["main", "module", "exports", "bin", "types"].iter().any(|key| self.get(key).is_some());
        if idle && below.clone().any(|name| is_package(name) || MANIFESTS.contains(&name)) {
            return true;
        }
        let tools = (bare || !Self::has_own_sources(scope))
            && self.scripts().any(|(_, script)| {
                [
                    "concurrently",
                    "npm-run-all",
                    "--prefix",
                    "-w ",
                    "--workspace",
                    "cd ",
                    "turbo",
                    "nx ",
                    "lerna",
                    "--filter",
                    "run-p",
                ]
                .iter()
                .any(|word| script.contains(word))
            });
        (declared || tools) && below.any(is_package)
    }

    /// Whether the folder holds a program of its own beside its members: sources in folders, or an entry.
    pub(super) fn has_own_sources(scope: &Scope<'_>) -> bool {
        const TOOLS: &[&str] =
            &["tools", "scripts", "config", "patches", "internal", "apps", "libs", "packages", "e2e"];
        const ENTRIES: &[&str] = &["index", "server", "app", "main"];
        scope.sources(&["ts", "tsx", "js", "jsx", "mjs", "cjs", "vue", "svelte", "astro"]).iter().any(
            |file| match scope.relative(file).split_once('/') {
                Some((folder, _)) => {
                    !TOOLS.contains(&folder) && !folder.starts_with('.') && !folder.ends_with("-e2e")
                }
                None => ENTRIES.contains(&base(file).split('.').next().unwrap_or_default()),
            },
        )
    }
}

/// The dependencies of the root's manifest that the folder's own sources import.
fn imported(scope: &Scope<'_>) -> Vec<(String, String)> {
    let Some(root) = Manifest::of(scope.tree, ".") else { return Vec::new() };
    let sources = scope.sources(&["ts", "tsx", "js", "jsx", "mjs"]);
    let texts: Vec<Text> = sources.iter().take(200).filter_map(|file| scope.tree.text(file)).collect();
    let uses = |name: &str| {
        let forms = [format!("'{name}'"), format!("\"{name}\""), format!("'{name}/"), format!("\"{name}/")];
        texts.iter().any(|text| forms.iter().any(|form| text.contains(form)))
    };
    root.all()
        .filter(|(name, _)| uses(name))
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .collect()
}
