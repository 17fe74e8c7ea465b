//! Rust: `Cargo.toml`, its binaries, its workspace.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shared::{self, Dependency};
use super::{Ecosystem, tools, version};
use crate::detect::draft::{At, Draft, Slot};
use crate::detect::facts::ComponentKind::{self, Static, Web};
use crate::detect::read::listen::{self, Listen, Take};
use crate::detect::read::version::bare;
use crate::detect::read::{base, join, lines};
use crate::detect::rule::Framework;
use crate::detect::rule::framework::row;
use crate::detect::scope::Scope;

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
    row("tide", &["tide"], 55, None, Web),
    row("gotham", &["gotham"], 55, None, Web),
    row("rouille", &["rouille"], 55, None, Web),
    row("yew", &["yew"], 50, Some(8080), Static),
    row("tonic", &["tonic"], 30, None, Web),
];

/// Calls that listen.
static LISTEN: [Listen; 6] = [
    listen::row(r"\bTcpListener::bind\s*\(", Take::Argument(0)),
    listen::row(r"\.bind(?:_rustls\w*|_openssl)?\s*\(", Take::Argument(0)),
    listen::row(r"\bServer::bind\s*\(", Take::Argument(0)),
    listen::row(r"\bwarp::serve\([^;]*?\)\s*\.(?:run|bind)\s*\(", Take::Argument(0)),
    listen::row(r"\.listen\s*\(", Take::Argument(0)),
    listen::row(r"\bSocketAddr::from\s*\(", Take::Argument(0)),
];

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
    let root = workspace(scope);
    let dependencies = dependencies(scope, &doc, root.as_deref(), &file, &text, &mut draft);
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["rust"]));
    pins.push(toolchain(scope));
    let inherited = || root.as_deref()?.pointer("/workspace/package/rust-version")?.as_str();
    let minimum = package.get("rust-version").and_then(|v| v.as_str().or_else(inherited));
    pins.manifest = minimum.map(|text| tools::Pin { text: text.to_owned(), at: at("rust-version") });
    version::settle(scope.tree, &mut draft, pins, 2, |_| None);
    shared::services("rust", &dependencies, &mut draft);
    let bins = bins(scope, &doc, package);
    if bins.is_empty() && !dependencies.iter().any(|d| ["leptos", "yew", "dioxus"].contains(&d.name.as_str()))
    {
        draft.kind(ComponentKind::Library, &whole, 0.9);
        draft.command(Slot::Build, "cargo build", &whole, 0.7);
        draft.command(Slot::Test, "cargo test", &whole, 0.8);
        return vec![draft];
    }
    let framework = shared::framework(FRAMEWORKS, &dependencies, &mut draft);
    let listens = shared::listens(scope, &mut draft, &["rs"], &["bind", "listen", "SocketAddr"], &LISTEN);
    rocket(scope, framework, &mut draft);
    if framework.is_none() {
        let cli = dependencies
            .iter()
            .find(|d| ["clap", "structopt", "argh", "pico-args"].contains(&d.name.as_str()));
        draft.strength = if listens { 3 } else { 2 };
        if listens {
            draft.kind(Web, &whole, 0.8);
        } else {
            let at = cli.map_or(whole.clone(), |d| d.at.clone());
            draft.kind(ComponentKind::Cli, &at, if cli.is_some() { 0.85 } else { 0.5 });
        }
    }
    commands(scope, package, framework, &bins, &whole, &mut draft);
    vec![draft]
}

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
        draft.port(port, crate::detect::draft::PortSource::Code, &At::file(file));
    }
}

/// The manifest of the workspace around.
fn workspace(scope: &Scope<'_>) -> Option<std::sync::Arc<Value>> {
    tools::upward(&scope.dir).find_map(|dir| {
        let doc = scope.tree.doc(&scope.tree.find(dir, "Cargo.toml")?)?;
        doc.get("workspace").is_some().then_some(doc)
    })
}

fn toolchain(scope: &Scope<'_>) -> Option<tools::Pin> {
    tools::upward(&scope.dir).find_map(|dir| {
        if let Some(file) = scope.tree.find(dir, "rust-toolchain.toml") {
            let doc = scope.tree.doc(&file)?;
            let text = doc.pointer("/toolchain/channel")?.as_str()?.to_owned();
            let line = scope.tree.text(&file).and_then(|text| lines::word(&text, "channel"));
            return Some(tools::Pin { text, at: At::line(file, line) });
        }
        let file = scope.tree.find(dir, "rust-toolchain")?;
        let text = scope.tree.text(&file)?;
        let channel = text.lines().find_map(|line| {
            line.trim().strip_prefix("channel").map(|rest| rest.trim_matches([' ', '=', '"']).to_owned())
        });
        let text = channel.or_else(|| text.lines().next().map(|line| line.trim().to_owned()))?;
        Some(tools::Pin { text, at: At::file(file) })
    })
}

/// Direct dependencies, and one more per feature: `sqlx+postgres`.
fn dependencies(
    scope: &Scope<'_>,
    doc: &Value,
    root: Option<&Value>,
    file: &str,
    text: &str,
    draft: &mut Draft,
) -> Vec<Dependency> {
    let mut found = Vec::new();
    let table = doc.get("dependencies").and_then(Value::as_object);
    for (key, value) in table.into_iter().flatten() {
        let name = value.get("package").and_then(Value::as_str).unwrap_or(key);
        let shared = value
            .get("workspace")
            .is_some()
            .then(|| root?.pointer("/workspace/dependencies")?.get(key))
            .flatten();
        let version = [Some(value), shared]
            .into_iter()
            .flatten()
            .find_map(|value| value.as_str().or_else(|| value.get("version")?.as_str()));
        let at =
            At::line(file, lines::word_after(text, "[dependencies]", key).or_else(|| lines::word(text, key)));
        found.push(Dependency { name: name.to_owned(), version: version.and_then(bare), at: at.clone() });
        for value in [Some(value), shared].into_iter().flatten() {
            for feature in value
                .get("features")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                found.push(Dependency { name: format!("{name}+{feature}"), version: None, at: at.clone() });
            }
            if let Some(path) = value.get("path").and_then(Value::as_str) {
                draft.needs.extend(join(&scope.dir, path));
                draft.needs.insert(name.to_owned());
            }
        }
    }
    found
}

/// The binaries, by name.
fn bins(scope: &Scope<'_>, doc: &Value, package: &Value) -> BTreeMap<String, At> {
    let mut found = BTreeMap::new();
    for bin in doc.get("bin").and_then(Value::as_array).into_iter().flatten() {
        if let Some(name) = bin.get("name").and_then(Value::as_str) {
            let path = bin.get("path").and_then(Value::as_str).unwrap_or("src/main.rs");
            found.insert(name.to_owned(), At::file(scope.find(path).unwrap_or_else(|| "Cargo.toml".into())));
        }
    }
    if let Some(main) = scope.find("src/main.rs")
        && !found.values().any(|at| at.file == main)
    {
        let name = package.get("name").and_then(Value::as_str).unwrap_or("main");
        found.insert(name.to_owned(), At::file(main));
    }
    for file in scope.files.iter().filter(|file| scope.relative(file).starts_with("src/bin/")) {
        let rest = scope.relative(file).trim_start_matches("src/bin/");
        let name = match rest.split_once('/') {
            Some((name, "main.rs")) => name,
            None => base(rest).trim_end_matches(".rs"),
            Some(_) => continue,
        };
        if !found.values().any(|at| at.file == **file) {
            found.insert(name.to_owned(), At::file(*file));
        }
    }
    found
}

fn commands(
    scope: &Scope<'_>,
    package: &Value,
    framework: Option<&Framework>,
    bins: &BTreeMap<String, At>,
    whole: &At,
    draft: &mut Draft,
) {
    draft.command(Slot::Install, "cargo fetch", whole, 0.7);
    let name = framework.map(|row| row.name).unwrap_or_default();
    let tool = match name {
        "leptos" if scope.find("Trunk.toml").is_none() && !bins.is_empty() => {
            Some(("cargo leptos build --release", "cargo leptos watch", "cargo leptos serve --release"))
        }
        "leptos" | "yew" => Some(("trunk build --release", "trunk serve", "trunk serve")),
        "dioxus" => Some(("dx build --release", "dx serve", "dx serve")),
        "loco" => Some(("cargo build --release", "cargo loco start", "cargo loco start")),
        _ => None,
    };
    if let Some((build, dev, start)) = tool {
        draft.command(Slot::Build, build, whole, 0.75);
        draft.command(Slot::Dev, dev, whole, 0.75);
        draft.command(Slot::Start, start, whole, 0.7);
    }
    draft.command(Slot::Build, "cargo build --release", whole, 0.8);
    draft.command(Slot::Test, "cargo test", whole, 0.8);
    let default = package.get("default-run").and_then(Value::as_str);
    let run = match (default, bins.len()) {
        (_, 0 | 1) => Some("cargo run".to_owned()),
        (Some(_), _) => Some("cargo run".to_owned()),
        (None, _) => None,
    };
    match run {
        Some(run) => {
            draft.command(Slot::Start, &run, whole, 0.8);
            draft.command(Slot::Dev, &run, whole, 0.7);
        }
        None => {
            let names: Vec<&str> = bins.keys().map(String::as_str).collect();
            let candidates =
                bins.iter().map(|(name, at)| (format!("cargo run --bin {name}"), at.clone())).collect();
            draft.ambiguous(
                "commands.start",
                candidates,
                format!("{}: each is a binary", names.join(" or ")),
            );
        }
    }
}
