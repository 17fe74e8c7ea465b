//! Where a Node program listens: a script's flag, the framework's configuration, the code, the default.

use super::manifest::Manifest;
use crate::detect::draft::{At, Draft, PortSource};
use crate::detect::facts::ComponentKind;
use crate::detect::read::listen::{self, Listen, Take, row};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::version;
use crate::detect::rule::Framework;
use crate::detect::scope::Scope;

static FLAG: Pattern =
    Pattern::new(r"(?:\bPORT=|--port[ =]|\s-p[ =]?|--listen[ =](?:tcp://[\w.]+:)?|\s-l[ =])(\d{2,5})\b");

/// Calls that listen.
static LISTEN: [Listen; 10] = [
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

static SERVER_PORT: Pattern = Pattern::new(r"(?s)\bserver\s*:\s*\{[^}]{0,600}?\bport\s*:\s*([^,}\n]+)");
static DEV_SERVER_PORT: Pattern =
    Pattern::new(r"(?s)\b(?:devServer|server)\s*:\s*\{[^}]{0,600}?\bport\s*:\s*([^,}\n]+)");

/// Adds the ports; gives whether the program listens by itself.
pub(super) fn attach(
    scope: &Scope<'_>,
    manifest: &Manifest,
    framework: Option<&'static Framework>,
    draft: &mut Draft,
) -> bool {
    let served = framework.is_none_or(|row| row.kind == ComponentKind::Web);
    let order: &[&str] =
        if served { &["start", "dev", "start:dev", "serve"] } else { &["dev", "start", "serve", "develop"] };
    if framework.is_some() || manifest.script("start").is_some() || manifest.script("dev").is_some() {
        let flag = order.iter().find_map(|name| {
            let script = manifest.script(name)?;
            Some((FLAG.captures(script)?[1].parse::<u16>().ok()?, *name))
        });
        if let Some((port, name)) = flag {
            draft.port(port, PortSource::Script, &manifest.at(name));
        }
    }
    configured(scope, framework, draft);
    // A development server of its own listens; the code of the pages does not.
    let own = framework.is_none_or(|row| row.port.is_none() || row.rank < 64);
    let listens = own && code(scope, manifest, draft);
    if let Some((framework, port)) = framework.and_then(|row| Some((row, row.port?))) {
        let declared = manifest.all().find(|(name, _)| *name == "astro").map(|(_, version)| version);
        let old = framework.name == "astro"
            && declared
                .and_then(version::bare)
                .and_then(|version| version::numbers(&version).first().copied())
                .is_some_and(|major| major < 3);
        let at =
            manifest.at(framework.names.iter().find(|name| manifest.has(name)).copied().unwrap_or("scripts"));
        draft.port(if old { 3000 } else { port }, PortSource::Default, &at);
    }
    listens
}

fn configured(scope: &Scope<'_>, framework: Option<&Framework>, draft: &mut Draft) {
    if framework.is_none_or(|row| row.port.is_none()) {
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

/// Looks for a call that listens: the entry files first, then the other sources.
fn code(scope: &Scope<'_>, manifest: &Manifest, draft: &mut Draft) -> bool {
    let sources = scope.sources(SOURCES);
    let entries = entries(scope, manifest);
    let first: Vec<&str> = entries.iter().map(String::as_str).collect();
    let mut found = listen::search(scope.tree, &first, &LISTEN, &sources);
    if found.iter().all(|place| place.port.is_none()) {
        let others: Vec<&str> = sources
            .iter()
            .copied()
            .filter(|file| !entries.iter().any(|entry| entry == file) && server_side(scope.relative(file)))
            .filter(|file| {
                scope.tree.text(file).is_some_and(|text| text.contains("listen") || text.contains("erve"))
            })
            .take(60)
            .collect();
        found.extend(listen::search(scope.tree, &others, &LISTEN, &sources));
    }
    // The first place that says a number is the program's main door.
    if let Some((place, port)) = found.iter().find_map(|place| Some((place, place.port?))) {
        draft.port(port, PortSource::Code, &At::line(&place.file, place.line));
    } else if let Some(place) = found.first() {
        draft.note("ports", "$PORT", &At::line(&place.file, place.line), 0.5);
    }
    !found.is_empty()
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
    let named = |word: &str| {
        let word = word.trim_matches(['"', '\'']).trim_start_matches("./");
        let stem = word.strip_suffix(".js").or_else(|| word.strip_suffix(".mjs")).unwrap_or(word);
        let stem = stem
            .strip_prefix("dist/")
            .or_else(|| stem.strip_prefix("build/"))
            .or_else(|| stem.strip_prefix("lib/"))
            .unwrap_or(stem);
        scope.find(word).or_else(|| {
            ["ts", "js", "mjs"].iter().find_map(|extension| {
                scope
                    .find(&format!("{stem}.{extension}"))
                    .or_else(|| scope.find(&format!("src/{stem}.{extension}")))
            })
        })
    };
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
        add(scope.find(name));
    }
    found
}
