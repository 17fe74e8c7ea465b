//! `application.properties`, `application.yml` and `application.conf`: port, connection URLs, variables.

use serde_json::Value;

use crate::detect::draft::{At, Draft, Given, PortSource};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{extension, lines};
use crate::detect::rule::variable;
use crate::detect::scope::Scope;

/// Keys of a framework's port.
const PORTS: &[(&str, &str)] = &[
    ("spring-boot", "server.port"),
    ("grails", "server.port"),
    ("quarkus", "quarkus.http.port"),
    ("micronaut", "micronaut.server.port"),
    ("ktor", "ktor.deployment.port"),
    ("helidon", "server.port"),
    ("play", "http.port"),
];

static PLACEHOLDER: Pattern = Pattern::new(r"\$\{([A-Z][A-Z0-9_]*)([:}])");
static CONF_PORT: Pattern =
    Pattern::new(r"(?m)^\s*(?:port|http\.port|play\.server\.http\.port)\s*[=:]\s*(\d{2,5})");
static CONF_VARIABLE: Pattern = Pattern::new(r"\$\{\??([A-Z][A-Z0-9_]*)\}");

/// Adds what the settings say.
pub(super) fn attach(scope: &Scope<'_>, framework: &str, draft: &mut Draft) {
    const NAMES: &[&str] = &[
        "application.properties",
        "application.yml",
        "application.yaml",
        "application-dev.properties",
        "application-dev.yml",
        "application.conf",
        "microprofile-config.properties",
        "bootstrap.yml",
    ];
    if framework == "vertx" {
        vertx(scope, draft);
    }
    for name in NAMES {
        for folder in [
            "src/main/resources",
            "src/main/resources/META-INF",
            "src/main/resources/config",
            "conf",
            "grails-app/conf",
            "config",
            ".",
        ] {
            let Some(file) = scope.find(&format!("{folder}/{name}")) else { continue };
            match extension(&file) {
                "conf" => conf(scope, &file, draft),
                "properties" => {
                    let Some(text) = scope.tree.text(&file) else { continue };
                    for (line, number) in text.lines().zip(1u32..) {
                        if let Some((key, value)) =
                            line.split_once(['=', ':']).filter(|_| !line.trim_start().starts_with(['#', '!']))
                        {
                            setting(framework, key.trim(), value.trim(), &At::line(&file, number), draft);
                        }
                    }
                }
                _ => {
                    let Some(doc) = scope.tree.doc(&file) else { continue };
                    let text = scope.tree.text(&file).unwrap_or_else(|| "".into());
                    flatten(&doc, String::new(), 0, &mut |key, value| {
                        let last = key.rsplit('.').next().unwrap_or(key);
                        let line = text
                            .lines()
                            .zip(1u32..)
                            .find(|(line, _)| line.contains(value) && line.contains(last))
                            .map(|(_, n)| n);
                        let line = line.or_else(|| lines::word(&text, last));
                        setting(framework, key, value, &At::line(&file, line), draft);
                    });
                }
            }
        }
    }
}

fn flatten(value: &Value, path: String, depth: usize, take: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(map) if depth < 24 => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(value, path, depth + 1, take);
            }
        }
        Value::String(text) => take(&path, text),
        Value::Number(number) => take(&path, &number.to_string()),
        _ => {}
    }
}

fn setting(framework: &str, key: &str, value: &str, at: &At, draft: &mut Draft) {
    let mut names = Vec::new();
    let plain = replaced(value, DEPTH, &mut |name, default| {
        let given = match default {
            None => Given::Nothing,
            Some("") => Given::Copes,
            Some(default) => Given::Code(default),
        };
        draft.env(name, given, at, 0.9);
        names.push(name.to_owned());
    });
    let is_port = PORTS.iter().any(|(name, wanted)| *name == framework && key == *wanted);
    if is_port && let Ok(port) = plain.trim().parse::<u16>() {
        draft.port(port, PortSource::Code, at);
    }
    // `jdbc:h2:mem` and its like are no service.
    let kind = variable::by_url(&plain).or(match (key, plain.as_str()) {
        ("quarkus.datasource.db-kind", "postgresql") => Some("postgres"),
        ("quarkus.datasource.db-kind", kind @ ("mysql" | "mariadb" | "mssql")) => {
            ["mysql", "mariadb", "mssql"].into_iter().find(|known| *known == kind)
        }
        _ => None,
    });
    if let Some(kind) = kind {
        draft.service(kind, None, at, 0.9);
        for name in &names {
            draft.service_env(kind, name);
        }
    }
}

/// How deep placeholders may stand in each other.
const DEPTH: u8 = 4;

/// A value with its placeholders replaced by their defaults: `${NAME:default}`, `${ONE:${OTHER:default}}`. Gives
/// each name with its own default to `take`.
fn replaced(value: &str, depth: u8, take: &mut dyn FnMut(&str, Option<&str>)) -> String {
    let (mut out, mut rest) = (String::new(), value);
    while let Some(found) = PLACEHOLDER.captures(rest).filter(|_| depth > 0) {
        let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { break };
        let open = &found[2] == ":";
        let end = if open {
            closing(&rest[whole.end()..]).map(|at| whole.end() + at)
        } else {
            Some(whole.end() - 1)
        };
        let Some(end) = end else { break };
        out.push_str(&rest[..whole.start()]);
        let default = open.then(|| replaced(&rest[whole.end()..end], depth - 1, take));
        take(name.as_str(), default.as_deref());
        out.push_str(&default.unwrap_or_default());
        rest = &rest[end + 1..];
    }
    out + rest
}

/// Where the brace closes that opened before the text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

/// Vert.x has no file of settings of its own: JSON below `src/main/conf`, with keys that its examples share.
fn vertx(scope: &Scope<'_>, draft: &mut Draft) {
    let conf = |file: &&&str| {
        ["src/main/conf/", "src/conf/", "src/main/resources/conf/", "conf/"]
            .iter()
            .any(|folder| scope.relative(file).starts_with(folder))
            && extension(file) == "json"
    };
    for file in scope.files.iter().filter(conf).take(20) {
        let Some(doc) = scope.tree.doc(file) else { continue };
        let mut port: Option<u16> = None;
        flatten(&doc, String::new(), 0, &mut |key, value| {
            if ["http.port", "http.server.port", "port"]
                .iter()
                .any(|name| key == *name || key.ends_with(&format!(".{name}")))
            {
                port = port.or_else(|| value.parse().ok());
            }
        });
        if let Some(port) = port {
            let line = scope.tree.text(file).and_then(|text| lines::word(&text, &port.to_string()));
            // The code's own number is what holds without the settings.
            return draft.port(port, PortSource::Script, &At::line(*file, line));
        }
    }
}

/// HOCON, line by line: the port is often followed by its override `port = ${?PORT}`.
fn conf(scope: &Scope<'_>, file: &str, draft: &mut Draft) {
    let Some(text) = scope.tree.text(file) else { return };
    let code = crate::detect::read::Code::new(&text, "application.properties");
    if let Some(found) = CONF_PORT.captures(&code.text)
        && let Ok(port) = found[1].parse()
    {
        draft.port(port, PortSource::Code, &At::line(file, found.get(1).map(|m| code.line(m.start()))));
    }
    for found in CONF_VARIABLE.captures_iter(&code.text) {
        let given = if found[0].contains('?') { Given::Copes } else { Given::Nothing };
        draft.env(&found[1], given, &At::line(file, found.get(0).map(|m| code.line(m.start()))), 0.8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_have_their_own_defaults() {
        let mut names = Vec::new();
        let mut take =
            |name: &str, default: Option<&str>| names.push((name.to_owned(), default.map(str::to_owned)));
        assert_eq!(replaced("${A:${B:80}}", DEPTH, &mut take), "80");
        assert_eq!(replaced("http://${HOST}:${PORT:8080}/x", DEPTH, &mut take), "http://:8080/x");
        assert_eq!(replaced("${C:open", DEPTH, &mut take), "${C:open");
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            names,
            [
                ("B".to_owned(), some("80")),
                ("A".to_owned(), some("80")),
                ("HOST".to_owned(), None),
                ("PORT".to_owned(), some("8080")),
            ]
        );
    }
}
