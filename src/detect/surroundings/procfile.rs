//! Procfile: `web:` makes a web component, `worker:` alone a worker; their lines are start commands.

use super::line;
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind;
use crate::detect::read::Tree;

/// Adds what the component's Procfile says.
pub(super) fn attach(tree: &Tree, draft: &mut Draft) {
    let Some(file) = tree.find(&draft.c.path, "Procfile") else {
        entrypoint(tree, draft);
        return;
    };
    let Some(text) = tree.text(&file) else { return };
    let mut processes = text.lines().zip(1u32..).filter_map(|(line, number)| {
        let (name, command) = line.split_once(':')?;
        let plain =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        plain.then(|| (name.to_owned(), command.trim().to_owned(), number))
    });
    let all: Vec<_> = processes.by_ref().collect();
    if let Some((_, command, number)) = all.iter().find(|(name, _, _)| name == "web") {
        let at = At::line(&file, *number);
        draft.kind(ComponentKind::Web, &at, 0.97);
        // What production runs beats what an ecosystem usually runs.
        draft.c.commands.start = None;
        draft.command(Slot::Start, command, &at, 0.95);
        match line::port(command) {
            Some(port) => draft.port(port, PortSource::Script, &at),
            None if line::by_variable(command) => {
                draft.note("ports", "$PORT", &at, 0.5);
                draft.port_variable.get_or_insert_with(|| "PORT".to_owned());
            }
            None => {}
        }
    } else if let Some((_, command, line)) = all.iter().find(|(name, _, _)| name == "worker") {
        let at = At::line(&file, *line);
        draft.kind(ComponentKind::Worker, &at, 0.9);
        draft.c.commands.start = None;
        draft.command(Slot::Start, command, &at, 0.95);
    }
}

/// App Engine's `app.yaml` says in `entrypoint` what runs.
fn entrypoint(tree: &Tree, draft: &mut Draft) {
    let Some(file) = tree.find(&draft.c.path, "app.yaml") else { return };
    let Some(doc) = tree.doc(&file) else { return };
    let text = |key: &str| doc.get(key).and_then(serde_json::Value::as_str);
    if let (Some(_), Some(command)) = (text("runtime"), text("entrypoint")) {
        let line = tree.text(&file).and_then(|text| crate::detect::read::lines::word(&text, "entrypoint"));
        let at = At::line(&file, line);
        draft.kind(ComponentKind::Web, &at, 0.8);
        draft.c.commands.start = None;
        draft.command(Slot::Start, command, &at, 0.9);
    }
}
