//! The version that the image of a language's own makers says.

use super::dockerfile::Stage;
use crate::detect::draft::{At, Draft};
use crate::detect::rule::image::leading;

/// Official language images.
const RUNTIMES: &[(&[&str], &[&str], &str)] = &[
    (&["node"], &["node"], "JavaScript"),
    (&["oven/bun", "bun"], &["node"], "TypeScript"),
    (&["denoland/deno", "deno"], &["deno"], "TypeScript"),
    (&["python"], &["python"], "Python"),
    (&["golang"], &["go"], "Go"),
    (&["rust"], &["rust"], "Rust"),
    (&["ruby"], &["ruby"], "Ruby"),
    (&["php"], &["php"], "PHP"),
    (&["elixir", "hexpm/elixir"], &["beam"], "Elixir"),
    (&["eclipse-temurin", "openjdk", "amazoncorretto", "maven", "gradle"], &["jvm"], "Java"),
    (&["dotnet/sdk", "dotnet/aspnet", "dotnet/runtime"], &["dotnet"], "C#"),
    (&["swift"], &["swift"], "Swift"),
    (&["dart"], &["dart"], "Dart"),
    (&["haskell"], &["haskell"], "Haskell"),
    (&["crystallang/crystal"], &["crystal"], "Crystal"),
    (&["gcc"], &["cpp"], "C"),
];

/// The base image says the runtime's version where nothing nearer to the code does.
pub(super) fn attach(draft: &mut Draft, stages: &[Stage], file: &str) {
    for stage in stages {
        let image = stage.image.split('@').next().unwrap_or_default();
        let (name, tag) = image.rsplit_once(':').unwrap_or((image, ""));
        // tiangolo/uvicorn-gunicorn-fastapi:python3.11-slim
        let python = tag.split('-').find_map(|part| leading(part.strip_prefix("python")?));
        if let Some(python) = python.filter(|_| draft.ecosystem == "python") {
            draft.note("version", &python, &At::line(file, stage.image_line), 0.7);
            if draft.c.version.resolved.is_none() && draft.c.version.constraint.is_none() {
                draft.c.version.resolved = Some(python);
            }
            return;
        }
        let row = RUNTIMES.iter().find(|(names, _, _)| {
            names.iter().any(|known| name == *known || name.ends_with(&format!("/{known}")))
        });
        let Some((names, ecosystems, language)) = row else { continue };
        let at = At::line(file, stage.image_line);
        if draft.ecosystem == "source" && draft.c.language.is_none() && !stage.image.contains("nginx") {
            draft.language(language, &at, 0.5);
        }
        if !ecosystems.contains(&draft.ecosystem) {
            continue;
        }
        // maven:3.9-eclipse-temurin-21 and gradle:8-jdk21 carry Java's version at the end.
        let version = match names {
            [.., "gradle"] if name.ends_with("maven") || name.ends_with("gradle") => tag
                .split('-')
                .rev()
                .find_map(|part| leading(part.trim_start_matches("jdk").trim_start_matches("jre")))
                .filter(|_| tag.contains("jdk") || tag.contains("temurin") || tag.contains("corretto")),
            _ => leading(tag),
        };
        // mcr.microsoft.com/playwright/python:v1.51 is no Python 1.51.
        let version = version.filter(|version| language != &"Python" || version.starts_with(['2', '3']));
        if let Some(version) = version {
            draft.note("version", &version, &at, 0.7);
            if draft.c.version.resolved.is_none() && draft.c.version.constraint.is_none() {
                draft.c.version.resolved = Some(version);
            }
            return;
        }
    }
}
