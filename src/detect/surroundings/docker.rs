//! What a component's Dockerfile says: the final stage's `EXPOSE` and `ENV PORT`, `CMD`, the base image.

use super::compose::Compose;
use super::dockerfile::stages;
use super::{image_version, role};
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind;
use crate::detect::read::{Tree, base, folder, join};

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
    image_version::attach(draft, &all, &file);
    let run = [&stage.command, &stage.entrypoint].into_iter().flatten();
    if let Some((port, line)) = { run }.find_map(|(run, line)| Some((super::line::port(run)?, *line))) {
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
        let at = At::line(&file, line);
        // A program of PHP that the image runs serves by itself.
        if start.starts_with("php ") && draft.made_up(Slot::Start).is_some() {
            draft.forget_start(0.65);
            draft.command(Slot::Dev, &start, &at, 0.6);
        }
        draft.command(Slot::Start, &start, &at, 0.6);
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

/// The folders that hold a Dockerfile.
pub(super) fn folders(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.of_use().iter().filter(|file| is_dockerfile(base(file))).map(|file| folder(file))
}

#[cfg(test)]
mod tests {
    use super::*;

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
