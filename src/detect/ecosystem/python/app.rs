//! The app object, how it is started, where it listens.

use super::requirement::Requirements;
use super::{command, has};
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::ecosystem::{function, shared};
use crate::detect::read::listen::{self, Listen, Take, row};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{Words, base, folder};
use crate::detect::rule::Framework;
use crate::detect::scope::Scope;

/// Calls that listen.
static LISTEN: [Listen; 15] = [
    row(r"\buvicorn\.run\s*\(", Take::Key(&["port"])),
    row(r"\buvicorn\.Config\s*\(", Take::Key(&["port"])),
    row(
        r"\b(?:app|application|server|api|socketio|sio|web|bottle|dash_app|ui|mcp)\.run(?:_server)?\s*\(\s*",
        Take::Key(&["port"]),
    ),
    row(r"\brun_app\s*\(", Take::Key(&["port"])),
    row(r"(?m)^\s*(?:serve|run)\s*\(", Take::Key(&["port"])),
    row(r"\b(?:waitress\.)?serve\s*\(", Take::Key(&["port"])),
    row(r"\bmake_server\s*\(", Take::Argument(1)),
    row(r"\b(?:HTTPServer|TCPServer|ThreadingHTTPServer|ThreadingTCPServer)\s*\(", Take::Argument(0)),
    row(r"\b(?:app|application|http_server|server)\.listen\s*\(", Take::Argument(0)),
    row(r"\.launch\s*\(", Take::Key(&["server_port"])),
    row(r"\b(?:WSGIServer|pywsgi\.WSGIServer)\s*\(", Take::Argument(0)),
    row(r"\.add_insecure_port\s*\(", Take::Argument(0)),
    row(r"\bsocket\w*\.bind\s*\(", Take::Argument(0)),
    row(r"\bstart_server\s*\(", Take::Argument(2)),
    row(r"\b(?:runserver|Command)\.default_port\s*=\s*([^\n]+)", Take::Group),
];

/// Classes whose instance is the app, and the framework.
static APPS: [(&str, Pattern); 8] = [
    ("fastapi", Pattern::new(r"(?m)^(\w+)\s*(?::\s*[\w.]+)?\s*=\s*(?:fastapi\.)?FastAPI\s*\(")),
    (
        "flask",
        Pattern::new(r"(?m)^(\w+)\s*(?::\s*[\w.]+)?\s*=\s*(?:flask\.)?(?:Flask|APIFlask|OpenAPI)\s*\("),
    ),
    ("starlette", Pattern::new(r"(?m)^(\w+)\s*(?::\s*[\w.]+)?\s*=\s*Starlette\s*\(")),
    ("litestar", Pattern::new(r"(?m)^(\w+)\s*(?::\s*[\w.]+)?\s*=\s*Litestar\s*\(")),
    ("quart", Pattern::new(r"(?m)^(\w+)\s*(?::\s*[\w.]+)?\s*=\s*Quart\s*\(")),
    ("sanic", Pattern::new(r"(?m)^(\w+)\s*(?::\s*[\w.]+)?\s*=\s*Sanic\s*\(")),
    ("falcon", Pattern::new(r"(?m)^(\w+)\s*(?::\s*[\w.]+)?\s*=\s*falcon\.(?:asgi\.)?App\s*\(")),
    ("blacksheep", Pattern::new(r"(?m)^(\w+)\s*(?::\s*[\w.]+)?\s*=\s*Application\s*\(")),
];

/// `app = create_app()`: the app as a function of the project makes it.
static MADE: Pattern = Pattern::new(
    r"(?m)^(app|application|api|server|asgi_app)\s*(?::\s*[\w.]+)?\s*=\s*(?:\w+\.)*(?:create|get|make|build|init|setup|register|new|start)_?\w*(?:app|application|api|server)\w*\s*\(",
);
static FACTORY: Pattern = Pattern::new(r"(?m)^def\s+(create_app|make_app)\s*\(");
static MAIN: Pattern = Pattern::new(r#"(?m)^if\s+__name__\s*==\s*['"]__main__['"]"#);

/// An app object: the file, the module as Python imports it, the name.
struct App {
    file: String,
    line: u32,
    module: String,
    name: String,
}

/// Words of sources that may listen.
static WORDS: Words = Words::new(&["port", "PORT", "Server", "listen", "serve", ".run("]);

/// Adds commands and ports; gives whether the code listens by itself.
pub(super) fn attach(
    scope: &Scope<'_>,
    framework: Option<&'static Framework>,
    requirements: &Requirements,
    draft: &mut Draft,
) -> bool {
    let sources = scope.sources(&["py"]);
    let name = framework.map(|row| row.name).unwrap_or_default();
    let app = find(scope, &sources, name);
    start(scope, &sources, name, app.as_ref(), requirements, draft);
    if let Some(pytest) = has(requirements, "pytest") {
        let at = pytest.at.clone();
        command(draft, Slot::Test, "pytest", &at, 0.85);
    } else if scope.find("pytest.ini").is_some() {
        let at = At::file(scope.find("pytest.ini").unwrap_or_default());
        command(draft, Slot::Test, "pytest", &at, 0.8);
    } else if name == "django"
        && let Some(file) = scope.find("manage.py")
    {
        command(draft, Slot::Test, "python manage.py test", &At::file(file), 0.7);
    }
    let likely: Vec<&str> = sources
        .iter()
        .copied()
        .filter(|file| scope.tree.text(file).is_some_and(|text| WORDS.any_in(&text)))
        .take(100)
        .collect();
    let mut found = listen::search(scope.tree, &likely, &LISTEN, &sources);
    shared::note_variables(&found, draft);
    // The first argument of `run` in scripts (`asyncio.run`, `subprocess.run`) is no address.
    found.retain(|place| place.port.is_some() || framework.is_some());
    if let Some((place, port)) = found.iter().find_map(|place| Some((place, place.port?))) {
        draft.port(port, PortSource::Code, &At::line(&place.file, place.line));
    } else if !found.is_empty() {
        shared::option(scope, &sources, draft);
    }
    gunicorn(scope, draft);
    if let Some(file) = scope.find(".streamlit/config.toml")
        && name == "streamlit"
        && let Some(port) = scope.tree.doc(&file).and_then(|doc| doc.pointer("/server/port")?.as_u64())
        && let Ok(port) = u16::try_from(port)
    {
        draft.port(port, PortSource::Script, &At::file(file));
    }
    if let Some(port) = framework.and_then(|row| row.port) {
        let at = draft.c.evidence.iter().find(|e| e.field == "framework");
        let at = at.map_or_else(|| At::file("."), |e| At::line(e.file.clone(), e.line));
        draft.port(port, PortSource::Default, &at);
    }
    found.iter().any(|place| place.port.is_some())
}

static BIND: Pattern = Pattern::new(r"(?m)^bind\s*=\s*(.+)$");

/// The address that Gunicorn's settings say.
fn gunicorn(scope: &Scope<'_>, draft: &mut Draft) {
    let Some(file) = scope.first(&["gunicorn.conf.py", "gunicorn_conf.py", "gunicorn_config.py"]) else {
        return;
    };
    let Some(code) = scope.tree.code(&file) else { return };
    if let Some(found) = BIND.captures(&code.text)
        && let Some(port) = listen::resolve(&code, &found[1], 4)
    {
        draft.port(port, PortSource::Script, &At::line(&file, found.get(0).map(|m| code.line(m.start()))));
    }
}

fn module(scope: &Scope<'_>, file: &str) -> String {
    let path = scope.relative(file).trim_end_matches(".py");
    // The src layout: what is imported begins below `src`, which is no package itself.
    let path = match path.strip_prefix("src/") {
        Some(rest) if rest.contains('/') && scope.find("src/__init__.py").is_none() => rest,
        _ => path,
    };
    path.trim_end_matches("/__init__").replace('/', ".")
}

fn find(scope: &Scope<'_>, sources: &[&str], framework: &str) -> Option<App> {
    let (_, pattern) = APPS.iter().find(|(name, _)| *name == framework)?;
    let mut apps: Vec<App> = Vec::new();
    for file in sources {
        let Some(code) = scope.tree.code(file) else { continue };
        let direct = code.captures(pattern).next();
        if let Some(found) = direct.or_else(|| code.captures(&MADE).next()) {
            let line = code.line(found.get(1).map_or(0, |m| m.start()));
            apps.push(App {
                file: (*file).to_owned(),
                line,
                module: module(scope, file),
                name: found[1].to_owned(),
            });
        }
    }
    let usual = |app: &App| {
        ["main.py", "app.py", "server.py", "api.py", "wsgi.py", "asgi.py"]
            .iter()
            .position(|name| base(&app.file) == *name)
            .unwrap_or(9)
    };
    apps.sort_by_key(|app| (app.file.matches('/').count(), usual(app)));
    apps.into_iter().next()
}

fn start(
    scope: &Scope<'_>,
    sources: &[&str],
    framework: &str,
    app: Option<&App>,
    requirements: &Requirements,
    draft: &mut Draft,
) {
    let whole = |draft: &Draft| {
        let at = draft.c.evidence.iter().find(|e| e.field == "framework");
        at.map_or_else(|| At::file("."), |e| At::line(e.file.clone(), e.line))
    };
    let both = |draft: &mut Draft, start: &str, dev: &str, at: &At| {
        command(draft, Slot::Start, start, at, 0.85);
        command(draft, Slot::Dev, dev, at, 0.8);
    };
    match framework {
        "django" | "wagtail" => {
            let manage = scope.find("manage.py").or_else(|| {
                sources.iter().find(|file| base(file) == "manage.py").map(|file| (*file).to_owned())
            });
            if let Some(file) = manage {
                let run = format!("python {} runserver", scope.relative(&file));
                both(draft, &run, &run, &At::file(file));
            }
        }
        "fastapi" | "starlette" | "blacksheep" => {
            let made = || {
                factory(scope, sources).map(|(at, module, name)| (format!("{module}:{name} --factory"), at))
            };
            let named =
                app.map(|app| (format!("{}:{}", app.module, app.name), At::line(&app.file, app.line)));
            if let Some((app, at)) = named.or_else(made) {
                both(draft, &format!("uvicorn {app}"), &format!("uvicorn {app} --reload"), &at);
            }
        }
        "litestar" => {
            if let Some(app) = app {
                let run = format!("litestar --app {}:{} run", app.module, app.name);
                both(draft, &run, &format!("{run} --reload"), &At::line(&app.file, app.line));
            }
        }
        "quart" => {
            if let Some(app) = app {
                let run = format!("quart --app {} run", app.module);
                both(draft, &run, &run, &At::line(&app.file, app.line));
            }
        }
        "sanic" => {
            if let Some(app) = app {
                let run = format!("sanic {}:{}", app.module, app.name);
                both(draft, &run, &format!("{run} --dev"), &At::line(&app.file, app.line));
            }
        }
        "flask" => flask(scope, sources, app, draft),
        "streamlit" => {
            let file = scope
                .first(&["streamlit_app.py", "app.py", "main.py", "Home.py", "src/streamlit_app.py"])
                .or_else(|| {
                    sources
                        .iter()
                        .find(|file| {
                            scope.tree.text(file).is_some_and(|text| text.contains("import streamlit"))
                        })
                        .map(|file| (*file).to_owned())
                });
            if let Some(file) = file {
                let run = format!("streamlit run {}", scope.relative(&file));
                both(draft, &run, &run, &At::file(file));
            }
        }
        "functions-framework" => {
            let run = super::prefixed(draft, "functions-framework");
            function::framework(scope, &["py"], draft, &run);
            return;
        }
        "azure-functions" => {
            let at = whole(draft);
            both(draft, "func start", "func start", &at);
        }
        "chalice" => {
            let at = whole(draft);
            both(draft, "chalice local", "chalice local", &at);
        }
        "chainlit" => script(scope, sources, draft, "chainlit run "),
        "reflex" => both(
            draft,
            "reflex run --env prod",
            "reflex run",
            &At::file(scope.find("rxconfig.py").unwrap_or_default()),
        ),
        "mkdocs" => {
            let at = At::file(scope.first(&["mkdocs.yml", "mkdocs.yaml"]).unwrap_or_default());
            command(draft, Slot::Build, "mkdocs build", &at, 0.9);
            command(draft, Slot::Dev, "mkdocs serve", &at, 0.9);
        }
        "falcon" => {
            if let Some(app) = app {
                both(
                    draft,
                    &format!("gunicorn {}:{}", app.module, app.name),
                    &format!("gunicorn --reload {}:{}", app.module, app.name),
                    &At::line(&app.file, app.line),
                );
            }
        }
        _ => {
            if let Some((name, at)) =
                requirements.scripts.first().filter(|(name, _)| name != "console_scripts")
                && draft.c.package_manager.as_deref() != Some("pip")
            {
                let at = at.clone();
                command(draft, Slot::Start, name, &at, 0.8);
            }
        }
    }
    if draft.c.commands.start.is_none()
        && let Some((name, at)) = requirements.scripts.first().filter(|(name, _)| name != "console_scripts")
    {
        let at = at.clone();
        command(draft, Slot::Start, name, &at, 0.75);
    }
    if draft.c.commands.start.is_none() && framework != "mkdocs" {
        script(scope, sources, draft, "python ");
    }
}

fn flask(scope: &Scope<'_>, sources: &[&str], app: Option<&App>, draft: &mut Draft) {
    let target = match app {
        // `app.py` and `wsgi.py` are found without being named.
        Some(app)
            if matches!(app.module.as_str(), "app" | "wsgi")
                && matches!(app.name.as_str(), "app" | "application") =>
        {
            Some(("flask run".to_owned(), At::line(&app.file, app.line)))
        }
        Some(app) => {
            let name = if matches!(app.name.as_str(), "app" | "application") {
                String::new()
            } else {
                format!(":{}", app.name)
            };
            Some((format!("flask --app {}{name} run", app.module), At::line(&app.file, app.line)))
        }
        None => factory(scope, sources).map(|(at, module, name)| {
            let name = if name == "create_app" { String::new() } else { format!(":{name}") };
            (format!("flask --app {module}{name} run"), at)
        }),
    };
    if let Some((run, at)) = target {
        command(draft, Slot::Start, &run, &at, 0.85);
        command(draft, Slot::Dev, &format!("{run} --debug"), &at, 0.8);
    }
}

/// A function that makes the app, with its module.
fn factory(scope: &Scope<'_>, sources: &[&str]) -> Option<(At, String, String)> {
    sources.iter().find_map(|file| {
        let code = scope.tree.code(file)?;
        let found = code.captures(&FACTORY).next()?;
        let line = code.line(found.get(0)?.start());
        Some((At::line(*file, line), module(scope, file), found[1].to_owned()))
    })
}

/// A script that is meant to be run: a usual name, or the only one that says so.
fn script(scope: &Scope<'_>, sources: &[&str], draft: &mut Draft, runner: &str) {
    const USUAL: &[&str] = &[
        "main.py",
        "app.py",
        "server.py",
        "run.py",
        "bot.py",
        "wsgi.py",
        "src/main.py",
        "src/app.py",
        "worker.py",
        "index.py",
        "start.py",
    ];
    let runs = |file: &str| scope.tree.code(file).is_some_and(|code| code.matches(&MAIN));
    let usual = scope.first(USUAL);
    let mut mains = sources.iter().copied().filter(|file| folder(file) == scope.dir && runs(file));
    let file = usual.or_else(|| match (mains.next(), mains.next()) {
        (Some(file), None) => Some(file.to_owned()),
        _ => None,
    });
    if let Some(file) = file {
        let run = format!("{runner}{}", scope.relative(&file));
        command(draft, Slot::Start, &run, &At::file(file), 0.7);
    }
}

static ENGINE: Pattern = Pattern::new(
    r#"['"]?ENGINE['"]?\s*[:=]\s*['"](?:django(?:_\w+)?\.(?:contrib\.gis\.)?db\.backends|mssql|djongo|django_mongodb_backend)\.?(\w*)['"]"#,
);

/// Databases that settings name.
pub(super) fn databases(scope: &Scope<'_>, draft: &mut Draft) {
    for file in scope.sources(&["py"]) {
        let named = file.contains("settings") || file.contains("config");
        let Some(code) = named.then(|| scope.tree.code(file)).flatten() else { continue };
        for found in ENGINE.captures_iter(&code.text) {
            let kind = match &found[1] {
                "postgresql" | "postgresql_psycopg2" | "postgis" => "postgres",
                "mysql" => "mysql",
                _ => continue,
            };
            draft.service(kind, None, &At::line(file, found.get(0).map(|m| code.line(m.start()))), 0.95);
        }
    }
}
