//! The classes that a JVM can start: what has a `main` in the sources of the program itself.

use crate::detect::draft::At;
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{Code, base, extension};
use crate::detect::scope::Scope;

static PACKAGE: Pattern = Pattern::new(r"(?m)^\s*package\s+([\w.`]+)");
static JAVA: Pattern = Pattern::new(
    r"\bstatic\s+(?:final\s+|synchronized\s+)*void\s+main\s*\(|\bvoid\s+main\s*\(\s*(?:String\s*(?:\[\s*\]|\.\.\.)\s*\w+)?\s*\)\s*(?:throws\s+[\w., ]+)?\{",
);
static KOTLIN: Pattern = Pattern::new(r"(?m)^(?:suspend\s+)?fun\s+main\s*\(");
static INNER: Pattern = Pattern::new(r"@JvmStatic\s+(?:public\s+)?fun\s+main\s*\(");
static OBJECT: Pattern = Pattern::new(r"\b(?:object|class)\s+(\w+)");
static SCALA: Pattern = Pattern::new(
    r"\bobject\s+(\w+)\s+extends\s+(?:[\w\[\].]+\s*(?:\([^)]*\))?\s+with\s+)*(?:App|IOApp(?:\.Simple)?|ZIOApp\w*|cask\.Main|CommandIOApp)\b",
);
static SCALA3: Pattern = Pattern::new(r"@main\s+def\s+(\w+)");
static DEF: Pattern = Pattern::new(r"\bdef\s+main\s*\(");
static CLOJURE: Pattern = Pattern::new(r"\(defn\s+-main\b");

/// Words without which a source starts nothing.
const WORDS: &[&str] =
    &["main", "extends App", "extends IOApp", "extends ZIOApp", "IOApp.Simple", "cask.Main", "-main"];

/// Classes with a `main`, by their full names, in the order of the sources; tests are none.
pub(super) fn classes(scope: &Scope<'_>) -> Vec<(String, At)> {
    let mut found = Vec::new();
    for file in scope.sources(&["java", "kt", "scala", "groovy", "clj"]).into_iter().take(400) {
        let relative = scope.relative(file);
        let test = ["src/test/", "src/it/", "src/integrationTest/", "buildSrc/", "src/jmh/"];
        if test.iter().any(|folder| relative.contains(folder))
            || !scope.tree.text(file).is_some_and(|text| WORDS.iter().any(|word| text.contains(word)))
        {
            continue;
        }
        let Some(code) = scope.tree.code(file) else { continue };
        if let Some((name, line)) = class(&code, file) {
            found.push((name, At::line(file, line)));
        }
    }
    found
}

fn class(code: &Code, file: &str) -> Option<(String, u32)> {
    let stem = base(file).rsplit_once('.').map_or(base(file), |(stem, _)| stem);
    let first =
        |pattern: &Pattern| code.captures(pattern).next().and_then(|found| Some(found.get(0)?.start()));
    let (simple, at) = match extension(file) {
        "kt" => match (first(&KOTLIN), first(&INNER)) {
            (Some(at), _) => (format!("{}Kt", capitalized(stem)), at),
            (None, Some(at)) => {
                let around = OBJECT.captures_iter(&code.text[..at]).last();
                (around.map_or_else(|| stem.to_owned(), |around| around[1].to_owned()), at)
            }
            (None, None) => return None,
        },
        "scala" => match code.captures(&SCALA).chain(code.captures(&SCALA3)).next() {
            Some(found) => (found[1].to_owned(), found.get(0)?.start()),
            None => (stem.to_owned(), first(&DEF)?),
        },
        "clj" => {
            let at = first(&CLOJURE)?;
            let name = namespace(&code.text)?;
            return Some((name, code.line(at)));
        }
        _ => (
            stem.to_owned(),
            first(&JAVA).or_else(|| if extension(file) == "groovy" { first(&DEF) } else { None })?,
        ),
    };
    let package = PACKAGE.captures(&code.text).map(|found| found[1].replace('`', ""));
    let name = package.map_or(simple.clone(), |package| format!("{package}.{simple}"));
    Some((name, code.line(at)))
}

static NAMESPACE: Pattern = Pattern::new(r"\(ns\s+(?:\^\S+\s+)*([\w.*+!?<>=-]+)");

fn namespace(text: &str) -> Option<String> {
    Some(NAMESPACE.captures(text)?[1].to_owned())
}

/// `app.kt` is compiled to the class `AppKt`.
fn capitalized(stem: &str) -> String {
    let mut chars = stem.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_names_its_main_class() {
        let found = |text: &str, file: &str| class(&Code::new(text, file), file).map(|(name, _)| name);
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(
            found("package com.x;\nclass App { public static void main(String... a) {} }", "s/App.java"),
            some("com.x.App")
        );
        assert_eq!(found("void main() {\n}\n", "Hello.java"), some("Hello"));
        assert_eq!(found("package com.x\nfun main() {}", "s/server.kt"), some("com.x.ServerKt"));
        assert_eq!(
            found("object Start {\n @JvmStatic fun main(a: Array<String>) {} }", "s/x.kt"),
            some("Start")
        );
        assert_eq!(found("package a\nobject Web extends IOApp.Simple {}", "s/Web.scala"), some("a.Web"));
        assert_eq!(found("@main def hello: Unit = ()", "s/M.scala"), some("hello"));
        assert_eq!(found("(ns my.app)\n(defn -main [& args])", "s/app.clj"), some("my.app"));
        assert_eq!(found("class Lib { void run() {} }", "s/Lib.java"), None);
    }
}
