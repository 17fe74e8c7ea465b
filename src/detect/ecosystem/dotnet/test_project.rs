//! Projects of tests: no components of their own, but how those that they refer to are tested.

use crate::detect::draft::{At, Draft, Slot};
use crate::detect::read::xml::Element;
use crate::detect::read::{base, extension, folder, join};
use crate::detect::scope::Scope;

/// Packages and SDKs that run tests.
const RUNNERS: &[&str] = &["microsoft.net.test.sdk", "mstest", "mstest.sdk", "xunit.v3", "tunit"];

/// Whether a project file describes tests.
pub(super) fn is_one(project: &Element) -> bool {
    let sdk = project.attribute("Sdk").unwrap_or_default().to_lowercase();
    let runs = |name: &str| RUNNERS.contains(&name.to_lowercase().as_str());
    RUNNERS.iter().any(|name| sdk.split('/').next() == Some(*name))
        || project.below().into_iter().any(|element| match element.name.as_str() {
            "PackageReference" => element.attribute("Include").is_some_and(runs),
            "IsTestProject" => element.text.trim().eq_ignore_ascii_case("true"),
            _ => false,
        })
}

/// The nearest project of tests that refers to the project in `file`.
pub(super) fn attach(scope: &Scope<'_>, file: &str, draft: &mut Draft) {
    let named = |path: &&str| {
        matches!(extension(path), "csproj" | "fsproj" | "vbproj") && path.to_lowercase().contains("test")
    };
    let refers = |path: &&str| {
        scope.tree.xml(path).is_some_and(|project| {
            let mut references = project.below().into_iter().filter(|e| e.name == "ProjectReference");
            is_one(&project)
                && references.any(|reference| {
                    let target = reference.attribute("Include");
                    target.and_then(|target| join(folder(path), target)).as_deref() == Some(file)
                })
        })
    };
    let candidates: Vec<&str> = scope.tree.files().filter(named).take(200).collect();
    let mut found: Vec<&str> = candidates.into_iter().filter(refers).collect();
    // Those of units come before those of the whole.
    let whole = |path: &str| {
        ["integration", "functional", "e2e", "acceptance"].iter().any(|word| path.contains(word))
    };
    found.sort_by_key(|path| (whole(&base(path).to_lowercase()), path.len()));
    if let Some(tests) = found.first() {
        let command = match relative(&scope.dir, folder(tests)) {
            here if here == "." => "dotnet test".to_owned(),
            there => format!("dotnet test {there}"),
        };
        draft.command(Slot::Test, &command, &At::file(*tests), 0.85);
    }
}

/// The way from one folder to another.
fn relative(from: &str, to: &str) -> String {
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut way = vec![".."; from.len() - shared];
    way.extend(to[shared..].iter().map(String::as_str));
    if way.is_empty() { ".".to_owned() } else { way.join("/") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_way_between_folders() {
        assert_eq!(super::relative("src/Shop", "tests/Shop.Tests"), "../../tests/Shop.Tests");
        assert_eq!(super::relative(".", "Shop.Tests"), "Shop.Tests");
        assert_eq!(super::relative("a", "a"), ".");
    }
}
