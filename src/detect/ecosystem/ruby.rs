//! Ruby: `Gemfile`, its lock, Rack.

use super::shared::{self, Dependency};
use super::{Ecosystem, plain, tools, version};
use crate::detect::draft::{At, Draft, Given, PortSource, Slot};
use crate::detect::facts::ComponentKind::{self, Static, Web};
use crate::detect::read::Words;
use crate::detect::read::listen::{self, Listen, Take};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::version::bare;
use crate::detect::rule::framework::row;
use crate::detect::rule::{Framework, driver, variable};
use crate::detect::scope::Scope;

pub(super) const ECOSYSTEM: Ecosystem =
    Ecosystem { markers: &["Gemfile", "gems.rb", "config.ru", "*.gemspec"], describe };

/// A script that needs no gem.
pub(super) const LOOSE: Ecosystem = Ecosystem { markers: &["app.rb", "main.rb", "server.rb"], describe };

/// All rows.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row("rails", &["rails", "railties"], 80, Some(3000), Web),
    row("hanami", &["hanami"], 76, Some(2300), Web),
    row("padrino", &["padrino"], 70, Some(3000), Web),
    row("functions-framework", &["functions_framework"], 64, Some(8080), Web),
    row("grape", &["grape"], 60, Some(9292), Web),
    row("sinatra", &["sinatra"], 58, Some(4567), Web),
    row("roda", &["roda"], 58, Some(9292), Web),
    row("cuba", &["cuba"], 56, Some(9292), Web),
    row("jekyll", &["jekyll", "github-pages"], 50, Some(4000), Static),
    row("bridgetown", &["bridgetown"], 52, Some(4000), Static),
    row("middleman", &["middleman"], 50, Some(4567), Static),
    row("nanoc", &["nanoc"], 50, Some(3000), Static),
    row("rack", &["rack", "rackup"], 20, Some(9292), Web),
];

static GEM: Pattern = Pattern::new(r#"(?m)^\s*gem\s*\(?\s*['"]([\w.-]+)['"]((?:\s*,\s*['"][^'"]+['"])*)"#);
static QUOTED: Pattern = Pattern::new(r#"['"]([^'"]+)['"]"#);
static RUBY: Pattern = Pattern::new(r#"(?m)^\s*ruby\s*\(?\s*['"]([^'"]+)['"]"#);
static ADAPTER: Pattern = Pattern::new(r"(?m)^\s*adapter:\s*(\w+)");
static VARIABLE: Pattern = Pattern::new(
    r#"\bENV(?:\.fetch\(|\[)\s*['"](\w+)['"]\s*(?:,\s*['"]?([^'")\n]+)['"]?\s*)?[\])](?:\s*\{\s*['"]?([^'"}\n]+))?"#,
);
static PORT: Pattern = Pattern::new(r"(?m)^\s*port\s*\(?\s*(.+)$");
static SPEC_NAME: Pattern = Pattern::new(r#"\.name\s*=\s*['"]([\w.-]+)['"]"#);

/// Calls that listen.
static LISTEN: [Listen; 5] = [
    listen::row(r"(?m)^\s*set\s+:port\s*,\s*([^\n]+)", Take::Group),
    listen::row(r"(?m)^\s*set\s*\(?\s*port:\s*([^,\n)]+)", Take::Group),
    listen::row(r"\bWEBrick::HTTPServer\.new\s*\(?\s*(?::Port\s*=>|Port:)\s*([^,)\n]+)", Take::Group),
    listen::row(r"\bTCPServer\.new\s*\(", Take::Argument(1)),
    listen::row(r"\bRackup?::Handler\S*\.run\b[^\n]*\b[pP]ort:?\s*(?:=>)?\s*([^,)\n]+)", Take::Group),
];

/// Words of sources that may listen.
static WORDS: Words = Words::new(&["port", "Port", "TCPServer"]);

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    let sources = scope.sources(&["rb", "ru"]);
    let gemfile = scope.first(&["Gemfile", "gems.rb"]);
    let rack = scope.find("config.ru");
    if gemfile.is_none() && rack.is_none() && sources.is_empty() {
        return Vec::new();
    }
    let marker = gemfile
        .clone()
        .or_else(|| rack.clone())
        .or_else(|| sources.first().map(|f| (*f).to_owned()))
        .unwrap_or_default();
    let whole = At::file(&marker);
    let mut draft = Draft::new("ruby", &scope.dir);
    draft.strength = 1;
    draft.language("Ruby", &whole, 0.95);
    draft.runtime("ruby", &whole, 0.9);
    let dependencies = gemfile.as_deref().map(|file| gems(scope, file)).unwrap_or_default();
    if let Some(file) = &gemfile {
        draft.manager("bundler", &At::file(file), 0.98);
        draft.command(Slot::Install, "bundle install", &At::file(file), 0.9);
    }
    pins(scope, gemfile.as_deref(), &mut draft);
    let framework = shared::framework(FRAMEWORKS, &dependencies, &mut draft);
    // What the settings of the database say is surer than a gem that may be there for something else.
    let adapters = adapter(scope, &mut draft);
    let other = |dependency: &Dependency| {
        driver::service("ruby", &dependency.name)
            .is_some_and(|kind| variable::DATABASES.contains(&kind) && !adapters.contains(&kind))
    };
    let drivers: Vec<Dependency> =
        dependencies.iter().filter(|one| adapters.is_empty() || !other(one)).cloned().collect();
    shared::services("ruby", &drivers, &mut draft);
    let listens = shared::listens(scope, &mut draft, &["rb", "ru"], &WORDS, &LISTEN);
    if let Some(file) = scope.find("config/puma.rb")
        && let Some(code) = scope.tree.code(&file)
        && let Some(found) = code.captures(&PORT).next()
        && let Some(port) = listen::resolve(&code, &found[1].replace('{', "||"), 3)
    {
        draft.port(port, PortSource::Code, &At::line(&file, found.get(0).map(|m| code.line(m.start()))));
    }
    if listens && !draft.has_port(PortSource::Code) {
        draft.open_port();
    }
    let name = framework.map(|row| row.name).unwrap_or_default();
    let own = || {
        let text = scope.find("Procfile").and_then(|file| scope.tree.text(&file));
        text.is_some_and(|text| text.lines().any(|line| line.starts_with("web: ruby ")))
    };
    if let Some(file) =
        rack.as_deref().filter(|_| name == "sinatra" && !draft.has_port(PortSource::DotEnv) && !own())
    {
        // What is run is Rack, which has a port of its own.
        draft.open_port();
        draft.port(9292, PortSource::Default, &At::file(file));
    }
    if framework.is_none() {
        if rack.is_some() {
            draft.framework("rack", None, &whole, 0.7);
            draft.port(9292, PortSource::Default, &whole);
        }
        if rack.is_some() || listens {
            draft.kind(Web, &whole, 0.85);
            draft.strength = 3;
        } else if let Some(spec) = scope.files.iter().find(|file| file.ends_with(".gemspec")) {
            draft.kind(ComponentKind::Library, &At::file(*spec), 0.85);
            if let Some(code) = scope.tree.code(spec)
                && let Some(found) = SPEC_NAME.captures(&code.text)
            {
                draft.name(&found[1], &At::file(*spec));
            }
        } else if dependencies.iter().any(|d| {
            ["sidekiq", "resque", "discordrb", "karafka", "telegram-bot-ruby"].contains(&d.name.as_str())
        }) {
            draft.kind(ComponentKind::Worker, &whole, 0.75);
            draft.strength = 2;
        }
    }
    if name == "rails" {
        draft.strength = 4;
    }
    commands(scope, name, rack.as_deref(), &dependencies, &whole, &mut draft);
    if draft.c.kind == ComponentKind::Unknown && draft.c.commands.start.is_some() {
        plain::kind(scope, &["rb"], &whole, &mut draft);
    }
    vec![draft]
}

fn gems(scope: &Scope<'_>, file: &str) -> Vec<Dependency> {
    let Some(code) = scope.tree.code(file) else { return Vec::new() };
    let lock = scope.first(&["Gemfile.lock", "gems.locked"]).and_then(|file| scope.tree.text(&file));
    let locked = |name: &str| {
        let lock = lock.as_deref()?;
        let line = lock.lines().find(|line| {
            line.strip_prefix("    ")
                .is_some_and(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(" (")))
        })?;
        bare(line.split(['(', ')']).nth(1)?)
    };
    code.captures(&GEM)
        .map(|found| Dependency {
            name: found[1].to_owned(),
            version: QUOTED
                .captures(&found[2])
                .and_then(|version| bare(&version[1]))
                .or_else(|| locked(&found[1])),
            at: At::line(file, found.get(1).map(|m| code.line(m.start()))),
        })
        .collect()
}

fn pins(scope: &Scope<'_>, gemfile: Option<&str>, draft: &mut Draft) {
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["ruby"]));
    pins.push(tools::file(scope.tree, &scope.dir, &[".ruby-version"]));
    if let Some(file) = gemfile
        && let Some(code) = scope.tree.code(file)
        && let Some(found) = RUBY.captures(&code.text)
    {
        let line = found.get(0).map(|m| code.line(m.start()));
        pins.manifest = Some(tools::Pin { text: found[1].to_owned(), at: At::line(file, line) });
    } else if let Some(file) = scope.find("Gemfile.lock")
        && let Some(text) = scope.tree.text(&file)
    {
        let mut lines = text.lines().zip(1u32..).skip_while(|(line, _)| *line != "RUBY VERSION").skip(1);
        if let Some((line, number)) = lines.next() {
            let text =
                line.trim().trim_start_matches("ruby ").split('p').next().unwrap_or_default().to_owned();
            pins.push(Some(tools::Pin { text, at: At::line(&file, number) }));
        }
    }
    version::settle(scope.tree, draft, pins, 2, |text| {
        let text = text.strip_prefix("ruby-")?;
        text.starts_with(|c: char| c.is_ascii_digit()).then(|| text.to_owned())
    });
}

/// `adapter:` of `config/database.yml`, which is a template and no plain YAML.
fn adapter(scope: &Scope<'_>, draft: &mut Draft) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    let Some(file) = scope.find("config/database.yml") else { return kinds };
    let Some(code) = scope.tree.code(&file) else { return kinds };
    let production = code.text.find("\nproduction:").unwrap_or(code.text.len());
    for found in VARIABLE.captures_iter(&code.text) {
        let at = At::line(&file, found.get(0).map(|m| code.line(m.start())));
        let here = found.get(0).map_or(0, |m| m.start());
        let given = match found.get(2).or(found.get(3)) {
            Some(default) => Given::Code(default.as_str()),
            None if here > production => Given::Copes,
            None => Given::Nothing,
        };
        if &found[1] != "RAILS_MAX_THREADS" {
            draft.env(&found[1], given, &at, 0.85);
        }
    }
    for found in ADAPTER.captures_iter(&code.text) {
        let kind = match &found[1] {
            "postgresql" | "postgis" | "postgres" => "postgres",
            "mysql2" | "trilogy" | "mysql" => "mysql",
            "sqlserver" => "mssql",
            _ => continue,
        };
        draft.service(kind, None, &At::line(&file, found.get(0).map(|m| code.line(m.start() + 1))), 0.9);
        kinds.push(kind);
    }
    kinds
}

fn commands(
    scope: &Scope<'_>,
    framework: &str,
    rack: Option<&str>,
    dependencies: &[Dependency],
    whole: &At,
    draft: &mut Draft,
) {
    let has = |name: &str| dependencies.iter().any(|dependency| dependency.name == name);
    let (start, dev) = match framework {
        "functions-framework" => {
            super::function::framework(scope, &["rb"], draft, "bundle exec functions-framework-ruby");
            (None, None)
        }
        "rails" => {
            let dev = if scope.find("bin/dev").is_some() { "bin/dev" } else { "bin/rails server" };
            (Some("bin/rails server".to_owned()), Some(dev.to_owned()))
        }
        "jekyll" => (Some("bundle exec jekyll serve".into()), Some("bundle exec jekyll serve".into())),
        "middleman" => (None, Some("bundle exec middleman server".into())),
        "bridgetown" => (None, Some("bin/bridgetown start".into())),
        "hanami" => (Some("bundle exec hanami server".into()), Some("bundle exec hanami dev".into())),
        _ if rack.is_some() => {
            let run = if has("puma") && scope.find("config/puma.rb").is_some() {
                "bundle exec puma -C config/puma.rb"
            } else {
                "bundle exec rackup"
            };
            (Some(run.into()), Some("bundle exec rackup".into()))
        }
        _ => {
            let usual = [
                "app.rb",
                "main.rb",
                "server.rb",
                "web.rb",
                "bot.rb",
                "index.rb",
                "src/app.rb",
                "lib/app.rb",
            ];
            // The only script of a folder is what runs.
            let scripts: Vec<&str> = scope
                .files
                .iter()
                .copied()
                .filter(|file| file.ends_with(".rb") && !scope.relative(file).contains('/'))
                .collect();
            let only = || (scripts.len() == 1 && !framework.is_empty()).then(|| scripts[0].to_owned());
            let file = scope.first(&usual).or_else(only);
            let prefix = if scope.find("Gemfile").is_some() { "bundle exec " } else { "" };
            let run = file.map(|file| format!("{prefix}ruby {}", scope.relative(&file)));
            (run.clone(), run)
        }
    };
    if framework == "jekyll" {
        draft.command(Slot::Build, "bundle exec jekyll build", whole, 0.85);
    } else if framework == "rails"
        && scope.find("config/application.rb").is_some()
        && (has("sprockets-rails") || has("propshaft"))
    {
        draft.command(Slot::Build, "bin/rails assets:precompile", whole, 0.7);
    }
    if let Some(start) = start {
        draft.command(Slot::Start, &start, whole, 0.8);
    }
    if let Some(dev) = dev {
        draft.command(Slot::Dev, &dev, whole, 0.8);
    }
    if has("rspec") || has("rspec-rails") || scope.find(".rspec").is_some() {
        draft.command(Slot::Test, "bundle exec rspec", whole, 0.85);
    } else if framework == "rails" {
        draft.command(Slot::Test, "bin/rails test", whole, 0.8);
    } else if has("minitest") || has("rake") && scope.find("Rakefile").is_some() {
        draft.command(Slot::Test, "bundle exec rake test", whole, 0.6);
    }
}
