//! Programs of Node.js without a manifest: a script that only Node.js can run.

use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::ecosystem::version::{self, Pins};
use crate::detect::ecosystem::{plain, tools};
use crate::detect::facts::ComponentKind;
use crate::detect::read::listen;
use crate::detect::read::pattern::Pattern;
use crate::detect::scope::Scope;

use super::{language, port};

/// What no browser has.
static NODE: Pattern = Pattern::new(
    r#"\brequire\s*\(\s*['"](?:node:)?(?:http|https|http2|net|fs|path|os|cluster|child_process|express|url|crypto)['"]|\bfrom\s+['"]node:|\bimport\s+\*?\s*\w*\s*(?:as\s+\w+\s+)?from\s+['"](?:http|https|net|fs|path|os)['"]|\bprocess\.(?:env|argv|stdout|exit)\b|\bmodule\.exports\b|\bexports\.\w+\s*="#,
);

const ENTRIES: &[&str] = &[
    "server.js",
    "index.js",
    "app.js",
    "main.js",
    "server.mjs",
    "index.mjs",
    "server.ts",
    "index.ts",
    "handler.js",
    "handler.mjs",
];

pub(super) fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    let runs = |file: &&String| scope.tree.code(file).is_some_and(|code| code.matches(&NODE));
    let Some(entry) = ENTRIES.iter().filter_map(|name| scope.find(name)).find(|file| runs(&file)) else {
        return Vec::new();
    };
    let mut draft = Draft::new("node", &scope.dir);
    let at = At::file(&entry);
    draft.strength = 2;
    language::attach(scope, &mut draft);
    draft.runtime("node", &at, 0.8);
    let mut pins = Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["node", "nodejs"]));
    pins.push(tools::file(scope.tree, &scope.dir, &[".nvmrc", ".node-version"]));
    version::settle(scope.tree, &mut draft, pins, 1, |_| None);
    let found = listen::search(scope.tree, &[&entry], &port::LISTEN, &[]);
    if let Some(place) = found.iter().find(|place| place.port.is_some()).or(found.first()) {
        let at = At::line(&place.file, place.line);
        draft.kind(ComponentKind::Web, &at, 0.85);
        draft.strength = 3;
        if let Some(number) = place.port {
            draft.port(number, PortSource::Code, &at);
        }
    }
    if !entry.ends_with(".ts") {
        draft.command(Slot::Start, &format!("node {}", scope.relative(&entry)), &at, 0.7);
    }
    if draft.c.kind == ComponentKind::Unknown {
        plain::kind(scope, &["js", "mjs", "ts"], &at, &mut draft);
    }
    vec![draft]
}
