//! The package manager: the manifest's word, then lock files, then what is there anyway.

use super::manifest::Manifest;
use crate::detect::draft::{At, Draft};
use crate::detect::ecosystem::tools::upward;
use crate::detect::read::Tree;
use crate::detect::scope::Scope;

/// Lock and configuration files, strongest first.
pub(super) const LOCKS: &[(&str, &str)] = &[
    ("pnpm-lock.yaml", "pnpm"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("yarn.lock", "yarn"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
    (".yarnrc.yml", "yarn"),
    ("pnpm-workspace.yaml", "pnpm"),
];

/// The lock files of a folder.
fn locks(tree: &Tree, dir: &str) -> Vec<(&'static str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for (name, manager) in LOCKS {
        if let Some(file) = tree.find(dir, name)
            && !found.iter().any(|(known, _)| known == manager)
        {
            found.push((manager, file));
        }
    }
    // A configuration file says something only where no lock does.
    if found.iter().any(|(_, file)| file.contains("lock")) {
        found.retain(|(_, file)| file.contains("lock") || file.ends_with("shrinkwrap.json"));
    }
    found
}

/// Settles the package manager, from the nearest folder upwards that says one.
pub(super) fn attach(scope: &Scope<'_>, manifest: &Manifest, draft: &mut Draft) {
    let tree = scope.tree;
    for dir in upward(&scope.dir) {
        let own = if dir == scope.dir { None } else { Manifest::of(tree, dir) };
        let here = if dir == scope.dir { Some(manifest) } else { own.as_ref() };
        let locks = locks(tree, dir);
        if let Some((name, at)) = here.and_then(declared) {
            draft.manager(&name, &at, 0.98);
            for (other, file) in locks.iter().filter(|(other, _)| *other != name) {
                draft.note("packageManager", other, &At::file(file), 0.2);
            }
            return;
        }
        if let Some(file) = tree.find(dir, "rush.json")
            && let Some(doc) = tree.doc(&file)
            && let Some(name) =
                ["pnpm", "yarn", "npm"].into_iter().find(|name| doc.get(format!("{name}Version")).is_some())
        {
            return draft.manager(name, &At::file(file), 0.95);
        }
        match &locks[..] {
            [] => {}
            [(name, file)] => return draft.manager(name, &At::file(file), 0.95),
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
                let files: Vec<&str> = several.iter().map(|(_, file)| file.as_str()).collect();
                let reason = format!("{}: {} are there", names.join(" or "), files.join(" and "));
                let candidates =
                    several.iter().map(|(name, file)| ((*name).to_owned(), At::file(file))).collect();
                return draft.ambiguous("packageManager", candidates, reason);
            }
        }
    }
    let engine = |name: &str| {
        manifest.pointer(&format!("/engines/{name}")).or(manifest.pointer(&format!("/volta/{name}")))
    };
    for name in ["pnpm", "yarn", "bun"] {
        if engine(name).is_some() {
            return draft.manager(name, &manifest.at(name), 0.8);
        }
    }
    if manifest.scripts().any(|(_, script)| script.starts_with("bun ") || script.starts_with("bunx ")) {
        return draft.manager("bun", &manifest.at("scripts"), 0.8);
    }
    for name in ["pnpm", "yarn"] {
        if manifest.scripts().any(|(_, script)| {
            script.starts_with(&format!("{name} ")) || script.contains(&format!("&& {name} "))
        }) {
            return draft.manager(name, &manifest.at("scripts"), 0.6);
        }
    }
    if let Some(name) = ["@types/bun", "bun-types"].into_iter().find(|name| manifest.has(name)) {
        return draft.manager("bun", &manifest.at(name), 0.6);
    }
    draft.manager("npm", &At::file(&manifest.file), 0.6);
}

/// `packageManager` or `devEngines.packageManager`.
fn declared(manifest: &Manifest) -> Option<(String, At)> {
    let text = manifest.text("packageManager");
    let (text, key) = match text {
        Some(text) => (text, "packageManager"),
        None => (manifest.pointer("/devEngines/packageManager/name")?, "devEngines"),
    };
    let name = text.split('@').next().unwrap_or_default();
    ["npm", "pnpm", "yarn", "bun"].contains(&name).then(|| (name.to_owned(), manifest.at(key)))
}

/// The first manager that is known or possible.
pub(super) fn usable(draft: &Draft) -> String {
    let open = || {
        let ambiguity = draft.ambiguous.iter().find(|ambiguity| ambiguity.field == "packageManager")?;
        ambiguity.candidates.first().map(|candidate| candidate.value.clone())
    };
    draft.c.package_manager.clone().or_else(open).unwrap_or_else(|| "npm".into())
}

/// Whether a lock file of this manager is there, and whether Yarn is of the modern kind.
pub(super) fn locked(tree: &Tree, dir: &str, manager: &str) -> (bool, bool) {
    let lock = upward(dir).find_map(|dir| {
        let file = |(name, of): &&(&str, &str)| {
            *of == manager
                && (name.contains("lock") || name.contains("shrinkwrap"))
                && tree.find(dir, name).is_some()
        };
        LOCKS.iter().find(file).and_then(|(name, _)| tree.find(dir, name))
    });
    let modern = manager == "yarn"
        && upward(dir).any(|dir| {
            let field = Manifest::of(tree, dir).and_then(|manifest| {
                let version = manifest.text("packageManager")?.strip_prefix("yarn@")?.to_owned();
                version.split('.').next()?.parse::<u32>().ok()
            });
            field.is_some_and(|major| major >= 2) || tree.find(dir, ".yarnrc.yml").is_some()
        });
    let modern = modern
        || (manager == "yarn"
            && lock
                .as_deref()
                .and_then(|lock| tree.text(lock))
                .is_some_and(|text| text.contains("__metadata:")));
    (lock.is_some(), modern)
}
