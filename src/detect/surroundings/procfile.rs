//! Procfile: `web:` makes a web component, `worker:` alone a worker; their lines are start commands.

use std::sync::LazyLock;

use regex::Regex;

use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind;
use crate::detect::read::Tree;

static PORT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:--port[ =]|-p |:|\$\{PORT:-)(\d{2,5})\b").expect("a valid pattern"));

/// Adds what the component's Procfile says.
pub(super) fn attach(tree: &Tree, draft: &mut Draft) {
    let Some(file) = tree.find(&draft.c.path, "Procfile") else { return };
    let Some(text) = tree.text(&file) else { return };
    let mut processes = text.lines().zip(1u32..).filter_map(|(line, number)| {
        let (name, command) = line.split_once(':')?;
        let plain =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        plain.then(|| (name.to_owned(), command.trim().to_owned(), number))
    });
    let all: Vec<_> = processes.by_ref().collect();
    if let Some((_, command, line)) = all.iter().find(|(name, _, _)| name == "web") {
        let at = At::line(&file, *line);
        draft.kind(ComponentKind::Web, &at, 0.97);
        // What production runs beats what an ecosystem usually runs.
        draft.c.commands.start = None;
        draft.command(Slot::Start, command, &at, 0.95);
        if let Some(port) = PORT.captures(command).and_then(|found| found[1].parse().ok()) {
            draft.port(port, PortSource::Script, &at);
        }
    } else if let Some((_, command, line)) = all.iter().find(|(name, _, _)| name == "worker") {
        let at = At::line(&file, *line);
        draft.kind(ComponentKind::Worker, &at, 0.9);
        draft.c.commands.start = None;
        draft.command(Slot::Start, command, &at, 0.95);
    }
}
