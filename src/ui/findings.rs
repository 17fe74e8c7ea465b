//! What detection found, on one screen: a row for each part, with the place that says most about it.

use super::{Page, Ui};
use crate::detect::{Component, Facts};

impl Ui {
    /// Lays out the findings for the wizard.
    pub fn findings(&self, facts: &Facts) -> Page {
        let mut page = Page::new();
        if facts.components.is_empty() {
            page.heading(format!("Found nothing known in {}", facts.root));
        } else {
            page.heading(format!("Found in {}", facts.root));
        }
        for component in &facts.components {
            let name = if component.path == "." { &component.name } else { &component.path };
            page.row(name, summary(component), evidence(component, "framework", "language"));
            for service in &component.services {
                let version = service.version.as_deref().map(|v| format!(" {v}")).unwrap_or_default();
                let env = if service.env.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", service.env.join(", "))
                };
                let field = format!("services.{}", service.kind);
                page.row(
                    "",
                    format!("needs {}{version}{env}", service.kind),
                    evidence(component, &field, "services"),
                );
            }
        }
        for ambiguity in &facts.ambiguous {
            page.row("", format!("unclear: {}", ambiguity.reason), "");
        }
        for warning in &facts.warnings {
            page.row("", format!("note: {warning}"), "");
        }
        page
    }
}

fn summary(component: &Component) -> String {
    let with = |name: &Option<String>, version: &Option<String>| {
        let name = name.as_deref()?;
        Some(version.as_deref().map_or_else(|| name.to_owned(), |version| format!("{name} {version}")))
    };
    let version = &component.version.resolved;
    let platform = component.language.as_deref().and_then(|language| platform(component, language));
    let (language, platform) = match platform {
        Some(platform) if version.is_some() => {
            (component.language.clone(), with(&Some(platform.to_owned()), version))
        }
        _ => (with(&component.language, version), None),
    };
    let mut parts: Vec<String> = [
        language,
        platform,
        with(&component.framework, &component.framework_version),
        component.package_manager.clone(),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some(port) = component.ports.first() {
        parts.push(format!("port {port}"));
    }
    if let Some(command) = component.commands.dev.as_ref().or(component.commands.start.as_ref()) {
        parts.push(format!("`{command}`"));
    }
    parts.join(" · ")
}

/// Whose version a component's version is, where it is not its language's.
fn platform<'a>(component: &'a Component, language: &str) -> Option<&'a str> {
    match language {
        "JavaScript" | "TypeScript" => Some(component.runtime.as_deref().unwrap_or("node")),
        "C#" | "F#" | "Visual Basic .NET" => Some(".NET"),
        "Kotlin" | "Groovy" => Some("JDK"),
        _ => None,
    }
}

/// The file and line behind a field, else behind another.
fn evidence(component: &Component, field: &str, otherwise: &str) -> String {
    let of = |field: &str| component.evidence.iter().find(|evidence| evidence.field == field);
    let Some(evidence) = of(field).or_else(|| of(otherwise)) else { return String::new() };
    match evidence.line {
        Some(line) => format!("{}:{line}", evidence.file),
        None => evidence.file.clone(),
    }
}
