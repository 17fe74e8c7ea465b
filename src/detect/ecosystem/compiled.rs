//! Swift, Zig, Dart, Crystal and Haskell: one manifest each, read for names, versions and packages.

use serde_json::Value;

use super::shared::{self, Dependency};
use super::{Ecosystem, plain, tools, version};
use crate::detect::draft::{At, Draft, Slot};
use crate::detect::facts::ComponentKind::{self, Static, Unknown, Web};
use crate::detect::read::listen::{self, Listen, Take};
use crate::detect::read::{Words, lines, pattern::Pattern, version::bare};
use crate::detect::rule::Framework;
use crate::detect::rule::framework::row;
use crate::detect::scope::Scope;

pub(super) const SWIFT: Ecosystem = Ecosystem { markers: &["Package.swift"], describe: swift };
pub(super) const ZIG: Ecosystem = Ecosystem { markers: &["build.zig"], describe: zig };
pub(super) const DART: Ecosystem = Ecosystem { markers: &["pubspec.yaml"], describe: dart };
pub(super) const CRYSTAL: Ecosystem = Ecosystem { markers: &["shard.yml"], describe: crystal };
pub(super) const HASKELL: Ecosystem =
    Ecosystem { markers: &["*.cabal", "package.yaml", "stack.yaml"], describe: haskell };

/// All rows.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row("vapor", &["vapor"], 70, Some(8080), Web),
    row("hummingbird", &["hummingbird"], 70, Some(8080), Web),
    row("kitura", &["Kitura"], 60, Some(8080), Web),
    row("dart_frog", &["dart_frog"], 72, Some(8080), Web),
    row("serverpod", &["serverpod"], 72, Some(8080), Web),
    row("flutter", &["flutter"], 60, None, Unknown),
    row("jaspr", &["jaspr"], 58, Some(8080), Static),
    row("shelf", &["shelf"], 50, Some(8080), Web),
    row("alfred", &["alfred"], 50, None, Web),
    row("amber", &["amber"], 60, Some(3000), Web),
    row("lucky", &["lucky"], 60, Some(3000), Web),
    row("kemal", &["kemal"], 58, Some(3000), Web),
    row("athena", &["athena"], 58, Some(3000), Web),
    row("yesod", &["yesod", "yesod-core"], 60, Some(3000), Web),
    row("ihp", &["ihp"], 60, Some(8000), Web),
    row("servant", &["servant-server"], 56, None, Web),
    row("scotty", &["scotty"], 54, None, Web),
    row("spock", &["Spock"], 54, None, Web),
    row("snap", &["snap-server"], 54, Some(8000), Web),
    row("warp", &["warp"], 40, None, Web),
    row("zap", &["zap"], 50, None, Web),
    row("httpz", &["httpz"], 50, None, Web),
    row("jetzig", &["jetzig"], 60, Some(8080), Web),
];

/// Calls that listen.
static LISTEN: [Listen; 11] = [
    listen::row(r"\.port\s*=\s*([^\n;,}]+)", Take::Group),
    listen::row(r"\bport:\s*(\d{2,5})", Take::Group),
    listen::row(r"\b(?:shelf_io|io)\.serve\s*\(", Take::Argument(2)),
    listen::row(r"\bHttpServer\.bind\s*\(", Take::Argument(1)),
    listen::row(r"\b(?:serve)\s*\(\s*\w+\s*,\s*\w[\w.]*\s*,\s*([^),]+)", Take::Group),
    listen::row(r"\.bind_tcp\s*\(?\s*(?:\x22[\d.]+\x22\s*,\s*)?(\d{2,5}|\w+)", Take::Group),
    listen::row(r"\bKemal\.run\s*\(?\s*(\d{2,5})", Take::Group),
    listen::row(r"\b(?:scotty|run|runSpock|Warp\.run|warp)\s+(\d{2,5})\b", Take::Group),
    listen::row(r"\b(?:scotty|run|Warp\.run)\s+\(?(\w*[pP]ort\w*)", Take::Group),
    listen::row(r"\bparseIp4?\s*\(", Take::Argument(1)),
    listen::row(r"\bsetPort\s+(\d{2,5}|\w*[pP]ort\w*)", Take::Group),
];

fn begin(
    scope: &Scope<'_>,
    ecosystem: &'static str,
    language: &str,
    manager: &str,
    file: &str,
) -> (Draft, At) {
    let mut draft = Draft::new(ecosystem, &scope.dir);
    let whole = At::file(file);
    draft.strength = 1;
    draft.language(language, &whole, 0.98);
    draft.manager(manager, &whole, 0.95);
    (draft, whole)
}

/// Words of sources that may listen.
static WORDS: Words = Words::new(&["port", "Port", "serve", "bind", "listen", "run", "scotty"]);

/// What follows from the dependencies and the code, for all of them.
fn end(
    scope: &Scope<'_>,
    mut draft: Draft,
    dependencies: &[Dependency],
    extensions: &[&str],
    runs: bool,
    commands: &[(Slot, String)],
) -> Vec<Draft> {
    let framework = shared::framework(FRAMEWORKS, dependencies, &mut draft);
    shared::services(draft.ecosystem, dependencies, &mut draft);
    let served = framework.is_some_and(|row| row.kind == Web);
    let listens =
        (served || framework.is_none()) && shared::listens(scope, &mut draft, extensions, &WORDS, &LISTEN);
    let whole = draft.c.evidence.first().map_or_else(|| At::file("."), |e| At::line(e.file.clone(), e.line));
    for (slot, command) in commands {
        if runs || !matches!(slot, Slot::Dev | Slot::Start) {
            draft.command(*slot, command, &whole, 0.8);
        }
    }
    if framework.is_none() {
        draft.strength = if runs { 2 } else { 1 };
        match (listens && runs, runs) {
            (true, _) => draft.kind(Web, &whole, 0.65),
            (_, true) => plain::kind(scope, extensions, &whole, &mut draft),
            _ => draft.kind(ComponentKind::Library, &whole, 0.65),
        }
    }
    vec![draft]
}

fn same(rows: &[(Slot, &str)]) -> Vec<(Slot, String)> {
    rows.iter().map(|(slot, command)| (*slot, (*command).to_owned())).collect()
}

static SWIFT_TOOLS: Pattern = Pattern::new(r"(?m)^//\s*swift-tools-version\s*:\s*([\d.]+)");
static SWIFT_NAME: Pattern = Pattern::new(r#"\bPackage\(\s*name:\s*"([^"]+)""#);
static SWIFT_PACKAGE: Pattern = Pattern::new(
    r#"\.package\(\s*(?:name:\s*"[^"]*"\s*,\s*)?url:\s*"[^"]*/([\w.-]+?)(?:\.git)?/?"\s*,\s*(?:from:|exact:|\.upToNextM\w+\(from:)?\s*"?([\d.]+)?"#,
);

fn swift(scope: &Scope<'_>) -> Vec<Draft> {
    let Some(file) = scope.find("Package.swift") else { return Vec::new() };
    let (mut draft, _) = begin(scope, "swift", "Swift", "swiftpm", &file);
    let (Some(text), Some(code)) = (scope.tree.text(&file), scope.tree.code(&file)) else {
        return vec![draft];
    };
    let line = |found: &regex::Captures<'_>| At::line(&file, found.get(0).map(|m| code.line(m.start())));
    if let Some(found) = SWIFT_NAME.captures(&code.text) {
        draft.name(&found[1], &line(&found));
    }
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["swift"]));
    pins.push(tools::file(scope.tree, &scope.dir, &[".swift-version"]));
    pins.manifest =
        SWIFT_TOOLS.captures(&text).map(|found| tools::Pin { text: found[1].to_owned(), at: line(&found) });
    version::settle(scope.tree, &mut draft, pins, 2, |_| None);
    let packages = SWIFT_PACKAGE.captures_iter(&code.text).map(|found| Dependency {
        name: found[1].to_owned(),
        version: found.get(2).map(|v| v.as_str().to_owned()),
        at: line(&found),
    });
    let packages: Vec<Dependency> = packages.collect();
    let runs = code.text.contains(".executableTarget")
        || code.text.contains(".executable(")
        || scope.files.iter().any(|f| f.ends_with("/main.swift"));
    let commands = same(&[
        (Slot::Install, "swift package resolve"),
        (Slot::Build, "swift build"),
        (Slot::Dev, "swift run"),
        (Slot::Start, "swift run"),
        (Slot::Test, "swift test"),
    ]);
    end(scope, draft, &packages, &["swift"], runs, &commands)
}

static ZON_NAME: Pattern = Pattern::new(r#"\.name\s*=\s*(?:\.@?"?|")([\w-]+)"#);
static ZON_VERSION: Pattern = Pattern::new(r#"\.minimum_zig_version\s*=\s*"([^"]+)""#);
static ZON_DEPENDENCY: Pattern =
    Pattern::new(r#"(?m)^\s*\.@?"?([\w-]+)"?\s*=\s*\.\{\s*\n?\s*\.(?:url|hash|path)"#);

fn zig(scope: &Scope<'_>) -> Vec<Draft> {
    let Some(build) = scope.find("build.zig") else { return Vec::new() };
    let (mut draft, _) = begin(scope, "zig", "Zig", "zig", &build);
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["zig"]));
    pins.push(tools::file(scope.tree, &scope.dir, &[".zigversion", ".zig-version"]));
    let mut packages = Vec::new();
    if let Some(file) = scope.find("build.zig.zon")
        && let Some(code) = scope.tree.code(&file)
    {
        let line = |found: &regex::Captures<'_>| At::line(&file, found.get(0).map(|m| code.line(m.start())));
        if let Some(found) = ZON_NAME.captures(&code.text) {
            draft.name(&found[1], &line(&found));
        }
        pins.manifest = ZON_VERSION
            .captures(&code.text)
            .map(|found| tools::Pin { text: found[1].to_owned(), at: line(&found) });
        packages.extend(ZON_DEPENDENCY.captures_iter(&code.text).map(|found| Dependency {
            name: found[1].to_owned(),
            version: None,
            at: line(&found),
        }));
    }
    version::settle(scope.tree, &mut draft, pins, 3, |_| None);
    let runs = scope.tree.code(&build).is_some_and(|code| code.text.contains("addExecutable"));
    let commands = same(&[
        (Slot::Build, "zig build"),
        (Slot::Dev, "zig build run"),
        (Slot::Start, "zig build run"),
        (Slot::Test, "zig build test"),
    ]);
    end(scope, draft, &packages, &["zig"], runs, &commands)
}

fn listed(doc: &Value, key: &str, file: &str, text: &str) -> Vec<Dependency> {
    let table = doc.get(key).and_then(Value::as_object);
    let version = |value: &Value| value.as_str().or_else(|| value.get("version")?.as_str()).and_then(bare);
    let entry = |(name, value): (&String, &Value)| Dependency {
        name: name.clone(),
        version: version(value),
        at: At::line(file, lines::word(text, &format!("{name}:")).or_else(|| lines::word(text, name))),
    };
    table.into_iter().flatten().map(entry).collect()
}

fn dart(scope: &Scope<'_>) -> Vec<Draft> {
    let Some(file) = scope.find("pubspec.yaml") else { return Vec::new() };
    let (mut draft, _) = begin(scope, "dart", "Dart", "pub", &file);
    let (Some(doc), Some(text)) = (scope.tree.doc(&file), scope.tree.text(&file)) else { return vec![draft] };
    let at = |word: &str| At::line(&file, lines::word(&text, word));
    if let Some(name) = doc.get("name").and_then(Value::as_str) {
        draft.name(name, &at("name:"));
        draft.aliases.insert(name.to_owned());
    }
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["dart"]));
    pins.manifest = doc
        .pointer("/environment/sdk")
        .and_then(Value::as_str)
        .map(|text| tools::Pin { text: text.to_owned(), at: at("sdk:") });
    version::settle(scope.tree, &mut draft, pins, 2, |_| None);
    let packages = listed(&doc, "dependencies", &file, &text);
    draft.needs.extend(packages.iter().map(|package| package.name.clone()));
    let flutter = packages.iter().any(|package| package.name == "flutter");
    let frog = packages.iter().any(|package| package.name == "dart_frog");
    let entry = scope.first(&[
        "bin/server.dart",
        &format!("bin/{}.dart", draft.c.name),
        "bin/main.dart",
        "lib/main.dart",
    ]);
    // The only program of `bin`, whatever its name.
    let mut programs = scope.files.iter().filter(|file| {
        let name = scope.relative(file);
        name.strip_prefix("bin/").is_some_and(|rest| rest.ends_with(".dart") && !rest.contains('/'))
    });
    let only = programs.next().filter(|_| programs.next().is_none()).map(|file| (*file).to_owned());
    let entry = entry.or(only);
    let run = entry.as_deref().map(|file| scope.relative(file).to_owned());
    let run = match (flutter, frog) {
        (true, _) => "flutter run".to_owned(),
        (_, true) => "dart_frog dev".to_owned(),
        _ => format!("dart run {}", run.unwrap_or_default()).trim_end().to_owned(),
    };
    let install = if flutter { "flutter pub get" } else { "dart pub get" };
    let mut commands =
        same(&[(Slot::Install, install), (Slot::Test, if flutter { "flutter test" } else { "dart test" })]);
    commands.extend([
        (Slot::Dev, run.clone()),
        (Slot::Start, if frog { "dart build/bin/server.dart".into() } else { run }),
    ]);
    if frog {
        commands.push((Slot::Build, "dart_frog build".into()));
    }
    end(scope, draft, &packages, &["dart"], entry.is_some() || frog || flutter, &commands)
}

fn crystal(scope: &Scope<'_>) -> Vec<Draft> {
    let Some(file) = scope.find("shard.yml") else { return Vec::new() };
    let (mut draft, _) = begin(scope, "crystal", "Crystal", "shards", &file);
    let (Some(doc), Some(text)) = (scope.tree.doc(&file), scope.tree.text(&file)) else { return vec![draft] };
    let at = |word: &str| At::line(&file, lines::word(&text, word));
    if let Some(name) = doc.get("name").and_then(Value::as_str) {
        draft.name(name, &at("name:"));
    }
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["crystal"]));
    pins.push(tools::file(scope.tree, &scope.dir, &[".crystal-version"]));
    pins.manifest = doc
        .get("crystal")
        .and_then(Value::as_str)
        .map(|text| tools::Pin { text: text.to_owned(), at: at("crystal:") });
    version::settle(scope.tree, &mut draft, pins, 2, |_| None);
    let packages = listed(&doc, "dependencies", &file, &text);
    let targets = doc.get("targets").and_then(Value::as_object);
    let runs = targets.is_some();
    let main = targets.and_then(|targets| {
        targets.values().find_map(|target| target.get("main")?.as_str().map(str::to_owned))
    });
    let mut commands = same(&[
        (Slot::Install, "shards install"),
        (Slot::Build, "shards build"),
        (Slot::Test, "crystal spec"),
    ]);
    if let Some(main) = main {
        commands.extend([(Slot::Dev, format!("crystal run {main}")), (Slot::Start, "shards run".to_owned())]);
    }
    end(scope, draft, &packages, &["cr"], runs, &commands)
}

static CABAL_NAME: Pattern = Pattern::new(r"(?mi)^name\s*:\s*(\S+)");
static CABAL_DEPENDS: Pattern =
    Pattern::new(r"(?mi)^[ \t]*build-depends\s*:((?:.*\n)(?:[ \t]+[^:\n]*\n|[ \t]*\n)*)");
static PACKAGE: Pattern = Pattern::new(r"^\s*([A-Za-z][\w-]*)\s*(.*)$");

fn haskell(scope: &Scope<'_>) -> Vec<Draft> {
    let stack = scope.first(&["stack.yaml"]);
    let cabal =
        scope.tree.names(&scope.dir).find(|name| name.ends_with(".cabal")).and_then(|name| scope.find(name));
    let hpack = scope.find("package.yaml").filter(|file| {
        scope.tree.doc(file).is_some_and(|doc| {
            doc.get("dependencies").is_some_and(Value::is_array)
                || doc.get("executables").is_some()
                || doc.get("library").is_some()
        })
    });
    let Some(file) = cabal.clone().or_else(|| hpack.clone()).or_else(|| stack.clone()) else {
        return Vec::new();
    };
    if cabal.is_none() && hpack.is_none() && stack.is_none() {
        return Vec::new();
    }
    let manager = if stack.is_some() { "stack" } else { "cabal" };
    let (mut draft, _) = begin(scope, "haskell", "Haskell", manager, stack.as_deref().unwrap_or(&file));
    let mut packages = Vec::new();
    let mut runs = false;
    if let Some(file) = &cabal
        && let Some(text) = scope.tree.text(file)
    {
        let code = crate::detect::read::Code::new(&text, "x.hs");
        if let Some(found) = CABAL_NAME.captures(&code.text) {
            draft.name(&found[1], &At::line(file, found.get(0).map(|m| code.line(m.start()))));
        }
        for block in CABAL_DEPENDS.captures_iter(&code.text) {
            let line = block.get(0).map(|m| code.line(m.start()));
            for item in block[1].split([',', '\n']) {
                if let Some(found) = PACKAGE.captures(item.trim().trim_start_matches(',')) {
                    let line = lines::word_after(&text, "build-depends:", &found[1]).or(line);
                    packages.push(Dependency {
                        name: found[1].to_owned(),
                        version: bare(&found[2]),
                        at: At::line(file, line),
                    });
                }
            }
        }
        runs = code.text.lines().any(|line| line.to_lowercase().starts_with("executable"));
    }
    if let Some(file) = &hpack
        && let (Some(doc), Some(text)) = (scope.tree.doc(file), scope.tree.text(file))
    {
        if let Some(name) = doc.get("name").and_then(Value::as_str) {
            draft.name(name, &At::line(file, lines::word(&text, "name:")));
        }
        runs |= doc.get("executables").is_some() || doc.get("executable").is_some();
        let own = [doc.get("dependencies"), doc.pointer("/library/dependencies")];
        let parts = doc.get("executables").and_then(Value::as_object);
        let parts = parts.into_iter().flatten().map(|(_, part)| part.get("dependencies"));
        for item in own
            .into_iter()
            .chain(parts)
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(Value::as_str)
        {
            if let Some(found) = PACKAGE.captures(item) {
                packages.push(Dependency {
                    name: found[1].to_owned(),
                    version: bare(&found[2]),
                    at: At::line(file, lines::word(&text, &found[1])),
                });
            }
        }
    }
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["ghc", "haskell"]));
    for file in [scope.find("cabal.project"), stack.clone()].into_iter().flatten() {
        let Some(text) = scope.tree.text(&file) else { continue };
        let found = text.lines().zip(1u32..).find_map(|(line, number)| {
            let (key, value) = line.split_once(':')?;
            let value = value.trim().strip_prefix("ghc-")?;
            ["with-compiler", "compiler", "resolver", "snapshot"]
                .contains(&key.trim())
                .then(|| tools::Pin { text: value.to_owned(), at: At::line(&file, number) })
        });
        pins.push(found);
    }
    version::settle(scope.tree, &mut draft, pins, 3, |_| None);
    let commands = match manager {
        "stack" => same(&[
            (Slot::Install, "stack setup"),
            (Slot::Build, "stack build"),
            (Slot::Dev, "stack run"),
            (Slot::Start, "stack run"),
            (Slot::Test, "stack test"),
        ]),
        _ => same(&[
            (Slot::Install, "cabal update"),
            (Slot::Build, "cabal build"),
            (Slot::Dev, "cabal run"),
            (Slot::Start, "cabal run"),
            (Slot::Test, "cabal test"),
        ]),
    };
    end(scope, draft, &packages, &["hs"], runs || scope.find("app/Main.hs").is_some(), &commands)
}
