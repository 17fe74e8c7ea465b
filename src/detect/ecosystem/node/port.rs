//! Where a Node program listens: a script's flag, the framework's configuration, the code, the default.

use super::built_file::written;
use super::manifest::Manifest;
use super::program;
use super::usual_port::{self, VITE};
use crate::detect::draft::{At, Draft, PortSource};
use crate::detect::ecosystem::shared;
use crate::detect::facts::ComponentKind;
use crate::detect::read::Words;
use crate::detect::read::lines;
use crate::detect::read::listen::{self, Listen, Take, row};
use crate::detect::read::pattern::Pattern;
use crate::detect::rule::Framework;
use crate::detect::scope::Scope;

static FLAG: Pattern =
    Pattern::new(r"(?:\bPORT=|--port[ =]|\s-p[ =]?|--listen[ =](?:tcp://[\w.]+:)?|\s-l[ =])(\d{2,5})\b");

/// Calls that listen.
pub(in crate::detect::ecosystem) static LISTEN: [Listen; 12] = [
    row(r"\.listen\s*\(", Take::Argument(0)),
    row(r"\bBun\.serve\s*(?:<[^>]*>)?\(", Take::Key(&["port"])),
    row(r"\bserve\s*\(", Take::Key(&["port"])),
    row(r"\bstartStandaloneServer\s*\(", Take::Key(&["port"])),
    row(r#"\.set\(\s*['"]port['"]\s*,\s*([^;\n]+)\)"#, Take::Group),
    row(r"\bexport\s+default\s*\{[^}]*?\bport\s*:\s*([^,}\n]+)", Take::Group),
    row(r"\b(?:new\s+(?:Hapi\.)?Server|Hapi\.server|[hH]api\.createServer)\s*\(", Take::Key(&["port"])),
    row(r"\bnew\s+(?:WebSocket\.)?(?:WebSocketServer|WebSocket\.Server|Server)\s*\(", Take::Key(&["port"])),
    row(r"\bapp\.start\s*\(", Take::Key(&["port"])),
    row(r"\.bindAsync\s*\(", Take::Argument(0)),
    row(r"\bserver\.bind\s*\(", Take::Argument(0)),
    row(r"\blisten\s*:\s*\{[^}]*?\bport\s*:\s*([^,}\n]+)", Take::Group),
];

const SOURCES: &[&str] = &["js", "ts", "mjs", "cjs", "mts", "cts", "tsx", "jsx"];

/// Settings files of development servers and the key that holds the port.
static CONFIGS: &[(&[&str], &Pattern)] = &[
    (&["vite.config.ts", "vite.config.js", "vite.config.mjs", "vite.config.mts"], &SERVER_PORT),
    (&["astro.config.mjs", "astro.config.ts", "astro.config.js"], &SERVER_PORT),
    (&["rsbuild.config.ts", "rsbuild.config.js", "rsbuild.config.mjs"], &SERVER_PORT),
    (&["nuxt.config.ts", "nuxt.config.js"], &DEV_SERVER_PORT),
    (
        &["vue.config.js", "webpack.config.js", "webpack.dev.js", "rspack.config.js", "webpack.config.ts"],
        &DEV_SERVER_PORT,
    ),
];

static SERVER_PORT: Pattern = Pattern::new(r"(?s)\bserver\s*:\s*\{[^}]*?\bport\s*:\s*([^,}\n]+)");
static DEV_SERVER_PORT: Pattern =
    Pattern::new(r"(?s)\b(?:devServer|server)\s*:\s*\{[^}]*?\bport\s*:\s*([^,}\n]+)");

static KEY: Pattern = Pattern::new(r"\bport\b");
static BUN_SERVE: Pattern = Pattern::new(r"\bBun\.serve\s*(?:<[^>]*>)?\(");

/// Adds the ports; gives the file in which the program listens by itself.
pub(super) fn attach(
    scope: &Scope<'_>,
    manifest: &Manifest,
    framework: Option<&'static Framework>,
    draft: &mut Draft,
) -> Option<String> {
    let served = framework.is_none_or(|row| row.kind == ComponentKind::Web);
    let order: &[&str] =
        if served { &["start", "dev", "start:dev", "serve"] } else { &["dev", "start", "serve", "develop"] };
    if framework.is_some() || manifest.script("start").is_some() || manifest.script("dev").is_some() {
        let flag = order.iter().find_map(|name| {
            // A look at what was built is not how the project is served.
            let script = manifest.script(name).filter(|script| !script.contains(" preview"))?;
            Some((FLAG.captures(script)?[1].parse::<u16>().ok()?, *name))
        });
        if let Some((port, name)) = flag {
            draft.port(port, PortSource::Script, &manifest.at(name));
        }
    }
    configured(scope, manifest, framework, draft);
    settings(scope, manifest, draft);
    // A development server of its own listens; the code of the pages does not.
    let own = framework.is_none_or(|row| row.port.is_none() || row.rank < 64);
    let listens = if own { code(scope, manifest, draft) } else { custom(scope, manifest, draft) };
    if let Some(framework) = framework.filter(|row| row.port.is_some()) {
        usual_port::attach(manifest, framework, draft);
    } else if listens.is_none() {
        let served = ["dev", "start", "serve", "develop"]
            .into_iter()
            .find_map(|name| Some((program::served(manifest.script(name)?)?, name)));
        if let Some(((port, _), name)) = served {
            draft.port(port, PortSource::Default, &manifest.at(name));
        } else if draft.c.runtime.as_deref() == Some("bun") && framework.is_some_and(|row| row.name == "hono")
        {
            // Bun serves what the entry exports.
            draft.port(3000, PortSource::Default, &manifest.at("hono"));
        }
    }
    listens
}

/// The server of one's own that a script puts before a framework.
fn custom(scope: &Scope<'_>, manifest: &Manifest, draft: &mut Draft) -> Option<String> {
    let sources = scope.sources(SOURCES);
    let scripts = ["dev", "start", "start:dev"].into_iter().filter_map(|name| manifest.script(name));
    let files: Vec<String> =
        scripts.flat_map(program::files).filter_map(|file| written(scope, file)).collect();
    if files.is_empty() {
        return None;
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let mut found = listen::search(scope.tree, &files, &LISTEN, &sources);
    for place in found.iter_mut().filter(|place| place.port.is_none()) {
        place.port = fallback(scope, &place.file);
    }
    if found.is_empty() {
        return code(scope, manifest, draft);
    }
    if let Some((place, port)) = found.iter().find_map(|place| Some((place, place.port?))) {
        draft.port(port, PortSource::Code, &At::line(&place.file, place.line));
    }
    found.into_iter().next().map(|place| place.file)
}

/// `port` in the settings that the package `config` reads.
fn settings(scope: &Scope<'_>, manifest: &Manifest, draft: &mut Draft) {
    if !["config", "@feathersjs/configuration"].iter().any(|name| manifest.has(name)) {
        return;
    }
    for name in ["config/default.json", "config/default.yaml", "config/default.yml", "config/default.json5"] {
        let Some(file) = scope.find(name) else { continue };
        let Some(doc) = scope.tree.doc(&file) else { continue };
        let port = ["/port", "/server/port", "/app/port", "/http/port"]
            .iter()
            .find_map(|pointer| doc.pointer(pointer)?.as_u64())
            .and_then(|port| u16::try_from(port).ok());
        if let Some(port) = port {
            let line = scope.tree.text(&file).and_then(|text| lines::word(&text, "port"));
            return draft.port(port, PortSource::Code, &At::line(file, line));
        }
    }
}

fn configured(scope: &Scope<'_>, manifest: &Manifest, framework: Option<&Framework>, draft: &mut Draft) {
    // A server that is developed with Vite has Vite's settings.
    let vite = || {
        let scripts = ["dev", "start"].into_iter().filter_map(|name| manifest.script(name));
        scripts.filter_map(program::served).any(|(port, _)| port == VITE)
    };
    if framework.is_none_or(|row| row.port.is_none()) && !vite() {
        return;
    }
    for (names, pattern) in CONFIGS {
        let Some(file) = scope.first(names) else { continue };
        let Some(code) = scope.tree.code(&file) else { continue };
        if let Some(found) = code.captures(pattern).next()
            && let Some(port) = listen::resolve(&code, &found[1], 3)
        {
            draft.port(port, PortSource::Code, &At::line(&file, found.get(1).map(|m| code.line(m.start()))));
        }
    }
    let angular = scope.find("angular.json").filter(|_| framework.is_some_and(|row| row.name == "angular"));
    if let Some(file) = angular
        && let Some(doc) = scope.tree.doc(&file)
    {
        let projects = doc.get("projects").and_then(|all| all.as_object());
        let port = projects.into_iter().flatten().find_map(|(_, project)| {
            let architect = project.get("architect").or(project.get("targets"))?;
            architect.pointer("/serve/options/port")?.as_u64()
        });
        if let Some(port) = port.and_then(|port| u16::try_from(port).ok()) {
            draft.port(port, PortSource::Code, &At::file(file));
        }
    }
}

/// Words of sources that may listen.
static WORDS: Words = Words::new(&["listen", "erve"]);

/// Looks for a call that listens: the entry files first, then the other sources.
fn code(scope: &Scope<'_>, manifest: &Manifest, draft: &mut Draft) -> Option<String> {
    let sources = scope.sources(SOURCES);
    let entries = entries(scope, manifest);
    let first: Vec<&str> = entries.iter().map(String::as_str).collect();
    let mut found = listen::search(scope.tree, &first, &LISTEN, &sources);
    if found.iter().all(|place| place.port.is_none()) {
        let others: Vec<&str> = sources
            .iter()
            .copied()
            .filter(|file| !entries.iter().any(|entry| entry == file) && server_side(scope.relative(file)))
            .filter(|file| scope.tree.text(file).is_some_and(|text| WORDS.any_in(&text)))
            .take(60)
            .collect();
        found.extend(listen::search(scope.tree, &others, &LISTEN, &sources));
    }
    for place in found.iter_mut().filter(|place| place.port.is_none()) {
        place.port = fallback(scope, &place.file);
    }
    // The first place that says a number is the program's main door.
    if let Some((place, port)) = found.iter().find_map(|place| Some((place, place.port?))) {
        draft.port(port, PortSource::Code, &At::line(&place.file, place.line));
    } else if !found.is_empty() && shared::option(scope, &sources, draft) {
        return found.into_iter().next().map(|place| place.file);
    } else if let Some(place) = found.first() {
        let variable = place.variable.clone().unwrap_or_else(|| "PORT".to_owned());
        draft.note("ports", &format!("${variable}"), &At::line(&place.file, place.line), 0.5);
        draft.port_variable = Some(variable);
        if bun_default(scope, &place.file) {
            draft.port(3000, PortSource::Default, &At::line(&place.file, place.line));
        }
    }
    let best = found.iter().find(|place| place.port.is_some()).or(found.first());
    best.map(|place| place.file.clone())
}

static FALLBACK: Pattern = Pattern::new(r#"\bprocess\.env\.PORT\s*(?:\|\||\?\?)\s*['"]?(\d{2,5})\b"#);

/// What a file that listens takes for `PORT` where the way from there to the call is not followed.
fn fallback(scope: &Scope<'_>, file: &str) -> Option<u16> {
    scope.tree.code(file)?.captures(&FALLBACK).find_map(|found| found[1].parse().ok())
}

/// Whether `Bun.serve` is called without a port, which is 3000 then.
fn bun_default(scope: &Scope<'_>, file: &str) -> bool {
    scope.tree.code(file).is_some_and(|code| {
        code.captures(&BUN_SERVE).filter_map(|found| Some(found.get(0)?.end())).any(|end| {
            let arguments = listen::arguments(&code.text, end);
            arguments.first().is_some_and(|first| first.starts_with('{'))
                && !arguments.iter().any(|argument| KEY.is_match(argument))
        })
    })
}

/// Whether a file may run on the server.
fn server_side(path: &str) -> bool {
    let client = ["client/", "frontend/", "public/", "static/", "assets/", "components/", "www/"];
    !client.iter().any(|folder| path.starts_with(folder) || path.contains(&format!("/{folder}")))
        && !path.ends_with(".min.js")
}

/// Files that scripts run, `main`, and the usual names.
fn entries(scope: &Scope<'_>, manifest: &Manifest) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |file: Option<String>| {
        if let Some(file) = file.filter(|file| !found.contains(file)) {
            found.push(file);
        }
    };
    let own = |file: Option<String>| file.filter(|file| scope.files.contains(&file.as_str()));
    let named = |word: &str| written(scope, word);
    for name in ["start", "dev", "start:dev", "serve", "start:prod"] {
        for word in manifest.script(name).unwrap_or_default().split_whitespace() {
            if word.contains(['.', '/']) && !word.starts_with('-') {
                add(named(word));
            }
        }
    }
    add(manifest.text("main").and_then(named));
    add(manifest.text("module").and_then(named));
    const USUAL: &[&str] = &[
        "src/main.ts",
        "src/index.ts",
        "src/server.ts",
        "src/app.ts",
        "index.js",
        "server.js",
        "app.js",
        "main.js",
        "index.ts",
        "server.ts",
        "app.ts",
        "main.ts",
        "src/index.js",
        "src/server.js",
        "src/app.js",
        "src/main.js",
        "bin/www",
        "bin/www.js",
        "index.mjs",
        "server.mjs",
        "src/index.mjs",
        "server/index.js",
        "server/index.ts",
        "server/server.js",
        "src/index.tsx",
        "api/index.js",
    ];
    for name in USUAL {
        add(own(scope.find(name)));
    }
    found
}
