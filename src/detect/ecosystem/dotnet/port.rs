//! Where a program of .NET listens: what its code says, Kestrel's settings, launch settings, the default.

use serde_json::Value;

use crate::detect::draft::{At, Draft, PortSource};
use crate::detect::ecosystem::shared;
use crate::detect::read::Words;
use crate::detect::read::lines;
use crate::detect::read::listen::{self, Listen, Take};
use crate::detect::scope::Scope;

const SOURCES: &[&str] = &["cs", "fs", "vb"];

/// Calls that listen in a program of ASP.NET Core.
static SERVER: [Listen; 6] = [
    listen::row(r"\bUseUrls\s*\(", Take::Argument(0)),
    listen::row(r"\.Urls\.Add\s*\(", Take::Argument(0)),
    listen::row(r"\bapp\.Run(?:Async)?\s*\(\s*(\$?\x22http[^\x22]*\x22|\w+)\s*\)", Take::Group),
    listen::row(r"\bListenAnyIP\s*\(", Take::Argument(0)),
    listen::row(r"\bListenLocalhost\s*\(", Take::Argument(0)),
    listen::row(r"\.Listen\s*\(\s*IPAddress\.\w+\s*,", Take::Argument(0)),
];

/// Calls that listen in any program.
static SOCKET: [Listen; 2] = [
    listen::row(r"\bTcpListener\s*\(\s*IPAddress\.\w+\s*,", Take::Argument(0)),
    listen::row(r"\.Prefixes\.Add\s*\(", Take::Argument(0)),
];

/// A file that has none of these does not listen.
static WORDS: Words = Words::new(&["UseUrls", "Urls", "Listen", "Prefixes", "app.Run"]);

/// Adds the port that a program without a framework says in its code; gives whether it listens. A listener on any
/// free port only looks for one.
pub(super) fn socket(scope: &Scope<'_>, draft: &mut Draft) -> bool {
    shared::listens(scope, draft, SOURCES, &WORDS, &SOCKET);
    draft.has_port(PortSource::Code) || draft.port_variable.is_some()
}

/// Adds the ports of a program with a framework. What its code says overrides all settings.
pub(super) fn attach(scope: &Scope<'_>, whole: &At, draft: &mut Draft) {
    shared::listens(scope, draft, SOURCES, &WORDS, &SERVER);
    if draft.has_port(PortSource::Code) {
        return;
    }
    kestrel(scope, draft);
    launch(scope, draft);
    // A framework of functions has a default of its own.
    if !draft.has_port(PortSource::Default) {
        draft.port(5000, PortSource::Default, whole);
    }
}

/// Adds the port of an address that the project says.
pub(super) fn said(url: &str, at: &At, draft: &mut Draft) {
    if let Some(port) = of(url) {
        draft.port(port, PortSource::Code, at);
    }
}

fn of(url: &str) -> Option<u16> {
    url.rsplit(':').next()?.trim_end_matches('/').parse().ok()
}

/// The settings of Kestrel.
fn kestrel(scope: &Scope<'_>, draft: &mut Draft) {
    let Some(file) = scope.find("appsettings.json") else { return };
    let Some(doc) = scope.tree.doc(&file) else { return };
    let endpoints = doc.pointer("/Kestrel/Endpoints").and_then(Value::as_object);
    let urls = endpoints.into_iter().flatten().filter_map(|(_, endpoint)| endpoint.get("Url")?.as_str());
    for port in urls.chain(doc.get("Urls").and_then(Value::as_str)).filter_map(of) {
        draft.port(port, PortSource::Code, &At::file(&file));
    }
}

/// The settings of `dotnet run`.
fn launch(scope: &Scope<'_>, draft: &mut Draft) {
    let Some(file) = scope.find("Properties/launchSettings.json") else { return };
    let Some(doc) = scope.tree.doc(&file) else { return };
    let profiles = doc.get("profiles").and_then(Value::as_object);
    let projects = profiles
        .into_iter()
        .flatten()
        .filter(|(_, profile)| profile.get("commandName").and_then(Value::as_str) == Some("Project"));
    let urls: Vec<&str> = projects
        .filter_map(|(_, profile)| profile.get("applicationUrl")?.as_str())
        .flat_map(|urls| urls.split(';'))
        .collect();
    let plain = urls.iter().find(|url| url.starts_with("http://")).or(urls.first());
    if let Some(port) = plain.and_then(|url| of(url)) {
        let line = scope.tree.text(&file).and_then(|text| lines::word(&text, "\"applicationUrl\""));
        draft.port(port, PortSource::Code, &At::line(&file, line));
    }
}
