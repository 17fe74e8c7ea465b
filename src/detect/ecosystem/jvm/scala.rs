//! sbt, Mill and scala-cli.

use super::{Build, Dependency};
use crate::detect::draft::At;
use crate::detect::read::pattern::Pattern;
use crate::detect::read::version::bare;
use crate::detect::scope::Scope;

static NAME: Pattern = Pattern::new(r#"\bname\s*:=\s*"([^"]+)""#);
static LIBRARY: Pattern = Pattern::new(r#""([\w.-]+)"\s*%{1,3}\s*"([\w.-]+)"\s*%\s*(?:"([^"]+)"|(\w+))"#);
static MILL: Pattern = Pattern::new(r#"(?:ivy|mvn)"([\w.-]+):{1,3}([\w.-]+):{1,2}([^"]+)""#);
static USING: Pattern =
    Pattern::new(r"(?m)^\s*//>\s*using\s+(?:dep|lib)s?\s+([\w.-]+):{1,3}([\w.-]+):{1,2}(\S+)");
static SCALA: Pattern = Pattern::new(r#"\bscalaVersion\s*:?=\s*"([^"]+)""#);

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
            let version = found.get(3).and_then(|version| bare(version.as_str()));
            build.dependencies.push(Dependency {
                name: format!("{}:{}", &found[1], &found[2]),
                version,
                at: line(&found),
            });
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
        let _ = &SCALA;
        if code.text.contains("PlayScala") || code.text.contains("PlayJava") {
            let version = build
                .dependencies
                .iter()
                .find(|d| d.name.contains("play:sbt-plugin") || d.name.ends_with("playframework:sbt-plugin"))
                .and_then(|d| d.version.clone());
            build.dependencies.push(Dependency {
                name: "org.playframework:play".into(),
                version,
                at: At::file(file),
            });
        }
    }
    Some(build)
}
