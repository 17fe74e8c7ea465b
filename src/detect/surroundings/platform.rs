//! What the descriptions of hosting platforms say of a component: Render, Railway, Nixpacks, Railpack, Fly. They
//! say how production starts the program, and where it listens.

use serde_json::Value;

use super::line;
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind;
use crate::detect::read::{Tree, join, lines};

/// Descriptions of one program, and where they say its start.
const STARTS: &[(&str, &str, &str)] = &[
    ("railway.json", "/deploy/startCommand", "startCommand"),
    ("railway.toml", "/deploy/startCommand", "startCommand"),
    ("railpack.json", "/deploy/startCommand", "startCommand"),
    ("nixpacks.toml", "/start/cmd", "cmd"),
];

/// How sure the start is that a manifest or a Procfile says.
const SAID: f64 = 0.9;

/// Adds what the descriptions say.
pub(super) fn attach(tree: &Tree, draft: &mut Draft) {
    let dir = draft.c.path.clone();
    render(tree, draft);
    for (name, pointer, word) in STARTS {
        let Some(file) = tree.find(&dir, name) else { continue };
        let Some(doc) = tree.doc(&file) else { continue };
        if let Some(command) = doc.pointer(pointer).and_then(Value::as_str) {
            start(draft, command, &at(tree, &file, word));
        }
    }
    fly(tree, draft);
}

fn at(tree: &Tree, file: &str, word: &str) -> At {
    At::line(file, tree.text(file).and_then(|text| lines::word(&text, word)))
}

/// Takes a start command unless the project says one itself.
fn start(draft: &mut Draft, command: &str, at: &At) {
    let said = |e: &crate::detect::facts::Evidence| e.field == "commands.start" && e.confidence >= SAID;
    if !draft.c.evidence.iter().any(said) && draft.c.kind != ComponentKind::Library {
        draft.c.commands.start = None;
        draft.command(Slot::Start, command.trim(), at, SAID);
        let port = line::port(command);
        if let Some(port) = port.filter(|_| draft.c.kind != ComponentKind::Static) {
            draft.port(port, PortSource::Script, at);
        }
        let open = matches!(draft.c.kind, ComponentKind::Unknown | ComponentKind::Cli);
        if open && (port.is_some() || line::by_variable(command) || line::serves(command)) {
            draft.kind(ComponentKind::Web, at, 0.6);
        }
    }
}

/// `render.yaml`: of several services that run from the component's folder, the first that serves.
fn render(tree: &Tree, draft: &mut Draft) {
    const FILES: &[&str] = &["render.yaml", "render.yml"];
    let dirs = [draft.c.path.as_str(), "."];
    let Some((file, root)) = dirs.iter().find_map(|dir| Some((tree.first(dir, FILES)?, *dir))) else {
        return;
    };
    let Some(doc) = tree.doc(&file) else { return };
    let text = |service: &Value, key: &str| service.get(key).and_then(Value::as_str).map(str::to_owned);
    let here = |service: &&Value| {
        let folder = text(service, "rootDir").unwrap_or_else(|| ".".to_owned());
        join(root, &folder).as_deref() == Some(&draft.c.path)
    };
    let services: Vec<&Value> =
        doc.get("services").and_then(Value::as_array).into_iter().flatten().filter(here).collect();
    let kind = |service: &Value| text(service, "type").unwrap_or_default();
    let of = |wanted: &str| services.iter().find(|service| kind(service) == wanted);
    let (service, kind) = match (of("web"), of("worker")) {
        (Some(service), _) => (service, ComponentKind::Web),
        (None, Some(service)) => (service, ComponentKind::Worker),
        (None, None) => return,
    };
    let (Some(command), Some(name)) = (text(service, "startCommand"), text(service, "name")) else { return };
    let line = tree.text(&file).and_then(|text| lines::word_after(&text, &name, "startCommand"));
    let at = At::line(&file, line);
    if draft.c.kind != ComponentKind::Static {
        draft.kind(kind, &at, 0.85);
    }
    start(draft, &command, &at);
}

/// `fly.toml` says the port that the program listens on there, where nothing says the one here.
fn fly(tree: &Tree, draft: &mut Draft) {
    let Some(file) = tree.find(&draft.c.path, "fly.toml") else { return };
    let Some(doc) = tree.doc(&file) else { return };
    let services = doc.get("services").and_then(Value::as_array).into_iter().flatten();
    let said = doc.get("http_service").into_iter().chain(services);
    let port = said.filter_map(|service| service.get("internal_port")?.as_u64()).next();
    if let Some(port) = port.and_then(|port| u16::try_from(port).ok())
        && draft.c.kind != ComponentKind::Static
        && !draft.has_port(PortSource::Default)
    {
        draft.port(port, PortSource::DotEnv, &at(tree, &file, "internal_port"));
    }
}
