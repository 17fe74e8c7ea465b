//! Deno: `deno.json(c)`, its tasks, `jsr:` imports.

use serde_json::Value;

use super::shared::{self, Dependency};
use super::{Ecosystem, node, plain, tools, version};
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind::{self, Web};
use crate::detect::read::listen::{self, Listen, Take};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::version::bare;
use crate::detect::read::{Words, lines};
use crate::detect::rule::framework::row;
use crate::detect::rule::{Framework, driver};
use crate::detect::scope::Scope;

pub(super) const ECOSYSTEM: Ecosystem =
    Ecosystem { markers: &["deno.json", "deno.jsonc", "deno.lock"], describe };

/// Scripts that import from Deno's registries.
pub(super) const LOOSE: Ecosystem =
    Ecosystem { markers: &["main.ts", "mod.ts", "server.ts", "index.ts", "app.ts"], describe: loose };

/// All rows.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row("fresh", &["fresh", "@fresh/core", "@fresh/plugin-vite", "$fresh"], 80, Some(8000), Web),
    row("hono", &["hono", "@hono/hono"], 60, Some(8000), Web),
    row("oak", &["oak", "@oak/oak"], 60, None, Web),
    row("lume", &["lume"], 50, Some(3000), ComponentKind::Static),
];

/// Files that a program of Deno begins with.
const ENTRIES: &[&str] = &[
    "main.ts",
    "server.ts",
    "mod.ts",
    "index.ts",
    "app.ts",
    "src/main.ts",
    "src/index.ts",
    "src/server.ts",
    "main.js",
    "index.js",
    "main.tsx",
];

/// Calls that listen.
static LISTEN: [Listen; 4] = [
    listen::row(r"\bDeno\.serve\s*\(", Take::Key(&["port"])),
    listen::row(r"\bserve\s*\(", Take::Key(&["port"])),
    listen::row(r"\.listen\s*\(", Take::Key(&["port"])),
    listen::row(r"\bDeno\.listen\s*\(", Take::Key(&["port"])),
];

static FLAG: Pattern = Pattern::new(r"--port[ =](\d{2,5})\b");
static SERVE: Pattern = Pattern::new(r"\bDeno\.serve\s*\(|\bserve\s*\(");
static IMPORT: Pattern = Pattern::new(
    r#"(?m)\bfrom\s+['"](?:jsr:|npm:|https://deno\.land/x/|https://deno\.land/)(@[\w-]+/[\w.-]+|[\w.-]+)(?:@v?([\d.]+))?"#,
);

fn loose(scope: &Scope<'_>) -> Vec<Draft> {
    let own = scope.sources(&["ts", "js"]).into_iter().take(40).any(|file| {
        scope.tree.text(file).is_some_and(|text| text.contains("Deno.") || IMPORT.is_match(&text))
    });
    if own { describe(scope) } else { Vec::new() }
}

/// Words of sources that may listen.
static WORDS: Words = Words::new(&["serve", "listen"]);

/// Words of sources that may listen as Node does.
static NODE_WORDS: Words = Words::new(&["listen", "Server", "bind"]);

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    // Functions of a hosted database run there, not here.
    if scope.dir.contains("supabase/functions") {
        return Vec::new();
    }
    // What Node's managers lock is Node's, whatever Deno checks or bundles of it.
    const LOCKS: &[&str] = &["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];
    if scope.find("package.json").is_some()
        && scope.first(LOCKS).is_some()
        && scope.find("deno.lock").is_none()
    {
        return Vec::new();
    }
    let config = scope.first(&["deno.json", "deno.jsonc"]);
    let sources = scope.sources(&["ts", "tsx", "js", "jsx"]);
    let marker = config.clone().or_else(|| sources.first().map(|file| (*file).to_owned()));
    let Some(marker) = marker else { return Vec::new() };
    let mut draft = Draft::new("deno", &scope.dir);
    let whole = At::file(&marker);
    let doc = config.as_deref().and_then(|file| scope.tree.doc(file));
    let text = scope.tree.text(&marker).unwrap_or_else(|| "".into());
    let at = |word: &str| At::line(&marker, lines::word(&text, &format!("\"{word}\"")));
    draft.strength = 2;
    if let Some(doc) = &doc
        && let Some(name) = doc.get("name").and_then(Value::as_str)
    {
        draft.name(name, &at("name"));
        draft.aliases.insert(name.to_owned());
    }
    if let Some(doc) = &doc
        && doc.get("workspace").is_some()
        && sources.is_empty()
    {
        draft.aggregator = true;
    }
    let plain =
        sources.iter().all(|file| file.ends_with(".js") || file.ends_with(".jsx")) && !sources.is_empty();
    draft.language(if plain { "JavaScript" } else { "TypeScript" }, &whole, 0.9);
    draft.manager("deno", &whole, 0.95);
    draft.runtime("deno", &whole, 0.95);
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["deno"]));
    pins.push(tools::file(scope.tree, &scope.dir, &[".deno-version", ".dvmrc"]));
    version::settle(scope.tree, &mut draft, pins, 1, |_| None);
    let mut dependencies = Vec::new();
    // Fresh's first versions keep their imports in a file of their own.
    let map = doc.as_ref().and_then(|doc| {
        let name = doc.get("importMap")?.as_str()?.trim_start_matches("./");
        scope.tree.doc(&scope.find(name)?)
    });
    for (name, target) in doc.iter().chain(&map).filter_map(|doc| doc.get("imports")?.as_object()).flatten() {
        let target = target.as_str().unwrap_or_default();
        let version = target
            .rsplit_once('@')
            .and_then(|(_, version)| bare(version.split('/').next().unwrap_or(version)));
        let real = target.split_once(':').map_or(target, |(_, rest)| rest).trim_start_matches('/');
        let real = real.strip_prefix('@').map_or_else(
            || real.split('@').next().unwrap_or(real).to_owned(),
            |rest| format!("@{}", rest.split('@').next().unwrap_or(rest)),
        );
        for name in [name.trim_end_matches('/').to_owned(), real] {
            dependencies.push(Dependency { name, version: version.clone(), at: at(name_of(target, &text)) });
        }
    }
    for file in sources.iter().take(60) {
        let Some(code) = scope.tree.code(file) else { continue };
        for found in IMPORT.captures_iter(&code.text) {
            let line = found.get(0).map(|m| code.line(m.start()));
            dependencies.push(Dependency {
                name: found[1].to_owned(),
                version: found.get(2).map(|v| v.as_str().to_owned()),
                at: At::line(*file, line),
            });
        }
    }
    let framework = shared::framework(FRAMEWORKS, &dependencies, &mut draft)
        .or_else(|| shared::framework(node::FRAMEWORKS, &dependencies, &mut draft));
    for dependency in &dependencies {
        if let Some(kind) = driver::service("node", &dependency.name) {
            draft.service(kind, None, &dependency.at, 0.8);
        }
    }
    let mut listens = shared::listens(scope, &mut draft, &["ts", "tsx", "js"], &WORDS, &LISTEN);
    if !draft.has_port(PortSource::Code) {
        listens |= shared::listens(scope, &mut draft, &["ts", "tsx", "js"], &NODE_WORDS, &node::LISTEN);
    }
    let serves = sources.iter().take(60).find_map(|file| {
        let code = scope.tree.code(file)?;
        let found = code.captures(&SERVE).next()?;
        Some(At::line(*file, code.line(found.get(0)?.start())))
    });
    if let Some(at) = serves {
        draft.port(8000, PortSource::Default, &at);
    }
    if framework.is_none() && listens {
        draft.kind(Web, &whole, 0.85);
        draft.strength = 3;
    }
    let script = |name: &str| doc.as_ref()?.get("tasks")?.get(name)?.as_str();
    for name in ["dev", "start", "serve"] {
        let Some(text) = script(name) else { continue };
        if let Some(port) = FLAG.captures(text).and_then(|found| found[1].parse().ok()) {
            draft.port(port, PortSource::Script, &at(name));
        }
        if text.contains("deno serve") {
            if !draft.has_port(PortSource::Default) {
                draft.port(8000, PortSource::Default, &at(name));
            }
            draft.kind(Web, &at(name), 0.92);
            draft.strength = 3;
        }
    }
    // Deno 2 installs what the configuration lists; its predecessors have no such command.
    let two = draft.c.version.resolved.as_deref().is_none_or(|version| !version.starts_with("1"));
    if let Some(config) =
        config.as_deref().filter(|_| two && doc.as_ref().is_some_and(|doc| doc.get("imports").is_some()))
    {
        draft.command(Slot::Install, "deno install", &At::file(config), 0.7);
    }
    let tasks = doc.iter().filter_map(|doc| doc.get("tasks")?.as_object()).flatten();
    let tasks: Vec<&str> = tasks.map(|(name, _)| name.as_str()).collect();
    for (slot, names) in [
        (Slot::Start, ["start", "serve"]),
        (Slot::Dev, ["dev", "start:dev"]),
        (Slot::Build, ["build", "build:prod"]),
        (Slot::Test, ["test", "tests"]),
    ] {
        if let Some(name) = names.into_iter().find(|name| tasks.contains(name)) {
            draft.command(slot, &format!("deno task {name}"), &at(name), 0.95);
        }
    }
    if let Some(file) = scope.first(ENTRIES) {
        // A handler that a file exports is served, not run.
        let serves = ["dev", "start", "serve"]
            .iter()
            .any(|name| script(name).is_some_and(|text| text.contains("deno serve")));
        let run = if serves { "deno serve -A" } else { "deno run -A" };
        draft.command(Slot::Start, &format!("{run} {}", scope.relative(&file)), &At::file(file), 0.6);
    }
    if draft.c.kind == ComponentKind::Unknown && draft.c.commands.start.is_some() {
        plain::kind(scope, &["ts", "tsx", "js"], &whole, &mut draft);
    }
    vec![draft]
}

/// The key whose value is `target`; the target itself where it is not found.
fn name_of<'a>(target: &'a str, text: &'a str) -> &'a str {
    let line = text.lines().find(|line| line.contains(target));
    line.and_then(|line| line.split('"').nth(1)).unwrap_or(target)
}
