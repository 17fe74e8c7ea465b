//! The address in a program's own settings: `server.port` of `config.yaml` and its relatives.

use serde_json::Value;

use crate::detect::draft::{At, Draft, PortSource};
use crate::detect::facts::ComponentKind;
use crate::detect::read::{Tree, join, lines};

const FOLDERS: &[&str] = &[".", "config", "configs", "configuration", "conf", "settings"];
const STEMS: &[&str] =
    &["config", "base", "default", "local", "development", "dev", "app", "application", "settings"];
const EXTENSIONS: &[&str] = &["yaml", "yml", "toml", "json"];

/// Tables that describe the server.
const TABLES: &[&str] = &["server", "http", "app", "application", "web", "service", "api", "rest", "listen"];
const KEYS: &[&str] = &["port", "http_port", "httpport", "addr", "address", "listen", "bind"];

/// Ecosystems whose frameworks leave settings to the program.
const OWN: &[&str] =
    &["go", "rust", "python", "compiled", "cpp", "swift", "haskell", "crystal", "zig", "dart"];

/// Adds the port where nothing nearer to the code says one.
pub(super) fn attach(tree: &Tree, draft: &mut Draft) {
    if draft.c.kind != ComponentKind::Web
        || !OWN.contains(&draft.ecosystem)
        || draft.has_port(PortSource::DotEnv)
    {
        return;
    }
    for folder in FOLDERS {
        let Some(dir) = join(&draft.c.path, folder).filter(|dir| dir == "." || tree.has_folder(dir)) else {
            continue;
        };
        for stem in STEMS {
            for extension in EXTENSIONS {
                let Some(file) = tree.find(&dir, &format!("{stem}.{extension}")) else { continue };
                if let Some((port, key)) = tree.doc(&file).and_then(|doc| port(&doc)) {
                    let line = tree.text(&file).and_then(|text| lines::word(&text, &key));
                    draft.port(port, PortSource::DotEnv, &At::line(file, line));
                    return;
                }
            }
        }
    }
}

/// The port with the key that says it.
fn port(doc: &Value) -> Option<(u16, String)> {
    let keyed = |table: &Value| {
        let mut entries = table.as_object()?.iter();
        entries.find_map(|(key, value)| {
            let known = KEYS.contains(&key.to_lowercase().as_str());
            known.then(|| Some((number(value)?, key.clone()))).flatten()
        })
    };
    let tables = doc.as_object()?.iter().filter(|(key, _)| TABLES.contains(&key.to_lowercase().as_str()));
    tables.map(|(_, table)| table).find_map(keyed).or_else(|| keyed(doc))
}

/// `8000`, `"8000"`, `":8000"` or `"0.0.0.0:8000"`.
fn number(value: &Value) -> Option<u16> {
    match value {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => text.rsplit(':').next()?.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_server_s_port_and_no_other() {
        let found = |doc: Value| port(&doc).map(|(port, _)| port);
        assert_eq!(
            found(json!({"application": {"host": "x", "port": 8000}, "database": {"port": 5432}})),
            Some(8000)
        );
        assert_eq!(found(json!({"server": {"addr": ":9000"}})), Some(9000));
        assert_eq!(found(json!({"port": "3000"})), Some(3000));
        assert_eq!(found(json!({"database": {"port": 5432}})), None);
    }
}
