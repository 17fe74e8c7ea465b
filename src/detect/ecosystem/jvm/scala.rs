//! sbt, Mill and scala-cli.

use std::collections::BTreeMap;

use super::{Build, Dependency};
use crate::detect::draft::At;
use crate::detect::ecosystem::tools::Pin;
use crate::detect::read::pattern::Pattern;
use crate::detect::read::version::bare;
use crate::detect::scope::Scope;

static NAME: Pattern = Pattern::new(r#"\bname\s*:=\s*"([^"]+)""#);
static LIBRARY: Pattern = Pattern::new(r#""([\w.-]+)"\s*%{1,3}\s*"([\w.-]+)"\s*%\s*(?:"([^"]+)"|(\w+))"#);
static MILL: Pattern = Pattern::new(r#"(?:ivy|mvn)"([\w.-]+):{1,3}([\w.-]+):{1,2}([^"]+)""#);
static USING: Pattern =
    Pattern::new(r"(?m)^\s*//>\s*using\s+(?:dep|lib)s?\s+([\w.-]+):{1,3}([\w.-]+):{1,2}(\S+)");
static SCALA: Pattern = Pattern::new(
    r#"\b(?:scalaVersion|crossScalaVersions)\s*(?::=|=)\s*(?:(?:Seq|List)\s*\(\s*)?(?:"([^"]+)"|([A-Za-z_]\w*))"#,
);
static USING_SCALA: Pattern = Pattern::new(r"(?m)^\s*//>\s*using\s+scala\s+(\S+)");
static VALUE: Pattern = Pattern::new(r#"\bval\s+(\w+)\s*(?::\s*String\s*)?=\s*"([^"]+)""#);

pub(super) fn read(scope: &Scope<'_>) -> Option<Build> {
    let (file, manager, tool) = if let Some(file) = scope.find("build.sbt") {
        (file, "sbt", "sbt")
    } else if let Some(file) = scope.first(&["build.sc", "build.mill"]) {
        (file, "mill", if scope.find("mill").is_some() { "./mill" } else { "mill" })
    } else {
        (scope.find("project.scala")?, "scala-cli", "scala-cli")
    };
    let mut build = Build { file: file.clone(), manager, tool: tool.into(), ..Build::default() };
    let mut files = vec![file.clone()];
    files.extend(
        ["project/Dependencies.scala", "project/plugins.sbt"].iter().filter_map(|name| scope.find(name)),
    );
    let values: BTreeMap<String, String> = files
        .iter()
        .filter_map(|file| scope.tree.code(file))
        .flat_map(|code| {
            let found =
                VALUE.captures_iter(&code.text).map(|found| (found[1].to_owned(), found[2].to_owned()));
            found.collect::<Vec<_>>()
        })
        .collect();
    let mut play = None;
    for file in &files {
        let Some(code) = scope.tree.code(file) else { continue };
        let line = |found: &regex::Captures<'_>| At::line(file, found.get(0).map(|m| code.line(m.start())));
        if build.name.is_none() {
            build.name = NAME.captures(&code.text).map(|found| (found[1].to_owned(), line(&found)));
        }
        for found in LIBRARY.captures_iter(&code.text).chain(MILL.captures_iter(&code.text)) {
            if code.text[found.get(0).map_or(0, |m| m.end())..].trim_start().starts_with("% Test") {
                continue;
            }
            let named = || values.get(found.get(4)?.as_str()).map(String::as_str);
            let version = found.get(3).map(|version| version.as_str()).or_else(named).and_then(bare);
            build.dependencies.push(Dependency {
                name: format!("{}:{}", &found[1], &found[2]),
                version,
                at: line(&found),
            });
        }
        if let Some(found) = SCALA.captures(&code.text) {
            let named = || values.get(found.get(2)?.as_str()).map(String::as_str);
            let text = found.get(1).map(|text| text.as_str()).or_else(named);
            if let Some(text) = text.filter(|_| build.language_version.is_none()) {
                build.language_version = Some(Pin { text: text.to_owned(), at: line(&found) });
            }
        }
        // scala-cli's directives are comments to everybody else.
        let text = scope.tree.text(file)?;
        for found in USING.captures_iter(&text).filter(|_| manager == "scala-cli") {
            build.dependencies.push(Dependency {
                name: format!("{}:{}", &found[1], &found[2]),
                version: bare(&found[3]),
                at: line(&found),
            });
        }
        if let Some(found) = USING_SCALA.captures(&text).filter(|_| manager == "scala-cli") {
            build.language_version =
                Some(Pin { text: found[1].trim_matches('"').to_owned(), at: line(&found) });
        }
        if code.text.contains("PlayScala") || code.text.contains("PlayJava") {
            play.get_or_insert_with(|| file.clone());
        }
    }
    if let Some(file) = play {
        let plugin = build
            .dependencies
            .iter()
            .find(|d| d.name == "com.typesafe.play:sbt-plugin" || d.name == "org.playframework:sbt-plugin");
        let version = plugin.and_then(|d| d.version.clone());
        build.dependencies.retain(|d| {
            !d.name.starts_with("com.typesafe.play:") && !d.name.starts_with("org.playframework:")
        });
        build
            .dependencies
            .insert(0, Dependency { name: "org.playframework:play".into(), version, at: At::file(file) });
    }
    Some(build)
}
