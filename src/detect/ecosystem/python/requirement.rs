//! Requirements: `pyproject.toml` of every flavour, `requirements*.txt`, `Pipfile`, `setup.py`,
//! `setup.cfg` and `environment.yml`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::import;
use crate::detect::draft::At;
use crate::detect::ecosystem::tools::Pin;
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{folder, join, lines};
use crate::detect::scope::Scope;

/// One requirement, its name normalised (PEP 503).
#[derive(Debug, Clone)]
pub(super) struct Requirement {
    pub(super) name: String,
    pub(super) extras: Vec<String>,
    pub(super) constraint: String,
    pub(super) at: At,
    /// Only for development or tests.
    pub(super) tool: bool,
    /// A compiled list has it because another package needs it.
    pub(super) indirect: bool,
}

impl Requirement {
    /// The name alone and with each extra: `celery`, `celery[redis]`.
    pub(super) fn names(&self) -> Vec<String> {
        let extras = self.extras.iter().map(|extra| format!("{}[{extra}]", self.name));
        std::iter::once(self.name.clone()).chain(extras).collect()
    }
}

/// Everything that manifests say.
#[derive(Debug, Default)]
pub(super) struct Requirements {
    pub(super) all: Vec<Requirement>,
    /// The first manifest.
    pub(super) file: Option<String>,
    pub(super) name: Option<(String, At)>,
    pub(super) python: Option<Pin>,
    /// `[project.scripts]` and relatives.
    pub(super) scripts: Vec<(String, At)>,
    /// A build system makes a package of it.
    pub(super) packaged: bool,
    /// `pyproject.toml`, where there is one.
    pub(super) project: Option<std::sync::Arc<Value>>,
    /// A uv workspace's root.
    pub(super) workspace: bool,
}

/// The lines of packages that a compiled list has for other packages: `# via X`, where no `X` is a file.
fn indirect(text: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut current = None;
    for (line, number) in text.lines().zip(1u32..) {
        let trimmed = line.trim();
        let comment = trimmed.split_once('#').map(|(_, comment)| comment.trim());
        if !trimmed.starts_with(['#', '-']) && !trimmed.is_empty() && !line.starts_with(char::is_whitespace) {
            current = Some(number);
        }
        let (Some(at), Some(comment)) = (current, comment) else { continue };
        if comment.starts_with("via") {
            found.insert(at);
        }
        // Asked for by a file, by the project itself.
        let source = comment.trim_start_matches("via").trim();
        if source.starts_with("-r ") || source.starts_with("-c ") || source.contains('(') {
            found.remove(&at);
            current = None;
        }
    }
    found
}

/// PEP 503: lower case, runs of `-`, `_` and `.` are one `-`.
pub(super) fn normal(name: &str) -> String {
    let mut out = String::new();
    for c in name.trim().chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

static NAME: Pattern = Pattern::new(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(.*)$");
static QUOTED: Pattern = Pattern::new(r#"['"]([A-Za-z0-9][^'"\n]*)['"]"#);
static INSTALL: Pattern = Pattern::new(r"(?s)\binstall_requires\s*=\s*\[(.*?)\]\s*[,)\n]");
static SETUP_NAME: Pattern = Pattern::new(r#"\bname\s*=\s*['"]([\w.-]+)['"]"#);
static CONSOLE: Pattern = Pattern::new(r"\bconsole_scripts\b");

fn parse(text: &str, at: At, tool: bool) -> Option<Requirement> {
    let text = text.split(" #").next().unwrap_or_default().split(';').next().unwrap_or_default();
    let found = NAME.captures(text)?;
    let rest = found[3].trim();
    // A path or a URL is no name.
    if rest.starts_with(['/', ':', '\\']) {
        return None;
    }
    let extras =
        found.get(2).map(|extras| extras.as_str().split(',').map(|e| e.trim().to_lowercase()).collect());
    let constraint =
        if rest.starts_with('@') { String::new() } else { rest.trim_matches(['(', ')']).to_owned() };
    Some(Requirement {
        name: normal(&found[1]),
        extras: extras.unwrap_or_default(),
        constraint,
        at,
        tool,
        indirect: false,
    })
}

impl Requirements {
    pub(super) fn read(scope: &Scope<'_>) -> Self {
        let mut found = Self::default();
        found.pyproject(scope);
        found.pipfile(scope);
        found.setup(scope);
        found.texts(scope);
        found.conda(scope);
        if found.file.is_none() {
            import::attach(scope, &mut found);
        }
        found
    }

    /// What the running program needs.
    pub(super) fn running(&self) -> impl Iterator<Item = &Requirement> {
        self.all.iter().filter(|requirement| !requirement.tool && !requirement.indirect)
    }

    fn take(&mut self, file: &str) {
        self.file.get_or_insert_with(|| file.to_owned());
    }

    fn list(&mut self, value: Option<&Value>, file: &str, text: &str, tool: bool) {
        for item in value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let name: String =
                item.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
            let line = text
                .lines()
                .zip(1u32..)
                .find(|(line, _)| line.contains(item))
                .map(|(_, n)| n)
                .or_else(|| lines::word(text, &name));
            self.all.extend(parse(item, At::line(file, line), tool));
        }
    }

    fn table(&mut self, value: Option<&Value>, file: &str, text: &str, tool: bool) {
        for (name, value) in value.and_then(Value::as_object).into_iter().flatten() {
            let at = At::line(file, lines::word(text, name));
            let constraint =
                value.as_str().or_else(|| value.get("version").and_then(Value::as_str)).unwrap_or_default();
            if name == "python" {
                self.python.get_or_insert(Pin { text: constraint.to_owned(), at });
                continue;
            }
            let extras = value.get("extras").and_then(Value::as_array).into_iter().flatten();
            let extras = extras.filter_map(Value::as_str).map(str::to_lowercase).collect();
            self.all.push(Requirement {
                name: normal(name),
                extras,
                constraint: constraint.to_owned(),
                at,
                tool,
                indirect: false,
            });
        }
    }

    fn pyproject(&mut self, scope: &Scope<'_>) {
        let Some(file) = scope.find("pyproject.toml") else { return };
        let (Some(doc), Some(text)) = (scope.tree.doc(&file), scope.tree.text(&file)) else {
            self.take(&file);
            return;
        };
        let at = |word: &str| At::line(&file, lines::word(&text, word));
        let get = |pointer: &str| doc.pointer(pointer);
        let string = |pointer: &str| get(pointer).and_then(Value::as_str).map(str::to_owned);
        if [
            "/project",
            "/tool/poetry",
            "/tool/pdm",
            "/tool/uv",
            "/build-system",
            "/tool/flit",
            "/tool/hatch",
            "/dependency-groups",
        ]
        .iter()
        .any(|p| get(p).is_some())
        {
            self.take(&file);
            self.project = Some(std::sync::Arc::clone(&doc));
        }
        self.name =
            string("/project/name").or_else(|| string("/tool/poetry/name")).map(|name| (name, at("name")));
        self.python = string("/project/requires-python").map(|text| Pin { text, at: at("requires-python") });
        self.list(get("/project/dependencies"), &file, &text, false);
        for (group, value) in
            get("/project/optional-dependencies").and_then(Value::as_object).into_iter().flatten()
        {
            let tool =
                ["dev", "test", "tests", "docs", "doc", "lint", "typing", "all"].contains(&group.as_str());
            self.list(Some(value), &file, &text, tool);
        }
        for (_, value) in get("/dependency-groups").and_then(Value::as_object).into_iter().flatten() {
            self.list(Some(value), &file, &text, true);
        }
        self.list(get("/tool/uv/dev-dependencies"), &file, &text, true);
        self.table(get("/tool/poetry/dependencies"), &file, &text, false);
        self.table(get("/tool/poetry/dev-dependencies"), &file, &text, true);
        for (_, group) in get("/tool/poetry/group").and_then(Value::as_object).into_iter().flatten() {
            self.table(group.get("dependencies"), &file, &text, true);
        }
        for pointer in ["/project/scripts", "/tool/poetry/scripts"] {
            for (name, _) in get(pointer).and_then(Value::as_object).into_iter().flatten() {
                self.scripts.push((name.clone(), at(name)));
            }
        }
        self.packaged = get("/build-system").is_some()
            && get("/tool/poetry/package-mode").and_then(Value::as_bool) != Some(false);
        self.workspace = get("/tool/uv/workspace").is_some();
    }

    fn pipfile(&mut self, scope: &Scope<'_>) {
        let Some(file) = scope.find("Pipfile") else { return };
        self.take(&file);
        let (Some(doc), Some(text)) = (scope.tree.doc(&file), scope.tree.text(&file)) else { return };
        self.table(doc.get("packages"), &file, &text, false);
        self.table(doc.get("dev-packages"), &file, &text, true);
        for key in ["python_full_version", "python_version"] {
            if let Some(version) = doc.pointer(&format!("/requires/{key}")).and_then(Value::as_str) {
                let at = At::line(&file, lines::word(&text, key));
                self.python.get_or_insert(Pin { text: version.to_owned(), at });
            }
        }
    }

    fn setup(&mut self, scope: &Scope<'_>) {
        if let Some(file) = scope.find("setup.py")
            && let Some(code) = scope.tree.code(&file)
        {
            self.take(&file);
            self.packaged = true;
            if let Some(found) = SETUP_NAME.captures(&code.text) {
                let at = At::line(&file, found.get(0).map(|m| code.line(m.start())));
                self.name.get_or_insert((found[1].to_owned(), at));
            }
            if let Some(found) = INSTALL.captures(&code.text) {
                let start = found.get(1).map_or(0, |m| m.start());
                for item in QUOTED.captures_iter(&found[1]) {
                    let line = code.line(start + item.get(0).map_or(0, |m| m.start()));
                    self.all.extend(parse(&item[1], At::line(&file, line), false));
                }
            }
            if let Some(found) = CONSOLE.find(&code.text) {
                self.scripts.push(("console_scripts".into(), At::line(&file, code.line(found.start()))));
            }
        }
        if let Some(file) = scope.find("setup.cfg")
            && let Some(text) = scope.tree.text(&file)
        {
            self.take(&file);
            let mut key = String::new();
            for (line, number) in text.lines().zip(1u32..) {
                if !line.starts_with(char::is_whitespace) {
                    let (name, value) = line.split_once('=').unwrap_or((line, ""));
                    key = name.trim().to_owned();
                    if key == "name" && !value.trim().is_empty() {
                        self.name.get_or_insert((value.trim().to_owned(), At::line(&file, number)));
                        self.packaged = true;
                    }
                } else if key == "install_requires" && !line.trim().starts_with('#') {
                    self.all.extend(parse(line, At::line(&file, number), false));
                }
            }
        }
    }

    fn texts(&mut self, scope: &Scope<'_>) {
        let mut files: Vec<(String, bool)> = Vec::new();
        for (name, tool) in [
            ("requirements.txt", false),
            ("requirements.in", false),
            ("requirements/base.txt", false),
            ("requirements/prod.txt", false),
            ("requirements/production.txt", false),
            ("requirements/common.txt", false),
            ("requirements/requirements.txt", false),
            ("requirements-prod.txt", false),
            ("requirements/dev.txt", true),
            ("requirements/local.txt", true),
            ("requirements-dev.txt", true),
            ("dev-requirements.txt", true),
            ("requirements_dev.txt", true),
            ("requirements-test.txt", true),
            ("requirements/test.txt", true),
        ] {
            if let Some(file) = scope.find(name) {
                files.push((file, tool));
            }
        }
        let mut next = 0;
        while next < files.len() && files.len() < 20 {
            let (file, tool) = files[next].clone();
            next += 1;
            let Some(text) = scope.tree.text(&file) else { continue };
            self.take(&file);
            let indirect = indirect(&text);
            for (line, number) in text.lines().zip(1u32..) {
                let line = line.trim();
                let include = line.strip_prefix("-r").or_else(|| line.strip_prefix("--requirement"));
                if let Some(other) =
                    include.and_then(|name| join(folder(&file), name.trim().trim_start_matches('=')))
                {
                    if scope.tree.has(&other) && !files.iter().any(|(known, _)| *known == other) {
                        files.push((other, tool));
                    }
                } else if !line.is_empty() && !line.starts_with(['#', '-', '.', '/']) && !line.contains("://")
                {
                    let mut found = parse(line, At::line(&file, number), tool);
                    if let Some(found) = &mut found {
                        found.indirect = indirect.contains(&number);
                    }
                    self.all.extend(found);
                }
            }
        }
    }

    fn conda(&mut self, scope: &Scope<'_>) {
        let Some(file) = scope.first(&["environment.yml", "environment.yaml"]) else { return };
        let (Some(doc), Some(text)) = (scope.tree.doc(&file), scope.tree.text(&file)) else { return };
        let Some(items) = doc.get("dependencies").and_then(Value::as_array) else { return };
        self.take(&file);
        if let Some(name) = doc.get("name").and_then(Value::as_str) {
            self.name.get_or_insert((name.to_owned(), At::line(&file, lines::word(&text, "name"))));
        }
        for item in items {
            self.list(item.get("pip"), &file, &text, false);
            let Some(item) = item.as_str() else { continue };
            let line =
                text.lines().zip(1u32..).find(|(line, _)| line.contains(item)).map(|(_, number)| number);
            let item = item.rsplit("::").next().unwrap_or(item);
            let at = At::line(&file, line);
            if let Some(requirement) = parse(item, at.clone(), false) {
                if requirement.name == "python" {
                    let text = requirement.constraint.trim_start_matches('=').to_owned();
                    if !text.is_empty() {
                        self.python.get_or_insert(Pin { text, at });
                    }
                } else {
                    self.all.push(requirement);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_other_packages_need_is_indirect() {
        let text = "# pip-compile\nflask==3.1\n    # via locust\nlocust==2.32\n    # via -r requirements.in\n\
                    rich==1 # via x\nhttpx==1\n    # via\n    #   -r requirements.in\n    #   openai\nplain==1\n";
        assert_eq!(indirect(text).into_iter().collect::<Vec<_>>(), [2, 6]);
    }

    #[test]
    fn requirements_are_names_and_never_parts_of_names() {
        let parsed = |text| parse(text, At::file("x"), false);
        let found = parsed("Django_REST.framework[a, B]>=3.2,<4 ; python_version > '3' # x").unwrap();
        assert_eq!((found.name.as_str(), found.constraint.as_str()), ("django-rest-framework", ">=3.2,<4"));
        assert_eq!(found.extras, ["a", "b"]);
        assert_eq!(parsed("fastapi-ipware").unwrap().name, "fastapi-ipware");
        assert_eq!(parsed("pkg @ git+https://x/y.git@v1").unwrap().constraint, "");
        assert!(parsed("./local").is_none());
    }
}
