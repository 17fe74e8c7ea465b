//! Compose files: images that are backing services, build contexts that are components, and which of
//! them uses which.

use std::collections::BTreeSet;

use serde_json::Value;

use super::docker;
use crate::detect::draft::{At, Draft, Given, PortSource};
use crate::detect::facts::ComponentKind;
use crate::detect::read::{Tree, base, folder, is_below, join, lines};
use crate::detect::rule::{image, variable};

/// One compose file.
#[derive(Debug)]
pub(super) struct Compose {
    file: String,
    pub(super) services: Vec<ComposeService>,
}

/// One service of it.
#[derive(Debug)]
pub(super) struct ComposeService {
    name: String,
    line: Option<u32>,
    pub(super) build: Option<Build>,
    backing: Option<(&'static str, Option<String>)>,
    depends: BTreeSet<String>,
    environment: Vec<(String, Option<String>)>,
    ports: Vec<u16>,
}

/// What a service is built from.
#[derive(Debug)]
pub(super) struct Build {
    /// Repository-relative.
    pub(super) context: String,
    pub(super) dockerfile: Option<String>,
    pub(super) target: Option<String>,
}

/// Whether a file of this name is a compose file.
pub(super) fn is_compose(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml")) else { return false };
    ["compose", "docker-compose"].iter().any(|word| {
        stem.strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('-'))
    })
}

/// Whether the facts of a compose file are those of development.
fn counts(name: &str) -> bool {
    let stem = name.trim_end_matches(".yaml").trim_end_matches(".yml");
    let variant = stem
        .trim_start_matches("docker-compose")
        .trim_start_matches("compose")
        .trim_start_matches(['.', '-']);
    !["prod", "production", "staging", "ci", "test", "e2e", "deploy", "swarm"]
        .iter()
        .any(|word| variant.contains(word))
}

/// Reads every compose file that speaks of development, the plain names first.
pub(super) fn read(tree: &Tree) -> Vec<Compose> {
    let mut files: Vec<&String> =
        tree.of_use().iter().filter(|file| is_compose(base(file)) && counts(base(file))).collect();
    files.sort_by_key(|file| (file.matches('/').count(), base(file).len()));
    files.into_iter().filter_map(|file| parse(tree, file)).collect()
}

/// The folders that compose files build images from.
pub(in crate::detect) fn build_contexts(tree: &Tree) -> BTreeSet<String> {
    let builds =
        read(tree).into_iter().flat_map(|compose| compose.services).filter_map(|service| service.build);
    let with: BTreeSet<&str> = docker::folders(tree).collect();
    builds
        .filter(|build| with.contains(build.context.as_str()) || build.dockerfile.is_some())
        .map(|build| build.context)
        .filter(|context| tree.has_folder(context))
        .collect()
}

fn parse(tree: &Tree, file: &str) -> Option<Compose> {
    let doc = tree.doc(file)?;
    let text = tree.text(file)?;
    let services =
        doc.get("services").or_else(|| doc.get("version").is_none().then_some(&*doc))?.as_object()?;
    let services = services.iter().filter(|(_, value)| value.is_object()).map(|(name, value)| {
        let build = build(folder(file), value.get("build"));
        let backing = match &build {
            None => value.get("image").and_then(Value::as_str).and_then(image::service),
            Some(build) => base_image(tree, build).and_then(|image| image::service(&image)),
        };
        ComposeService {
            name: name.clone(),
            line: lines::word_after(&text, "services", &format!("{name}:"))
                .or_else(|| lines::word(&text, name)),
            build,
            backing,
            depends: names(value.get("depends_on")).chain(names(value.get("links"))).collect(),
            environment: environment(value.get("environment")),
            ports: ports(value),
        }
    });
    Some(Compose { file: file.to_owned(), services: services.collect() })
}

/// The image that a context's last stage begins from: a database with own scripts is still a database.
fn base_image(tree: &Tree, build: &Build) -> Option<String> {
    let file = join(&build.context, build.dockerfile.as_deref().unwrap_or("Dockerfile"))?;
    let stages = docker::stages(&tree.text(&file)?);
    let named = build.target.as_ref().and_then(|target| stages.iter().find(|stage| stage.name == *target));
    named.or(stages.last()).map(|stage| stage.image.clone())
}

fn build(dir: &str, value: Option<&Value>) -> Option<Build> {
    let value = value?;
    let context = match value {
        Value::String(context) => context.as_str(),
        Value::Object(map) => map.get("context").and_then(Value::as_str).unwrap_or("."),
        _ => return None,
    };
    if context.contains("://") || context.starts_with('/') {
        return None;
    }
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Build {
        context: join(dir, &image::defaults(context))?,
        dockerfile: text("dockerfile"),
        target: text("target"),
    })
}

fn names(value: Option<&Value>) -> impl Iterator<Item = String> {
    let names: Vec<String> = match value {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    };
    names.into_iter().map(|name| name.split(':').next().unwrap_or_default().to_owned())
}

fn environment(value: Option<&Value>) -> Vec<(String, Option<String>)> {
    match value {
        Some(Value::Object(map)) => map.iter().map(|(name, value)| (name.clone(), scalar(value))).collect(),
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(|item| match item.split_once('=') {
                Some((name, value)) => (name.trim().to_owned(), Some(value.to_owned())),
                None => (item.trim().to_owned(), None),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// The container side of `ports`, then `expose`.
fn ports(service: &Value) -> Vec<u16> {
    let mut found = Vec::new();
    for item in service.get("ports").and_then(Value::as_array).into_iter().flatten() {
        let port: Option<u16> = match item {
            Value::Number(number) => number.as_u64().and_then(|port| port.try_into().ok()),
            Value::String(text) => {
                let text = image::defaults(text);
                let (text, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
                if protocol == "tcp" {
                    text.rsplit(':').next().and_then(|port| port.trim().parse().ok())
                } else {
                    None
                }
            }
            Value::Object(map) => map.get("target").and_then(scalar).and_then(|port| port.parse().ok()),
            _ => None,
        };
        found.extend(port);
    }
    if found.is_empty() {
        let exposed = service.get("expose").and_then(Value::as_array).into_iter().flatten();
        found.extend(exposed.filter_map(scalar).filter_map(|port| port.parse::<u16>().ok()));
    }
    found
}

/// Adds to every component what compose files say about it and the services it uses.
pub(super) fn attach(tree: &Tree, drafts: &mut Vec<Draft>, all: &[Compose]) {
    for compose in all {
        // A build of a database image is no component.
        for service in compose.services.iter().filter(|service| service.backing.is_some()) {
            if let Some(build) = &service.build {
                drafts.retain(|draft| draft.c.path != build.context || draft.ecosystem != "source");
            }
        }
        let apps: Vec<&ComposeService> = compose
            .services
            .iter()
            .filter(|service| service.build.is_some() && service.backing.is_none())
            .collect();
        for service in &apps {
            of_app(tree, drafts, compose, service);
        }
        let backing: Vec<&ComposeService> =
            compose.services.iter().filter(|service| service.backing.is_some()).collect();
        for service in backing {
            of_backing(drafts, compose, service, apps.is_empty());
        }
    }
}

fn of_app(tree: &Tree, drafts: &mut [Draft], compose: &Compose, service: &ComposeService) {
    let Some(build) = &service.build else { return };
    if beside(compose, service, build) {
        return;
    }
    let several = drafts.iter().filter(|draft| draft.c.path == build.context).count() > 1;
    let at = At::line(&compose.file, service.line);
    // One context may build several images; a Dockerfile in a folder below speaks for that folder.
    let nearer = build.dockerfile.as_deref().and_then(|file| join(&build.context, folder(file)));
    let path = nearer
        .filter(|path| drafts.iter().any(|draft| draft.c.path == *path))
        .or_else(|| inside(drafts, build, service))
        .unwrap_or(build.context.clone());
    let text = tree.text(&compose.file);
    for draft in drafts.iter_mut().filter(|draft| draft.c.path == path) {
        if several && draft.c.name != service.name {
            continue;
        }
        for port in &service.ports {
            draft.port(*port, PortSource::Compose, &at);
        }
        if !service.ports.is_empty() && draft.c.kind == ComponentKind::Unknown {
            draft.kind(ComponentKind::Web, &at, 0.7);
        }
        for (name, value) in &service.environment {
            let line =
                text.as_deref().and_then(|text| lines::word_after(text, &format!("{}:", service.name), name));
            // `${NAME}` passes a variable on; `${NAME:-x}` gives it a default.
            let value = value.as_deref().map(image::defaults).filter(|value| !value.contains('$'));
            draft.env(
                name,
                value.as_deref().map_or(Given::Nothing, Given::File),
                &At::line(&compose.file, line),
                0.9,
            );
        }
        for other in compose.services.iter().filter(|other| uses(service, other)) {
            if let Some((kind, version)) = &other.backing {
                add(draft, kind, version.clone(), &At::line(&compose.file, other.line), 0.95);
            }
        }
    }
}

/// Whether a service is built from a recipe of its own (`maildev.Dockerfile`) in the folder whose plain one
/// builds the application.
fn beside(compose: &Compose, service: &ComposeService, build: &Build) -> bool {
    let own = |service: &ComposeService, build: &Build| {
        let name = build.dockerfile.as_deref().map(|file| base(file).to_lowercase());
        name.is_some_and(|name| name.strip_suffix(".dockerfile") == Some(&service.name.to_lowercase()))
    };
    own(service, build)
        && compose.services.iter().any(|other| {
            other.build.as_ref().is_some_and(|theirs| theirs.context == build.context && !own(other, theirs))
        })
}

/// The component inside of a context that is none itself: the one of the service's name, or the only one.
fn inside(drafts: &[Draft], build: &Build, service: &ComposeService) -> Option<String> {
    if drafts.iter().any(|draft| draft.c.path == build.context) {
        return None;
    }
    let below: Vec<&Draft> = drafts.iter().filter(|draft| is_below(&draft.c.path, &build.context)).collect();
    let named = below.iter().find(|draft| base(&draft.c.path) == service.name);
    let found = named.or(if below.len() == 1 { below.first() } else { None })?;
    Some(found.c.path.clone())
}

/// Whether a service says that it needs another, or names its host in a variable.
fn uses(service: &ComposeService, other: &ComposeService) -> bool {
    let named = |value: &str| {
        let mut words = value.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'));
        words.any(|word| word == other.name)
    };
    service.depends.contains(&other.name)
        || service.environment.iter().any(|(_, value)| value.as_deref().is_some_and(named))
}

/// A service that no built component names: of the only component, or of those whose driver reaches it.
fn of_backing(drafts: &mut [Draft], compose: &Compose, service: &ComposeService, alone: bool) {
    let Some((kind, version)) = &service.backing else { return };
    let at = At::line(&compose.file, service.line);
    let reaches = |draft: &Draft| {
        let similar = matches!(*kind, "mariadb" | "valkey" | "opensearch") && draft.has_service(rename(kind));
        draft.has_service(kind) || similar
    };
    let single = drafts.iter().filter(|draft| draft.c.kind != ComponentKind::Library).count() == 1;
    for draft in drafts.iter_mut() {
        let here = draft.c.path == folder(&compose.file) && draft.c.kind != ComponentKind::Library;
        if reaches(draft) || (single && draft.c.kind != ComponentKind::Library) || (alone && here) {
            add(draft, kind, version.clone(), &at, 0.9);
        }
    }
}

/// The wire-compatible relative whose driver reaches a service.
fn rename(kind: &str) -> &'static str {
    match kind {
        "mariadb" => "mysql",
        "valkey" => "redis",
        "opensearch" => "elasticsearch",
        _ => "",
    }
}

fn add(draft: &mut Draft, kind: &str, version: Option<String>, at: &At, confidence: f64) {
    let relative = rename(kind);
    if !relative.is_empty() && draft.has_service(relative) {
        draft.rename_service(relative, kind);
    }
    draft.service(kind, version, at, confidence);
}

/// Values of a draft's variables may be URLs of services: `DATABASE_URL=postgres://...`.
pub(super) fn by_url(value: &str) -> Option<&'static str> {
    variable::by_url(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_of_compose_files() {
        assert!(is_compose("compose.yaml") && is_compose("docker-compose.dev.yml"));
        assert!(!is_compose("composer.yml") && !is_compose("my-compose.yml"));
        assert!(counts("docker-compose.override.yml") && !counts("docker-compose.prod.yml"));
    }

    #[test]
    fn the_container_side_of_a_port_counts() {
        let service = json!({"ports": ["127.0.0.1:8080:80", "3000", 5000, {"target": 9000, "published": 1}, "53:53/udp", "${P:-8000}:8000"]});
        assert_eq!(ports(&service), [80, 3000, 5000, 9000, 8000]);
    }
}
