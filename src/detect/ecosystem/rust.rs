//! Rust: `Cargo.toml`, its binaries, its workspace.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shared::{self, Dependency};
use super::{Ecosystem, tools, version};
use crate::detect::draft::{At, Draft, Slot};
use crate::detect::facts::ComponentKind::{self, Static, Web};
use crate::detect::read::listen::{self, Listen, Take};
use crate::detect::read::pattern::Pattern;
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
    row("rama", &["rama"], 45, None, Web),
    row("tonic", &["tonic"], 30, None, Web),
];

/// Calls that listen.
static LISTEN: [Listen; 6] = [
    listen::row(r"\bTcpListener::bind\s*\(", Take::Argument(0)),
    listen::row(r"\.bind(?:_rustls\w*|_openssl)?\s*\(", Take::Argument(0)),
    listen::row(r"\bServer::bind\s*\(", Take::Argument(0)),
    listen::row(r"\bwarp::serve\([^;]*?\)\s*\.(?:run|bind)\s*\(", Take::Argument(0)),
    // A number alone is a backlog.
    listen::row(r"\.listen\s*\(\s*(\x22[^\x22]*\x22|\([^()]*\)|[a-z_.]+)\s*[,)]", Take::Group),
    listen::row(r"\bSocketAddr::from\s*\(", Take::Argument(0)),
];

/// A file that has none of these binds parameters of a query, keys of a window, and no address.
const WORDS: &[&str] = &["TcpListener", "Server", "SocketAddr", "warp", "listen"];

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
    let used = dependencies.iter().filter(|d| enabled(&doc, d.name.split('+').next().unwrap_or_default()));
    shared::services("rust", &used.cloned().collect::<Vec<_>>(), &mut draft);
    let bins = bins(scope, &doc, package);
    if bins.is_empty() && !dependencies.iter().any(|d| ["leptos", "yew", "dioxus"].contains(&d.name.as_str()))
    {
        draft.kind(ComponentKind::Library, &whole, 0.9);
        draft.command(Slot::Build, "cargo build", &whole, 0.7);
        draft.command(Slot::Test, "cargo test", &whole, 0.8);
        return vec![draft];
    }
    let always: Vec<Dependency> = dependencies
        .iter()
        .filter(|d| enabled(&doc, d.name.split('+').next().unwrap_or_default()))
        .cloned()
        .collect();
    let mut framework = shared::framework(FRAMEWORKS, &always, &mut draft);
    let migration = package.get("name").and_then(Value::as_str) == Some("migration");
    if migration && always.iter().any(|d| d.name.starts_with("sea-orm-migration") || d.name == "loco-rs") {
        draft.c.framework = None;
        draft.c.framework_version = None;
        draft.unserved(ComponentKind::Cli, &whole, 0.8);
        draft.strength = 2;
        commands(scope, package, None, &bins, &whole, &mut draft);
        return vec![draft];
    }
    if framework.is_none() && root.is_some() {
        framework = through_members(scope, &doc, root.as_deref(), &mut draft);
    }
    let listens = shared::listens(scope, &mut draft, &["rs"], WORDS, &LISTEN);
    rocket(scope, framework, &mut draft);
    if framework.is_none() {
        kind(&always, listens, &whole, &mut draft);
    }
    commands(scope, package, framework, &bins, &whole, &mut draft);
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
            shared::listens(&member, draft, &["rs"], WORDS, &LISTEN);
            return Some(row);
        }
    }
    None
}

/// Whether a dependency is there unless a feature takes it in that is off by default.
fn enabled(doc: &Value, name: &str) -> bool {
    let tables = doc.get("dependencies").and_then(Value::as_object).into_iter().flatten();
    let mut entries =
        tables.filter(|(key, value)| value.get("package").and_then(Value::as_str).unwrap_or(key) == name);
    let Some((key, value)) = entries.next() else { return true };
    if value.get("optional").and_then(Value::as_bool) != Some(true) {
        return true;
    }
    let mut open = vec!["default"];
    let mut seen = Vec::new();
    while let Some(feature) = open.pop() {
        if seen.contains(&feature) || seen.len() > 200 {
            continue;
        }
        seen.push(feature);
        let parts = doc.get("features").and_then(|all| all.get(feature)).and_then(Value::as_array);
        open.extend(parts.into_iter().flatten().filter_map(Value::as_str));
    }
    seen.iter().any(|part| {
        let part = part.trim_start_matches("dep:");
        part == key || part.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with('/'))
    })
}

/// Crates that speak a protocol of servers without being a framework.
const SERVERS: &[&str] = &[
    "hyper",
    "tiny_http",
    "tokio-tungstenite",
    "async-tungstenite",
    "tungstenite",
    "jsonrpsee",
    "quinn",
    "h3",
    "tower-http",
    "volo-http",
    "volo-grpc",
    "async-graphql-warp",
    "rumqttd",
    "astra",
    "trillium",
    "viz",
    "ntex",
    "graphul",
    "iron",
    "nickel",
    "pingora",
    "russh",
    "socketioxide",
    "tarpc",
];

/// Without a framework: a program that takes arguments is one of the command line unless it has a
/// server's crate and listens; sources that could listen say little.
fn kind(dependencies: &[Dependency], listens: bool, whole: &At, draft: &mut Draft) {
    let one = |names: &[&str]| dependencies.iter().find(|d| names.contains(&d.name.as_str()));
    let arguments = one(&["clap", "structopt", "argh", "pico-args", "lexopt", "gumdrop", "bpaf"]);
    let screen =
        one(&["ratatui", "tui", "crossterm", "egui", "eframe", "iced", "bevy", "tauri", "gtk4", "slint"]);
    let serves = listens && draft.has_port(crate::detect::draft::PortSource::Code) && screen.is_none();
    let queue = ["kafka", "rabbitmq", "nats", "temporal"].iter().any(|kind| draft.has_service(kind));
    let waits = one(&[
        "serenity",
        "poise",
        "teloxide",
        "twilight-gateway",
        "matrix-sdk",
        "apalis",
        "tokio-cron-scheduler",
        "slack-morphism",
        "kube",
        "kube-runtime",
    ]);
    draft.strength = 2;
    if let Some(waits) = waits.filter(|_| arguments.is_none() && !serves) {
        draft.kind(ComponentKind::Worker, &waits.at, 0.75);
    } else if serves && (arguments.is_none() || one(SERVERS).is_some()) {
        draft.strength = 3;
        draft.kind(Web, whole, if one(SERVERS).is_some() { 0.8 } else { 0.65 });
    } else if let Some(arguments) = arguments {
        draft.kind(ComponentKind::Cli, &arguments.at, 0.85);
    } else if queue {
        draft.kind(ComponentKind::Worker, whole, 0.6);
    } else {
        draft.kind(ComponentKind::Cli, whole, 0.5);
    }
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

static SERVES: Pattern = Pattern::new(
    r"\b(?:HttpServer::new|axum::serve|axum::Server::bind|TcpListener::bind|rocket::build|warp::serve|Server::builder|Server::bind)\b|#\[launch\]",
);

/// The only binary that listens.
fn server<'a>(scope: &Scope<'_>, bins: &'a BTreeMap<String, At>) -> Option<&'a str> {
    let mut serving = bins.iter().filter(|(_, at)| {
        at.file.ends_with(".rs") && scope.tree.code(&at.file).is_some_and(|code| code.matches(&SERVES))
    });
    let (name, _) = serving.next()?;
    serving.next().is_none().then_some(name.as_str())
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
        (_, 0 | 1) | (Some(_), _) => Some("cargo run".to_owned()),
        (None, _) => server(scope, bins).map(|name| format!("cargo run --bin {name}")),
    };
    match run {
        Some(run) => {
            draft.command(Slot::Start, &run, whole, 0.75);
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
