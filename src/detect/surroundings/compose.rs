//! Compose files: images that are backing services, and build contexts that are components.

use std::collections::BTreeSet;

use serde_json::Value;

use super::interpolate::{self, Variables};
use super::{docker, dockerfile, dotenv};
use crate::detect::read::{Tree, base, folder, join, lines};
use crate::detect::rule::image;

/// One compose file.
#[derive(Debug)]
pub(super) struct Compose {
    pub(super) file: String,
    pub(super) services: Vec<ComposeService>,
}

/// One service of it.
#[derive(Debug)]
pub(super) struct ComposeService {
    pub(super) name: String,
    pub(super) line: Option<u32>,
    pub(super) build: Option<Build>,
    pub(super) backing: Option<(&'static str, Option<String>)>,
    /// What a registry calls it.
    pub(super) image: Option<String>,
    pub(super) depends: BTreeSet<String>,
    pub(super) environment: Vec<(String, Option<String>)>,
    pub(super) env_files: Vec<String>,
    pub(super) ports: Vec<u16>,
    /// The port that the service's command says.
    pub(super) command_port: Option<u16>,
    /// The component that it runs.
    pub(super) target: Option<String>,
}

impl ComposeService {
    /// The repository's path of its Dockerfile.
    pub(super) fn dockerfile(&self) -> Option<String> {
        let build = self.build.as_ref()?;
        join(&build.context, build.dockerfile.as_deref().unwrap_or("Dockerfile"))
    }
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
        .filter(|build| match &build.dockerfile {
            Some(file) => join(&build.context, file).is_some_and(|file| tree.has(&file)),
            None => with.contains(build.context.as_str()),
        })
        .map(|build| build.context)
        .filter(|context| tree.has_folder(context))
        .collect()
}

fn parse(tree: &Tree, file: &str) -> Option<Compose> {
    let doc = tree.doc(file)?;
    let text = tree.text(file)?;
    let known = dotenv::values(tree, folder(file));
    let services =
        doc.get("services").or_else(|| doc.get("version").is_none().then_some(&*doc))?.as_object()?;
    let services = services.iter().filter(|(_, value)| value.is_object()).map(|(name, value)| {
        let build = build(folder(file), value.get("build"), &known);
        let image =
            value.get("image").and_then(Value::as_str).map(|image| interpolate::lenient(image, &known));
        let backing = match &build {
            None => image.as_deref().and_then(image::service),
            Some(build) => base_image(tree, build)
                .and_then(|image| image::service(&image).or_else(|| image::named(&image, name))),
        };
        ComposeService {
            name: name.clone(),
            line: lines::word_after(&text, "services", &format!("{name}:"))
                .or_else(|| lines::word(&text, name)),
            build,
            backing,
            image,
            depends: names(value.get("depends_on")).chain(names(value.get("links"))).collect(),
            environment: environment(value.get("environment"), &known),
            env_files: env_files(folder(file), value.get("env_file")),
            ports: routed(value).map_or_else(|| ports(value, &known), |port| vec![port]),
            command_port: value.get("command").and_then(|command| command_port(command, &known)),
            target: None,
        }
    });
    Some(Compose { file: file.to_owned(), services: services.collect() })
}

/// The port that a proxy's label names.
fn routed(service: &Value) -> Option<u16> {
    let labels = environment(service.get("labels"), &Variables::new());
    let label = |name: &str| name.starts_with("traefik.") && name.ends_with(".loadbalancer.server.port");
    let mut ports =
        labels.into_iter().filter(|(name, _)| label(name)).filter_map(|(_, value)| value?.parse().ok());
    ports.next()
}

fn command_port(command: &Value, known: &Variables) -> Option<u16> {
    let text = match command {
        Value::String(text) => text.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => return None,
    };
    super::line::port(&interpolate::lenient(&text, known))
}

/// Files of variables; an object names its file in `path`.
fn env_files(dir: &str, value: Option<&Value>) -> Vec<String> {
    let one = |value: &Value| {
        value.as_str().or_else(|| value.get("path")?.as_str()).and_then(|path| join(dir, path))
    };
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The image that a context's last stage begins from: a database with own scripts is still a database.
pub(super) fn base_image(tree: &Tree, build: &Build) -> Option<String> {
    let file = join(&build.context, build.dockerfile.as_deref().unwrap_or("Dockerfile"))?;
    let stages = dockerfile::stages(&tree.text(&file)?);
    let named = build.target.as_ref().and_then(|target| stages.iter().find(|stage| stage.name == *target));
    named.or(stages.last()).map(|stage| stage.image.clone())
}

fn build(dir: &str, value: Option<&Value>, known: &Variables) -> Option<Build> {
    let value = value?;
    let context = match value {
        Value::String(context) => context.as_str(),
        Value::Object(map) => map.get("context").and_then(Value::as_str).unwrap_or("."),
        _ => return None,
    };
    if context.contains("://") || context.starts_with('/') {
        return None;
    }
    let text =
        |key: &str| value.get(key).and_then(Value::as_str).map(|text| interpolate::lenient(text, known));
    Some(Build {
        context: join(dir, &interpolate::lenient(context, known))?,
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

/// `None` where nothing is known of the value: `NAME`, `${NAME}`.
fn environment(value: Option<&Value>, known: &Variables) -> Vec<(String, Option<String>)> {
    let resolve = |text: String| interpolate::strict(&text, known);
    match value {
        Some(Value::Object(map)) => {
            map.iter().map(|(name, value)| (name.clone(), scalar(value).and_then(resolve))).collect()
        }
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(|item| match item.split_once('=') {
                Some((name, value)) => (name.trim().to_owned(), resolve(value.to_owned())),
                // A name alone passes on what the `.env` file says.
                None => (item.trim().to_owned(), known.get(item.trim()).cloned().and_then(resolve)),
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
fn ports(service: &Value, known: &Variables) -> Vec<u16> {
    let mut found = Vec::new();
    for item in service.get("ports").and_then(Value::as_array).into_iter().flatten() {
        let port: Option<u16> = match item {
            Value::Number(number) => number.as_u64().and_then(|port| port.try_into().ok()),
            Value::String(text) => {
                let text = interpolate::lenient(text, known);
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
        assert_eq!(ports(&service, &Variables::new()), [80, 3000, 5000, 9000, 8000]);
    }
}
