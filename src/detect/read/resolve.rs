//! What an expression is when the environment says nothing: a number, or what the names in it are defined as.

use regex::Regex;

use super::Code;
use super::argument::{arguments, keyword_flat};
use super::pattern::Pattern;

static NUMBER: Pattern = Pattern::new(r#"^["'`]?:?(\d{2,5})(?:_?[uif]\d+|L)?["'`]?$"#);
static ADDRESS: Pattern = Pattern::new(r#"["'`][^"'`\s]*:(\d{2,5})/?["'`]"#);
static TUPLE: Pattern = Pattern::new(r#"[\]\)\w"']\s*,\s*(\d{2,5})\s*\)*$"#);
static FALLBACK: Pattern = Pattern::new(
    r#"(?:\|\||\?\?|\bor\b|\?:|\belse\b|\bunwrap_or(?:_else)?\((?:\s*\|_?\w*\|)?|\b(?:getOrElse|orElse|default|fromMaybe|withDefault)\(|\s:)\s*(?:\+|Number\(|parseInt\(|int\(|Int\(|String::from\()?\s*["'`]?:?(\d{2,5})\b"#,
);
static DEFAULT: Pattern =
    Pattern::new(r#",\s*(?:default(?:_value)?\s*[=:]\s*|fallback\s*[=:]\s*)?["'`]?:?(\d{2,5})["'`]?\s*[,)]"#);
static IDENTIFIER: Pattern =
    Pattern::new(r"(?:[A-Za-z_$@][\w$]*(?:\?\.|\.|::|->|\[['\x22]))*([A-Za-z_$@][\w$]*)(\s*\()?");

/// A setting of the application that is asked for by its name.
static SETTING: Pattern = Pattern::new(r#"^\w+\.get\(\s*['"](\w+)['"]\s*\)$"#);

/// Where such a setting is given its value.
static SET: Pattern = Pattern::new(r#"\.set\(\s*['"](\w+)['"]\s*,\s*([^;\n]+)\)"#);

/// The base of a number system is no port.
static RADIX: Pattern = Pattern::new(r"(parseInt\s*\([^()]*(?:\([^()]*\)[^()]*)*?),\s*10\s*\)");

/// How often a name may stand for another name.
pub(super) const DEPTH: u8 = 4;

/// The number that an expression is when the environment says nothing.
pub(in crate::detect) fn resolve(code: &Code, expression: &str, depth: u8) -> Option<u16> {
    let expression = expression.trim().trim_end_matches([';', ',']);
    let without = RADIX.replace_all(expression, "$1)");
    let expression = without.as_ref();
    let number = |regex: &Regex| regex.captures(expression).and_then(|found| found[1].parse::<u16>().ok());
    for regex in [&NUMBER, &ADDRESS, &FALLBACK, &DEFAULT, &TUPLE] {
        if let Some(port) = number(regex) {
            return (port > 0).then_some(port);
        }
    }
    // Express keeps settings: `app.set("port", X)` is what `app.get("port")` gives.
    if let Some(found) = SETTING.captures(expression) {
        let set = code.captures(&SET).filter(|set| set[1] == found[1]);
        return set.into_iter().find_map(|set| resolve(code, &set[2], depth.checked_sub(1)?));
    }
    if let Some(fields) = expression.strip_prefix('{') {
        let fields = arguments_of(fields);
        return keyword_flat(&fields, &["port"])
            .and_then(|value| resolve(code, value, depth.checked_sub(1)?));
    }
    if depth == 0 {
        return None;
    }
    let named = names(expression).into_iter().find_map(|name| defined(code, name, depth - 1));
    named.or_else(|| returned(code, expression))
}

static CALL: Pattern = Pattern::new(r"\b([a-z_]\w*)\s*\(\s*\)");
static FUNCTION: Pattern = Pattern::new(r"\b(?:fn|func|def|function)\s+([A-Za-z_]\w*)\s*\([^()]*\)");

/// What a function without arguments gives, as far as its first lines say: `address()`, `getPort()`.
fn returned(code: &Code, expression: &str) -> Option<u16> {
    let names: Vec<&str> =
        CALL.captures_iter(expression).filter_map(|found| Some(found.get(1)?.as_str())).collect();
    if names.is_empty() {
        return None;
    }
    let function = code.captures(&FUNCTION).find(|found| names.contains(&&found[1]))?;
    let rest = &code.text[function.get(0)?.end()..];
    let lines: Vec<&str> = rest.lines().take(8).collect();
    let number =
        |regex: &Regex, line: &str| regex.captures(line).and_then(|found| found[1].parse::<u16>().ok());
    let inside = lines.iter().skip(1).take_while(|line| line.is_empty() || line.starts_with([' ', '\t']));
    inside.into_iter().find_map(|line| {
        [&*ADDRESS, &*FALLBACK, &*DEFAULT]
            .into_iter()
            .find_map(|regex| number(regex, line))
            .filter(|port| *port > 0)
    })
}

fn arguments_of(text: &str) -> Vec<&str> {
    arguments(text, 0)
}

/// The part before the first comma or closing bracket that belongs to something around.
fn first_expression(text: &str) -> &str {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' | ',' if depth == 0 => return &text[..at],
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    text
}

/// The last parts of the names in an expression, functions left out.
pub(super) fn names(expression: &str) -> Vec<&str> {
    const WORDS: &[&str] = &[
        "env", "process", "os", "Number", "parseInt", "int", "str", "fmt", "Sprintf", "await", "new", "PORT",
    ];
    let found = IDENTIFIER.captures_iter(expression).filter_map(|found| {
        const SAME: &[&str] = &[
            "clone",
            "as_str",
            "as_ref",
            "to_owned",
            "to_string",
            "into",
            "parse",
            "unwrap",
            "trim",
            "toString",
            "String",
        ];
        let name = found.get(1)?.as_str();
        // `addr.clone()` is what `addr` is.
        let receiver = found.get(2).filter(|_| SAME.contains(&name)).and_then(|_| {
            let path = found[0].trim_end_matches(['(', ' ']).strip_suffix(name)?.strip_suffix('.')?;
            let start = path.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
            found.get(0).and_then(|whole| expression.get(whole.start() + start..whole.start() + path.len()))
        });
        if receiver.is_some_and(|receiver| !receiver.is_empty()) {
            return receiver;
        }
        let environment = found[0].starts_with("process.env")
            || found[0].contains("environ")
            || found[0].starts_with("Bun.env");
        let word = WORDS.contains(&name) && name != "PORT" || environment;
        (found.get(2).is_none() && !word).then_some(name)
    });
    found.take(6).collect()
}

static VARIABLE: Pattern =
    Pattern::new(r"\b((?:[A-Z][A-Z0-9]*_)*(?:PORT|ADDR|ADDRESS|BIND|LISTEN)(?:_[A-Z0-9]+)*)\b");

/// The environment variables in an expression and in what its names are defined as.
pub(super) fn variables(code: &Code, expression: &str) -> Vec<String> {
    let mut found: Vec<String> =
        VARIABLE.captures_iter(expression).map(|found| found[1].to_owned()).collect();
    for name in names(expression) {
        found.extend(screaming(name).filter(|name| VARIABLE.is_match(name)));
        let places = memchr::memmem::find_iter(code.text.as_bytes(), name.as_bytes());
        for at in places.take(40) {
            let Some(definition) = DEFINITION.captures(&code.text[at + name.len()..]) else { continue };
            found.extend(VARIABLE.captures_iter(&definition[1]).map(|found| found[1].to_owned()));
        }
    }
    found.truncate(8);
    found
}

/// The variable that a field of settings is filled from as a rule: `SERVER_ADDR` of `server_addr`, `HTTPAddress`.
fn screaming(name: &str) -> Option<String> {
    let chars: Vec<char> = name.chars().collect();
    if !chars.iter().any(char::is_ascii_lowercase) {
        return None;
    }
    let mut out = String::with_capacity(name.len() + 4);
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1);
        let begins = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase() || before != '_' && after.is_some_and(char::is_ascii_lowercase)
            });
        if begins {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    Some(out)
}

/// Whether a definition is an argument of a call: `connect(host=x, port=8013)`.
fn is_argument(code: &Code, at: usize, name: &str, whole: &str) -> bool {
    let tight = code.text[at + name.len()..].starts_with('=');
    let line = code.text[..at].rsplit('\n').next().unwrap_or_default();
    let inside = line.contains('(') || line.trim_end().ends_with(',');
    code.keywords && tight && (inside || whole.trim_end().ends_with(','))
}

/// What may stand before a name that is defined, beside the line's start.
const BEFORE: &[u8] = b" \t\r\n,{(.'\"@$";

/// From the end of a name to what it is defined as: an assignment, a field, a parameter with a default.
static DEFINITION: Pattern =
    Pattern::new(r#"^['"]?\s*(?:[:\s][\w<>\[\]| .?&:]+?)?\s*(?::=|=|:)\s*([^;\n]+)"#);
/// Go's `Port int `env:"PORT" envDefault:"8080"``, from the end of the name.
static TAG: Pattern =
    Pattern::new(r#"^\s+\w+\s+`[^`\n]*(?:\benvDefault|\bdefault|\benv-default):"(\d{2,5})""#);

/// From the end of a name to what it is assigned.
static ASSIGNMENT: Pattern = Pattern::new(r"^\s*(?::\s*\w+\s*)?(?::=|=)\s*([^;\n]+)");

/// What is assigned to a name, place by place.
pub(super) fn definitions<'c>(code: &'c Code, name: &'c str) -> impl Iterator<Item = &'c str> {
    let text = code.text.as_str();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let places = memchr::memmem::find_iter(text.as_bytes(), name.as_bytes());
    places
        .filter(move |at| !text[..*at].ends_with(word) && code.is_code(*at))
        .filter_map(move |at| Some(ASSIGNMENT.captures(&text[at + name.len()..])?.get(1)?.as_str()))
}

/// Where an expression ends that the next lines go on with.
fn continued(text: &str, end: usize) -> usize {
    const LINES: usize = 6;
    let goes_on = |line: &&str| ["?", ":", "||", "??"].iter().any(|mark| line.trim_start().starts_with(mark));
    let lines = text[end..].split_inclusive('\n').skip(1).take(LINES).take_while(goes_on);
    let first =
        text[end..].find('\n').filter(|_| text[end..].trim_start_matches([' ', '\t']).starts_with('\n'));
    first.map_or(end, |newline| end + newline + 1 + lines.map(str::len).sum::<usize>())
}

/// What a name is defined as: an assignment, a field, a constant, a parameter with a default.
pub(super) fn defined(code: &Code, name: &str, depth: u8) -> Option<u16> {
    const MOST: usize = 12;
    let text = code.text.as_str();
    let places: Vec<usize> = memchr::memmem::find_iter(text.as_bytes(), name.as_bytes()).collect();
    let begins_line = |at: usize| text[..at].rsplit('\n').next().is_some_and(|head| head.trim().is_empty());
    let tag = |at: usize| TAG.captures(&text[at + name.len()..])?[1].parse().ok();
    if let Some(port) = places.iter().filter(|at| begins_line(**at)).find_map(|at| tag(*at)) {
        return Some(port);
    }
    let mut last = None;
    let mut looked = 0;
    for at in places {
        let attached = at > 0 && !BEFORE.contains(&text.as_bytes()[at - 1]);
        if attached || !code.is_code(at.saturating_sub(1)) {
            continue;
        }
        let Some(found) = DEFINITION.captures(&text[at + name.len()..]) else { continue };
        looked += 1;
        if looked > MOST {
            break;
        }
        let from = at + name.len();
        let expression =
            found.get(1).map_or("", |group| &text[from + group.start()..continued(text, from + group.end())]);
        let whole = found.get(0).map_or("", |whole| whole.as_str());
        if expression.starts_with('=') || is_argument(code, at, name, whole) {
            continue;
        }
        if let Some(port) = resolve(code, first_expression(expression), depth) {
            last.get_or_insert(port);
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(text: &str, expression: &str) -> Option<u16> {
        resolve(&Code::new(text, "a.js"), expression, DEPTH)
    }

    #[test]
    fn literals_fallbacks_and_names_resolve() {
        assert_eq!(port("", "3000"), Some(3000));
        assert_eq!(port("", "process.env.PORT || 3000"), Some(3000));
        assert_eq!(port("", "Number(process.env.PORT ?? '4000')"), Some(4000));
        assert_eq!(port("const PORT = process.env.PORT || 3000;", "PORT"), Some(3000));
        assert_eq!(port("const { PORT = 5000 } = process.env;", "PORT"), Some(5000));
        assert_eq!(port("app.set('port', parseInt(x, 10))", "app.get('port')"), None);
        assert_eq!(
            port(
                "const mail = { port: 465 };\napp.set('port', process.env.PORT || 8085);",
                "app.get('port')"
            ),
            Some(8085)
        );
        assert_eq!(port("", "parseInt(process.env.PORT, 10)"), None);
        assert_eq!(port("const port: number = 4100", "{ port, host: '0.0.0.0' }"), Some(4100));
        assert_eq!(port("const port = parseInt(process.env.PORT, 10) || 4200", "port"), Some(4200));
        assert_eq!(
            port("const port = process.env.PORT ? Number(process.env.PORT) : 4300", "port"),
            Some(4300)
        );
        assert_eq!(
            port("({\n  port: process.env.A\n    ? parseInt(process.env.A, 10)\n    : 3400,\n})", "port"),
            Some(3400)
        );
        assert_eq!(port("", "\":8080\""), Some(8080));
        assert_eq!(port("", "([0, 0, 0, 0], 3000)"), Some(3000));
        assert_eq!(
            port("let addr = get(\"ADDR\").unwrap_or(\"127.0.0.1:8000\");", "addr.clone()"),
            Some(8000)
        );
        assert_eq!(port("", "int(os.environ.get(\"PORT\", 8000))"), Some(8000));
        assert_eq!(
            port("port := os.Getenv(\"PORT\")\nif port == \"\" {\n port = \"8080\"\n}", "\":\"+port"),
            Some(8080)
        );
    }

    #[test]
    fn the_argument_of_another_call_defines_nothing() {
        let code = Code::new("connect(host=h, port=8013)\nport = need('API_PORT')", "a.py");
        assert_eq!(resolve(&code, "port", DEPTH), None);
        assert_eq!(variables(&code, "port"), ["PORT", "API_PORT"]);
        assert_eq!(variables(&code, "config.HTTPServerAddress"), ["HTTP_SERVER_ADDRESS"]);
        assert_eq!(variables(&code, "settings.bind_addr.clone()"), ["BIND_ADDR"]);
    }

    #[test]
    fn a_function_without_arguments_is_looked_into() {
        let text = "fn address() -> String {\n    env(\"A\").unwrap_or_else(|_| \"127.0.0.1:8000\".into())\n}\nlet address = address();";
        assert_eq!(port(text, "&address"), Some(8000));
        assert_eq!(
            port("def get_port():\n    return int(os.environ.get('PORT', 5050))\n", "get_port()"),
            Some(5050)
        );
        assert_eq!(port("function pick() {\n  return free()\n}\nlet x = 80", "pick()"), None);
    }

    #[test]
    fn what_only_the_environment_says_stays_open() {
        assert_eq!(port("", "process.env.PORT"), None);
        assert_eq!(port("const port = process.env.PORT", "port"), None);
        assert_eq!(port("", "pickPort()"), None);
    }
}
