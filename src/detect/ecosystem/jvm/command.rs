//! How each build tool builds, runs and tests.
//!
//! Maven and Gradle have no command of their own that only installs: a build fetches what it needs, and so do
//! the builders of the field (Railpack, Nixpacks, the Cloud Native Buildpacks), which know no such step either.

use super::main;
use super::{Build, tasks};
use crate::detect::draft::{At, Draft, Slot};
use crate::detect::ecosystem::tools;
use crate::detect::facts::ComponentKind;
use crate::detect::scope::Scope;

/// How a wrapper or the tool itself is called from the folder.
pub(super) fn tool(scope: &Scope<'_>, wrapper: &str, plain: &str) -> String {
    let mut up = String::new();
    for dir in tools::upward(&scope.dir) {
        if scope.tree.find(dir, wrapper).is_some() {
            return if up.is_empty() { format!("./{wrapper}") } else { format!("{up}{wrapper}") };
        }
        up.push_str("../");
    }
    plain.to_owned()
}

/// What the tool installs, builds and tests with; empty where it has no such command.
fn own(manager: &str) -> (&'static str, &'static str, &'static str) {
    match manager {
        "maven" => ("", "package", "test"),
        "gradle" => ("", "build", "test"),
        "sbt" => ("update", "compile", "test"),
        "lein" => ("deps", "uberjar", "test"),
        "clj" => ("-P", "", ""),
        "scala-cli" => ("", "compile .", "test ."),
        _ => ("", "", ""),
    }
}

/// Adds the commands.
pub(super) fn attach(scope: &Scope<'_>, build: &Build, whole: &At, draft: &mut Draft) {
    let tool = &build.tool;
    let (install, compile, test) = own(build.manager);
    for (slot, command, confidence) in [(Slot::Install, install, 0.75), (Slot::Build, compile, 0.8)] {
        if !command.is_empty() {
            draft.command(slot, &format!("{tool} {command}"), whole, confidence);
        }
    }
    if draft.c.kind != ComponentKind::Library {
        start(scope, build, whole, draft);
    }
    let tested =
        matches!(build.manager, "maven" | "gradle") || scope.files.iter().any(|file| file.contains("test"));
    if !test.is_empty() && tested {
        draft.command(Slot::Test, &format!("{tool} {test}"), whole, 0.8);
    }
}

/// What runs the program: the framework's goal, a plugin's, the jar that the build makes, its main class.
fn start(scope: &Scope<'_>, build: &Build, whole: &At, draft: &mut Draft) {
    let tool = &build.tool;
    let framework = draft.c.framework.clone().unwrap_or_default();
    if let Some(run) = tasks::of(build, &framework) {
        draft.command(Slot::Dev, &format!("{tool} {run}"), whole, 0.85);
        draft.command(Slot::Start, &format!("{tool} {run}"), whole, 0.7);
        return;
    }
    if build.packaging.as_deref() == Some("war") {
        return;
    }
    let classes = if build.main.is_some() { Vec::new() } else { main::classes(scope) };
    let main = build.main.clone().or_else(|| match &classes[..] {
        [one] => Some(one.clone()),
        _ => None,
    });
    let arguments = arguments(scope, &framework);
    let run = main.as_ref().and_then(|(class, _)| match build.manager {
        // The plugin is found by its prefix although no pom names it.
        "maven" if !class.ends_with(".Launcher") => {
            let set = if build.executes { String::new() } else { format!(" -Dexec.mainClass={class}") };
            let given =
                if arguments.is_empty() { String::new() } else { format!(" -Dexec.args=\"{arguments}\"") };
            Some(format!("{tool} compile exec:java{set}{given}"))
        }
        "clj" => Some(format!("{tool} -M -m {class}")),
        _ => None,
    });
    let at = main.as_ref().map_or(whole, |(_, at)| at);
    if let Some((jar, at)) = &build.jar {
        draft.command(Slot::Start, format!("java -jar {jar} {arguments}").trim_end(), at, 0.75);
    }
    if let Some(run) = &run {
        draft.command(Slot::Start, run, at, 0.7);
        draft.command(Slot::Dev, run, at, 0.7);
    }
    if draft.c.commands.start.is_none() && classes.len() > 1 && build.manager == "maven" {
        let command = |class: &str| format!("{tool} compile exec:java -Dexec.mainClass={class}");
        let names: Vec<&str> = classes.iter().map(|(name, _)| name.as_str()).collect();
        let reason = format!("{}: each has a `main`", names[..names.len().min(6)].join(" or "));
        let candidates = classes.iter().take(12).map(|(name, at)| (command(name), at.clone())).collect();
        draft.ambiguous("commands.start", candidates, reason);
    }
}

/// What a framework's program wants to be told: Dropwizard its task and its settings.
fn arguments(scope: &Scope<'_>, framework: &str) -> String {
    if framework != "dropwizard" {
        return String::new();
    }
    let settings = scope.tree.names(&scope.dir).find(|name| {
        let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
        yaml && scope
            .find(name)
            .and_then(|file| scope.tree.doc(&file))
            .is_some_and(|doc| ["server", "database", "logging"].iter().any(|key| doc.get(key).is_some()))
    });
    settings.map_or_else(|| "server".to_owned(), |file| format!("server {file}"))
}
