//! `devbox detect`: the facts on one page, or as JSON.

use crate::cli::DetectArgs;
use crate::detect::{Component, ComponentKind, Evidence, Facts, Limits, detect};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::ui::{Format, Page, Ui};

/// Runs the command.
///
/// # Errors
/// Where the folder is missing or cannot be read.
pub(super) fn run(args: &DetectArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let root = super::workspace::root(env, args.project.path.as_deref());
    let facts = detect(&root, &Limits::default())?;
    match ui.format {
        Format::Json => ui.json(&facts),
        Format::Human => {
            ui.page(&page(&facts, args.explain));
            for warning in &facts.warnings {
                ui.warn(warning);
            }
        }
    }
    Ok(Exit::Done)
}

fn page(facts: &Facts, explain: bool) -> Page {
    let mut page = Page::new();
    if facts.components.is_empty() {
        page.heading(&facts.root).text("nothing known: no manifest, no Dockerfile, no source files");
    }
    for component in &facts.components {
        page.heading(heading(component));
        describe(&mut page, component);
        if explain {
            for evidence in &component.evidence {
                let value = format!("{}  {:.2}", evidence.value, evidence.confidence);
                page.row(format!("  {}", evidence.field), value, place(evidence));
            }
        }
    }
    if !facts.ambiguous.is_empty() {
        page.heading("Ambiguous");
        for ambiguity in &facts.ambiguous {
            page.row(&ambiguity.component, &ambiguity.field, &ambiguity.reason);
        }
    }
    let files = files(facts);
    if !files.is_empty() {
        page.heading("Files of use");
        for (kind, list) in files {
            page.row(kind, short(list), "");
        }
    }
    page
}

fn heading(component: &Component) -> String {
    let kind = match component.kind {
        ComponentKind::Web => "web service",
        ComponentKind::Worker => "worker",
        ComponentKind::Static => "static site",
        ComponentKind::Library => "library",
        ComponentKind::Cli => "command line",
        ComponentKind::Infrastructure => "infrastructure",
        ComponentKind::Unknown => "unknown kind",
    };
    let path = if component.path == "." { String::new() } else { format!(" in {}", component.path) };
    format!("{}{path} - {kind}", component.name)
}

fn describe(page: &mut Page, component: &Component) {
    let of =
        |field: &str| component.evidence.iter().find(|e| e.field == field).map(place).unwrap_or_default();
    if let Some(language) = &component.language {
        let version = component.version.resolved.as_deref().or(component.version.constraint.as_deref());
        let text =
            version.map_or_else(|| language.clone(), |version| format!("{language}, version {version}"));
        page.row("language", text, of(if version.is_some() { "version" } else { "language" }));
    }
    if let Some(framework) = &component.framework {
        let version = component.framework_version.as_deref().unwrap_or_default();
        page.row("framework", format!("{framework} {version}").trim_end(), of("framework"));
    }
    if let Some(manager) = &component.package_manager {
        page.row("packages", manager, of("packageManager"));
    }
    if !component.ports.is_empty() {
        let ports: Vec<String> = component.ports.iter().map(u16::to_string).collect();
        page.row("port", ports.join(", "), of("ports"));
    }
    let commands = &component.commands;
    let rows = [
        ("install", &commands.install),
        ("build", &commands.build),
        ("dev", &commands.dev),
        ("start", &commands.start),
        ("test", &commands.test),
    ];
    for (name, command) in rows {
        if let Some(command) = command {
            page.row(name, command, of(&format!("commands.{name}")));
        }
    }
    for service in &component.services {
        let version = service.version.as_deref().unwrap_or_default();
        let env = if service.env.is_empty() {
            String::new()
        } else {
            format!(" through {}", service.env.join(", "))
        };
        let text = format!("{} {version}", service.kind).trim_end().to_owned() + &env;
        page.row("needs", text, of(&format!("services.{}", service.kind)));
    }
    let required: Vec<&str> =
        component.env.iter().filter(|env| env.required).map(|env| env.name.as_str()).collect();
    let optional = component.env.len() - required.len();
    if !component.env.is_empty() {
        let more = if optional == 0 { String::new() } else { format!("{optional} with a default") };
        let list: Vec<String> = required.iter().map(|name| (*name).to_owned()).collect();
        let text = if list.is_empty() { more.clone() } else { short(&list) };
        page.row("variables", text, if list.is_empty() { String::new() } else { more });
    }
}

fn place(evidence: &Evidence) -> String {
    match evidence.line {
        Some(line) => format!("{}:{line}", evidence.file),
        None => evidence.file.clone(),
    }
}

/// The first few of a list.
fn short(list: &[String]) -> String {
    const MOST: usize = 5;
    let more = list.len().saturating_sub(MOST);
    let shown = list.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

fn files(facts: &Facts) -> Vec<(&'static str, &[String])> {
    let files = &facts.files;
    let all: [(&str, &[String]); 16] = [
        ("Dockerfile", &files.dockerfile),
        ("Compose", &files.compose),
        ("Helm chart", &files.helm),
        ("Kustomize", &files.kustomize),
        ("Procfile", &files.procfile),
        ("devcontainer", &files.devcontainer),
        ("Skaffold", &files.skaffold),
        ("Tilt", &files.tilt),
        ("DevSpace", &files.devspace),
        ("GitHub Actions", &files.github_actions),
        ("Makefile", &files.makefile),
        ("Taskfile", &files.taskfile),
        ("justfile", &files.justfile),
        ("mise", &files.mise),
        ("devfile", &files.devfile),
        ("Aspire", &files.aspire),
    ];
    all.into_iter().filter(|(_, list)| !list.is_empty()).collect()
}
