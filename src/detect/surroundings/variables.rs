//! Environment variables that the code reads: `process.env.X`, `os.environ["X"]`, `os.Getenv("X")` and
//! their relatives. What the code gives a default or tests for is not required.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::declared;
use super::later;
use super::reading::{GIVEN, PATTERNS};
use crate::detect::draft::{At, Draft, Given};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{Code, Tree, Words, base, extension};
use crate::detect::rule::secret;
use crate::detect::sources::Chosen;

static TAIL: Pattern = Pattern::new(
    r#"^!?\s*\)*\s*(?:\|\||\?\?|\bor\b|\?:|\.unwrap_or\(|\.unwrap_or_else\(\s*\|_?\w*\||\.getOrElse\(|\.orElse\(|\.ok\(\)\s*\.unwrap_or\(|\{)\s*(?<d>[^\n]*)"#,
);
static DEMANDED: Pattern = Pattern::new(r"^\s*(?:\|\|\s*raise\b|\.required\(\s*\))");
static TESTED: Pattern = Pattern::new(
    r"^\s*(?:;\s*\w+\s*[!=]=\s*\x22\x22|===|!==|==|!=|\?[^?.:]|&&|\w+\([^\n]*\.(?:optional|nullish)\(\)|\.ok\(\)|\.is_ok\(\)|\.is_err\(\))",
);
static LITERAL: Pattern = Pattern::new(
    r#"^(?:String::from\(|str\(|int\()?(?:"([^"]*)"|'([^']*)'|`([^`$]*)`|(-?\d+(?:\.\d+)?)\b|(true|false|True|False)\b)"#,
);
static DESTRUCTURED: Pattern = Pattern::new(r"\{([^{}]+)\}\s*=\s*(?:process|Bun|import\.meta)\.env\b");

/// A literal's text; `Some(None)` is a default that is no literal, or is nothing.
pub(super) fn default(expression: &str) -> Option<Option<String>> {
    // `|| raise "..."` and its relatives demand the variable.
    const DEMANDS: &[&str] = &["raise", "throw", "abort", "die", "exit", "panic", "fail", "error"];
    let expression = expression.trim();
    let word: &str = expression.split([' ', '(', ')', ',', ';']).next().unwrap_or_default();
    if expression.is_empty() || DEMANDS.contains(&word) {
        return None;
    }
    const NOTHING: &[&str] = &["None", "null", "undefined", "nil"];
    if NOTHING.contains(&word) {
        return Some(None);
    }
    let literal = LITERAL.captures(expression);
    Some(literal.and_then(|found| (1..=5).find_map(|n| found.get(n)).map(|text| text.as_str().to_owned())))
}

/// What a variable is with this default. An empty text in the place of a secret only keeps the compiler quiet.
pub(super) fn given<'d>(name: &str, default: Option<&'d Option<String>>, optional: bool) -> Given<'d> {
    match default {
        Some(Some(text)) if text.is_empty() && secret::name(name) && !optional => Given::Nothing,
        Some(Some(text)) if !text.is_empty() => Given::Code(text),
        None if !optional => Given::Nothing,
        _ => Given::Copes,
    }
}

/// Whether sources of this extension are searched.
pub(in crate::detect) fn searched(extension: &str) -> bool {
    static EXTENSIONS: OnceLock<HashSet<&'static str>> = OnceLock::new();
    let all = || PATTERNS.iter().flat_map(|row| row.extensions).copied().collect();
    EXTENSIONS.get_or_init(all).contains(extension)
}

/// How many of a component's sources were searched.
pub(super) struct Looked {
    pub(super) looked: usize,
    pub(super) total: usize,
}

/// Words of sources that may read a variable.
static WORDS: Words = Words::new(&["env", "ENV", "Env", "@Value", "onfig", "BaseSettings"]);

/// Adds the variables that the component's own sources read.
pub(super) fn attach(tree: &Tree, draft: &mut Draft, sources: Chosen<'_>) -> Looked {
    let dir = draft.c.path.clone();
    let prefix = if dir == "." { 0 } else { dir.len() + 1 };
    let looked = Looked { looked: sources.found.len(), total: sources.total };
    // What Yarn writes beside a project is not the project's.
    let written = |file: &str| base(file).starts_with(".pnp.");
    let files = sources.found.into_iter().filter(|file| {
        !written(file) && !file[prefix..].starts_with(".mvn/") && !boilerplate(draft, &file[prefix..])
    });
    let files: Vec<&str> = files.collect();
    for file in files {
        let Some(text) = tree.text(file) else { continue };
        // Most files read no variable: a cheap look saves the scanner.
        if !WORDS.any_in(&text) {
            continue;
        }
        let Some(code) = tree.code(file) else { continue };
        search(&code, file, draft);
    }
    looked
}

/// Configuration that a framework's generator writes: every variable in it has a fallback of its own.
fn boilerplate(draft: &Draft, file: &str) -> bool {
    match draft.c.framework.as_deref() {
        Some("laravel" | "lumen" | "symfony") => {
            file.starts_with("config/") || file.starts_with("bootstrap/")
        }
        Some("rails") => {
            file.starts_with("config/environments/")
                || file.starts_with("config/puma.rb")
                || file.starts_with("config/boot.rb")
                || file.starts_with("config/initializers/backtrace_silencers.rb")
        }
        _ => false,
    }
}

/// Whether a web server sets a variable for each request: `HTTP_ACCEPT`.
fn of_request(name: &str, extension: &str) -> bool {
    const NAMES: &[&str] = &["HOST", "AUTHORIZATION", "COOKIE", "REFERER", "USER_AGENT", "ORIGIN"];
    let header = |rest: &str| NAMES.contains(&rest) || rest.starts_with("X_") || rest.starts_with("ACCEPT");
    matches!(extension, "php" | "py" | "rb" | "ru")
        && (name == "HTTPS" || name.strip_prefix("HTTP_").is_some_and(header))
}

fn search(code: &Code, file: &str, draft: &mut Draft) {
    let extension = extension(file);
    for row in PATTERNS.iter().filter(|row| row.extensions.contains(&extension)) {
        for found in code.captures(&row.pattern) {
            let (Some(whole), Some(name)) = (found.get(0), found.name("n")) else { continue };
            let name = name.as_str();
            // Vue's own tool says where the pages are; cargo says what is compiled.
            let given = name == "BASE_URL" && draft.c.framework.as_deref() == Some("vue-cli")
                || GIVEN.contains(&name)
                || name.starts_with("npm_")
                || name.starts_with("CARGO_");
            // `env!` is of the compiler: what it reads is set for a build, not for a run.
            let compiled = whole.as_str().contains("env!") && !whole.as_str().contains("dotenv!");
            if given || compiled || name.len() > 100 || name == "_" || of_request(name, extension) {
                continue;
            }
            let rest = &code.text[whole.end()..];
            let rest = &rest[..rest.char_indices().nth(200).map_or(rest.len(), |(at, _)| at)];
            let given = found.name("d").and_then(|d| default(d.as_str())).or_else(|| {
                let tail = TAIL.captures(rest)?;
                let block = tail[0].trim_start().starts_with('{') && !matches!(extension, "rb" | "ru");
                if block { None } else { default(&tail["d"]) }
            });
            let given = given.or_else(|| later::given(code, whole.start(), extension));
            let head = &code.text[..whole.start()];
            let line = head.rsplit('\n').next().unwrap_or_default().trim_start();
            let asked = line.ends_with("if (")
                || line.ends_with("if ")
                || line.ends_with("!!")
                || line.ends_with("Boolean(")
                || line.ends_with("isset(")
                || line.ends_with("empty(")
                || emptiness(line) && !rest.contains("throw");
            let written = rest.trim_start().starts_with('=') && !rest.trim_start().starts_with("==");
            if written {
                continue;
            }
            let optional = row.optional && !DEMANDED.is_match(rest) || asked || TESTED.is_match(rest);
            let given = self::given(name, given.as_ref(), optional);
            draft.env(name, given, &At::line(file, code.line(whole.start())), 0.85);
        }
    }
    declared::attach(code, file, extension, draft);
    if extension == "py" {
        by_convention(code, file, draft);
    }
    if matches!(extension, "js" | "ts" | "mjs" | "cjs" | "jsx" | "tsx") {
        for found in code.captures(&DESTRUCTURED) {
            let at = At::line(file, found.get(0).map(|whole| code.line(whole.start())));
            for part in found[1].split(',') {
                let (name, value) =
                    part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
                let (name, alias) = name.split_once(':').unwrap_or((name, name));
                let (name, alias) = (name.trim(), alias.trim());
                if name.len() > 1
                    && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
                    && !GIVEN.contains(&name)
                {
                    let given = value.and_then(default).or_else(|| later::coped(code, alias));
                    let given = self::given(name, given.as_ref(), false);
                    draft.env(name, given, &at, 0.85);
                }
            }
        }
    }
}

/// Whether the code before a variable asks .NET whether it has a value.
fn emptiness(line: &str) -> bool {
    let path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
    let call = line.trim_end_matches(path);
    ["IsNullOrEmpty(", "IsNullOrWhiteSpace("].iter().any(|name| call.ends_with(name))
}

static CONVENTION: Pattern =
    Pattern::new(r"\b(?:dj_database_url\.config|env\.(?:db|db_url|dj_db_url))\(([^()]*)\)");
static NAMED: Pattern = Pattern::new(r#"\benv\s*=\s*['"](\w+)['"]"#);
static FALLBACK: Pattern = Pattern::new(r#"\bdefault\s*=\s*['"]([^'"]+)['"]"#);

/// Calls that read `DATABASE_URL` without naming it.
fn by_convention(code: &Code, file: &str, draft: &mut Draft) {
    for found in code.captures(&CONVENTION) {
        let arguments = &found[1];
        if arguments.trim_start().starts_with(['"', '\'']) {
            continue;
        }
        let name =
            NAMED.captures(arguments).map_or_else(|| "DATABASE_URL".to_owned(), |name| name[1].to_owned());
        let default = FALLBACK.captures(arguments).map(|default| default[1].to_owned());
        let given = match &default {
            Some(default) => Given::Code(default),
            None if arguments.contains("default") || found[0].starts_with("dj_") => Given::Copes,
            None => Given::Nothing,
        };
        let line = found.get(0).map(|whole| code.line(whole.start()));
        draft.env(&name, given, &At::line(file, line), 0.85);
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::draft::Draft;

    use super::*;

    fn read(text: &str, name: &str) -> Vec<(String, bool, Option<String>)> {
        let mut draft = Draft::new("node", ".");
        search(&Code::new(text, name), name, &mut draft);
        let (component, _) = draft.finish();
        component.env.into_iter().map(|env| (env.name, env.required, env.default)).collect()
    }

    fn one(text: &str, name: &str) -> (String, bool, Option<String>) {
        let found = read(text, name);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.into_iter().next().unwrap()
    }

    #[test]
    fn a_default_makes_a_variable_optional() {
        let some = |name: &str, default: &str| (name.to_owned(), false, Some(default.to_owned()));
        assert_eq!(one("const p = process.env.PORT || 3000", "a.js"), some("PORT", "3000"));
        assert_eq!(one("const { LEVEL = 'info' } = process.env", "a.ts"), some("LEVEL", "info"));
        let chosen = "const { KEY_FILE: file } = process.env\nconst key = file ? read(file) : 'none'";
        assert_eq!(one(chosen, "a.js"), ("KEY_FILE".into(), false, None));
        assert_eq!(one("const { LEVEL } = process.env\nlog(LEVEL || 'info')", "a.js"), some("LEVEL", "info"));
        assert_eq!(one("x = os.getenv(\"LEVEL\", \"info\")", "a.py"), some("LEVEL", "info"));
        assert_eq!(one("x = os.environ.get('PORT') or 80", "a.py"), some("PORT", "80"));
        assert_eq!(
            one("port := os.Getenv(\"PORT\")\nif port == \"\" {\n\tport = \"8080\"\n}", "a.go"),
            some("PORT", "8080")
        );
        assert_eq!(
            one("if port, ok = os.LookupEnv(\"PORT\"); !ok {\n\tport = \"8080\"\n}", "a.go"),
            some("PORT", "8080")
        );
        assert_eq!(
            one("port, ok := os.LookupEnv(\"PORT\")\nif !ok {\n\tport = \"8080\"\n}", "a.go"),
            some("PORT", "8080")
        );
        assert_eq!(one("ENV.fetch(\"PORT\") { 3000 }", "a.rb"), some("PORT", "3000"));
        assert_eq!(
            one("env::var(\"PORT\").unwrap_or_else(|_| \"3000\".into())", "a.rs"),
            some("PORT", "3000")
        );
        assert_eq!(
            one("Environment.GetEnvironmentVariable(\"LEVEL\") ?? \"info\"", "a.cs"),
            some("LEVEL", "info")
        );
    }

    #[test]
    fn a_variable_without_one_is_required_unless_the_code_only_asks() {
        assert_eq!(one("connect(process.env.API_HOST)", "a.js"), ("API_HOST".into(), true, None));
        assert_eq!(one("if (process.env.FLAG) {}", "a.js"), ("FLAG".into(), false, None));
        let asked = "var on = !string.IsNullOrWhiteSpace(builder.Configuration[\"OTEL_ENDPOINT\"]);";
        assert_eq!(one(asked, "a.cs"), ("OTEL_ENDPOINT".into(), false, None));
        let demanded =
            "if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(\"URL\"))) throw new X();";
        assert_eq!(one(demanded, "a.cs"), ("URL".into(), true, None));
        assert_eq!(one("if v := os.Getenv(\"FLAG\"); v != \"\" {}", "a.go"), ("FLAG".into(), false, None));
        let looked = "if value, ok := os.LookupEnv(\"FLAG\"); ok {\n\tflag = value\n}";
        assert_eq!(one(looked, "a.go"), ("FLAG".into(), false, None));
        let fatal = "url, ok := os.LookupEnv(\"API_HOST\")\nif !ok {\n\tlog.Fatal(\"no host\")\n}";
        assert_eq!(one(fatal, "a.go"), ("API_HOST".into(), true, None));
        assert_eq!(one("os.environ[\"API_HOST\"]", "a.py"), ("API_HOST".into(), true, None));
        assert_eq!(one("x = process.env.BASE_PATH || ''", "a.js"), ("BASE_PATH".into(), false, None));
        assert_eq!(one("x = process.env.API_TOKEN || ''", "a.js"), ("API_TOKEN".into(), true, None));
        assert_eq!(one("x = os.getenv('API_TOKEN', None)", "a.py"), ("API_TOKEN".into(), false, None));
        assert!(read("// process.env.NOPE\n'process.env.ALSO'", "a.js").is_empty());
        assert!(read("process.env.NODE_ENV === 'x'; process.env.TZ = 'UTC'", "a.js").is_empty());
    }

    #[test]
    fn the_value_of_a_secret_is_never_a_default() {
        assert_eq!(
            one("x = os.getenv(\"JWT_SECRET\", \"hunter2\")", "a.py"),
            ("JWT_SECRET".into(), false, None)
        );
    }
}
