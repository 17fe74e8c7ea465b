//! Rust: `Cargo.toml`, its binaries, its workspace.

mod bin;
mod kind;
mod manifest;

use serde_json::Value;

use super::shared::{self, Dependency};
use super::{Ecosystem, tools, version};
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind::{self, Static, Web};
use crate::detect::read::listen::{self, Listen, Take};
use crate::detect::read::{Words, join, lines};
use crate::detect::rule::Framework;
use crate::detect::rule::framework::row;
use crate::detect::scope::Scope;

use manifest::{dependencies, enabled};

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem { markers: &["Cargo.toml"], describe };

/// All rows.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row("loco", &["loco-rs"], 72, Some(5150), Web),
    row("leptos", &["leptos"], 70, Some(3000), Web),
    row("dioxus", &["dioxus"], 66, Some(8080), Static),
    row("rocket", &["rocket"], 62, Some(8000), Web),
    row("axum", &["axum"], 60, None, Web),
    row("actix-web", &["actix-web"], 60, None, Web),
    row("poem", &["poem"], 55, None, Web),
    row("salvo", &["salvo"], 55, None, Web),
    row("warp", &["warp"], 55, None, Web),
    row("ntex", &["ntex"], 55, None, Web),
    row("trillium", &["trillium"], 55, Some(8080), Web),
    row("viz", &["viz"], 55, None, Web),
    row("xitca-web", &["xitca-web"], 55, None, Web),
    row("pavex", &["pavex"], 55, None, Web),
    row("tide", &["tide"], 55, None, Web),
    row("gotham", &["gotham"], 55, None, Web),
    row("rouille", &["rouille"], 55, None, Web),
    row("yew", &["yew"], 50, Some(8080), Static),
    row("rama", &["rama"], 45, None, Web),
    row("tonic", &["tonic"], 30, None, Web),
];

/// Calls that listen.
static LISTEN: [Listen; 7] = [
    listen::row(r"\bTcpListener::bind\s*\(", Take::Argument(0)),
    listen::row(r"\.bind(?:_rustls\w*|_openssl)?\s*\(", Take::Argument(0)),
    listen::row(r"\bTcpListener::new\s*\(", Take::Argument(0)),
    listen::row(r"\bServer::bind\s*\(", Take::Argument(0)),
    listen::row(r"\bwarp::serve\([^;]*?\)\s*\.(?:run|bind)\s*\(", Take::Argument(0)),
    // A number alone is a backlog.
    listen::row(r"\.listen\s*\(\s*(\x22[^\x22]*\x22|\([^()]*\)|[a-z_.]+)\s*[,)]", Take::Group),
    listen::row(r"\bSocketAddr::from\s*\(", Take::Argument(0)),
];

/// A file that has none of these binds parameters of a query, keys of a window, and no address.
static WORDS: Words = Words::new(&["TcpListener", "Server", "SocketAddr", "warp", "listen"]);

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    let Some(file) = scope.find("Cargo.toml") else { return Vec::new() };
    let mut draft = Draft::new("rust", &scope.dir);
    let whole = At::file(&file);
    draft.language("Rust", &whole, 0.98);
    draft.manager("cargo", &whole, 0.98);
    draft.strength = 1;
    let (Some(doc), Some(text)) = (scope.tree.doc(&file), scope.tree.text(&file)) else { return vec![draft] };
    let Some(package) = doc.get("package") else {
        draft.aggregator = true;
        return vec![draft];
    };
    let at = |word: &str| At::line(&file, lines::word(&text, word));
    if let Some(name) = package.get("name").and_then(Value::as_str) {
        draft.name(name, &at("name"));
    }
    let root = manifest::workspace(scope);
    let dependencies = dependencies(scope, &doc, root.as_deref(), &file, &text, &mut draft);
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["rust"]));
    pins.push(manifest::toolchain(scope));
    let inherited = || root.as_deref()?.pointer("/workspace/package/rust-version")?.as_str();
    let minimum = package.get("rust-version").and_then(|v| v.as_str().or_else(inherited));
    pins.manifest = minimum.map(|text| tools::Pin { text: text.to_owned(), at: at("rust-version") });
    version::settle(scope.tree, &mut draft, pins, 2, |_| None);
    let used = dependencies.iter().filter(|d| enabled(&doc, d.name.split('+').next().unwrap_or_default()));
    let always: Vec<Dependency> = used.cloned().collect();
    shared::services("rust", &always, &mut draft);
    let bins = bin::all(scope, &doc, package);
    if bins.is_empty() && !dependencies.iter().any(|d| ["leptos", "yew", "dioxus"].contains(&d.name.as_str()))
    {
        draft.kind(ComponentKind::Library, &whole, 0.9);
        draft.command(Slot::Build, "cargo build", &whole, 0.7);
        draft.command(Slot::Test, "cargo test", &whole, 0.8);
        return vec![draft];
    }
    let mut framework = shared::framework(FRAMEWORKS, &always, &mut draft);
    let migration = package.get("name").and_then(Value::as_str) == Some("migration");
    if migration && always.iter().any(|d| d.name.starts_with("sea-orm-migration") || d.name == "loco-rs") {
        draft.c.framework = None;
        draft.c.framework_version = None;
        draft.unserved(ComponentKind::Cli, &whole, 0.8);
        draft.strength = 2;
        bin::commands(scope, package, None, &bins, &whole, &mut draft);
        return vec![draft];
    }
    if framework.is_none() && root.is_some() {
        framework = through_members(scope, &doc, root.as_deref(), &mut draft);
    }
    let listens = shared::listens(scope, &mut draft, &["rs"], &WORDS, &LISTEN);
    rocket(scope, framework, &mut draft);
    if framework.is_none() {
        kind::settle(scope, &always, listens, &whole, &mut draft);
    }
    bin::commands(scope, package, framework, &bins, &whole, &mut draft);
    vec![draft]
}

/// A program whose `main` is in a crate of its workspace has that crate's framework and address.
fn through_members(
    scope: &Scope<'_>,
    doc: &Value,
    root: Option<&Value>,
    draft: &mut Draft,
) -> Option<&'static Framework> {
    let table = doc.get("dependencies").and_then(Value::as_object)?;
    let paths = table.values().filter_map(|value| join(&scope.dir, value.get("path")?.as_str()?));
    for dir in paths.take(20) {
        let member = Scope::new(scope.tree, &dir, &scope.tree.folders_below(&dir).collect::<Vec<_>>());
        let Some(file) = member.find("Cargo.toml") else { continue };
        let (Some(doc), Some(text)) = (scope.tree.doc(&file), scope.tree.text(&file)) else { continue };
        let found = dependencies(&member, &doc, root, &file, &text, &mut Draft::default());
        if let Some(row) = shared::framework(FRAMEWORKS, &found, draft) {
            shared::listens(&member, draft, &["rs"], &WORDS, &LISTEN);
            return Some(row);
        }
    }
    None
}

/// The port that Rocket's own settings say.
fn rocket(scope: &Scope<'_>, framework: Option<&Framework>, draft: &mut Draft) {
    let Some(file) = scope.find("Rocket.toml").filter(|_| framework.is_some_and(|row| row.name == "rocket"))
    else {
        return;
    };
    let Some(doc) = scope.tree.doc(&file) else { return };
    let port = ["/debug/port", "/default/port", "/global/port", "/release/port"]
        .iter()
        .find_map(|p| doc.pointer(p)?.as_u64());
    if let Some(port) = port.and_then(|port| u16::try_from(port).ok()) {
        draft.port(port, PortSource::Code, &At::file(file));
    }
}
