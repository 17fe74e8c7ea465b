//! Existing files of use, by name.

use super::{compose, docker};
use crate::detect::facts::Files;
use crate::detect::read::{Tree, base, folder};

/// Sorts every known file into its list.
pub(in crate::detect) fn files(tree: &Tree) -> Files {
    let mut found = Files::default();
    for file in tree.of_use() {
        let name = base(file);
        let list = match name {
            "Chart.yaml" => &mut found.helm,
            "kustomization.yaml" | "kustomization.yml" | "Kustomization" => &mut found.kustomize,
            "Procfile" => &mut found.procfile,
            "devcontainer.json" | ".devcontainer.json" => &mut found.devcontainer,
            "skaffold.yaml" | "skaffold.yml" => &mut found.skaffold,
            "Tiltfile" => &mut found.tilt,
            "devspace.yaml" | "devspace.yml" => &mut found.devspace,
            "Makefile" | "makefile" | "GNUmakefile" => &mut found.makefile,
            "Taskfile.yml" | "Taskfile.yaml" | "taskfile.yml" | "taskfile.yaml" | "Taskfile.dist.yml" => {
                &mut found.taskfile
            }
            "justfile" | "Justfile" | ".justfile" => &mut found.justfile,
            "mise.toml" | ".mise.toml" | ".tool-versions" | "mise.local.toml" => &mut found.mise,
            "devfile.yaml" | ".devfile.yaml" | "devfile.yml" => &mut found.devfile,
            _ if docker::is_dockerfile(name) => &mut found.dockerfile,
            _ if compose::is_compose(name) => &mut found.compose,
            _ if folder(file) == ".github/workflows"
                && (name.ends_with(".yml") || name.ends_with(".yaml")) =>
            {
                &mut found.github_actions
            }
            _ if is_app_host(tree, file) => &mut found.aspire,
            _ => continue,
        };
        list.push(file.clone());
    }
    found
}

/// Whether a file of this name can be in one of the lists, or be an AppHost: a cheap look at all files,
/// before the exact one.
pub(in crate::detect) fn of_use(name: &str) -> bool {
    const ENDINGS: &[&str] = &[".yaml", ".yml", ".json", ".toml", ".csproj", ".tool-versions"];
    const NAMES: &[&str] = &[".justfile", "Program.cs", "AppHost.cs", "apphost.cs"];
    !name.contains('.')
        || NAMES.contains(&name)
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || docker::is_dockerfile(name)
}

/// A project of the Aspire AppHost SDK.
fn is_app_host(tree: &Tree, file: &str) -> bool {
    let named = file.ends_with("AppHost.csproj") || base(file) == "apphost.cs";
    named && tree.text(file).is_some_and(|text| text.contains("Aspire"))
}
