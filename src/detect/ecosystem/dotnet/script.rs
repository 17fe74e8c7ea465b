//! Programs of one file: `#:sdk` and `#:package` stand where a project file would say them.

use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::ecosystem::shared::{self, Dependency};
use crate::detect::facts::ComponentKind;
use crate::detect::read::pattern::Pattern;
use crate::detect::read::version::bare;
use crate::detect::read::{extension, lines};
use crate::detect::scope::Scope;

static DIRECTIVE: Pattern = Pattern::new(r"(?m)^\x{feff}?#:(?:sdk|package)\s+([\w.-]+)(?:@(\S+))?");

/// Every file of the folder that is a program by its directives.
pub(super) fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    if scope.tree.files().any(|file| extension(file) == "csproj") {
        return Vec::new();
    }
    let names = scope.tree.names(&scope.dir).filter(|name| extension(name) == "cs");
    let programs: Vec<Draft> = names.filter_map(|name| program(scope, name)).collect();
    // Of several the folder does not say which it is.
    if programs.len() == 1 { programs } else { Vec::new() }
}

/// The AppHost of one file.
pub(super) fn host(scope: &Scope<'_>) -> Vec<Draft> {
    program(scope, "apphost.cs").into_iter().collect()
}

fn program(scope: &Scope<'_>, name: &str) -> Option<Draft> {
    let file = scope.find(name)?;
    let text = scope.tree.text(&file)?;
    let script = text.trim_start_matches('\u{feff}').starts_with("#!")
        || text.lines().any(|line| line.starts_with("#:property"));
    let dependencies: Vec<Dependency> = DIRECTIVE
        .captures_iter(&text)
        .map(|found| Dependency {
            name: found[1].to_lowercase(),
            version: found.get(2).and_then(|version| bare(version.as_str())),
            at: At::line(&file, found.get(1).map(|m| lines::at(&text, m.start()))),
        })
        .collect();
    if dependencies.is_empty() && !script {
        return None;
    }
    let whole = At::file(&file);
    let mut draft = Draft::new("dotnet", &scope.dir);
    draft.language("C#", &whole, 0.95);
    draft.manager("nuget", &whole, 0.8);
    draft.runtime("dotnet", &whole, 0.9);
    draft.strength = 2;
    let run = format!("dotnet run {name}");
    draft.command(Slot::Build, &format!("dotnet build {name}"), &whole, 0.8);
    draft.command(Slot::Start, &run, &whole, 0.85);
    draft.command(Slot::Dev, &run, &whole, 0.7);
    if let Some(host) = dependencies.iter().find(|d| d.name.starts_with("aspire.apphost.sdk")) {
        draft.kind(ComponentKind::Infrastructure, &host.at, 0.9);
        draft.framework("aspire", host.version.clone(), &host.at, 0.9);
        return Some(draft);
    }
    let framework = shared::framework(super::FRAMEWORKS, &dependencies, &mut draft);
    shared::services("dotnet", &dependencies, &mut draft);
    let listens = super::port::socket(scope, &mut draft);
    match framework {
        Some(_) => draft.port(5000, PortSource::Default, &whole),
        None if listens => draft.kind(ComponentKind::Web, &whole, 0.75),
        None => draft.kind(ComponentKind::Cli, &whole, 0.6),
    }
    Some(draft)
}
