//! Dockerfiles: the final stage's `EXPOSE` and `ENV PORT`, the base image as evidence, `CMD`.

use std::collections::BTreeMap;

use super::compose::Compose;
use super::role;
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind;
use crate::detect::read::{Tree, base, folder, join};
use crate::detect::rule::image::{defaults, leading};

/// One instruction, continuation lines joined.
#[derive(Debug, PartialEq, Eq)]
struct Instruction {
    word: String,
    rest: String,
    line: u32,
}

/// A stage with what it inherits from the stages that it is built from.
#[derive(Debug, Clone, Default)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) image: String,
    image_line: u32,
    env: BTreeMap<String, (String, u32)>,
    ports: Vec<(u16, u32)>,
    command: Option<(String, u32)>,
    entrypoint: Option<(String, u32)>,
}

fn instructions(text: &str) -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut lines = text.lines().zip(1u32..);
    while let Some((line, number)) = lines.next() {
        let mut whole = line.trim().to_owned();
        if whole.is_empty() || whole.starts_with('#') {
            continue;
        }
        while whole.ends_with('\\') && whole.len() < 64 << 10 {
            whole.pop();
            match lines.by_ref().find(|(line, _)| !line.trim_start().starts_with('#')) {
                Some((next, _)) => whole.extend([" ", next.trim()]),
                None => break,
            }
        }
        let (word, rest) = whole.split_once(char::is_whitespace).unwrap_or((&whole, ""));
        found.push(Instruction { word: word.to_uppercase(), rest: rest.trim().to_owned(), line: number });
    }
    found
}

/// Replaces `$NAME` and `${NAME:-x}` by what `ARG` and `ENV` said.
fn expand(text: &str, known: &BTreeMap<String, (String, u32)>) -> String {
    let mut text = text.to_owned();
    for (name, (value, _)) in known.iter().rev() {
        text = text.replace(&format!("${{{name}}}"), value);
        let plain = format!("${name}");
        if text.ends_with(&plain)
            || text.contains(&format!("{plain} "))
            || text.contains(&format!("{plain}-"))
        {
            text = text.replace(&plain, value);
        }
    }
    defaults(&text)
}

/// The stages of a Dockerfile, in order.
pub(super) fn stages(text: &str) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut global: BTreeMap<String, (String, u32)> = BTreeMap::new();
    let mut args: BTreeMap<String, (String, u32)> = BTreeMap::new();
    for Instruction { word, rest, line } in instructions(text) {
        match (word.as_str(), stages.last_mut()) {
            ("FROM", _) => {
                let rest = expand(&rest, &global);
                let mut words = rest.split_whitespace().filter(|word| !word.starts_with("--"));
                let image = words.next().unwrap_or_default().to_owned();
                let name =
                    words.skip_while(|word| !word.eq_ignore_ascii_case("as")).nth(1).unwrap_or_default();
                let parent = stages
                    .iter()
                    .find(|stage| !stage.name.is_empty() && stage.name.eq_ignore_ascii_case(&image));
                let mut stage =
                    parent.cloned().unwrap_or(Stage { image, image_line: line, ..Stage::default() });
                stage.name = name.to_owned();
                args = global.clone();
                stages.push(stage);
            }
            ("ARG", stage) => {
                let (name, value) = rest.split_once('=').unwrap_or((&rest, ""));
                let value = value.trim_matches(['"', '\'']).to_owned();
                if !value.is_empty() {
                    args.insert(name.trim().to_owned(), (value.clone(), line));
                    if stage.is_none() {
                        global.insert(name.trim().to_owned(), (value, line));
                    }
                }
            }
            ("ENV", Some(stage)) => {
                for (name, value) in pairs(&rest) {
                    let known: BTreeMap<_, _> =
                        args.iter().chain(&stage.env).map(|(k, v)| (k.clone(), v.clone())).collect();
                    stage.env.insert(name, (expand(&value, &known), line));
                }
            }
            ("EXPOSE", Some(stage)) => {
                let known: BTreeMap<_, _> =
                    args.iter().chain(&stage.env).map(|(k, v)| (k.clone(), v.clone())).collect();
                let rest = expand(&rest, &known);
                for word in rest.split_whitespace().take_while(|word| !word.starts_with('#')) {
                    let (port, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
                    if let (Ok(port), true) = (port.parse(), protocol.eq_ignore_ascii_case("tcp")) {
                        stage.ports.push((port, line));
                    }
                }
            }
            ("CMD", Some(stage)) => stage.command = Some((shell(&rest), line)),
            ("ENTRYPOINT", Some(stage)) => {
                stage.entrypoint = Some((shell(&rest), line));
                stage.command = None;
            }
            _ => {}
        }
    }
    stages
}

/// `a=1 b="x y"` or the old `a 1`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let Some(first) = text.split_whitespace().next() else { return Vec::new() };
    if !first.contains('=') {
        let value = text[first.len()..].trim().trim_matches(['"', '\'']).to_owned();
        return vec![(first.to_owned(), value)];
    }
    let mut found = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars().chain([' ']) {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (None, c) if c.is_whitespace() => {
                if let Some((name, value)) = word.split_once('=') {
                    found.push((name.to_owned(), value.to_owned()));
                }
                word.clear();
            }
            (_, c) => word.push(c),
        }
    }
    found
}

/// The exec form as a line of a shell.
fn shell(text: &str) -> String {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(words) => {
            let script =
                words.len() == 3 && matches!(words[0].as_str(), "sh" | "/bin/sh" | "bash" | "/bin/bash");
            if script && words[1].starts_with('-') { words[2].clone() } else { words.join(" ") }
        }
        Err(_) => text.to_owned(),
    }
}

/// The Dockerfile of a component, with the stage that compose asks for.
fn of(tree: &Tree, draft: &Draft, compose: &[Compose]) -> Option<(String, Option<String>)> {
    let dir = &draft.c.path;
    let chiefs = compose.iter().filter_map(|compose| role::chief(compose, dir, &draft.c.name));
    let services = compose.iter().flat_map(|compose| &compose.services);
    for service in chiefs.chain(services.filter(|service| service.target.as_ref() == Some(dir))) {
        if let (Some(build), Some(file)) =
            (&service.build, service.dockerfile().filter(|file| tree.has(file)))
        {
            return Some((file, build.target.clone()));
        }
    }
    const NAMES: &[&str] = &[
        "Dockerfile",
        "Containerfile",
        "dockerfile",
        "Dockerfile.dev",
        "Dockerfile.prod",
        "docker/Dockerfile",
        ".docker/Dockerfile",
        "docker/Containerfile",
    ];
    if let Some(file) = tree.first(dir, NAMES) {
        return Some((file, None));
    }
    let single: Vec<&str> = tree.names(dir).filter(|name| is_dockerfile(name)).collect();
    match single[..] {
        [name] => Some((join(dir, name)?, None)),
        _ => None,
    }
}

/// Whether a file of this name is a Dockerfile.
pub(super) fn is_dockerfile(name: &str) -> bool {
    let begins = |word: &str| name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let ends = |word: &str| {
        let start = name.len().checked_sub(word.len());
        start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
    };
    let of = |word: &str| {
        begins(word) && (name.len() == word.len() || name.as_bytes()[word.len()] == b'.' && !ends("ignore"))
    };
    of("dockerfile") || of("containerfile") || ends(".dockerfile")
}

/// Programs, and images of the same name, that serve files.
const WEB_SERVERS: &[&str] = &["nginx", "caddy", "httpd", "apache2", "http-server", "serve "];

/// Adds what the component's Dockerfile says.
pub(super) fn attach(tree: &Tree, draft: &mut Draft, compose: &[Compose]) {
    let Some((file, target)) = of(tree, draft, compose) else { return };
    let Some(text) = tree.text(&file) else { return };
    let all = stages(&text);
    let named = target.and_then(|name| all.iter().find(|stage| stage.name == name));
    let Some(stage) = named.or(all.last()) else { return };
    for (name, (value, line)) in &stage.env {
        if let Some(port) = draft.port_of_variable(name, value) {
            draft.port(port, PortSource::DockerEnv, &At::line(&file, *line));
        }
    }
    // The code listens on a variable of another name that the image gives.
    let named = draft.port_variable.clone().filter(|name| name != "PORT");
    if let Some((port, line)) = named
        .and_then(|name| stage.env.get(&name))
        .and_then(|(value, line)| Some((value.parse().ok()?, *line)))
    {
        draft.port(port, PortSource::DockerEnv, &At::line(&file, line));
    }
    for (port, line) in &stage.ports {
        draft.port(*port, PortSource::Expose, &At::line(&file, *line));
    }
    let at = At::line(&file, stage.image_line);
    // PHP's image with Apache in it listens there and says so itself.
    if draft.ecosystem == "php" && stage.ports.is_empty() && stage.image.contains("apache") {
        draft.port(80, PortSource::Expose, &at);
        draft.kind(ComponentKind::Web, &at, 0.75);
    }
    let serves = WEB_SERVERS.iter().any(|name| base(&stage.image).starts_with(name));
    if stage.ports.is_empty() && serves && !draft.has_port(PortSource::Compose) && draft.ecosystem == "source"
    {
        draft.port(80, PortSource::Default, &at);
        draft.kind(ComponentKind::Web, &at, 0.6);
    }
    if (!stage.ports.is_empty() || stage.env.contains_key("PORT")) && draft.c.kind != ComponentKind::Static {
        draft.kind(ComponentKind::Web, &at, 0.75);
    }
    version(draft, &all, &file);
    let run = [&stage.command, &stage.entrypoint].into_iter().flatten();
    if let Some((port, line)) = { run }.find_map(|(run, line)| Some((super::procfile::port(run)?, *line))) {
        draft.port(port, PortSource::Script, &At::line(&file, line));
    }
    // Only where the ecosystem has no command of its own: an image's command runs in the image.
    let start = match (&stage.entrypoint, &stage.command) {
        (Some((entry, line)), None) => Some((entry.clone(), *line)),
        (Some((entry, line)), Some((command, _))) => Some((format!("{entry} {command}"), *line)),
        (None, Some((command, line))) => Some((command.clone(), *line)),
        (None, None) => None,
    };
    let start = start.filter(|(start, _)| draft.strength <= 2 || interpreted(start));
    if let Some((start, line)) = start
        && !serves
        && !start.starts_with('/')
        && !start.contains(['$', '&'])
        && !start.contains("entrypoint")
        // The web server of an image that holds what was built starts no project.
        && (draft.ecosystem != "node" || !WEB_SERVERS.iter().any(|name| start.starts_with(name)))
    {
        draft.command(Slot::Start, &start, &At::line(&file, line), 0.6);
    }
}

/// Whether a command runs sources that the folder has, and not what only the image has.
fn interpreted(command: &str) -> bool {
    const RUNNERS: &[&str] = &[
        "python",
        "python3",
        "gunicorn",
        "uvicorn",
        "hypercorn",
        "flask",
        "fastapi",
        "celery",
        "streamlit",
        "waitress-serve",
        "locust",
        "node",
        "bun",
        "npm",
        "pnpm",
        "yarn",
        "ruby",
        "bundle",
        "php",
        "rackup",
    ];
    let mut words = command.split_whitespace();
    let runner = words.next().is_some_and(|word| RUNNERS.contains(&word));
    runner && !words.any(|word| word.starts_with('/'))
}

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
fn version(draft: &mut Draft, stages: &[Stage], file: &str) {
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

/// The folders that hold a Dockerfile.
pub(super) fn folders(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.of_use().iter().filter(|file| is_dockerfile(base(file))).map(|file| folder(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_final_stage_counts_and_inherits() {
        let text = "ARG NODE=20\nFROM node:${NODE}-alpine AS base\nENV PORT=3000 \\\n  A=\"x y\"\nEXPOSE 9999\n\
                    FROM base AS build\nEXPOSE 1\n# EXPOSE 2\nFROM base\nEXPOSE $PORT 53/udp\nCMD [\"node\", \"server.js\"]\n";
        let stages = stages(text);
        let last = stages.last().unwrap();
        assert_eq!(last.image, "node:20-alpine");
        assert_eq!(last.env["PORT"].0, "3000");
        assert_eq!(last.ports.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [9999, 3000]);
        assert_eq!(last.command.as_ref().unwrap().0, "node server.js");
    }

    #[test]
    fn names_of_dockerfiles() {
        for name in ["Dockerfile", "Dockerfile.dev", "api.Dockerfile", "Containerfile"] {
            assert!(is_dockerfile(name), "{name}");
        }
        for name in ["Dockerfile.dockerignore", "docker-compose.yml", "dockerfile-notes.md"] {
            assert!(!is_dockerfile(name), "{name}");
        }
    }
}
