//! The binaries of a package, and how they are built and run.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::detect::draft::{At, Draft, Slot};
use crate::detect::read::base;
use crate::detect::read::pattern::Pattern;
use crate::detect::rule::Framework;
use crate::detect::scope::Scope;

/// The binaries, by name.
pub(super) fn all(scope: &Scope<'_>, doc: &Value, package: &Value) -> BTreeMap<String, At> {
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

/// Adds the commands.
pub(super) fn commands(
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
