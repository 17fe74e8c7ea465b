//! Functions that a platform calls: which it is, by the file that describes them, and the name of each.

use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind::{self, Web, Worker};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{base, version};
use crate::detect::scope::Scope;

/// A function with how it is called.
pub(super) struct Function {
    pub(super) name: String,
    /// By events rather than by HTTP.
    pub(super) event: bool,
    pub(super) at: At,
}

static NODE: Pattern = Pattern::new(
    r#"\b(?:functions|ff|functionsFramework|framework)\.(http|cloudEvent)\s*\(\s*['"](\w+)['"]"#,
);
static EXPORTED: Pattern = Pattern::new(
    r"\b(?:module\.)?exports\.(\w+)\s*=|\bexport\s+(?:const|async\s+function|function)\s+(\w+)\s*(?::\s*\w*Function\b|\()",
);
static PYTHON: Pattern = Pattern::new(
    r"@functions_framework\.(http|cloud_event|typed)\b[^\n]*\n(?:\s*@[^\n]*\n)*\s*(?:async\s+)?def\s+(\w+)",
);
static PLAIN: Pattern = Pattern::new(r"(?m)^(?:async\s+)?def\s+(\w+)\s*\(\s*request\s*(?::[^,)]*)?\)");
static RUBY: Pattern =
    Pattern::new(r#"\bFunctionsFramework\.(http|cloud_event)\b\s*\(?\s*(?:['":]+(\w+)['"]?)?"#);

/// The functions that the Functions Framework finds in the sources of a language.
pub(super) fn functions(scope: &Scope<'_>, extensions: &[&str]) -> Vec<Function> {
    let pattern: &Pattern = match extensions {
        ["py", ..] => &PYTHON,
        ["rb", ..] => &RUBY,
        _ => &NODE,
    };
    let sources = scope.sources(extensions);
    let mut found = Vec::new();
    for file in sources.iter().take(60) {
        let Some(code) = scope.tree.code(file) else { continue };
        for one in code.captures(pattern) {
            let name = one.get(2).map_or_else(|| "function".to_owned(), |name| name.as_str().to_owned());
            let at = At::line(*file, one.get(0).map(|whole| code.line(whole.start())));
            found.push(Function { name, event: !matches!(&one[1], "http" | "typed"), at });
        }
    }
    let plain = |file: &&&str| base(file) == "main.py";
    if found.is_empty() && extensions[0] == "py" {
        for file in sources.iter().filter(plain) {
            let Some(code) = scope.tree.code(file) else { continue };
            for one in code.captures(&PLAIN) {
                let at = At::line(*file, one.get(0).map(|whole| code.line(whole.start())));
                found.push(Function { name: one[1].to_owned(), event: false, at });
            }
        }
    }
    let usual = |file: &&&str| matches!(base(file), "index.js" | "function.js" | "index.ts" | "index.mjs");
    if found.is_empty() && extensions[0] == "js" {
        for file in sources.iter().filter(usual) {
            let Some(code) = scope.tree.code(file) else { continue };
            for one in code.captures(&EXPORTED) {
                let name = one.get(1).or(one.get(2)).filter(|name| !name.as_str().starts_with('_'));
                let Some(name) = name else { continue };
                let at = At::line(*file, Some(code.line(name.start())));
                found.push(Function { name: name.as_str().to_owned(), event: false, at });
            }
        }
    }
    found
}

/// The framework's command for the only function, or the choice among several.
pub(super) fn start(
    draft: &mut Draft,
    functions: &[Function],
    command: impl Fn(&Function) -> String,
) -> Option<(String, At)> {
    match functions {
        [] => None,
        [one] => Some((command(one), one.at.clone())),
        several => {
            let names: Vec<&str> = several.iter().take(6).map(|one| one.name.as_str()).collect();
            let candidates = several.iter().take(12).map(|one| (command(one), one.at.clone())).collect();
            draft.ambiguous(
                "commands.start",
                candidates,
                format!("{}: each is a function", names.join(" or ")),
            );
            None
        }
    }
}

/// What an event that comes by HTTP looks like in a description.
struct Platform {
    framework: &'static str,
    files: &'static [&'static str],
    /// The description says it itself where its name does not.
    marked: Option<&'static Pattern>,
    /// An event that comes by HTTP.
    http: &'static Pattern,
    /// What has to be there for the platform to run here.
    local: &'static Pattern,
    run: &'static str,
    /// The option that names a description in another folder.
    option: Option<&'static str>,
    build: Option<&'static str>,
    port: u16,
}

static SERVERLESS_HTTP: Pattern = Pattern::new(r"(?m)\bhttp(?:Api)?\s*:|-\s*http(?:Api)?\b|\burl:\s*true\b");
static SERVERLESS_OFFLINE: Pattern = Pattern::new(r"\bserverless-offline\b");
static SAM: Pattern = Pattern::new(r#"AWS::Serverless-\d{4}-\d{2}-\d{2}"#);
static SAM_HTTP: Pattern = Pattern::new(r#"\bType['"]?\s*:\s*['"]?(?:Api|HttpApi)\b"#);
static HOST: Pattern = Pattern::new(r#""version"\s*:\s*"[23]\.0""#);
static ANY: Pattern = Pattern::new("");

static PLATFORMS: [Platform; 3] = [
    Platform {
        framework: "serverless",
        files: &["serverless.yml", "serverless.yaml", "serverless.ts", "serverless.js", "serverless.json"],
        marked: None,
        http: &SERVERLESS_HTTP,
        local: &SERVERLESS_OFFLINE,
        run: "serverless offline",
        option: None,
        build: None,
        port: 3000,
    },
    Platform {
        framework: "aws-sam",
        files: &["template.yaml", "template.yml", "template.json"],
        marked: Some(&SAM),
        http: &SAM_HTTP,
        local: &ANY,
        run: "sam local start-api",
        option: Some("--template"),
        build: Some("sam build"),
        port: 3000,
    },
    Platform {
        framework: "azure-functions",
        files: &["host.json"],
        marked: Some(&HOST),
        http: &ANY,
        local: &ANY,
        run: "func start",
        option: None,
        build: None,
        port: 7071,
    },
];

static PINNED: Pattern = Pattern::new(r#"(?m)^\s*frameworkVersion['"]?\s*:\s*['"]?([^'"\n,]+)"#);

/// Says for a folder without a server's framework which platform calls its functions.
pub(super) fn attach(scope: &Scope<'_>, draft: &mut Draft) {
    let open = draft.c.framework.is_none()
        && !matches!(draft.c.kind, Web | ComponentKind::Static | ComponentKind::Infrastructure);
    if !open || draft.aggregator || draft.c.language.is_none() {
        return;
    }
    for platform in &PLATFORMS {
        let Some((file, above)) = described(scope, platform) else { continue };
        let Some(code) = scope.tree.code(&file) else { continue };
        let at = At::file(&file);
        let version = PINNED.captures(&code.text).filter(|_| platform.framework == "serverless");
        let version = version.and_then(|found| version::bare(&found[1]));
        draft.framework(platform.framework, version, &at, 0.85);
        let http = platform.http.captures(&code.text).and_then(|found| found.get(0));
        // What a manifest took for a library or a program of its own is a function.
        let kind = if http.is_some() { Web } else { Worker };
        let line = http.map(|whole| code.line(whole.start()));
        draft.unserved(kind, &At::line(&file, line), 0.8);
        draft.strength = if kind == Web { 3 } else { 2 };
        draft.forget_guessed_start();
        if let Some(build) = platform.build {
            let run = path(build, platform.option, &file, above);
            draft.command(Slot::Build, &run, &at, 0.75);
        }
        if kind == Web && platform.local.is_match(&code.text) {
            // What the ecosystem runs is not what calls the functions.
            draft.forget_start(0.9);
            let run = path(platform.run, platform.option, &file, above);
            let runner =
                if draft.ecosystem == "node" && platform.framework == "serverless" { "npx " } else { "" };
            draft.command(Slot::Start, &format!("{runner}{run}"), &at, 0.8);
            draft.command(Slot::Dev, &format!("{runner}{run}"), &at, 0.8);
            draft.port(platform.port, PortSource::Default, &at);
        }
        return;
    }
}

/// A command with the description's path where it stands above.
fn path(command: &str, option: Option<&str>, file: &str, above: usize) -> String {
    match option.filter(|_| above > 0) {
        Some(option) => format!("{command} {option} {}{}", "../".repeat(above), base(file)),
        None => command.to_owned(),
    }
}

/// The description of the folder's functions, and how many folders above it stands.
fn described(scope: &Scope<'_>, platform: &Platform) -> Option<(String, usize)> {
    let reach = if platform.option.is_some() { 4 } else { 1 };
    let mut folders = super::tools::upward(&scope.dir).take(reach).enumerate();
    let found = folders.find_map(|(above, dir)| Some((scope.tree.first(dir, platform.files)?, above)))?;
    let text = scope.tree.text(&found.0)?;
    platform.marked.is_none_or(|mark| mark.is_match(&text)).then_some(found)
}

/// Settles a program of the Functions Framework.
pub(super) fn framework(scope: &Scope<'_>, extensions: &[&str], draft: &mut Draft, run: &str) {
    let found = functions(scope, extensions);
    let main = |one: &Function| match (base(&one.at.file), extensions) {
        ("main.py", ["py", ..]) | ("app.rb", ["rb", ..]) | (_, ["js", ..]) => String::new(),
        _ => format!(" --source={}", scope.relative(&one.at.file)),
    };
    let command = |one: &Function| {
        let kind = if one.event { " --signature-type=cloudevent" } else { "" };
        let kind = if extensions[0] == "rb" { "" } else { kind };
        format!("{run} --target={}{kind}{}", one.name, main(one))
    };
    if let Some((start, at)) = start(draft, &found, command) {
        draft.command(Slot::Start, &start, &at, 0.85);
        draft.command(Slot::Dev, &start, &at, 0.8);
    }
    let at = draft.c.evidence.iter().find(|e| e.field == "framework");
    let at = at.map_or_else(|| At::file("."), |e| At::line(e.file.clone(), e.line));
    draft.port(8080, PortSource::Default, &at);
}
