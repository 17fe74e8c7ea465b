//! The tables of `docs/detection.md`, generated from the rules. To write them again:
//! `INSTA_UPDATE=always cargo test --lib the_document_holds`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use super::{ALL, LOOSE, beam, compiled, deno, dotnet, go, jvm, native, node, php, python, ruby, rust};
use crate::detect::rule::Framework;
use crate::detect::rule::driver::TABLES;
use crate::detect::rule::image::IMAGES;

const BEGIN: &str = "<!-- generated from the rules: begin -->";
const END: &str = "<!-- generated from the rules: end -->";

fn tables() -> String {
    let frameworks: [(&str, &[Framework]); 12] = [
        ("Node.js", node::FRAMEWORKS),
        ("Deno", deno::FRAMEWORKS),
        ("Python", python::FRAMEWORKS),
        ("Go", go::FRAMEWORKS),
        ("Rust", rust::FRAMEWORKS),
        ("Java, Kotlin, Groovy, Scala, Clojure", jvm::FRAMEWORKS),
        (".NET", dotnet::FRAMEWORKS),
        ("Ruby", ruby::FRAMEWORKS),
        ("PHP", php::FRAMEWORKS),
        ("Elixir, Erlang, Gleam", beam::FRAMEWORKS),
        ("Swift, Dart, Crystal, Haskell, Zig", compiled::FRAMEWORKS),
        ("C, C++", native::FRAMEWORKS),
    ];
    let mut text = String::from("\n## What makes a folder a component\n\n");
    let markers: Vec<String> =
        ALL.iter().flat_map(|row| row.markers).map(|name| format!("`{name}`")).collect();
    let loose: Vec<String> =
        LOOSE.iter().flat_map(|row| row.markers).map(|name| format!("`{name}`")).collect();
    let _ = writeln!(text, "{}.\n\nWhere none of these is: {}.", markers.join(", "), loose.join(", "));
    text.push_str("\n## Frameworks\n\nMost specific first; a port in this table is the default when nothing else says one.\n");
    for (title, rows) in &frameworks {
        let _ = writeln!(text, "\n### {title}\n\n| framework | dependency | port |\n|---|---|---|");
        let mut rows: Vec<&Framework> = rows.iter().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.rank));
        for row in rows {
            let names: Vec<String> = row.names.iter().map(|name| format!("`{name}`")).collect();
            let port = row.port.map_or_else(|| "where the code says one".into(), |port| port.to_string());
            let _ = writeln!(text, "| {} | {} | {port} |", row.name, names.join(", "));
        }
    }
    let mut services: BTreeMap<&str, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for (ecosystem, row) in TABLES.iter().flat_map(|(name, rows)| rows.iter().map(move |row| (name, row))) {
        let names: Vec<String> = row.names.iter().map(|name| format!("`{name}`")).collect();
        services.entry(row.kind).or_default().0.push(format!("{ecosystem}: {}", names.join(", ")));
    }
    for (names, kind) in IMAGES {
        services.entry(kind).or_default().1.extend(names.iter().map(|name| format!("`{name}`")));
    }
    text.push_str("\n## Services\n\n| service | images | dependencies |\n|---|---|---|\n");
    for (kind, (drivers, images)) in services {
        let _ = writeln!(text, "| {kind} | {} | {} |", images.join(", "), drivers.join("; "));
    }
    text.push('\n');
    text
}

/// `INSTA_UPDATE=always` writes them, as it does snapshots.
#[test]
fn the_document_holds_the_tables_of_the_rules() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/detection.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let written = format!("{before}{BEGIN}\n{}{END}{after}", tables());
    if std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        std::fs::write(path, written).unwrap();
    } else {
        let update = "INSTA_UPDATE=always cargo test --lib the_document_holds";
        assert!(text == written, "docs/detection.md is old: `{update}`");
    }
}

#[test]
fn a_framework_has_one_row() {
    for rows in [node::FRAMEWORKS, python::FRAMEWORKS, go::FRAMEWORKS, jvm::FRAMEWORKS] {
        let names: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), rows.len());
    }
}
