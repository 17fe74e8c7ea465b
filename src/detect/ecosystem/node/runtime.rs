//! Which program runs the code, and its version.

use super::manifest::Manifest;
use crate::detect::draft::Draft;
use crate::detect::ecosystem::tools::{self, Pin, upward};
use crate::detect::ecosystem::version::{self, Pins};
use crate::detect::read::pattern::Pattern;
use crate::detect::scope::Scope;

/// Code names of Node's long-term releases.
const NAMES: &[(&str, &str)] = &[
    ("argon", "4"),
    ("boron", "6"),
    ("carbon", "8"),
    ("dubnium", "10"),
    ("erbium", "12"),
    ("fermium", "14"),
    ("gallium", "16"),
    ("hydrogen", "18"),
    ("iron", "20"),
    ("jod", "22"),
    ("krypton", "24"),
];

/// `lts/iron` is 20; `lts/*` is a tag of its own.
fn named(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let name = lower.strip_prefix("lts/").or_else(|| lower.strip_prefix("lts-")).unwrap_or(&lower);
    if name == "*" && lower != "*" || lower == "lts" {
        return Some("lts".into());
    }
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, version)| (*version).to_owned())
}

static BUN_API: Pattern = Pattern::new(
    r#"\bBun\.(?:serve|file|env|write|sql|redis|build|spawn)\b|\bfrom\s+['"](?:bun|bun:\w+|hono/bun)['"]"#,
);

/// Adds runtime and version.
pub(super) fn attach(scope: &Scope<'_>, manifest: &Manifest, draft: &mut Draft) {
    let tree = scope.tree;
    let bun = uses_bun(scope, manifest, draft);
    let at = draft.c.evidence.iter().find(|e| e.field == "packageManager");
    let at =
        at.map_or_else(|| manifest.at("name"), |e| crate::detect::draft::At::line(e.file.clone(), e.line));
    draft.runtime(if bun { "bun" } else { "node" }, &at, 0.85);
    let names: &[&str] = if bun { &["bun"] } else { &["node", "nodejs"] };
    let mut pins = Pins::default();
    pins.push(tools::pinned(tree, &scope.dir, names));
    if bun {
        pins.push(tools::file(tree, &scope.dir, &[".bun-version"]));
        pins.manifest =
            upward(&scope.dir).find_map(|dir| engine(scope, dir, manifest, "/engines/bun", "bun"));
    } else {
        pins.push(upward(&scope.dir).find_map(|dir| engine(scope, dir, manifest, "/volta/node", "node")));
        pins.push(tools::file(tree, &scope.dir, &[".nvmrc", ".node-version"]));
        pins.manifest = upward(&scope.dir).find_map(|dir| {
            engine(scope, dir, manifest, "/engines/node", "node")
                .or_else(|| engine(scope, dir, manifest, "/devEngines/runtime/version", "devEngines"))
        });
    }
    version::settle(tree, draft, pins, 1, named);
}

fn engine(scope: &Scope<'_>, dir: &str, manifest: &Manifest, pointer: &str, word: &str) -> Option<Pin> {
    let other = if dir == scope.dir { None } else { Some(Manifest::of(scope.tree, dir)?) };
    let manifest = other.as_ref().unwrap_or(manifest);
    let text = manifest.pointer(pointer)?.to_owned();
    Some(Pin { text, at: manifest.at(word) })
}

/// Bun runs the code where a script, a dependency or the code itself says so; a lock file of Bun alone
/// says who installs.
fn uses_bun(scope: &Scope<'_>, manifest: &Manifest, draft: &Draft) -> bool {
    let runs = |script: &str| {
        script.split(['&', '|', ';']).map(str::trim).any(|part| {
            let part = part
                .trim_start_matches("NODE_ENV=production ")
                .trim_start_matches("cross-env NODE_ENV=production ");
            let Some(rest) = part.strip_prefix("bun ").or_else(|| part.strip_prefix("bunx --bun ")) else {
                return false;
            };
            let word =
                rest.trim_start_matches("run ").split_whitespace().find(|word| !word.starts_with("--"));
            rest.contains("--hot")
                || rest.contains("--watch")
                || rest.starts_with("--bun")
                || word.is_some_and(|word| word.contains('.') || word.contains('/'))
        })
    };
    let scripts =
        ["start", "dev", "serve", "start:dev"].iter().filter_map(|name| manifest.script(name)).any(runs);
    let depends = manifest.dependencies().any(|(name, _)| name == "elysia");
    let typed = manifest.has("@types/bun") || manifest.has("bun-types");
    let own = || {
        scope.sources(&["ts", "js", "tsx"]).into_iter().take(20).any(|file| {
            scope.tree.text(file).is_some_and(|text| text.contains("Bun.") || text.contains("bun"))
                && scope.tree.code(file).is_some_and(|code| code.matches(&BUN_API))
        })
    };
    let locked = draft.c.package_manager.as_deref() == Some("bun");
    let node = manifest.scripts().any(|(name, script)| {
        name == "start" && (script.starts_with("node ") || script.starts_with("next "))
    });
    scripts
        || depends
        || scope.find("bunfig.toml").is_some()
        || (!node && (typed || locked || own()) && (locked || own()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_term_names_are_versions() {
        assert_eq!(named("lts/iron").as_deref(), Some("20"));
        assert_eq!(named("lts/*").as_deref(), Some("lts"));
        assert_eq!(named("*"), None);
        assert_eq!(named("20"), None);
    }
}
