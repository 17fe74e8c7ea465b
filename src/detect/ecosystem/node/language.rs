//! TypeScript or JavaScript.

use crate::detect::draft::{At, Draft};
use crate::detect::scope::Scope;

/// `tsconfig.json` or more TypeScript than JavaScript.
pub(super) fn attach(scope: &Scope<'_>, draft: &mut Draft) {
    let typed = scope.sources(&["ts", "tsx", "mts", "cts"]);
    let typed: Vec<&str> = typed.into_iter().filter(|file| !file.ends_with(".d.ts")).collect();
    let plain = scope.sources(&["js", "jsx", "mjs", "cjs"]);
    let config = scope.first(&["tsconfig.json", "tsconfig.app.json", "tsconfig.base.json"]);
    match config {
        Some(file) if !typed.is_empty() || plain.is_empty() => {
            draft.language("TypeScript", &At::file(file), 0.95);
        }
        _ if typed.len() > plain.len() => draft.language("TypeScript", &At::file(typed[0]), 0.85),
        _ => {
            let file = plain
                .first()
                .map_or_else(|| scope.find("package.json").unwrap_or_default(), |file| (*file).to_owned());
            draft.language("JavaScript", &At::file(file), 0.85);
        }
    }
}
