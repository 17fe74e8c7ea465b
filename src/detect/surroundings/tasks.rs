//! Tasks that a runner's file in the component's folder names: moon, mise, just, Task, Make. They fill commands
//! that nothing nearer to the code says.

use serde_json::Value;

use super::line;
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind;
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{Tree, ancestors, join, lines};

/// A task: its name, how it is called, what it runs line by line, where.
struct Task {
    name: String,
    call: String,
    runs: Vec<String>,
    at: At,
}

/// Names of tasks, most usual first.
const NAMES: &[(Slot, &[&str])] = &[
    (Slot::Build, &["build"]),
    (Slot::Start, &["start", "run", "serve"]),
    (Slot::Dev, &["dev", "develop", "watch", "serve"]),
    (Slot::Test, &["test", "tests"]),
];

/// Programs that do something else than build and run the component here.
const ELSEWHERE: &[&str] =
    &["docker", "docker-compose", "podman", "kubectl", "helm", "terraform", "skaffold", "ssh"];

/// Adds the commands, and the port that the one that runs the program says.
pub(super) fn attach(tree: &Tree, draft: &mut Draft) {
    let dir = draft.c.path.clone();
    let readers: [fn(&Tree, &str) -> Vec<Task>; 5] = [moon, mise, just, taskfile, make];
    let kind = draft.c.kind;
    // Pages are served while they are developed.
    let served = |slot: Slot| match kind {
        ComponentKind::Library | ComponentKind::Infrastructure => false,
        ComponentKind::Static => slot == Slot::Dev,
        _ => true,
    };
    for read in readers {
        let tasks = read(tree, &dir);
        for (slot, names) in NAMES {
            let runs = matches!(slot, Slot::Start | Slot::Dev);
            let Some(task) = names.iter().find_map(|name| tasks.iter().find(|task| task.name == *name))
            else {
                continue;
            };
            let words = || task.runs.iter().flat_map(|line| line.split_whitespace());
            if words().any(|word| ELSEWHERE.contains(&word)) || runs && !served(*slot) {
                continue;
            }
            let port = task.runs.iter().find_map(|run| line::port(run));
            if let Some(port) =
                port.filter(|_| runs && matches!(kind, ComponentKind::Web | ComponentKind::Static))
            {
                draft.port(port, PortSource::Script, &task.at);
            }
            // Who runs the program need not have the runner: what a task of one line runs needs none.
            let known = draft.c.commands.start.is_some() || draft.c.commands.dev.is_some();
            let command = match &task.runs[..] {
                [line] if runs && known && plain(line) => line.clone(),
                _ if runs && known => continue,
                _ => task.call.clone(),
            };
            draft.command(*slot, &command, &task.at, 0.7);
        }
    }
}

/// Whether a line means the same without its runner.
fn plain(line: &str) -> bool {
    !line.is_empty() && !line.contains(['$', '{', '`', '|', '&', ';', '\\'])
}

/// The lines of a command that is a text, a list of texts, or a list of tables with a text in them.
fn runs(value: Option<&Value>, keys: &[&str]) -> Vec<String> {
    match value {
        Some(Value::String(text)) => text.lines().map(|line| line.trim().to_owned()).collect(),
        Some(Value::Array(items)) => {
            let text = |item: &Value| {
                let inner = keys.iter().find_map(|key| item.get(key)?.as_str());
                item.as_str().or(inner).map(str::to_owned)
            };
            items.iter().map(|item| text(item).unwrap_or_else(|| "$".to_owned())).collect()
        }
        _ => vec!["$".to_owned()],
    }
}

/// The tasks of a table of a document.
fn of_table(
    tree: &Tree,
    file: &str,
    call: impl Fn(&str) -> String,
    run: impl Fn(&Value) -> Option<Vec<String>>,
) -> Vec<Task> {
    let (Some(doc), Some(text)) = (tree.doc(file), tree.text(file)) else { return Vec::new() };
    let table = doc.get("tasks").and_then(Value::as_object).into_iter().flatten();
    let tasks = table.filter_map(|(name, task)| {
        let at = At::line(file, lines::word_after(&text, "tasks", name));
        Some(Task { name: name.clone(), call: call(name), runs: run(task)?, at })
    });
    tasks.collect()
}

fn moon(tree: &Tree, dir: &str) -> Vec<Task> {
    let Some(file) = tree.first(dir, &["moon.yml", "moon.yaml"]) else { return Vec::new() };
    let id = moon_project(tree, dir, &file);
    let call = |name: &str| format!("moon run {id}:{name}");
    of_table(tree, &file, call, |task| {
        let command = task.get("command").or(task.get("script"));
        let words = |command: &Value| {
            let words = command.as_array()?.iter().filter_map(Value::as_str);
            Some(vec![words.collect::<Vec<_>>().join(" ")])
        };
        let command = command?;
        Some(words(command).unwrap_or_else(|| runs(Some(command), &[])))
    })
}

/// What moon calls the project of a folder: by its own file, by the workspace, by the folder.
fn moon_project(tree: &Tree, dir: &str, file: &str) -> String {
    let own = tree.doc(file).and_then(|doc| doc.get("id")?.as_str().map(str::to_owned));
    let above = || ancestors(dir).skip(1).chain(std::iter::once("."));
    let listed = || {
        above().find_map(|root| {
            let doc = tree.doc(&join(root, ".moon/workspace.yml")?)?;
            let projects = doc.get("projects")?;
            let projects = projects.get("sources").unwrap_or(projects).as_object()?;
            let here = |path: &Value| join(root, path.as_str()?).filter(|path| path == dir);
            projects.iter().find(|(_, path)| here(path).is_some()).map(|(id, _)| id.clone())
        })
    };
    own.or_else(listed).unwrap_or_else(|| tree.folder_name(dir).to_owned())
}

fn mise(tree: &Tree, dir: &str) -> Vec<Task> {
    let Some(file) = tree.first(dir, &["mise.toml", ".mise.toml"]) else { return Vec::new() };
    let call = |name: &str| format!("mise run {name}");
    of_table(tree, &file, call, |task| match task {
        Value::Object(table) => Some(runs(table.get("run"), &[])),
        task => Some(runs(Some(task), &[])),
    })
}

fn taskfile(tree: &Tree, dir: &str) -> Vec<Task> {
    const FILES: &[&str] = &["Taskfile.yml", "Taskfile.yaml", "taskfile.yml", "taskfile.yaml"];
    let Some(file) = tree.first(dir, FILES) else { return Vec::new() };
    let call = |name: &str| format!("task {name}");
    of_table(tree, &file, call, |task| match task {
        Value::Object(table) if table.get("internal").and_then(Value::as_bool) == Some(true) => None,
        Value::Object(table) => Some(runs(table.get("cmds").or(table.get("cmd")), &["cmd"])),
        task => Some(runs(Some(task), &["cmd"])),
    })
}

/// A recipe without arguments.
static RECIPE: Pattern = Pattern::new(r"^@?([A-Za-z_][\w-]*)\s*:(?:[^=]|$)");

fn just(tree: &Tree, dir: &str) -> Vec<Task> {
    recipes(tree, tree.first(dir, &["justfile", "Justfile", ".justfile"]), "just")
}

fn make(tree: &Tree, dir: &str) -> Vec<Task> {
    recipes(tree, tree.first(dir, &["Makefile", "makefile", "GNUmakefile"]), "make")
}

fn recipes(tree: &Tree, file: Option<String>, runner: &str) -> Vec<Task> {
    let Some(file) = file else { return Vec::new() };
    let Some(text) = tree.text(&file) else { return Vec::new() };
    let mut tasks: Vec<Task> = Vec::new();
    for (line, number) in text.lines().zip(1u32..) {
        if line.starts_with([' ', '\t']) {
            let run = line.trim().trim_start_matches(['@', '-']).trim();
            if let Some(task) = tasks.last_mut().filter(|_| !run.is_empty() && !run.starts_with('#')) {
                task.runs.push(run.to_owned());
            }
        } else if let Some(found) = RECIPE.captures(line) {
            let name = found[1].to_owned();
            let call = format!("{runner} {name}");
            tasks.push(Task { name, call, runs: Vec::new(), at: At::line(&file, number) });
        }
    }
    tasks
}
