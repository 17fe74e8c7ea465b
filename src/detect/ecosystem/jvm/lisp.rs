//! Leiningen and the Clojure CLI.

use super::{Build, Dependency};
use crate::detect::draft::At;
use crate::detect::ecosystem::tools::Pin;
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{Code, version::bare};
use crate::detect::scope::Scope;

static PROJECT: Pattern = Pattern::new(r"\(defproject\s+([\w./-]+)");
static LEIN: Pattern = Pattern::new(r#"\[\s*([\w./-]+)\s+"([^"]+)"#);
static ALIAS: Pattern = Pattern::new(
    r":(run|run-m|run-x|start|server|serve|main|dev)\s+\{[^{}]*(?:\{[^{}]*\}[^{}]*)*?:(?:exec-fn|main-opts)",
);
static EDN: Pattern = Pattern::new(r#"([a-zA-Z][\w.-]*/[\w.-]+|[a-z][\w.-]*)\s+\{:mvn/version\s+"([^"]+)""#);

/// `org.postgresql/postgresql` as `group:artifact`; `ring` alone is its own group.
fn coordinate(name: &str) -> String {
    match name.split_once('/') {
        Some((group, artifact)) => format!("{group}:{artifact}"),
        None => format!("{name}:{name}"),
    }
}

/// The alias that runs the program: by a function where it says one, else by a namespace.
fn alias(code: &Code) -> Option<String> {
    let found = ALIAS.captures(&code.text)?;
    let how = if found[0].ends_with(":exec-fn") { "-X" } else { "-M" };
    Some(format!("{how}:{}", &found[1]))
}

pub(super) fn read(scope: &Scope<'_>) -> Option<Build> {
    let (file, manager, pattern): (_, _, &Pattern) = match scope.find("project.clj") {
        Some(file) => (file, "lein", &LEIN),
        None => (scope.find("deps.edn")?, "clj", &EDN),
    };
    let tool = if manager == "lein" { "lein" } else { "clj" };
    let mut build = Build { file: file.clone(), manager, tool: tool.into(), ..Build::default() };
    let text = scope.tree.text(&file)?;
    let code = Code::new(&text, "x.clj");
    let line = |found: &regex::Captures<'_>| At::line(&file, found.get(0).map(|m| code.line(m.start())));
    build.name = PROJECT.captures(&code.text).map(|found| (found[1].to_owned(), line(&found)));
    for found in code.captures(pattern) {
        build.dependencies.push(Dependency {
            name: coordinate(&found[1]),
            version: bare(&found[2]),
            at: line(&found),
        });
    }
    let clojure = build.dependencies.iter().find(|d| d.name == "org.clojure:clojure");
    build.language_version = clojure.and_then(|d| Some(Pin { text: d.version.clone()?, at: d.at.clone() }));
    if manager == "clj" {
        build.task = alias(&code);
    }
    Some(build)
}
