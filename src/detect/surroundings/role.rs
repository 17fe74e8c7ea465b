//! What a service of a compose file is to the component that it is built from: the component itself, a helper
//! beside it, or a trial of it.

use super::compose::{Build, Compose, ComposeService};
use crate::detect::read::base;

/// Whether a service of this name only tries the others.
pub(super) fn tests(name: &str) -> bool {
    const WORDS: &[&str] = &["playwright", "cypress", "e2e", "test", "tests", "k6", "locust"];
    name.split(['-', '_', '.']).any(|word| WORDS.contains(&word))
}

/// Of several services with ports that are built from one component, the one that is the component itself: by
/// the plain recipe, by its name. What the others (an admin, a dashboard) listen on is not the program's.
pub(super) fn chief<'c>(compose: &'c Compose, path: &str, name: &str) -> Option<&'c ComposeService> {
    const USUAL: &[&str] = &["web", "app", "api", "server", "backend", "frontend", "site"];
    let of = |service: &&ComposeService| {
        service.target.as_deref() == Some(path)
            && !tests(&service.name)
            && (!service.ports.is_empty() || service.command_port.is_some())
    };
    let rank = |service: &&ComposeService| {
        let recipe = service.build.as_ref().and_then(|build| build.dockerfile.as_deref());
        let called = service.name == name || service.name == base(path);
        let usual = USUAL.iter().any(|word| service.name == *word);
        (recipe.is_some_and(|recipe| base(recipe) != "Dockerfile"), !called, !usual, service.line)
    };
    compose.services.iter().filter(of).min_by_key(rank)
}

/// Whether a service is built from a recipe of its own (`maildev.Dockerfile`) in the folder whose plain one
/// builds the application.
pub(super) fn beside(compose: &Compose, service: &ComposeService, build: &Build) -> bool {
    let own = |service: &ComposeService, build: &Build| {
        let name = build.dockerfile.as_deref().map(|file| base(file).to_lowercase());
        name.is_some_and(|name| name.strip_suffix(".dockerfile") == Some(&service.name.to_lowercase()))
    };
    own(service, build)
        && compose.services.iter().any(|other| {
            other.build.as_ref().is_some_and(|theirs| theirs.context == build.context && !own(other, theirs))
        })
}
