//! .NET: project files of C#, F# and Visual Basic, launch settings, programs of one file.

mod port;
mod script;
mod test_project;

use serde_json::Value;

use super::shared::{self, Dependency};
use super::{Ecosystem, plain, tools, version};
use crate::detect::draft::{At, Draft, Slot};
use crate::detect::facts::ComponentKind::{self, Static, Web};
use crate::detect::read::version::bare;
use crate::detect::read::xml::Element;
use crate::detect::read::{base, extension, folder, join};
use crate::detect::rule::Framework;
use crate::detect::rule::framework::row;
use crate::detect::scope::Scope;

pub(super) const ECOSYSTEM: Ecosystem =
    Ecosystem { markers: &["*.csproj", "*.fsproj", "*.vbproj", "apphost.cs"], describe };

/// Programs of one file without a project.
pub(super) const LOOSE: Ecosystem = Ecosystem { markers: &["*.cs"], describe: script::describe };

/// All rows; names are packages and SDKs in lower case.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row(
        "azure-functions",
        &["microsoft.azure.functions.worker", "microsoft.net.sdk.functions"],
        80,
        Some(7071),
        Web,
    ),
    row("functions-framework", &["google.cloud.functions.hosting"], 75, Some(8080), Web),
    row("blazor", &["microsoft.net.sdk.blazorwebassembly"], 70, Some(5000), Static),
    row("aspnetcore", &["microsoft.net.sdk.web", "microsoft.aspnetcore.app"], 60, None, Web),
];

/// What Visual Studio calls a web application of the .NET Framework.
const WEB_PROJECT: &str = "349c5851-65df-11da-9384-00065b846f21";

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    let projects =
        scope.tree.names(&scope.dir).filter(|name| ["csproj", "fsproj", "vbproj"].contains(&extension(name)));
    // A name of the listing stays as it is; a backslash in it separates nothing.
    let path = |name: &str| if scope.dir == "." { name.to_owned() } else { format!("{}/{name}", scope.dir) };
    let found: Vec<Draft> = projects.filter_map(|name| project(scope, &path(name))).collect();
    if found.is_empty() { script::host(scope) } else { found }
}

fn project(scope: &Scope<'_>, file: &str) -> Option<Draft> {
    let mut draft = Draft::new("dotnet", &scope.dir);
    let whole = At::file(file);
    let stem = base(file).rsplit_once('.').map_or(base(file), |(stem, _)| stem);
    draft.name(stem, &whole);
    draft.aliases.insert(file.to_owned());
    draft.strength = 1;
    let language = match extension(file) {
        "fsproj" => "F#",
        "vbproj" => "Visual Basic .NET",
        _ => "C#",
    };
    draft.language(language, &whole, 0.98);
    draft.manager("nuget", &whole, 0.9);
    draft.runtime("dotnet", &whole, 0.9);
    let Some(xml) = scope.tree.xml(file) else { return Some(draft) };
    let all = xml.below();
    let value = |name: &str| {
        all.iter()
            .find(|e| e.name == name && !e.text.trim().is_empty())
            .map(|e| (e.text.trim().to_owned(), e.line))
    };
    let dependencies = dependencies(scope, file, &xml, &all);
    let has = |name: &str| dependencies.iter().find(|d| d.name == name);
    if test_project::is_one(&xml) {
        return None;
    }
    for reference in all.iter().filter(|e| e.name == "ProjectReference") {
        draft.needs.extend(reference.attribute("Include").and_then(|path| join(folder(file), path)));
    }
    framework_version(scope, file, &value, &mut draft);
    let host = dependencies
        .iter()
        .find(|d| d.name.starts_with("aspire.apphost.sdk") || d.name == "aspire.hosting.apphost");
    if let Some(host) = host {
        draft.kind(ComponentKind::Infrastructure, &host.at, 0.9);
        draft.framework("aspire", host.version.clone(), &host.at, 0.9);
        draft.needs.clear();
        commands(&mut draft, &whole, true);
        return Some(draft);
    }
    // The type of a project that IIS serves.
    let types = value("ProjectTypeGuids").map(|(text, line)| (text.to_lowercase(), line));
    if let Some((_, line)) = types.filter(|(text, _)| text.contains(WEB_PROJECT)) {
        draft.framework("aspnet", draft.c.version.resolved.clone(), &At::line(file, line), 0.9);
        draft.kind(Web, &At::line(file, line), 0.9);
        draft.strength = 3;
        if let Some((url, line)) = value("IISUrl") {
            port::said(&url, &At::line(file, line), &mut draft);
        }
        shared::services("dotnet", &dependencies, &mut draft);
        commands(&mut draft, &whole, false);
        return Some(draft);
    }
    let output = value("OutputType").map(|(text, _)| text.to_lowercase());
    let truth = |name: &str| value(name).filter(|(text, _)| text.eq_ignore_ascii_case("true"));
    let sdk = |name: &str| dependencies.iter().any(|d| d.name == name);
    // The reference alone gives a class library the types of ASP.NET.
    let library = output.as_deref() == Some("library")
        || truth("IsAspireSharedProject").is_some()
        || (output.is_none() && !sdk("microsoft.net.sdk.web") && sdk("microsoft.aspnetcore.app"));
    let served: Vec<Dependency> = dependencies
        .iter()
        .filter(|d| {
            !library || !d.name.starts_with("microsoft.aspnetcore.app") && d.name != "microsoft.net.sdk.web"
        })
        .cloned()
        .collect();
    let framework = shared::framework(FRAMEWORKS, &served, &mut draft);
    shared::services("dotnet", &dependencies, &mut draft);
    let desktop = [("UseMaui", "maui"), ("UseWPF", "wpf"), ("UseWindowsForms", "winforms")]
        .into_iter()
        .find_map(|(key, name)| Some((truth(key)?.1, name)));
    if let Some((line, name)) = desktop.filter(|_| framework.is_none()) {
        draft.framework(name, draft.c.version.resolved.clone(), &At::line(file, line), 0.9);
        draft.strength = 2;
        commands(&mut draft, &whole, true);
        return Some(draft);
    }
    let runs = framework.is_some() || output.as_deref().is_some_and(|text| text == "exe" || text == "winexe");
    if framework.is_some_and(|row| row.name != "azure-functions") {
        draft.c.framework_version.clone_from(&draft.c.version.resolved);
        port::attach(scope, &whole, &mut draft);
    } else if framework.is_none() {
        let worker = has("microsoft.net.sdk.worker")
            .or_else(|| has("microsoft.extensions.hosting"))
            .filter(|d| d.name.contains("sdk") || runs);
        let mut listens = false;
        match worker {
            Some(worker) => draft.kind(ComponentKind::Worker, &worker.at, 0.9),
            None if runs && port::socket(scope, &mut draft) => {
                draft.kind(Web, &whole, 0.75);
                listens = true;
            }
            None if runs => plain::kind(scope, &["cs", "fs", "vb"], &whole, &mut draft),
            None => draft.kind(ComponentKind::Library, &whole, 0.8),
        }
        draft.strength = if listens { 3 } else { 1 + u8::from(runs || worker.is_some()) };
    }
    let started = runs || draft.c.kind == ComponentKind::Worker;
    commands(&mut draft, &whole, started);
    test_project::attach(scope, file, &mut draft);
    Some(draft)
}

/// Packages, SDKs and framework references, in lower case.
fn dependencies(scope: &Scope<'_>, file: &str, xml: &Element, all: &[&Element]) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut add = |name: &str, version: Option<&str>, line: u32| {
        found.push(Dependency {
            name: name.to_lowercase(),
            version: version.and_then(bare),
            at: At::line(file, line),
        });
    };
    let sdks = xml.attribute("Sdk").into_iter().flat_map(|text| text.split(';'));
    for sdk in sdks {
        let (name, version) =
            sdk.split_once('/').map_or((sdk, None), |(name, version)| (name, Some(version)));
        add(name.trim(), version, xml.line);
    }
    for element in all {
        let version = element.attribute("Version").or_else(|| element.value(&["Version"]));
        match element.name.as_str() {
            "Sdk" => add(element.attribute("Name").unwrap_or_default(), version, element.line),
            "PackageReference" | "FrameworkReference" => {
                let name = element.attribute("Include").unwrap_or_default();
                let central = || central(scope, file, name);
                let version = version.map(str::to_owned).or_else(central);
                add(name, version.as_deref(), element.line);
            }
            _ => {}
        }
    }
    found
}

/// The version that `Directory.Packages.props` gives a package.
fn central(scope: &Scope<'_>, file: &str, name: &str) -> Option<String> {
    let props =
        tools::upward(folder(file)).find_map(|dir| scope.tree.find(dir, "Directory.Packages.props"))?;
    let xml = scope.tree.xml(&props)?;
    let entry = xml.below().into_iter().find(|e| {
        e.name == "PackageVersion"
            && e.attribute("Include").is_some_and(|found| found.eq_ignore_ascii_case(name))
    })?;
    entry.attribute("Version").map(str::to_owned)
}

/// `net8.0` of the project or of `Directory.Build.props`; `global.json` pins the SDK.
fn framework_version(
    scope: &Scope<'_>,
    file: &str,
    value: &dyn Fn(&str) -> Option<(String, u32)>,
    draft: &mut Draft,
) {
    let own = value("TargetFramework")
        .or_else(|| value("TargetFrameworks"))
        .or_else(|| value("TargetFrameworkVersion"))
        .map(|(text, line)| (text, At::line(file, line)));
    let shared = || {
        let props =
            tools::upward(folder(file)).find_map(|dir| scope.tree.find(dir, "Directory.Build.props"))?;
        let xml = scope.tree.xml(&props)?;
        let element = xml
            .below()
            .into_iter()
            .find(|e| e.name == "TargetFramework" || e.name == "TargetFrameworks")?
            .clone();
        Some((element.text.trim().to_owned(), At::line(props, element.line)))
    };
    let target = own.filter(|(text, _)| !text.contains('$')).or_else(shared);
    let manifest = target.map(|(text, at)| tools::Pin { text, at });
    let pins = version::Pins { pins: Vec::new(), manifest };
    version::settle(scope.tree, draft, pins, 2, |text| {
        let newest = text
            .split(';')
            .filter_map(|part| part.trim().strip_prefix("net"))
            .filter(|part| part.contains('.'))
            .map(|part| part.split('-').next().unwrap_or(part));
        let newest = newest.filter(|part| !part.starts_with("standard") && !part.starts_with("coreapp"));
        newest
            .max_by_key(|part| crate::detect::read::version::numbers(part))
            .map(str::to_owned)
            .or_else(|| {
                let core = text.split(';').find_map(|part| part.trim().strip_prefix("netcoreapp"));
                core.map(str::to_owned)
            })
            .or_else(|| old(text))
    });
    if draft.c.version.resolved.is_none() {
        let global = tools::upward(folder(file)).find_map(|dir| scope.tree.find(dir, "global.json"));
        if let Some(global) = global
            && let Some(doc) = scope.tree.doc(&global)
            && let Some(sdk) = doc.pointer("/sdk/version").and_then(Value::as_str)
        {
            draft.note("version", sdk, &At::file(&global), 0.7);
            let short: Vec<&str> = sdk.split('.').take(2).collect();
            draft.c.version.resolved = Some(short.join("."));
        }
    }
}

/// `v4.8` and `net472` of the .NET Framework.
fn old(text: &str) -> Option<String> {
    if let Some(version) = text.strip_prefix('v') {
        return version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned());
    }
    let digits = text.split(';').find_map(|part| part.trim().strip_prefix("net"))?;
    let plain = (2..=3).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    plain.then(|| digits.chars().map(String::from).collect::<Vec<_>>().join("."))
}

fn commands(draft: &mut Draft, whole: &At, runs: bool) {
    draft.command(Slot::Install, "dotnet restore", whole, 0.9);
    draft.command(Slot::Build, "dotnet build", whole, 0.9);
    if runs {
        draft.command(Slot::Dev, "dotnet watch", whole, 0.85);
        draft.command(Slot::Start, "dotnet run", whole, 0.85);
    }
}
