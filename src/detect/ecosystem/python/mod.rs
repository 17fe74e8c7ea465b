//! Python: requirements from whatever file carries them, the app object, the manager.

mod app;
mod framework;
mod import;
mod manager;
mod requirement;

#[cfg(test)]
pub(super) use framework::FRAMEWORKS;

use super::{Ecosystem, plain, tools, version};
use crate::detect::draft::{At, Draft, Slot};
use crate::detect::facts::ComponentKind;
use crate::detect::read::version::bare;
use crate::detect::rule::driver;
use crate::detect::scope::Scope;

use requirement::{Requirement, Requirements};

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    markers: &[
        "pyproject.toml",
        "requirements.txt",
        "Pipfile",
        "setup.py",
        "setup.cfg",
        "environment.yml",
        "environment.yaml",
        "manage.py",
        "uv.lock",
        "poetry.lock",
    ],
    describe,
};

/// Scripts without any manifest.
pub(super) const LOOSE: Ecosystem = Ecosystem {
    markers: &[
        "main.py",
        "app.py",
        "server.py",
        "wsgi.py",
        "asgi.py",
        "bot.py",
        "run.py",
        "handler.py",
        "lambda_function.py",
        "function_app.py",
    ],
    describe,
};

/// Dependencies that make a program wait for work.
const WORKERS: &[&str] = &[
    "celery",
    "rq",
    "dramatiq",
    "arq",
    "huey",
    "apscheduler",
    "discord-py",
    "discord.py",
    "py-cord",
    "python-telegram-bot",
    "aiogram",
    "pytelegrambotapi",
    "nextcord",
    "schedule",
    "faust",
    "faust-streaming",
    "slack-bolt",
    "kopf",
    "temporalio",
    "pika",
    "aio-pika",
    "aiokafka",
    "confluent-kafka",
    "kafka-python",
    "locust",
    "pyrogram",
    "telethon",
    "hikari",
    "disnake",
    "twitchio",
    "nats-py",
    "paho-mqtt",
];

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    let sources = scope.sources(&["py"]);
    let requirements = Requirements::read(scope);
    let notebook = scope.count(&["ipynb"]) > 0;
    // A list of requirements alone speaks for the repository where nothing else does.
    let alone =
        || scope.dir == "." && requirements.file.is_some() && scope.files.len() == scope.tree.files().count();
    if sources.is_empty() && requirements.project.is_none() && !notebook && !alone() {
        return Vec::new();
    }
    let mut draft = Draft::new("python", &scope.dir);
    draft.strength = 1;
    if let Some((name, at)) = &requirements.name {
        draft.name(name, at);
        draft.aliases.insert(requirement::normal(name));
    }
    let marker = requirements
        .file
        .clone()
        .or_else(|| sources.first().map(|file| (*file).to_owned()))
        .unwrap_or_default();
    let whole = At::file(&marker);
    let language = if sources.is_empty() && notebook { "Jupyter Notebook" } else { "Python" };
    draft.language(language, &whole, 0.95);
    draft.runtime("python", &whole, 0.9);
    draft.needs.extend(requirements.all.iter().map(|requirement| requirement.name.clone()));
    manager::attach(scope, &requirements, &mut draft);
    pins(scope, &requirements, &mut draft);
    let framework = framework::find(scope, &requirements);
    if let Some((row, requirement)) = framework {
        let version = bare(&requirement.constraint).or_else(|| manager::locked(scope, &requirement.name));
        draft.framework(row.name, version, &requirement.at, 0.95);
        draft.kind(row.kind, &requirement.at, 0.9);
        draft.strength = if row.name == "django" { 4 } else { 3 };
    }
    let listens = app::attach(scope, framework.map(|(row, _)| row), &requirements, &mut draft);
    for requirement in requirements.running() {
        for name in requirement.names() {
            if let Some(kind) = driver::service("python", &name) {
                draft.service(kind, None, &requirement.at, 0.85);
            }
        }
    }
    app::databases(scope, &mut draft);
    if framework.is_none() {
        kind(scope, &requirements, listens, &whole, &mut draft);
    }
    draft.aggregator =
        requirements.workspace && framework.is_none() && !listens && draft.c.commands.start.is_none();
    vec![draft]
}

fn kind(scope: &Scope<'_>, requirements: &Requirements, listens: bool, at: &At, draft: &mut Draft) {
    let worker = requirements.running().find(|requirement| WORKERS.contains(&requirement.name.as_str()));
    if listens {
        draft.kind(ComponentKind::Web, at, 0.85);
        draft.strength = 3;
    } else if let Some(worker) = worker.filter(|_| draft.c.commands.start.is_some() || !requirements.packaged)
    {
        draft.kind(ComponentKind::Worker, &worker.at, 0.75);
        draft.strength = 2;
    } else if let Some((_, at)) = requirements.scripts.first() {
        draft.kind(ComponentKind::Cli, at, 0.85);
        draft.strength = 2;
    } else if draft.c.commands.start.is_some() {
        plain::kind(scope, &["py"], at, draft);
    } else if requirements.packaged {
        draft.kind(ComponentKind::Library, at, 0.75);
    }
}

fn pins(scope: &Scope<'_>, requirements: &Requirements, draft: &mut Draft) {
    let tree = scope.tree;
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(tree, &scope.dir, &["python"]));
    pins.push(tools::file(tree, &scope.dir, &[".python-version"]));
    pins.push(
        tools::file(tree, &scope.dir, &["runtime.txt"]).filter(|pin| pin.text.starts_with("python-")).map(
            |mut pin| {
                pin.text = pin.text.trim_start_matches("python-").to_owned();
                pin
            },
        ),
    );
    pins.manifest.clone_from(&requirements.python);
    version::settle(tree, draft, pins, 2, |text| {
        let text = text.strip_prefix("python-").or_else(|| text.strip_prefix("cpython-")).unwrap_or(text);
        let bare = text.starts_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_digit() || c == '.');
        bare.then(|| text.to_owned())
    });
}

/// How the manager runs a command in the project's environment.
fn prefixed(draft: &Draft, command: &str) -> String {
    match draft.c.package_manager.as_deref() {
        Some(manager @ ("uv" | "poetry" | "pdm" | "pipenv" | "pixi" | "rye" | "hatch")) => {
            format!("{manager} run {command}")
        }
        _ => command.to_owned(),
    }
}

/// Adds a command that runs in the project's environment.
fn command(draft: &mut Draft, slot: Slot, command: &str, at: &At, confidence: f64) {
    let command = prefixed(draft, command);
    draft.command(slot, &command, at, confidence);
}

/// A requirement by name.
fn has<'a>(requirements: &'a Requirements, name: &str) -> Option<&'a Requirement> {
    requirements.all.iter().find(|requirement| requirement.name == name)
}
