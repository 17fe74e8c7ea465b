//! What compose files say of the components that they run, and which services those use.

use super::compose::{Compose, ComposeService};
use super::{dotenv, role};
use crate::detect::draft::{At, Draft, Given, PortSource};
use crate::detect::facts::ComponentKind;
use crate::detect::read::{Tree, base, folder, lines};

/// Adds to every component what compose files say about it and the services it uses.
pub(super) fn attach(tree: &Tree, drafts: &mut [Draft], all: &[Compose]) {
    for compose in all {
        let apps: Vec<&ComposeService> = compose
            .services
            .iter()
            .filter(|service| service.target.is_some() && service.backing.is_none())
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
    let Some(path) = service.target.as_deref() else { return };
    if service.build.as_ref().is_some_and(|build| role::beside(compose, service, build))
        || role::tests(&service.name)
    {
        return;
    }
    let several = drafts.iter().filter(|draft| draft.c.path == path).count() > 1;
    let at = At::line(&compose.file, service.line);
    let text = tree.text(&compose.file);
    for draft in drafts.iter_mut().filter(|draft| draft.c.path == path) {
        if several && draft.c.name != service.name {
            continue;
        }
        if role::chief(compose, path, &draft.c.name).is_none_or(|chief| chief.name == service.name) {
            for port in &service.ports {
                draft.port(*port, PortSource::Compose, &at);
            }
            if let Some(port) = service.command_port {
                draft.port(port, PortSource::Script, &at);
            }
        }
        if !service.ports.is_empty() {
            draft.kind(ComponentKind::Web, &at, 0.72);
        } else if matches!(draft.c.kind, ComponentKind::Cli | ComponentKind::Unknown)
            && !draft.has_port(PortSource::Default)
            && base(folder(&compose.file)) != ".devcontainer"
        {
            // What a compose file keeps running without a port waits for work.
            draft.kind(ComponentKind::Worker, &at, 0.6);
        }
        for file in &service.env_files {
            dotenv::take(tree, draft, file);
        }
        for (name, value) in &service.environment {
            let line =
                text.as_deref().and_then(|text| lines::word_after(text, &format!("{}:", service.name), name));
            let at = At::line(&compose.file, line);
            draft.env(name, value.as_deref().map_or(Given::Nothing, Given::File), &at, 0.9);
            if let Some(port) = value.as_deref().and_then(|value| draft.port_of_variable(name, value)) {
                draft.port(port, PortSource::Script, &at);
            }
        }
        for other in compose.services.iter().filter(|other| uses(service, other)) {
            if let Some((kind, version)) = &other.backing {
                add(draft, kind, version.clone(), &At::line(&compose.file, other.line), 0.95);
            }
        }
    }
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
        let here = draft.c.path == folder(&compose.file)
            && !matches!(draft.c.kind, ComponentKind::Library | ComponentKind::Unknown);
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
