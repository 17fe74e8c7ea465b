//! Frameworks of Python.

use super::requirement::{Requirement, Requirements};
use crate::detect::facts::ComponentKind::{Static, Web};
use crate::detect::rule::Framework;
use crate::detect::rule::framework::{best, row};
use crate::detect::scope::Scope;

/// All rows.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row("wagtail", &["wagtail"], 71, Some(8000), Web),
    row("django", &["django"], 70, Some(8000), Web),
    row("streamlit", &["streamlit"], 66, Some(8501), Web),
    row("gradio", &["gradio"], 64, Some(7860), Web),
    row("chainlit", &["chainlit"], 64, Some(8000), Web),
    row("dash", &["dash"], 62, Some(8050), Web),
    row("fasthtml", &["python-fasthtml", "fasthtml"], 62, Some(5001), Web),
    row("reflex", &["reflex"], 62, Some(3000), Web),
    row("nicegui", &["nicegui"], 62, Some(8080), Web),
    row("panel", &["panel"], 40, Some(5006), Web),
    row("solara", &["solara"], 60, Some(8765), Web),
    row("taipy", &["taipy"], 60, Some(5000), Web),
    row("fastapi", &["fastapi"], 58, Some(8000), Web),
    row("litestar", &["litestar"], 58, Some(8000), Web),
    row("robyn", &["robyn"], 56, Some(8080), Web),
    row("blacksheep", &["blacksheep"], 56, Some(8000), Web),
    row("sanic", &["sanic"], 55, Some(8000), Web),
    row("quart", &["quart"], 54, Some(5000), Web),
    row("flask", &["flask"], 52, Some(5000), Web),
    row("azure-functions", &["azure-functions"], 59, Some(7071), Web),
    row("functions-framework", &["functions-framework"], 57, Some(8080), Web),
    row("chalice", &["chalice"], 57, Some(8000), Web),
    row("falcon", &["falcon"], 50, Some(8000), Web),
    row("bottle", &["bottle"], 50, Some(8080), Web),
    row("pyramid", &["pyramid"], 50, Some(6543), Web),
    row("cherrypy", &["cherrypy"], 50, Some(8080), Web),
    row("microdot", &["microdot"], 46, Some(5000), Web),
    row("tornado", &["tornado"], 46, None, Web),
    row("starlette", &["starlette"], 44, Some(8000), Web),
    row("aiohttp", &["aiohttp"], 30, Some(8080), Web),
    row("mkdocs", &["mkdocs", "mkdocs-material"], 28, Some(8000), Static),
    row("pelican", &["pelican"], 27, Some(8000), Static),
];

/// The most specific framework. A library that is a client as well needs a look into the code.
pub(super) fn find<'r>(
    scope: &Scope<'_>,
    requirements: &'r Requirements,
) -> Option<(&'static Framework, &'r Requirement)> {
    // Django is its manage.py; beside it FastAPI or Flask is a part. Without one it is used as a library.
    let serves = |row: &Framework| match row.name {
        "aiohttp" => imports(scope, "aiohttp import web") || imports(scope, "web.Application("),
        "tornado" => imports(scope, "tornado.web"),
        "starlette" => imports(scope, "starlette.applications") || imports(scope, "Starlette("),
        // An application of Flask may have a function beside it.
        "functions-framework" => !imports(scope, "Flask("),
        "mkdocs" => scope.first(&["mkdocs.yml", "mkdocs.yaml"]).is_some(),
        "streamlit" => imports(scope, "streamlit"),
        "gradio" => imports(scope, "gradio"),
        "panel" => imports(scope, "panel as pn"),
        _ => true,
    };
    let names = |tool: bool| {
        requirements.all.iter().filter(move |r| r.tool == tool && !r.indirect).map(|r| r.name.as_str())
    };
    let pick = |tool: bool| {
        let mut left: Vec<&str> = names(tool).collect();
        while let Some((row, name)) = best(FRAMEWORKS, left.iter().copied()) {
            if serves(row) {
                return requirements
                    .all
                    .iter()
                    .find(|r| r.name == name)
                    .map(|requirement| (row, requirement));
            }
            left.retain(|other| *other != name);
        }
        None
    };
    // Flask that only a Django project's tools need does not make it Flask.
    pick(false).or_else(|| pick(true).filter(|(row, _)| row.kind == Static && !requirements.packaged))
}

/// Whether an own source imports something.
pub(super) fn imports(scope: &Scope<'_>, words: &str) -> bool {
    scope.sources(&["py"]).into_iter().take(80).any(|file| {
        scope.tree.text(file).is_some_and(|text| text.contains(words))
            && scope
                .tree
                .code(file)
                .is_some_and(|code| code.text.match_indices(words).any(|(at, _)| code.is_code(at)))
    })
}
