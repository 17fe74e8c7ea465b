//! Ways in which code reads an environment variable: a row per way.

use crate::detect::read::pattern::Pattern;

/// A way of reading a variable. Group `n` is the name, group `d` a default.
#[derive(Debug)]
pub(super) struct Read {
    /// Extensions of the sources that it is searched in.
    pub(super) extensions: &'static [&'static str],
    pub(super) pattern: Pattern,
    /// The code copes without the variable.
    pub(super) optional: bool,
}

const fn read(extensions: &'static [&'static str], pattern: &'static str) -> Read {
    Read { extensions, pattern: Pattern::new(pattern), optional: false }
}

const fn maybe(extensions: &'static [&'static str], pattern: &'static str) -> Read {
    Read { extensions, pattern: Pattern::new(pattern), optional: true }
}

const JS: &[&str] = &["js", "ts", "jsx", "tsx", "mjs", "cjs", "mts", "cts", "vue", "svelte", "astro"];
const JVM: &[&str] = &["java", "kt", "kts", "scala", "groovy"];
const DOTNET: &[&str] = &["cs", "fs", "vb"];

/// All ways of reading a variable.
pub(super) static PATTERNS: [Read; 48] = [
    read(JS, r"\bprocess\.env\.(?<n>[A-Z_][A-Z0-9_]*)\b"),
    read(JS, r#"\bprocess\.env\[['"](?<n>[A-Z_][A-Z0-9_]*)['"]\]"#),
    read(JS, r"\bimport\.meta\.env\.(?<n>(?:VITE|PUBLIC)_[A-Z0-9_]+)\b"),
    read(JS, r"\bBun\.env\.(?<n>[A-Z_][A-Z0-9_]*)\b"),
    read(JS, r#"\bDeno\.env\.get\(\s*['"](?<n>[A-Z_][A-Z0-9_]*)['"]\s*\)"#),
    read(
        JS,
        r#"\b(?:configService|config)\.(?:get|getOrThrow)(?:<\w+>)?\(\s*['"](?<n>[A-Z][A-Z0-9_]*)['"]\s*(?:,\s*(?<d>[^)]+))?\)"#,
    ),
    // env-var: `env.get("PORT").required().asPort()`
    maybe(
        JS,
        r#"(?:^|[^.\w])env\.get\(\s*['"](?<n>[A-Z][A-Z0-9_]*)['"]\s*\)(?:\s*\.default\((?<d>[^)\n]*)\))?"#,
    ),
    // Effect
    read(
        JS,
        r#"\bConfig\.(?:string|number|integer|boolean|redacted|secret|url|port)\(\s*['"](?<n>[A-Z][A-Z0-9_]*)['"]\s*\)(?:\s*\.pipe\(\s*Config\.withDefault\((?<d>[^)\n]*)\))?"#,
    ),
    read(&["py"], r#"\bos\.environ\[\s*['"](?<n>\w+)['"]\s*\]"#),
    read(
        &["py"],
        r#"\b(?:os\.environ\.get|os\.getenv|getenv)\(\s*['"](?<n>\w+)['"]\s*(?:,\s*(?:default\s*=\s*)?(?<d>[^)\n]+))?\)"#,
    ),
    read(
        &["py"],
        r#"(?:^|[^.\w])environ\.get\(\s*['"](?<n>[A-Z]\w+)['"]\s*(?:,\s*(?:default\s*=\s*)?(?<d>[^)\n]+))?\)"#,
    ),
    read(&["py"], r#"\benviron\[\s*['"](?<n>[A-Z]\w+)['"]\s*\]"#),
    read(
        &["py"],
        r#"\b(?:env|config)(?:\.(?:str|bool|int|list|url|float|json|dict))?\(\s*['"](?<n>[A-Z][A-Z0-9_]*)['"]\s*(?:,\s*(?:[^()]*?default\s*=\s*)?(?<d>[^,)\n]+)[^)\n]*)?\)"#,
    ),
    maybe(&["py"], r#"\benv\.(?:db|cache|db_url)\(\s*['"](?<n>[A-Z][A-Z0-9_]*)['"]"#),
    read(&["go"], r#"\bos\.(?:Getenv|LookupEnv)\(\s*"(?<n>\w+)"\s*\)"#),
    read(
        &["go"],
        r#"\b(?i:must_?get_?env|get_?env\w*|env_?or\w*|env_?(?:str|string|int|bool)?)\(\s*"(?<n>[A-Z][A-Z0-9_]*)"\s*(?:,\s*(?<d>[^)\n]+))?\)"#,
    ),
    read(&["go"], r#"\bviper\.Get\w*\(\s*"(?<n>[A-Z][A-Z0-9_]+)"\s*\)"#),
    maybe(&["go"], r#"\bviper\.BindEnv\(\s*"[^"\n]*"\s*,\s*"(?<n>[A-Z][A-Z0-9_]+)""#),
    maybe(&["go"], r#"\b(?:EnvVars:\s*\[\]string\{|cli\.EnvVars\()\s*"(?<n>[A-Z][A-Z0-9_]+)""#),
    read(&["rs"], r#"\benv::var(?:_os)?\(\s*"(?<n>\w+)"\s*\)"#),
    read(&["rs"], r#"\b(?:dotenvy::var|dotenv::var|dotenv!|env!)\(\s*"(?<n>\w+)"\s*\)"#),
    read(&["rs"], r#"(?:^|[^.\w:>])var\(\s*"(?<n>[A-Z][A-Z0-9_]+)"\s*\)"#),
    maybe(&["rs"], r#"\boption_env!\(\s*"(?<n>\w+)"\s*\)"#),
    read(JVM, r#"\bSystem\.getenv\(\s*"(?<n>\w+)"\s*\)"#),
    maybe(JVM, r#"\bSystem\.getenv\(\)\.getOrDefault\(\s*"(?<n>\w+)"\s*,\s*(?<d>[^)\n]+)\)"#),
    read(JVM, r#"\bSystem\.getenv\(\)\[\s*"(?<n>\w+)"\s*\]"#),
    read(JVM, r#"\bdotenv\.get\(\s*"(?<n>\w+)"\s*(?:,\s*(?<d>[^)\n]+))?\)"#),
    read(JVM, r#"\bsys\.env(?:\.(?:get|apply))?\(\s*"(?<n>\w+)"\s*\)"#),
    read(JVM, r#"\bsys\.env\.getOrElse\(\s*"(?<n>\w+)"\s*,\s*(?<d>[^)\n]+)\)"#),
    read(JVM, r#"@Value\(\s*"\$\{(?<n>[A-Z][A-Z0-9_]+)(?::(?<d>[^}]*))?\}"#),
    read(DOTNET, r#"\bEnvironment\.GetEnvironmentVariable\(\s*"(?<n>\w+)"\s*\)"#),
    read(DOTNET, r#"\b[cC]onfiguration\[\s*"(?<n>[A-Z][A-Z0-9_]+)"\s*\]"#),
    read(&["rb", "ru", "rake"], r#"\bENV\[\s*['"](?<n>\w+)['"]\s*\]"#),
    read(&["rb", "ru", "rake"], r#"\bENV\.fetch\(\s*['"](?<n>\w+)['"]\s*(?:,\s*(?<d>[^)\n]+))?\)"#),
    read(&["php"], r#"\b(?:getenv|env)\(\s*['"](?<n>[A-Z]\w+)['"]\s*(?:,\s*(?<d>[^)\n]+))?\)"#),
    read(&["php"], r#"\$_ENV\[\s*['"](?<n>\w+)['"]\s*\]"#),
    read(&["ex", "exs"], r#"\bSystem\.fetch_env!\(\s*"(?<n>\w+)"\s*\)"#),
    maybe(&["ex", "exs"], r#"\bSystem\.get_env\(\s*"(?<n>\w+)"\s*(?:,\s*(?<d>[^)\n]+))?\)"#),
    read(&["erl"], r#"\bos:getenv\(\s*"(?<n>\w+)"\s*(?:,\s*(?<d>[^)\n]+))?\)"#),
    read(&["swift"], r#"\bEnvironment\.get\(\s*"(?<n>\w+)"\s*\)"#),
    read(&["swift"], r#"\.environment\[\s*"(?<n>\w+)"\s*\]"#),
    read(&["dart"], r#"\bPlatform\.environment\[\s*['"](?<n>\w+)['"]\s*\]"#),
    read(&["cr"], r#"\bENV\[\s*"(?<n>\w+)"\s*\]\??"#),
    read(&["cr"], r#"\bENV\.fetch\(\s*"(?<n>\w+)"\s*(?:,\s*(?<d>[^)\n]+))?\)"#),
    read(&["clj"], r#"\(System/getenv\s+"(?<n>\w+)"\s*\)"#),
    read(&["hs"], r#"\bgetEnv\s+"(?<n>\w+)""#),
    maybe(&["hs"], r#"\blookupEnv\s+"(?<n>\w+)""#),
    read(&["c", "cc", "cpp", "cxx"], r#"\bgetenv\(\s*"(?<n>\w+)"\s*\)"#),
];

/// What the platform, the shell or a tool sets.
pub(super) const GIVEN: &[&str] = &[
    "NODE_ENV",
    "HOME",
    "PATH",
    "PWD",
    "USER",
    "USERNAME",
    "SHELL",
    "TERM",
    "LANG",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "CI",
    "HOSTNAME",
    "NODE_PATH",
    "NODE_OPTIONS",
    "PUBLIC_URL",
    "INIT_CWD",
    "NEXT_RUNTIME",
    "NEXT_PHASE",
    "VERCEL",
    "VERCEL_URL",
    "VERCEL_ENV",
    "NETLIFY",
    "ANALYZE",
    "RAILS_ENV",
    "RACK_ENV",
    "MIX_ENV",
    "APP_ENV",
    "DJANGO_SETTINGS_MODULE",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "DEBUG_MODE",
    "GITHUB_ACTIONS",
    "GITHUB_TOKEN_PATH",
    "npm_package_version",
    "HEROKU",
    "DYNO",
    "RUST_LOG",
    "CARGO_MANIFEST_DIR",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION",
    "OUT_DIR",
    "JEST_WORKER_ID",
    "VITEST",
    "TEST",
    "BUNDLE_GEMFILE",
    "RAILS_LOG_LEVEL",
    "FC_FUNCTION_NAME",
    "ANDROID_HOME",
    "PROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "USERPROFILE",
    "PROGRAMFILES",
    "PROGRAMDATA",
    "ProgramData",
    "ProgramFiles",
    "SYSTEMROOT",
    "COMSPEC",
    "LOGNAME",
    "EDITOR",
    "DISPLAY",
    "NO_COLOR",
    "FORCE_COLOR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    // What systemd, Kubernetes and hosting platforms set.
    "LISTEN_PID",
    "LISTEN_FDS",
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "RENDER_EXTERNAL_HOSTNAME",
    "RENDER_EXTERNAL_URL",
    "RAILWAY_PUBLIC_DOMAIN",
    "FLY_APP_NAME",
    "FLY_REGION",
    "FLY_MACHINE_ID",
    "WEBSITE_HOSTNAME",
    "WEBSITE_SITE_NAME",
    "K_SERVICE",
    "K_REVISION",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_EXECUTION_ENV",
    "LAMBDA_TASK_ROOT",
    "GITHUB_RUN_ID",
    "GITHUB_SHA",
    "GITHUB_REF",
    "GITHUB_REPOSITORY",
    "GITHUB_WORKSPACE",
    "GITHUB_OUTPUT",
    // What a web server tells of a request.
    "REQUEST_METHOD",
    "PATH_INFO",
    "QUERY_STRING",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_valid() {
        for row in &PATTERNS {
            assert!(row.pattern.capture_names().flatten().any(|name| name == "n"), "{row:?}");
        }
    }
}
