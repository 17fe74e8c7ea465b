//! The file of the project that a script or a manifest means: what is built is looked for where it was written.

use crate::detect::scope::Scope;

/// Folders that hold what was built, where `tsconfig.json` names none.
const BUILT: &[&str] = &["dist/", "build/", "lib/", "out/"];

/// The component's own file that a word means; `None` where it is not there.
pub(super) fn written(scope: &Scope<'_>, word: &str) -> Option<String> {
    let word = word.trim_matches(['"', '\'']).trim_start_matches("./");
    let stem = [".js", ".mjs", ".cjs"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    let options = options(scope);
    let folders = options.iter().map(|(out, _)| out.as_str()).chain(BUILT.iter().copied());
    let stem = { folders }.find_map(|folder| stem.strip_prefix(folder)).unwrap_or(stem);
    let sources = options.iter().map(|(_, root)| root.as_str()).chain(["", "src/"]);
    let source = || {
        sources
            .flat_map(|root| ["ts", "js", "mjs", "mts", "cts"].map(|extension| (root, extension)))
            .find_map(|(root, extension)| {
                scope
                    .find(&format!("{root}{stem}.{extension}"))
                    .or_else(|| scope.find(&format!("{root}{stem}/index.{extension}")))
            })
    };
    let file = scope.find(word).or_else(source)?;
    // A member of a workspace speaks for itself.
    scope.files.contains(&file.as_str()).then_some(file)
}

/// Where TypeScript's compiler puts what it builds, and where from, each with a slash at its end.
fn options(scope: &Scope<'_>) -> Option<(String, String)> {
    let doc = scope.tree.doc(&scope.find("tsconfig.json")?)?;
    let folder = |key: &str| {
        let text = doc.pointer(&format!("/compilerOptions/{key}"))?.as_str()?;
        let text = text.trim_start_matches("./").trim_end_matches('/');
        (!text.is_empty() && text != ".").then(|| format!("{text}/"))
    };
    Some((folder("outDir")?, folder("rootDir").unwrap_or_default()))
}
