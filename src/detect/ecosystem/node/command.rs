//! Commands: the manifest's scripts through the package manager, else what the framework runs.

use super::manager;
use super::manifest::Manifest;
use super::program;
use crate::detect::draft::{At, Draft, Slot};
use crate::detect::ecosystem::function;
use crate::detect::ecosystem::tools::upward;
use crate::detect::read::version;
use crate::detect::scope::Scope;

/// Frameworks whose `start` script is a development server.
const START_IS_DEV: &[&str] = &[
    "create-react-app",
    "angular",
    "docusaurus",
    "ember",
    "eleventy",
    "parcel",
    "webpack",
    "stencil",
    "polymer",
    "brunch",
    "sanity",
    "meteor",
    "expo",
    "gatsby",
];

/// How a manager runs a script.
pub(super) fn run(manager: &str, script: &str) -> String {
    match (manager, script) {
        ("npm", "start" | "test") => format!("npm {script}"),
        ("npm" | "bun", _) => format!("{manager} run {script}"),
        _ => format!("{manager} {script}"),
    }
}

/// How a manager runs a program of the dependencies.
fn runner(manager: &str) -> &'static str {
    match manager {
        "yarn" => "yarn",
        "pnpm" => "pnpm",
        "bun" => "bunx",
        _ => "npx",
    }
}

/// Adds the commands.
pub(super) fn attach(scope: &Scope<'_>, manifest: &Manifest, listener: Option<&str>, draft: &mut Draft) {
    let manager = manager::usable(draft);
    let (locked, modern) = manager::locked(scope.tree, &scope.dir, &manager);
    let rush = upward(&scope.dir).find_map(|dir| scope.tree.find(dir, "rush.json"));
    if let Some(file) = rush {
        draft.command(Slot::Install, "rush install", &At::file(file), 0.9);
    }
    let install = match (manager.as_str(), locked) {
        ("npm", true) => "npm ci".to_owned(),
        ("yarn", true) if modern => "yarn install --immutable".to_owned(),
        (_, true) => format!("{manager} install --frozen-lockfile"),
        (_, false) => format!("{manager} install"),
    };
    let confidence = if locked { 0.9 } else { 0.75 };
    draft.command(Slot::Install, &install, &At::file(&manifest.file), confidence);
    if let Some((project, targets)) = manifest.nx_targets() {
        let at = At::file(&manifest.file);
        for (slot, target) in [
            (Slot::Build, "build"),
            (Slot::Dev, "serve"),
            (Slot::Dev, "dev"),
            (Slot::Start, "start"),
            (Slot::Start, "serve"),
            (Slot::Test, "test"),
        ] {
            if targets.contains(&target) {
                draft.command(slot, &format!("npx nx {target} {project}"), &at, 0.85);
            }
        }
        return;
    }
    let script = |name: &str| manifest.script(name).is_some();
    let start_is_dev = draft.c.framework.as_deref().is_some_and(|name| START_IS_DEV.contains(&name))
        || manifest.script("start").is_some_and(program::develops);
    let mut dev: Vec<&str> =
        vec!["dev", "start:dev", "serve", "develop", "watch", "start:watch", "dev:server"];
    if start_is_dev {
        dev.insert(1, "start");
    }
    let named = [
        (Slot::Build, vec!["build", "build:prod"]),
        (Slot::Dev, dev),
        (Slot::Start, vec!["start", "start:prod"]),
        (Slot::Test, vec!["test", "test:unit"]),
    ];
    for (slot, names) in named {
        if let Some(name) = names.into_iter().find(|name| script(name)) {
            draft.command(slot, &run(&manager, name), &manifest.at(name), 0.95);
        }
    }
    if draft.c.framework.as_deref() == Some("redwood")
        && let Some(side) =
            ["web", "api"].into_iter().find(|side| manifest.has(&format!("@redwoodjs/{side}")))
    {
        let at = manifest.at(&format!("@redwoodjs/{side}"));
        for (slot, task) in
            [(Slot::Build, "build"), (Slot::Dev, "dev"), (Slot::Start, "serve"), (Slot::Test, "test")]
        {
            draft.command(slot, &format!("{} rw {task} {side}", runner(&manager)), &at, 0.8);
        }
    }
    if draft.c.commands.start.is_none()
        && let Some((start, at)) = unscripted(scope, manifest, listener, draft)
    {
        draft.command(Slot::Start, &start, &at, 0.7);
    }
}

/// What starts a program whose manifest has no `start` script.
fn unscripted(
    scope: &Scope<'_>,
    manifest: &Manifest,
    listener: Option<&str>,
    draft: &mut Draft,
) -> Option<(String, At)> {
    if draft.c.framework.as_deref() == Some("functions-framework") {
        function::framework(scope, &["js", "ts", "mjs", "cjs"], draft, "npx functions-framework");
        return None;
    }
    if let Some(command) = draft.c.framework.as_deref().and_then(|name| built(manifest, name)) {
        return Some((command.to_owned(), manifest.at("scripts")));
    }
    let runner = draft.c.runtime.as_deref().unwrap_or("node");
    if manifest.get("bin").is_some() || manifest.get("exports").is_some() {
        return None;
    }
    let declared = manifest.text("main").or(manifest.text("module"));
    if let Some(main) = declared
        && let Some(file) = scope.find(main).or_else(|| scope.find(&format!("{main}.js")))
        && manifest.is_app()
        && [".js", ".mjs", ".cjs", ".ts"].iter().any(|end| file.ends_with(end))
        && (runner == "bun" || !file.ends_with(".ts"))
    {
        return Some((format!("{runner} {}", scope.relative(&file)), manifest.at("main")));
    }
    if runner == "node"
        && let Some((file, name)) = watched(scope, manifest)
    {
        return Some((format!("node {file}"), manifest.at(name)));
    }
    let usual: &[&str] = if runner == "bun" {
        &["index.ts", "src/index.ts", "index.js", "server.ts"]
    } else {
        &["server.js", "index.js", "app.js", "index.mjs", "server.mjs", "main.js"]
    };
    let framework = draft.c.framework.as_deref();
    let server = framework.is_none() || draft.c.commands.dev.is_none();
    let plain = |file: &&str| {
        let path = scope.relative(file);
        let near = !path.contains('/') || path.starts_with("src/") || path.starts_with("server/");
        near && !file.ends_with('x') && (runner == "bun" || !file.ends_with("ts"))
    };
    let file = scope
        .first(usual)
        .or_else(|| listener.filter(plain).map(str::to_owned))
        .filter(|_| server && manifest.is_app())?;
    Some((format!("{runner} {}", scope.relative(&file)), At::file(file)))
}

/// The file of JavaScript that a script of development watches and runs.
fn watched(scope: &Scope<'_>, manifest: &Manifest) -> Option<(String, &'static str)> {
    ["dev", "start:dev", "watch"].into_iter().find_map(|name| {
        let compiled = |script: &&str| ["--exec", " -x ", "babel"].iter().any(|word| script.contains(word));
        let script = manifest.script(name).filter(|script| program::develops(script) && !compiled(script))?;
        let file = program::files(script).find(|file| file.ends_with("js"))?;
        let file = file.trim_start_matches("./");
        scope.find(file).map(|_| (file.to_owned(), name))
    })
}

/// What starts a framework's program once it is built; without an adapter for a server of its own nothing does.
fn built(manifest: &Manifest, framework: &str) -> Option<&'static str> {
    let has = |name: &str| manifest.has(name);
    match framework {
        "azure-functions" => Some("func start"),
        "next" => Some("npx next start"),
        "nuxt" if manifest.major("nuxt").is_some_and(|major| major < 3) => Some("npx nuxt start"),
        "nuxt" => Some("node .output/server/index.mjs"),
        "nestjs" => Some("node dist/main"),
        "sveltekit" if has("@sveltejs/adapter-node") => Some("node build/index.js"),
        "astro" if has("@astrojs/node") => Some("node dist/server/entry.mjs"),
        "solidstart" | "tanstack-start" if has("vinxi") => Some("npx vinxi start"),
        "solidstart" | "tanstack-start" if has("nitro") || has("nitropack") => {
            Some("node .output/server/index.mjs")
        }
        "react-router" if has("@react-router/serve") => {
            Some("npx react-router-serve ./build/server/index.js")
        }
        _ => None,
    }
}

/// The version that a lock file or a catalogue gives a dependency whose manifest says none.
pub(super) fn locked_version(scope: &Scope<'_>, name: &str, declared: &str) -> Option<String> {
    for dir in upward(&scope.dir) {
        if let Some(group) = declared.strip_prefix("catalog:") {
            let workspace =
                scope.tree.find(dir, "pnpm-workspace.yaml").and_then(|file| scope.tree.doc(&file));
            let own = Manifest::of(scope.tree, dir);
            let catalog = workspace.as_ref().and_then(|doc| match group {
                "" | "default" => doc.get("catalog"),
                group => doc.get("catalogs").and_then(|all| all.get(group)),
            });
            let found = catalog.and_then(|catalog| catalog.get(name)).and_then(|version| version.as_str());
            let bun =
                own.as_ref().and_then(|own| own.get("catalog").or(own.get("workspaces")?.get("catalog")));
            let found = found.or_else(|| bun.and_then(|catalog| catalog.get(name)?.as_str()));
            if let Some(version) = found.and_then(version::bare) {
                return Some(version);
            }
        }
        if let Some(lock) = scope.tree.find(dir, "package-lock.json")
            && let Some(doc) = scope.tree.doc(&lock)
        {
            let key = format!("node_modules/{name}");
            let package = doc
                .get("packages")
                .and_then(|all| all.get(&key))
                .or_else(|| doc.get("dependencies")?.get(name));
            return package?.get("version")?.as_str().map(str::to_owned);
        }
    }
    None
}
