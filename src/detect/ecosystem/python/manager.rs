//! Who installs: lock files, then the tool's own table, then what is there anyway.

use super::requirement::{Requirements, normal};
use crate::detect::draft::{At, Draft, Slot};
use crate::detect::ecosystem::tools::upward;
use crate::detect::scope::Scope;

const LOCKS: &[(&str, &str)] = &[
    ("uv.lock", "uv"),
    ("poetry.lock", "poetry"),
    ("pdm.lock", "pdm"),
    ("Pipfile.lock", "pipenv"),
    ("pixi.lock", "pixi"),
];

/// Settles the manager and how it installs.
pub(super) fn attach(scope: &Scope<'_>, requirements: &Requirements, draft: &mut Draft) {
    let locks = |dir: &str| -> Vec<(&'static str, String)> {
        let found = LOCKS.iter().filter_map(|(name, manager)| Some((*manager, scope.tree.find(dir, name)?)));
        found.collect()
    };
    let mut found = locks(&scope.dir);
    if found.is_empty() && requirements.project.is_some() {
        found = upward(&scope.dir).map(locks).find(|found| !found.is_empty()).unwrap_or_default();
        found.retain(|(manager, _)| *manager == "uv");
    }
    let tool = |name: &str| {
        requirements.project.as_ref().is_some_and(|doc| doc.pointer(&format!("/tool/{name}")).is_some())
    };
    if found.len() > 1 {
        let files: Vec<&str> = found.iter().map(|(_, file)| file.as_str()).collect();
        let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
        let reason = format!("{}: {} are there", names.join(" or "), files.join(" and "));
        let candidates = found.iter().map(|(name, file)| ((*name).to_owned(), At::file(file))).collect();
        draft.ambiguous("packageManager", candidates, reason);
        return;
    }
    let pyproject = scope.find("pyproject.toml");
    if let Some((manager, file)) = found.first() {
        draft.manager(manager, &At::file(file), 0.95);
    } else if let Some(file) = &pyproject
        && let Some(manager) = ["poetry", "uv", "pdm", "rye", "pixi"]
            .into_iter()
            .find(|name| tool(if *name == "poetry" { "poetry/dependencies" } else { name }))
    {
        draft.manager(manager, &At::file(file), 0.85);
    } else if let Some(file) = scope.find("Pipfile") {
        draft.manager("pipenv", &At::file(file), 0.9);
    } else if let Some(file) = scope.first(&["environment.yml", "environment.yaml"]) {
        draft.manager("conda", &At::file(file), 0.85);
    } else if let Some(file) =
        scope.first(&["requirements.txt", "requirements.in"]).or_else(|| requirements.file.clone())
    {
        draft.manager("pip", &At::file(file), 0.85);
    }
    install(scope, requirements, draft);
}

fn install(scope: &Scope<'_>, requirements: &Requirements, draft: &mut Draft) {
    let Some(manager) = draft.c.package_manager.clone() else { return };
    let has = |name: &str| scope.find(name).is_some();
    let locked = upward(&scope.dir).any(|dir| scope.tree.find(dir, "uv.lock").is_some());
    let command = match manager.as_str() {
        "uv" if locked => "uv sync --frozen".to_owned(),
        "uv" => "uv sync".to_owned(),
        "poetry" => "poetry install".to_owned(),
        "pdm" => "pdm install".to_owned(),
        "pipenv" if has("Pipfile.lock") => "pipenv sync".to_owned(),
        "pipenv" => "pipenv install".to_owned(),
        "conda" => "conda env update --file environment.yml".to_owned(),
        "pixi" => "pixi install".to_owned(),
        "rye" => "rye sync".to_owned(),
        _ => {
            let text = requirements.file.as_deref().filter(|file| file.ends_with(".txt"));
            match (text, has("requirements.txt")) {
                (_, true) => "pip install -r requirements.txt".to_owned(),
                (Some(file), _) => format!("pip install -r {}", scope.relative(file)),
                (None, _) => "pip install -e .".to_owned(),
            }
        }
    };
    let at = requirements.file.clone().unwrap_or_default();
    draft.command(Slot::Install, &command, &At::file(at), 0.85);
}

/// The version that a lock file gives a requirement.
pub(super) fn locked(scope: &Scope<'_>, name: &str) -> Option<String> {
    upward(&scope.dir).find_map(|dir| {
        ["uv.lock", "poetry.lock", "pdm.lock"].iter().find_map(|lock| {
            let text = scope.tree.text(&scope.tree.find(dir, lock)?)?;
            let mut lines = text.lines();
            lines.find(|line| {
                line.strip_prefix("name = \"")
                    .and_then(|rest| rest.strip_suffix('"'))
                    .is_some_and(|found| normal(found) == name)
            })?;
            let version = lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?;
            Some(version.to_owned())
        })
    })
}
