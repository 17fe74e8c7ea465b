//! `go.mod`, and what sources import where there is none.

use std::collections::BTreeSet;

use crate::detect::read::pattern::Pattern;
use crate::detect::scope::Scope;

/// `go.mod`, as far as it is needed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) name: Option<(String, u32)>,
    pub(super) go: Option<(String, u32)>,
    pub(super) toolchain: Option<(String, u32)>,
    /// Direct requirements: path, version, line.
    pub(super) requires: Vec<(String, String, u32)>,
    /// Those that are said to be there for others only.
    pub(super) indirect: Vec<(String, String, u32)>,
}

impl Module {
    pub(super) fn parse(text: &str) -> Self {
        let mut module = Self::default();
        let mut block = String::new();
        for (line, number) in text.lines().zip(1u32..) {
            let (line, comment) = line.split_once("//").unwrap_or((line, ""));
            let mut words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [")"] => block.clear(),
                [word, "("] => block = word.to_owned(),
                _ => {
                    if !block.is_empty() {
                        words.insert(0, &block);
                    }
                    match words[..] {
                        ["module", name] => module.name = Some((name.trim_matches('"').to_owned(), number)),
                        ["go", version] => module.go = Some((version.to_owned(), number)),
                        ["toolchain", version] => {
                            module.toolchain = Some((version.trim_start_matches("go").to_owned(), number));
                        }
                        ["require", path, version] => {
                            let requires = match comment.trim() {
                                "indirect" => &mut module.indirect,
                                _ => &mut module.requires,
                            };
                            requires.push((path.to_owned(), version.to_owned(), number));
                        }
                        _ => {}
                    }
                }
            }
        }
        module
    }

    /// Counts what is said to be indirect and is imported all the same: `go get` before the import writes so.
    pub(super) fn used(&mut self, imports: &BTreeSet<String>) {
        let uses = |path: &str| {
            imports.iter().any(|import| {
                import.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        let (used, left) = std::mem::take(&mut self.indirect).into_iter().partition(|(path, ..)| uses(path));
        self.indirect = left;
        let mut used: Vec<_> = used;
        self.requires.append(&mut used);
    }

    /// Without a `go.mod`, the modules are what the sources import; nothing says their versions.
    pub(super) fn imported(scope: &Scope<'_>, sources: &[&str]) -> Self {
        let mut found = BTreeSet::new();
        for path in packages(scope, sources) {
            found.insert(path.split('/').take(3).collect::<Vec<_>>().join("/"));
            found.insert(path);
        }
        let requires = found.into_iter().map(|path| (path, String::new(), 1)).collect();
        Self { requires, ..Self::default() }
    }
}

/// The packages that sources import, as written.
pub(super) fn packages(scope: &Scope<'_>, sources: &[&str]) -> BTreeSet<String> {
    let texts = sources.iter().filter_map(|file| scope.tree.text(file));
    texts
        .flat_map(|text| IMPORT.captures_iter(&text).map(|found| found[1].to_owned()).collect::<Vec<_>>())
        .collect()
}

static IMPORT: Pattern = Pattern::new(
    r#"(?m)^\s*(?:import\s+)?(?:[\w.]+\s+)?"([a-z0-9-]+(?:\.[a-z0-9-]+)+/[\w./~-]+)"\s*(?://.*)?$"#,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_comments_and_indirect_lines_of_a_module_are_read() {
        let text = "module \"github.com/acme/shop/v2\"\n\ngo 1.24.0\ntoolchain go1.24.3\n\nrequire (\n\tgithub.com/lib/pq v1.10.9\n\
                    \t// github.com/x/y v1\n\tgithub.com/a/b v1.0.0 // indirect\n)\nrequire github.com/c/d v0.1.0\n";
        let module = Module::parse(text);
        assert_eq!(module.name, Some(("github.com/acme/shop/v2".into(), 1)));
        assert_eq!(module.toolchain, Some(("1.24.3".into(), 4)));
        let names: Vec<&str> = module.requires.iter().map(|(path, _, _)| path.as_str()).collect();
        assert_eq!(names, ["github.com/lib/pq", "github.com/c/d"]);
        let mut module = module;
        module.used(&BTreeSet::from(["github.com/a/b/sub".to_owned()]));
        assert_eq!(module.requires.last().map(|(path, ..)| path.as_str()), Some("github.com/a/b"));
    }
}
