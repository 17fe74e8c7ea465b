//! Elixir, Erlang and Gleam.

use super::shared::{self, Dependency};
use super::{Ecosystem, plain, tools, version};
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind::{self, Web};
use crate::detect::read::listen::{self, Listen, Take};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::version::bare;
use crate::detect::read::{Words, lines};
use crate::detect::rule::Framework;
use crate::detect::rule::framework::row;
use crate::detect::scope::Scope;

pub(super) const ECOSYSTEM: Ecosystem =
    Ecosystem { markers: &["mix.exs", "rebar.config", "gleam.toml"], describe };

/// All rows.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row("phoenix", &["phoenix"], 80, Some(4000), Web),
    row("wisp", &["wisp"], 60, None, Web),
    row("plug", &["plug_cowboy", "bandit"], 40, None, Web),
    row("mist", &["mist"], 38, None, Web),
    row("cowboy", &["cowboy"], 30, None, Web),
    row("elli", &["elli"], 30, None, Web),
];

static APP: Pattern = Pattern::new(r"\bapp:\s*:(\w+)");
static ELIXIR: Pattern = Pattern::new(r#"\belixir:\s*"([^"]+)""#);
static MIX: Pattern = Pattern::new(r#"\{:(\w+)\s*,\s*(?:"([^"]+)")?([^}]*)\}"#);
static REBAR: Pattern = Pattern::new(r#"\{\s*([a-z]\w*)\s*,\s*(?:"([^"]+)"|\{)"#);
static REBAR_DEPS: Pattern = Pattern::new(r"(?s)\{\s*deps\s*,\s*\[(.*?)\]\s*\}\s*\.");
static HTTP: Pattern = Pattern::new(r#"\bhttp:\s*\[[^\]]*?\bport:\s*([^\]\n]+)"#);

/// Calls that listen.
static LISTEN: [Listen; 5] = [
    listen::row(r"(?:Plug\.Cowboy|Bandit)[^\n]*?\bport:\s*([^\]},\n]+(?:\|\|[^\]},\n]+)?)", Take::Group),
    listen::row(r"\boptions:\s*\[\s*port:\s*([^\]},\n]+)", Take::Group),
    listen::row(r"\bcowboy:start_(?:clear|tls|http)\s*\(", Take::Argument(1)),
    listen::row(r"\bmist\.port\s*\(", Take::Argument(0)),
    listen::row(r"\{port,\s*(\d+)\}", Take::Group),
];

/// Words of sources that may listen.
static ELIXIR_WORDS: Words = Words::new(&["port:"]);
static ERLANG_WORDS: Words = Words::new(&["port", "start_clear"]);
static GLEAM_WORDS: Words = Words::new(&["mist"]);

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    if let Some(file) = scope.find("gleam.toml") {
        return gleam(scope, &file).into_iter().collect();
    }
    if let Some(file) = scope.find("mix.exs") {
        return elixir(scope, &file).into_iter().collect();
    }
    scope.find("rebar.config").and_then(|file| erlang(scope, &file)).into_iter().collect()
}

fn start(scope: &Scope<'_>, language: &str, manager: &str, file: &str) -> (Draft, At) {
    let mut draft = Draft::new("beam", &scope.dir);
    let whole = At::file(file);
    draft.strength = 1;
    draft.language(language, &whole, 0.98);
    draft.manager(manager, &whole, 0.98);
    (draft, whole)
}

fn elixir(scope: &Scope<'_>, file: &str) -> Option<Draft> {
    let (mut draft, whole) = start(scope, "Elixir", "mix", file);
    let Some(code) = scope.tree.code(file) else { return Some(draft) };
    let line = |found: &regex::Captures<'_>| At::line(file, found.get(0).map(|m| code.line(m.start())));
    if code.text.contains("apps_path:") {
        draft.aggregator = true;
        return Some(draft);
    }
    if let Some(found) = APP.captures(&code.text) {
        draft.name(&found[1], &line(&found));
        draft.aliases.insert(found[1].to_owned());
    }
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["elixir"]));
    pins.push(tools::file(scope.tree, &scope.dir, &[".elixir-version"]));
    pins.manifest =
        ELIXIR.captures(&code.text).map(|found| tools::Pin { text: found[1].to_owned(), at: line(&found) });
    version::settle(scope.tree, &mut draft, pins, 2, |text| {
        text.split_once("-otp").map(|(version, _)| version.to_owned())
    });
    let mut dependencies = Vec::new();
    for found in code.captures(&MIX) {
        if found[3].contains("in_umbrella") || found[3].contains("path:") {
            draft.needs.insert(found[1].to_owned());
        }
        if !found[3].contains("only: :test") {
            let version = found.get(2).and_then(|text| bare(text.as_str()));
            dependencies.push(Dependency { name: found[1].to_owned(), version, at: line(&found) });
        }
    }
    let framework = shared::framework(FRAMEWORKS, &dependencies, &mut draft);
    shared::services("beam", &dependencies, &mut draft);
    let listens = shared::listens(scope, &mut draft, &["ex", "exs"], &ELIXIR_WORDS, &LISTEN);
    for name in ["config/runtime.exs", "config/dev.exs", "config/config.exs"] {
        if let Some(file) = scope.find(name).filter(|_| framework.is_some_and(|row| row.name == "phoenix"))
            && let Some(code) = scope.tree.code(&file)
            && let Some(found) = code.captures(&HTTP).next()
            && let Some(port) = listen::resolve(&code, &found[1], 3)
        {
            draft.port(port, PortSource::Code, &At::line(&file, found.get(0).map(|m| code.line(m.start()))));
        }
    }
    draft.command(Slot::Install, "mix deps.get", &whole, 0.9);
    draft.command(Slot::Build, "mix compile", &whole, 0.75);
    draft.command(Slot::Test, "mix test", &whole, 0.85);
    let runs = code.text.contains("mod: {");
    if framework.is_some_and(|row| row.name == "phoenix") {
        draft.strength = 4;
        draft.command(Slot::Start, "mix phx.server", &whole, 0.9);
        draft.command(Slot::Dev, "mix phx.server", &whole, 0.9);
    } else if runs || framework.is_some() {
        draft.command(Slot::Start, "mix run --no-halt", &whole, 0.8);
        draft.command(Slot::Dev, "mix run --no-halt", &whole, 0.7);
    }
    if framework.is_none() {
        let kind = if listens {
            Web
        } else if runs {
            ComponentKind::Worker
        } else if code.text.contains("escript:") {
            ComponentKind::Cli
        } else {
            ComponentKind::Library
        };
        draft.kind(kind, &whole, 0.7);
    }
    Some(draft)
}

fn erlang(scope: &Scope<'_>, file: &str) -> Option<Draft> {
    let (mut draft, whole) = start(scope, "Erlang", "rebar3", file);
    if let Some(app) = scope.files.iter().find(|file| file.ends_with(".app.src")) {
        draft.name(crate::detect::read::base(app).trim_end_matches(".app.src"), &At::file(*app));
    }
    let text = scope.tree.text(file)?;
    let code = crate::detect::read::Code::new(&text, "rebar.erl");
    let mut dependencies = Vec::new();
    if let Some(block) = REBAR_DEPS.captures(&code.text) {
        let begin = block.get(1).map_or(0, |m| m.start());
        for found in REBAR.captures_iter(&block[1]) {
            let at = At::line(file, code.line(begin + found.get(0).map_or(0, |m| m.start())));
            dependencies.push(Dependency {
                name: found[1].to_owned(),
                version: found.get(2).and_then(|v| bare(v.as_str())),
                at,
            });
        }
    }
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["erlang"]));
    version::settle(scope.tree, &mut draft, pins, 1, |_| None);
    let framework = shared::framework(FRAMEWORKS, &dependencies, &mut draft);
    shared::services("beam", &dependencies, &mut draft);
    let listens = shared::listens(scope, &mut draft, &["erl"], &ERLANG_WORDS, &LISTEN);
    if framework.is_none() {
        let kind = match (code.text.contains("{relx") || code.text.contains("{shell"), listens) {
            (true, true) => Web,
            (true, false) => ComponentKind::Worker,
            (false, _) => ComponentKind::Library,
        };
        draft.kind(kind, &whole, 0.5);
    }
    draft.command(Slot::Install, "rebar3 get-deps", &whole, 0.8);
    draft.command(Slot::Build, "rebar3 compile", &whole, 0.85);
    draft.command(Slot::Dev, "rebar3 shell", &whole, 0.8);
    draft.command(Slot::Start, "rebar3 shell", &whole, 0.6);
    draft.command(Slot::Test, "rebar3 eunit", &whole, 0.6);
    Some(draft)
}

fn gleam(scope: &Scope<'_>, file: &str) -> Option<Draft> {
    let (mut draft, whole) = start(scope, "Gleam", "gleam", file);
    let (doc, text) = (scope.tree.doc(file)?, scope.tree.text(file)?);
    let at = |word: &str| At::line(file, lines::word(&text, word));
    if let Some(name) = doc.get("name").and_then(|name| name.as_str()) {
        draft.name(name, &at("name"));
    }
    let table = doc.get("dependencies").and_then(|table| table.as_object());
    let dependencies: Vec<Dependency> = table
        .into_iter()
        .flatten()
        .map(|(name, value)| Dependency {
            name: name.clone(),
            version: value.as_str().and_then(bare),
            at: at(name),
        })
        .collect();
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["gleam"]));
    pins.manifest = doc
        .get("gleam")
        .and_then(|v| v.as_str())
        .map(|text| tools::Pin { text: text.to_owned(), at: at("gleam") });
    version::settle(scope.tree, &mut draft, pins, 2, |_| None);
    let framework = shared::framework(FRAMEWORKS, &dependencies, &mut draft);
    shared::services("beam", &dependencies, &mut draft);
    shared::listens(scope, &mut draft, &["gleam"], &GLEAM_WORDS, &LISTEN);
    draft.command(Slot::Install, "gleam deps download", &whole, 0.85);
    draft.command(Slot::Build, "gleam build", &whole, 0.85);
    draft.command(Slot::Test, "gleam test", &whole, 0.85);
    let main = scope.find(&format!("src/{}.gleam", draft.c.name));
    if let Some(main) =
        main.filter(|main| scope.tree.text(main).is_some_and(|text| text.contains("pub fn main")))
    {
        draft.command(Slot::Start, "gleam run", &At::file(&main), 0.85);
        draft.command(Slot::Dev, "gleam run", &At::file(&main), 0.8);
        if framework.is_none() {
            plain::kind(scope, &["gleam"], &At::file(main), &mut draft);
        }
    } else if framework.is_none() {
        draft.kind(ComponentKind::Library, &whole, 0.7);
    }
    Some(draft)
}
