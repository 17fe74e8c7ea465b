//! A folder without any manifest: the language of most of its sources, and nothing more.

use std::collections::BTreeMap;

use crate::detect::draft::{At, Draft, Slot};
use crate::detect::facts::ComponentKind;
use crate::detect::read::extension;
use crate::detect::scope::Scope;
use crate::detect::sources::is_test;

/// Extensions and the language as linguist writes it. Markup, data and configuration are no rows.
pub(in crate::detect) const LANGUAGES: &[(&[&str], &str)] = &[
    (&["js", "mjs", "cjs", "jsx"], "JavaScript"),
    (&["ts", "tsx", "mts", "cts"], "TypeScript"),
    (&["py"], "Python"),
    (&["go"], "Go"),
    (&["rs"], "Rust"),
    (&["java"], "Java"),
    (&["kt", "kts"], "Kotlin"),
    (&["groovy"], "Groovy"),
    (&["scala"], "Scala"),
    (&["clj", "cljc"], "Clojure"),
    (&["cs"], "C#"),
    (&["fs", "fsx"], "F#"),
    (&["vb"], "Visual Basic .NET"),
    (&["rb"], "Ruby"),
    (&["php"], "PHP"),
    (&["ex", "exs"], "Elixir"),
    (&["erl"], "Erlang"),
    (&["gleam"], "Gleam"),
    (&["hs"], "Haskell"),
    (&["swift"], "Swift"),
    (&["zig"], "Zig"),
    (&["dart"], "Dart"),
    (&["cr"], "Crystal"),
    (&["cpp", "cc", "cxx", "hpp"], "C++"),
    (&["c"], "C"),
    (&["cbl", "cob"], "COBOL"),
    (&["scm"], "Scheme"),
    (&["lua"], "Lua"),
    (&["pl"], "Perl"),
    (&["r", "R"], "R"),
    (&["jl"], "Julia"),
    (&["nim"], "Nim"),
    (&["ml"], "OCaml"),
    (&["sh", "bash"], "Shell"),
];

/// Whether files of this extension are sources of a language, or pages with code in them.
pub(in crate::detect) fn is_source(extension: &str) -> bool {
    const PAGES: &[&str] = &["vue", "svelte", "astro"];
    LANGUAGES.iter().any(|(names, _)| names.contains(&extension)) || PAGES.contains(&extension)
}

/// The language that most of the folder's sources are written in.
pub(in crate::detect) fn majority(scope: &Scope<'_>) -> Option<(&'static str, String)> {
    let mut counts: BTreeMap<&'static str, (usize, &str)> = BTreeMap::new();
    for file in scope.files.iter().copied().filter(|file| !is_test(scope.relative(file))) {
        let extension = extension(file);
        if let Some((_, language)) = LANGUAGES.iter().find(|(names, _)| names.contains(&extension)) {
            counts.entry(language).or_insert((0, file)).0 += 1;
        }
    }
    // A shell script beside sources is a helper of theirs.
    if counts.len() > 1 {
        counts.remove("Shell");
    }
    counts
        .into_iter()
        .max_by_key(|(_, (count, _))| *count)
        .map(|(language, (_, file))| (language, file.to_owned()))
}

/// Describes a folder by its sources; `context`: a compose file builds an image from it.
pub(in crate::detect) fn sources_only(scope: &Scope<'_>, context: bool) -> Option<Draft> {
    let mut draft = Draft::new("source", &scope.dir);
    draft.c.name = scope.name().to_owned();
    let dockerfile = scope.first(&["Dockerfile", "Containerfile"]);
    match majority(scope) {
        Some((language, file)) => {
            let script = scope.first(&["start.sh", "run.sh", "main.sh"]).filter(|_| scope.dir == ".");
            if language == "Shell" && dockerfile.is_none() && !context && script.is_none() {
                return None;
            }
            draft.language(language, &At::file(file), 0.6);
            draft.strength = 1;
            if let Some(script) = script.filter(|_| language == "Shell") {
                let text = scope.tree.text(&script).unwrap_or_else(|| "".into());
                let bash = text.lines().next().is_some_and(|line| line.contains("bash"));
                let run = format!("{} {}", if bash { "bash" } else { "sh" }, scope.relative(&script));
                let at = At::file(script);
                draft.command(Slot::Start, &run, &at, 0.6);
                draft.kind(ComponentKind::Cli, &at, 0.45);
            }
            super::function::attach(scope, &mut draft);
            Some(draft)
        }
        None if context || dockerfile.is_some() => Some(draft),
        None => None,
    }
}
