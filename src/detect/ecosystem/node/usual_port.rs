//! Where a framework's program listens when nothing says a port: its development server and what it is built
//! into do not always share one.

use super::manifest::Manifest;
use super::program;
use crate::detect::draft::{Draft, PortSource};
use crate::detect::rule::Framework;

/// Where Vite serves unless told otherwise.
pub(super) const VITE: u16 = 5173;

/// Frameworks whose development server is Vite's where a script starts it so, and their own otherwise.
const MAYBE_VITE: &[&str] = &["tanstack-start", "solidstart", "remix"];

/// Packages that make a server of what Vite develops, by framework, and the port of that server.
const SERVERS: &[(&str, &str, u16)] = &[
    ("sveltekit", "@sveltejs/adapter-node", 3000),
    ("react-router", "@react-router/serve", 3000),
    ("remix", "@remix-run/serve", 3000),
    ("analog", "@analogjs/platform", 3000),
    ("tanstack-start", "nitro", 3000),
    ("tanstack-start", "nitropack", 3000),
    ("solidstart", "nitro", 3000),
    ("solidstart", "nitropack", 3000),
];

/// Adds the port. An environment runs the development server where there is one: its port counts, the one of
/// the built server stands beside it as evidence.
pub(super) fn attach(manifest: &Manifest, framework: &Framework, draft: &mut Draft) {
    let Some(usual) = framework.port else { return };
    let name = framework.names.iter().find(|name| manifest.has(name)).copied().unwrap_or("scripts");
    let at = manifest.at(name);
    let developed = developed(manifest, framework, usual);
    let server = SERVERS.iter().find(|(of, package, _)| *of == framework.name && manifest.has(package));
    let develops =
        ["dev", "start:dev", "develop", "serve"].iter().any(|name| manifest.script(name).is_some());
    match server.filter(|(_, _, port)| *port != developed) {
        Some((_, package, port)) if develops => {
            draft.note("ports", &port.to_string(), &manifest.at(package), 0.5);
            draft.port(developed, PortSource::Default, &at);
        }
        Some((_, package, port)) => draft.port(*port, PortSource::Default, &manifest.at(package)),
        None => draft.port(developed, PortSource::Default, &at),
    }
}

/// The port of the development server.
fn developed(manifest: &Manifest, framework: &Framework, usual: u16) -> u16 {
    let by_vite = |script: &str| {
        script.contains("vite:dev") || program::served(script).is_some_and(|(port, _)| port == VITE)
    };
    match framework.name {
        "astro" if manifest.major("astro").is_some_and(|major| major < 3) => 3000,
        // Metro, which serves the other platforms, serves the pages too since then.
        "expo" if manifest.major("expo").is_some_and(|major| major >= 50) => 8081,
        // Redwood's two sides listen beside each other.
        "redwood" if manifest.has("@redwoodjs/api") && !manifest.has("@redwoodjs/web") => 8911,
        name if MAYBE_VITE.contains(&name) && manifest.script("dev").is_some_and(by_vite) => VITE,
        _ => usual,
    }
}
