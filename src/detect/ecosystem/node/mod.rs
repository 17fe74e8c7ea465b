//! Node.js and Bun: `package.json`, its scripts, its lock files and its workspace.

mod built_file;
mod command;
mod database;
mod framework;
mod language;
mod loose;
mod manager;
mod manifest;
mod port;
mod program;
mod runtime;
mod usual_port;

pub(super) use framework::FRAMEWORKS;
pub(super) use port::LISTEN;

use super::{Ecosystem, plain};
use crate::detect::draft::{At, Draft, PortSource};
use crate::detect::facts::ComponentKind;
use crate::detect::rule::driver;
use crate::detect::scope::Scope;

use manifest::Manifest;

pub(super) const ECOSYSTEM: Ecosystem =
    Ecosystem { markers: &["package.json", "package.json5", "package.yaml", "project.json"], describe };

/// Programs without a manifest.
pub(super) const LOOSE: Ecosystem = Ecosystem {
    markers: &[
        "index.js",
        "server.js",
        "app.js",
        "main.js",
        "index.mjs",
        "server.mjs",
        "index.ts",
        "server.ts",
        "handler.js",
        "handler.mjs",
    ],
    describe: loose::describe,
};

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    let Some(manifest) = Manifest::read(scope) else {
        return broken(scope).into_iter().collect();
    };
    let mut draft = Draft::new("node", &scope.dir);
    draft.name(manifest.text("name").unwrap_or(scope.name()), &manifest.at("name"));
    draft.aliases.extend(manifest.text("name").map(str::to_owned));
    draft.needs.extend(manifest.all().map(|(name, _)| name.to_owned()));
    draft.strength = 1;
    if manifest.is_foreign(scope) {
        return Vec::new();
    }
    if manifest.is_tool(scope) {
        return Vec::new();
    }
    language::attach(scope, &mut draft);
    manager::attach(scope, &manifest, &mut draft);
    runtime::attach(scope, &manifest, &mut draft);
    let framework = framework::attach(scope, &manifest, &mut draft);
    let listener = port::attach(scope, &manifest, framework, &mut draft);
    let listens = listener.is_some();
    command::attach(scope, &manifest, listener.as_deref(), &mut draft);
    if manifest.is_app() || draft.c.framework.is_some() {
        for (name, _) in manifest.all() {
            if let Some(kind) = driver::service("node", name) {
                draft.service(kind, None, &manifest.at(name), 0.85);
            }
        }
    }
    database::attach(scope, &mut draft);
    kind(scope, &manifest, framework, listens, &mut draft);
    if draft.c.framework.is_some() {
        draft.strength = 2;
    }
    if draft.c.kind == ComponentKind::Web {
        draft.strength = 3;
    }
    if draft.c.kind == ComponentKind::Library {
        draft.strength = 1;
    }
    let projects = scope.find("nx.json").is_some()
        && scope.tree.under(&scope.dir).any(|file| file.ends_with("/project.json"));
    // A workspace's root whose dependencies are those of its members runs nothing itself.
    draft.aggregator = manifest.is_workspace(scope)
        && (!Manifest::has_own_sources(scope) || (!projects && draft.c.framework.is_none() && !listens));
    if manifest.text("projectType") == Some("library") {
        draft.unserved(ComponentKind::Library, &manifest.at("projectType"), 0.95);
    }
    vec![draft]
}

/// A manifest that cannot be read still says that there is a component.
fn broken(scope: &Scope<'_>) -> Option<Draft> {
    let file = scope.find("package.json")?;
    let mut draft = Draft::new("node", &scope.dir);
    draft.c.name = scope.name().to_owned();
    draft.note("packageManager", "package.json", &At::file(file), 0.3);
    language::attach(scope, &mut draft);
    Some(draft)
}

/// Dependencies that make a program wait for work.
const WORKERS: &[&str] = &[
    "discord.js",
    "telegraf",
    "node-telegram-bot-api",
    "grammy",
    "eris",
    "@slack/bolt",
    "whatsapp-web.js",
    "bullmq",
    "bull",
    "node-cron",
    "cron",
    "agenda",
    "kafkajs",
    "amqplib",
    "@temporalio/worker",
    "bree",
    "bee-queue",
    "graphile-worker",
    "pg-boss",
    "nodemailer-worker",
    "oceanic.js",
    "twit",
    "tmi.js",
];

/// Projects that describe a deployment in a language.
const INFRASTRUCTURE: &[&str] = &["cdk.json", "cdktf.json", "Pulumi.yaml"];

/// Pages that need nothing but a web server.
pub(super) const PAGES: &[&str] =
    &["index.html", "public/index.html", "src/index.html", "app/index.html", "www/index.html"];

/// Whether a package has an entry for others; the `main` that a generator writes names no file.
fn has_entry(scope: &Scope<'_>, manifest: &Manifest) -> bool {
    let there = |main: &str| scope.find(main.trim_start_matches("./")).is_some();
    ["module", "exports", "types"].iter().any(|key| manifest.get(key).is_some())
        || manifest.text("main").is_some_and(there)
}

/// Whether a script runs a file of the project.
fn runs_file(manifest: &Manifest) -> bool {
    let scripts = ["start", "dev"].into_iter().filter_map(|name| manifest.script(name));
    scripts.flat_map(program::files).next().is_some()
}

/// Whether the files that scripts run are not in the repository, nor what they would be built from: nothing
/// says what they do.
fn runs_unknown(scope: &Scope<'_>, manifest: &Manifest) -> bool {
    let scripts = ["start", "dev", "serve", "start:dev"].into_iter().filter_map(|name| manifest.script(name));
    let mut files = scripts.flat_map(program::files).peekable();
    files.peek().is_some() && files.all(|file| built_file::written(scope, file).is_none())
}

/// Whether a script runs or builds something.
fn runs(manifest: &Manifest) -> bool {
    let mut names = manifest.scripts().map(|(name, _)| name);
    names.any(|name| {
        ["start", "dev", "serve", "build", "develop", "watch", "preview", "generate"]
            .iter()
            .any(|known| name == *known || name.strip_prefix(known).is_some_and(|rest| rest.starts_with(':')))
    })
}

/// Whether a package with a server's library among its dependencies is one for servers: it has an
/// entry for others and nothing that runs it.
fn used_by_others(manifest: &Manifest) -> bool {
    let built = |main: &str| {
        let main = main.trim_start_matches("./");
        ["dist/", "lib/", "build/", "src/"].iter().any(|folder| main.starts_with(folder))
    };
    let entry = ["exports", "types"].iter().any(|key| manifest.get(key).is_some())
        || ["main", "module"].iter().any(|key| manifest.text(key).is_some_and(built));
    let runs = ["start", "dev", "serve", "start:dev", "start:prod", "develop", "watch"];
    entry && !runs.iter().any(|name| manifest.script(name).is_some_and(|script| !script.contains("tsc")))
}

fn kind(
    scope: &Scope<'_>,
    manifest: &Manifest,
    framework: Option<&'static crate::detect::rule::Framework>,
    listens: bool,
    draft: &mut Draft,
) {
    let at = draft
        .c
        .evidence
        .iter()
        .find(|e| e.field == "framework")
        .map_or_else(|| At::file(&manifest.file), |e| At::line(e.file.clone(), e.line));
    if let Some(framework) = framework {
        if framework.rank < 64 && framework.port.is_none() && !listens && used_by_others(manifest) {
            draft.kind(ComponentKind::Library, &at, 0.75);
            return;
        }
        // Settings that members share (`eslint-config`) need the framework and have no page of it.
        let pages = || scope.count(&["tsx", "jsx", "vue", "svelte", "astro", "html", "ts", "mdx"]) > 0;
        let shared = || matches!(framework.name, "next" | "nuxt") && scope.dir != "." && !pages();
        if framework.rank >= 64 && !runs(manifest) && (has_entry(scope, manifest) || shared()) {
            draft.unserved(ComponentKind::Library, &at, 0.75);
            return;
        }
        match framework::rendered(scope, manifest, framework) {
            Some((kind, at)) => {
                draft.kind(kind, &at, 0.92);
                if kind == ComponentKind::Static {
                    // Pages that are rendered when built have no server to start.
                    draft.forget_start(0.75);
                }
            }
            None => draft.kind(framework.kind, &at, 0.9),
        }
        return;
    }
    if listens {
        draft.kind(ComponentKind::Web, &At::file(&manifest.file), 0.85);
        return;
    }
    let script = |name: &str| manifest.script(name).is_some();
    if let Some(infrastructure) = scope.first(INFRASTRUCTURE) {
        draft.kind(ComponentKind::Infrastructure, &At::file(infrastructure), 0.9);
        return;
    }
    if let Some((kind, name)) = ["dev", "start", "serve", "develop"]
        .into_iter()
        .find_map(|name| Some((program::served(manifest.script(name)?)?.1, name)))
    {
        draft.kind(kind, &manifest.at(name), 0.8);
        return;
    }
    let starts = script("start") || script("dev") || script("serve") || script("start:dev");
    if manifest.get("bin").is_some() && !script("start") {
        draft.kind(ComponentKind::Cli, &manifest.at("bin"), 0.85);
    } else if let Some((worker, _)) = manifest.dependencies().find(|(name, _)| WORKERS.contains(name)) {
        draft.kind(ComponentKind::Worker, &manifest.at(worker), 0.7);
        draft.strength = 2;
    } else if let Some(platform) = scope
        .find("vercel.json")
        .or_else(|| manifest.has("@vercel/node").then(|| manifest.file.clone()))
        .filter(|_| scope.files.iter().any(|file| scope.relative(file).starts_with("api/")))
    {
        draft.kind(ComponentKind::Web, &At::file(platform), 0.6);
    } else if let Some(page) = scope.first(PAGES).filter(|_| !runs_file(manifest)) {
        draft.kind(ComponentKind::Static, &At::file(page), 0.6);
        draft.forget_guessed_start();
    } else if runs_unknown(scope, manifest) {
        draft.strength = 2;
    } else if starts || draft.c.commands.start.is_some() {
        plain::kind(scope, &["js", "ts", "mjs", "cjs"], &At::file(&manifest.file), draft);
    } else if ["main", "exports", "module", "types", "typings"].iter().any(|key| manifest.get(key).is_some())
        && !manifest.flag("private")
        || manifest.get("exports").is_some()
        || manifest.get("types").is_some()
    {
        draft.kind(ComponentKind::Library, &At::file(&manifest.file), 0.7);
    }
    if draft.has_port(PortSource::Script)
        && matches!(draft.c.kind, ComponentKind::Worker | ComponentKind::Cli | ComponentKind::Unknown)
    {
        draft.kind(ComponentKind::Web, &At::file(&manifest.file), 0.6);
    }
}
