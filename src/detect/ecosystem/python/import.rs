//! What sources import, for folders without a manifest.

use super::requirement::{Requirement, Requirements, normal};
use crate::detect::draft::At;
use crate::detect::read::pattern::Pattern;
use crate::detect::scope::Scope;

static IMPORTED: Pattern = Pattern::new(r"(?m)^(?:import|from)\s+([A-Za-z]\w*)");

/// Without any manifest, what the sources import is what they need; nothing says versions.
pub(super) fn attach(scope: &Scope<'_>, requirements: &mut Requirements) {
    const RENAMED: &[(&str, &str)] = &[
        ("discord", "discord-py"),
        ("telegram", "python-telegram-bot"),
        ("telebot", "pytelegrambotapi"),
        ("fasthtml", "python-fasthtml"),
        ("kafka", "kafka-python"),
        ("MySQLdb", "mysqlclient"),
        ("nats", "nats-py"),
        ("paho", "paho-mqtt"),
    ];
    for file in scope.sources(&["py"]).into_iter().take(60) {
        let Some(code) = scope.tree.code(file) else { continue };
        for found in code.captures(&IMPORTED) {
            let module = &found[1];
            let own = scope.find(&format!("{module}.py")).is_some()
                || scope.find(&format!("{module}/__init__.py")).is_some();
            let name = RENAMED.iter().find(|(known, _)| *known == module).map_or(module, |(_, name)| *name);
            let name = normal(name);
            if own || requirements.all.iter().any(|known| known.name == name) {
                continue;
            }
            requirements.all.push(Requirement {
                name,
                extras: Vec::new(),
                constraint: String::new(),
                at: At::line(file, found.get(1).map(|m| code.line(m.start()))),
                tool: false,
                indirect: false,
            });
        }
    }
}
