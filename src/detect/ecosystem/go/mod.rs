//! Go: `go.mod`, every `package main`, where it listens.

mod module;

use std::collections::BTreeMap;

use super::{Ecosystem, plain, shared, tools, version};
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind::{self, Web};
use crate::detect::read::listen::{self, Listen, Take};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{Words, base, folder};
use crate::detect::rule::framework::{best, row};
use crate::detect::rule::{Framework, driver};
use crate::detect::scope::Scope;

use module::Module;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem { markers: &["go.mod"], describe };

/// Go files without a module.
pub(super) const LOOSE: Ecosystem = Ecosystem { markers: &["*.go"], describe };

/// All rows.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row("beego", &["github.com/beego/beego*", "github.com/astaxie/beego"], 70, Some(8080), Web),
    row("buffalo", &["github.com/gobuffalo/buffalo"], 70, Some(3000), Web),
    row("revel", &["github.com/revel/revel"], 70, Some(9000), Web),
    row("goframe", &["github.com/gogf/gf*"], 68, Some(8000), Web),
    row("kratos", &["github.com/go-kratos/kratos*"], 68, Some(8000), Web),
    row("go-zero", &["github.com/zeromicro/go-zero"], 68, None, Web),
    row("encore", &["encore.dev"], 68, Some(4000), Web),
    row("flamego", &["github.com/flamego/flamego"], 60, Some(2830), Web),
    row("macaron", &["gopkg.in/macaron.v1"], 60, Some(4000), Web),
    row("iris", &["github.com/kataras/iris*"], 60, None, Web),
    row("fiber", &["github.com/gofiber/fiber*"], 58, None, Web),
    row("gin", &["github.com/gin-gonic/gin"], 56, Some(8080), Web),
    row("echo", &["github.com/labstack/echo*"], 56, None, Web),
    row("hertz", &["github.com/cloudwego/hertz"], 56, Some(8888), Web),
    row("huma", &["github.com/danielgtaylor/huma*"], 54, None, Web),
    row("chi", &["github.com/go-chi/chi*"], 50, None, Web),
    row("mux", &["github.com/gorilla/mux"], 48, None, Web),
    row("httprouter", &["github.com/julienschmidt/httprouter"], 46, None, Web),
    row("fasthttp", &["github.com/valyala/fasthttp"], 44, None, Web),
    row("gqlgen", &["github.com/99designs/gqlgen"], 40, Some(8080), Web),
    row("connect", &["connectrpc.com/connect"], 38, None, Web),
    row(
        "functions-framework",
        &["github.com/GoogleCloudPlatform/functions-framework-go"],
        60,
        Some(8080),
        Web,
    ),
    row("grpc", &["google.golang.org/grpc"], 20, None, Web),
];

/// Calls that listen.
static LISTEN: [Listen; 16] = [
    listen::row(r"\b(?:http|fasthttp)\.ListenAndServe(?:TLS)?\s*\(", Take::Argument(0)),
    listen::row(r"\bnet\.Listen\s*\(", Take::Argument(1)),
    listen::row(r"\b\w+\.Listen\s*\(\s*\x22tcp\d?\x22\s*,", Take::Argument(0)),
    listen::row(r"\becho\.StartConfig\s*\{", Take::Key(&["Address"])),
    listen::row(r"\b(?:http\.Server|fasthttp\.Server)\s*\{", Take::Key(&["Addr"])),
    listen::row(
        r"\b(?:r|router|engine|g|server|srv|app|e|ginEngine|api)\.Run(?:TLS)?\s*\(",
        Take::Argument(0),
    ),
    listen::row(r"\b(?:e|echo|srv|server|app|s|router|api)\.Start(?:TLS)?\s*\(", Take::Argument(0)),
    listen::row(r"\.ListenAndServe\s*\(\s*(\d{2,5})\s*\)", Take::Group),
    listen::row(r"\b\w+\.Run\s*\(\s*(\x22[^\x22\s]*:\d{2,5}\x22)", Take::Group),
    listen::row(r"\b\w+\.Start\s*\(\s*(\x22[^\x22\s]*:\d{2,5}\x22)", Take::Group),
    listen::row(r"\b\w+\.Listen(?:TLS)?\s*\(", Take::Argument(0)),
    listen::row(r"\bserver\.WithHostPorts\s*\(", Take::Argument(0)),
    listen::row(r"\bhttp\.Serve\s*\(", Take::Argument(0)),
    listen::row(r"\bdaprd\.NewService\s*\(", Take::Argument(0)),
    listen::row(r"\b(?:cloudevents|cehttp|client)\.WithPort\s*\(", Take::Argument(0)),
    listen::row(r"\.StartReceiver\s*\(", Take::Key(&["port"])),
];

/// Where a client of CloudEvents receives unless it is told another port.
const CLOUDEVENTS: u16 = 8080;

/// Dependencies that make a program of commands.
const COMMANDS: &[&str] = &[
    "github.com/spf13/cobra",
    "github.com/urfave/cli*",
    "github.com/alecthomas/kong",
    "github.com/jessevdk/go-flags",
];

static PACKAGE_MAIN: Pattern = Pattern::new(r"(?m)^package\s+main\b");
static MAIN: Pattern = Pattern::new(r"(?m)^func\s+main\s*\(\s*\)");

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    let file = scope.find("go.mod");
    let sources = scope.sources(&["go"]);
    if sources.is_empty() && file.is_none() {
        return Vec::new();
    }
    let imports = module::packages(scope, &sources);
    let mut module = match file.as_deref().and_then(|file| scope.tree.text(file)) {
        Some(text) => Module::parse(&text),
        None => Module::imported(scope, &sources),
    };
    module.used(&imports);
    let marker = file.clone().or_else(|| sources.first().map(|file| (*file).to_owned())).unwrap_or_default();
    let at = |line: Option<u32>| At::line(&marker, line);
    let mut draft = Draft::new("go", &scope.dir);
    draft.strength = 1;
    if let Some((path, line)) = &module.name {
        let name = path.rsplit('/').find(|part| !is_major(part)).unwrap_or(path);
        draft.name(name, &at(Some(*line)));
        draft.aliases.insert(path.clone());
    }
    draft.language("Go", &at(None), 0.98);
    draft.manager("go", &at(None), 0.98);
    draft.needs.extend(module.requires.iter().map(|(path, _, _)| path.clone()));
    pins(scope, &module, &marker, &mut draft);
    // A framework that is there for one of its tools serves nothing: Beego's validation beside Gin.
    let serves = |path: &str| {
        let server = |import: &str| {
            import
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("/v") || rest.contains("web"))
        };
        !path.contains("beego")
            || imports.iter().any(|import| server(import) && !import.ends_with("validation"))
    };
    let direct = || module.requires.iter().map(|(path, _, _)| path.as_str()).filter(|path| serves(path));
    let framework = best(FRAMEWORKS, direct());
    let require = |path: &str| module.requires.iter().find(|(known, _, _)| known == path);
    let mains = mains(scope, &sources);
    let found = places(scope, &sources, &mains, framework.map(|(row, _)| row), &mut draft);
    commands(scope, &mains, &found, &marker, &mut draft);
    if let Some((row, path)) = framework.filter(|(row, _)| row.name != "grpc" || !found.is_empty())
        && (!mains.is_empty() || row.name == "functions-framework")
    {
        let require = require(path);
        let version = require.map(|(_, version, _)| version.trim_start_matches('v').to_owned());
        let version = version.filter(|version| !version.is_empty());
        draft.framework(row.name, version, &at(require.map(|(_, _, line)| *line)), 0.95);
    }
    for (path, _, line) in &module.requires {
        if let Some(kind) = driver::service("go", &path.to_lowercase()) {
            draft.service(kind, None, &at(Some(*line)), 0.85);
        }
    }
    for path in &imports {
        if path.contains("/dialects/")
            && let Some(kind) = driver::service("go", &path.to_lowercase())
        {
            draft.service(kind, None, &at(None), 0.85);
        }
    }
    kind(scope, &module, &mains, !found.is_empty(), &at(None), &mut draft);
    vec![draft]
}

fn kind(
    scope: &Scope<'_>,
    module: &Module,
    mains: &BTreeMap<String, At>,
    listens: bool,
    at: &At,
    draft: &mut Draft,
) {
    let commands = module
        .requires
        .iter()
        .find(|(path, _, _)| COMMANDS.iter().any(|row| crate::detect::rule::framework::is(row, path)));
    if mains.is_empty() && draft.c.framework.is_none() {
        draft.kind(ComponentKind::Library, at, 0.7);
    } else if draft.c.framework.is_some() || listens {
        draft.kind(Web, at, 0.9);
        draft.strength = 3;
    } else if let Some((_, _, line)) = commands {
        draft.kind(ComponentKind::Cli, &At::line(&at.file, *line), 0.85);
        draft.strength = 2;
    } else {
        plain::kind(scope, &["go"], at, draft);
    }
}

/// `v2`, `v10`.
fn is_major(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()))
}

fn pins(scope: &Scope<'_>, module: &Module, file: &str, draft: &mut Draft) {
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["go", "golang"]));
    pins.push(tools::file(scope.tree, &scope.dir, &[".go-version"]));
    let pin = |(text, line): &(String, u32)| tools::Pin { text: text.clone(), at: At::line(file, *line) };
    pins.push(module.toolchain.as_ref().map(pin));
    pins.manifest = module.go.as_ref().map(pin);
    version::settle(scope.tree, draft, pins, 2, |_| None);
}

/// The folders of runnable packages, with the file of their `main`.
fn mains(scope: &Scope<'_>, sources: &[&str]) -> BTreeMap<String, At> {
    const ASIDE: &[&str] = &[
        "tools",
        "tool",
        "hack",
        "examples",
        "example",
        "internal/tools",
        "_examples",
        "scripts",
        "script",
        "gen",
        "magefiles",
    ];
    let mut found = BTreeMap::new();
    for file in sources {
        let relative = folder(scope.relative(file));
        if ASIDE.iter().any(|aside| relative == *aside || relative.starts_with(&format!("{aside}/")))
            || base(file) == "magefile.go"
        {
            continue;
        }
        let Some(code) = scope.tree.code(file) else { continue };
        if code.matches(&PACKAGE_MAIN)
            && let Some(place) = code.captures(&MAIN).next()
        {
            let line = code.line(place.get(0).map_or(0, |whole| whole.start()));
            found.entry(relative.to_owned()).or_insert(At::line(*file, line));
        }
    }
    // A program inside of `internal` is a tool of the others.
    let inner = |dir: &str| dir.split('/').any(|part| part == "internal");
    if found.keys().any(|dir| !inner(dir)) {
        found.retain(|dir, _| !inner(dir));
    }
    found
}

/// The main package to run: the only one, the one of the root, or the only one that listens.
fn chosen<'a>(
    scope: &Scope<'_>,
    mains: &'a BTreeMap<String, At>,
    found: &[listen::Found],
) -> Option<(&'a String, &'a At)> {
    if mains.len() == 1 {
        return mains.iter().next();
    }
    let mut listening = mains
        .iter()
        .filter(|(dir, _)| found.iter().any(|place| folder(scope.relative(&place.file)) == dir.as_str()));
    mains.get_key_value(".").or_else(|| listening.next().filter(|_| listening.next().is_none()))
}

fn commands(
    scope: &Scope<'_>,
    mains: &BTreeMap<String, At>,
    found: &[listen::Found],
    marker: &str,
    draft: &mut Draft,
) {
    let whole = At::file(marker);
    if marker.ends_with("go.mod") {
        draft.command(Slot::Install, "go mod download", &whole, 0.9);
    }
    draft.command(Slot::Test, "go test ./...", &whole, 0.8);
    let air = scope.first(&[".air.toml", "air.toml"]);
    if let Some(file) = &air {
        draft.command(Slot::Dev, "air", &At::file(file), 0.95);
    }
    let package = |dir: &str| if dir == "." { ".".to_owned() } else { format!("./{dir}") };
    match chosen(scope, mains, found) {
        Some((dir, at)) => {
            let run = format!("go run {}", package(dir));
            draft.command(Slot::Build, &format!("go build {}", package(dir)), at, 0.8);
            draft.command(Slot::Start, &run, at, 0.85);
            draft.command(Slot::Dev, &run, at, 0.7);
        }
        None if mains.is_empty() => draft.command(Slot::Build, "go build ./...", &whole, 0.7),
        None => {
            draft.command(Slot::Build, "go build ./...", &whole, 0.7);
            let names: Vec<String> = mains.keys().map(|dir| package(dir)).collect();
            let candidates =
                mains.iter().map(|(dir, at)| (format!("go run {}", package(dir)), at.clone())).collect();
            let reason = format!("{}: each is a `package main`", names.join(" or "));
            draft.ambiguous("commands.start", candidates, reason);
        }
    }
}

/// Words of sources that may listen.
static WORDS: Words = Words::new(&[
    "Listen",
    "Addr",
    ".Run(",
    ".Start(",
    "StartConfig",
    "WithHostPorts",
    "NewService",
    "WithPort",
    "StartReceiver",
]);

/// Where the program listens: the main packages first, then the rest of the module.
fn places(
    scope: &Scope<'_>,
    sources: &[&str],
    mains: &BTreeMap<String, At>,
    framework: Option<&Framework>,
    draft: &mut Draft,
) -> Vec<listen::Found> {
    if mains.is_empty() && framework.is_none_or(|row| row.name != "functions-framework") {
        return Vec::new();
    }
    let mut files: Vec<&str> = sources
        .iter()
        .copied()
        .filter(|file| scope.tree.text(file).is_some_and(|text| WORDS.any_in(&text)))
        .collect();
    files.sort_by_key(|file| !mains.contains_key(folder(scope.relative(file))));
    let mut found = listen::search(scope.tree, &files, &LISTEN, sources);
    // `cmd.Run()`, `worker.Start(ctx)`: only an address makes such a call one that listens.
    shared::note_variables(&found, draft);
    found.retain(|place| place.port.is_some() || line_listens(scope, place));
    if let Some((place, port)) = found.iter().find_map(|place| Some((place, place.port?))) {
        draft.port(port, PortSource::Code, &At::line(&place.file, place.line));
    } else if !found.is_empty() && !shared::option(scope, sources, draft) {
        let receives = |place: &&listen::Found| line_has(scope, place, &["StartReceiver"]);
        if let Some(place) = found.iter().find(receives) {
            draft.port(CLOUDEVENTS, PortSource::Default, &At::line(&place.file, place.line));
        }
    }
    if let Some(row) = framework
        && let Some(port) = row.port
    {
        let conf = scope.find("conf/app.conf").filter(|_| row.name == "beego");
        let text = conf.as_deref().and_then(|file| scope.tree.text(file));
        let http = text.as_deref().and_then(|text| {
            text.lines().zip(1u32..).find_map(|(line, number)| {
                let (key, value) = line.split_once('=')?;
                (key.trim().eq_ignore_ascii_case("httpport"))
                    .then(|| Some((value.trim().parse().ok()?, number)))?
            })
        });
        match (http, conf) {
            (Some((port, line)), Some(file)) => draft.port(port, PortSource::Code, &At::line(file, line)),
            _ => draft.port(port, PortSource::Default, &At::file(scope.find("go.mod").unwrap_or_default())),
        }
    }
    found
}

fn line_listens(scope: &Scope<'_>, place: &listen::Found) -> bool {
    const WORDS: &[&str] = &[
        "ListenAndServe",
        "echo.StartConfig",
        "http.Server",
        "net.Listen",
        "http.Serve",
        "fasthttp",
        "daprd.NewService",
        "StartReceiver",
    ];
    line_has(scope, place, WORDS)
}

/// Whether the line of a place has one of the words.
fn line_has(scope: &Scope<'_>, place: &listen::Found, words: &[&str]) -> bool {
    let text = scope.tree.text(&place.file);
    let line = text.as_deref().and_then(|text| text.lines().nth(place.line as usize - 1)).unwrap_or_default();
    words.iter().any(|word| line.contains(word))
}
