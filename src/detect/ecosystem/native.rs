//! C, C++ and COBOL: the build system says how, the sources say what.

use serde_json::Value;

use super::shared::{self, Dependency};
use super::{Ecosystem, plain};
use crate::detect::draft::{At, Draft, Slot};
use crate::detect::facts::ComponentKind::{self, Web};
use crate::detect::read::listen::{self, Listen, Take};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{Words, lines};
use crate::detect::rule::Framework;
use crate::detect::rule::framework::row;
use crate::detect::scope::Scope;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    markers: &["CMakeLists.txt", "meson.build", "conanfile.txt", "conanfile.py", "vcpkg.json"],
    describe,
};

/// Sources with a Makefile, or alone.
pub(super) const LOOSE: Ecosystem = Ecosystem { markers: &["*.c", "*.cpp", "*.cc", "Makefile"], describe };

/// Programs of COBOL.
pub(super) const COBOL: Ecosystem = Ecosystem { markers: &["*.cbl", "*.cob", "*.CBL"], describe: cobol };

/// All rows.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row("functions-framework", &["functions-framework-cpp", "functions_framework_cpp"], 62, Some(8080), Web),
    row("drogon", &["drogon"], 60, None, Web),
    row("crow", &["crow", "crowcpp-crow"], 60, None, Web),
    row("oatpp", &["oatpp"], 60, None, Web),
    row("pistache", &["pistache"], 58, None, Web),
    row("cpp-httplib", &["cpp-httplib", "httplib"], 50, None, Web),
    row("civetweb", &["civetweb"], 48, None, Web),
    row("mongoose", &["mongoose"], 48, None, Web),
];

/// Calls that listen.
static LISTEN: [Listen; 6] = [
    listen::row(r"\.port\s*\(", Take::Argument(0)),
    listen::row(r"\.listen\s*\(", Take::Argument(1)),
    listen::row(r"\.addListener\s*\(", Take::Argument(1)),
    listen::row(r"\bhtons\s*\(", Take::Argument(0)),
    listen::row(r#"(?m)^\s*#\s*define\s+\w*PORT\w*\s+\(?(\d{2,5})"#, Take::Group),
    listen::row(r#"\bmg_(?:http_)?listen\s*\([^,]+,\s*([^,]+)"#, Take::Group),
];

static STANDARD: Pattern = Pattern::new(r"(?i)\bCMAKE_(CXX|C)_STANDARD\s+(\d+)");
static PROJECT: Pattern = Pattern::new(r#"(?i)\bproject\s*\(\s*['"]?([\w.+-]+)"#);
static PACKAGE: Pattern = Pattern::new(r"(?i)\bfind_package\s*\(\s*([\w.+-]+)");
static FETCHED: Pattern = Pattern::new(r"(?i)\bFetchContent_Declare\s*\(\s*([\w.+-]+)");
static MESON: Pattern = Pattern::new(r"\bexecutable\s*\(\s*'([\w.+-]+)'");
static EXECUTABLE: Pattern = Pattern::new(r"(?i)\badd_executable\s*\(\s*([\w.+-]+)");

/// Words of sources that may listen.
static WORDS: Words = Words::new(&["port", "PORT", "listen", "Listen", "htons"]);

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    let (c, cpp) = (scope.count(&["c"]), scope.count(&["cpp", "cc", "cxx", "hpp", "hh"]));
    if c + cpp == 0 {
        return Vec::new();
    }
    let cmake = scope.find("CMakeLists.txt");
    let meson = scope.find("meson.build");
    let make = scope.first(&["Makefile", "makefile", "GNUmakefile"]);
    let conan = scope.first(&["conanfile.txt", "conanfile.py"]);
    let vcpkg = scope.find("vcpkg.json");
    let sources = scope.sources(&["c", "cpp", "cc", "cxx"]);
    let marker = [&cmake, &meson, &make, &conan, &vcpkg].into_iter().flatten().next().cloned();
    let marker = marker.or_else(|| sources.first().map(|file| (*file).to_owned())).unwrap_or_default();
    let whole = At::file(&marker);
    let mut draft = Draft::new("cpp", &scope.dir);
    draft.strength = 1;
    draft.language(if cpp >= c { "C++" } else { "C" }, &whole, 0.85);
    let mut dependencies = Vec::new();
    let mut target = None;
    let mut executable = false;
    if let Some(file) = &cmake
        && let Some(text) = scope.tree.text(file)
    {
        let code = crate::detect::read::Code::new(&text, "Makefile.cmake.sh");
        let line = |found: &regex::Captures<'_>| At::line(file, found.get(0).map(|m| code.line(m.start())));
        if let Some(found) = PROJECT.captures(&code.text) {
            draft.name(&found[1], &line(&found));
        }
        for found in PACKAGE.captures_iter(&code.text).chain(FETCHED.captures_iter(&code.text)) {
            dependencies.push(Dependency { name: found[1].to_lowercase(), version: None, at: line(&found) });
        }
        if let Some(found) = STANDARD.captures(&code.text) {
            draft.note("version", &format!("{}{}", &found[1], &found[2]), &line(&found), 0.8);
            draft.c.version.constraint = Some(found[2].to_owned());
        }
        executable = EXECUTABLE.is_match(&code.text);
        target = EXECUTABLE.captures(&code.text).map(|found| found[1].to_owned());
    }
    if let Some(file) = &vcpkg
        && let (Some(doc), Some(text)) = (scope.tree.doc(file), scope.tree.text(file))
    {
        for item in doc.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
            if let Some(name) = item.as_str().or_else(|| item.get("name")?.as_str()) {
                dependencies.push(Dependency {
                    name: name.to_owned(),
                    version: None,
                    at: At::line(file, lines::word(&text, name)),
                });
            }
        }
        draft.manager("vcpkg", &At::file(file), 0.9);
    }
    if let Some(file) = &conan {
        for (line, number) in scope.tree.text(file).unwrap_or_else(|| "".into()).lines().zip(1u32..) {
            let item = line.split(['"', '\'']).nth(1).unwrap_or(line.trim());
            if let Some((name, version)) =
                item.split_once('/').filter(|_| !line.trim_start().starts_with('#'))
            {
                let version = version.split(['@', '#']).next().and_then(crate::detect::read::version::bare);
                dependencies.push(Dependency { name: name.to_owned(), version, at: At::line(file, number) });
            }
        }
        draft.manager("conan", &At::file(file), 0.9);
        draft.command(Slot::Install, "conan install . --build=missing", &At::file(file), 0.8);
    }
    let framework = shared::framework(FRAMEWORKS, &dependencies, &mut draft);
    shared::services("cpp", &dependencies, &mut draft);
    let listens = shared::listens(scope, &mut draft, &["c", "cpp", "cc", "cxx", "h", "hpp"], &WORDS, &LISTEN);
    let runs = executable
        || sources.iter().any(|file| {
            scope.tree.text(file).is_some_and(|text| text.contains("int main") || text.contains("auto main"))
        });
    if framework.is_none() {
        draft.strength = if runs { 2 } else { 1 };
        if listens && runs {
            draft.kind(Web, &whole, 0.55);
        } else if runs {
            plain::kind(scope, &["c", "cc", "cpp", "cxx"], &whole, &mut draft);
        } else {
            draft.kind(ComponentKind::Library, &whole, 0.55);
        }
    }
    if cmake.is_some() {
        draft.command(Slot::Build, "cmake -B build && cmake --build build", &whole, 0.8);
        let tested = cmake.as_deref().and_then(|file| scope.tree.code(file));
        if tested.is_some_and(|code| code.text.contains("add_test(") || code.text.contains("enable_testing("))
        {
            draft.command(Slot::Test, "ctest --test-dir build", &whole, 0.75);
        }
        if let Some(target) = target.filter(|target| !target.contains('$')) {
            draft.command(Slot::Start, &format!("./build/{target}"), &whole, 0.6);
        }
    } else if meson.is_some() {
        draft.command(Slot::Build, "meson setup build && meson compile -C build", &whole, 0.8);
        let code = meson.as_deref().and_then(|file| scope.tree.code(file));
        if let Some(code) = code {
            if let Some(found) = MESON.captures(&code.text) {
                draft.command(Slot::Start, &format!("./build/{}", &found[1]), &whole, 0.6);
            }
            if code.text.lines().any(|line| line.trim_start().starts_with("test(")) {
                draft.command(Slot::Test, "meson test -C build", &whole, 0.75);
            }
        }
    } else if let Some(file) = &make {
        let at = At::file(file);
        draft.command(Slot::Build, "make", &at, 0.8);
        let text = scope.tree.text(file).unwrap_or_else(|| "".into());
        for (slot, name) in [(Slot::Start, "run"), (Slot::Test, "test")] {
            if text.lines().any(|line| line.starts_with(&format!("{name}:"))) {
                draft.command(slot, &format!("make {name}"), &at, 0.75);
            }
        }
    }
    vec![draft]
}

/// A file's name without its ending.
fn stem(file: &str) -> &str {
    let name = crate::detect::read::base(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn cobol(scope: &Scope<'_>) -> Vec<Draft> {
    let Some(file) =
        scope.files.iter().find(|file| ["cbl", "cob", "CBL"].contains(&crate::detect::read::extension(file)))
    else {
        return Vec::new();
    };
    let mut draft = Draft::new("cobol", &scope.dir);
    let at = At::file(*file);
    draft.strength = 1;
    draft.language("COBOL", &at, 0.9);
    // What nothing else calls is what is compiled: the only source, or one of the usual names.
    let sources: Vec<&str> = scope
        .files
        .iter()
        .copied()
        .filter(|file| ["cbl", "cob", "CBL"].contains(&crate::detect::read::extension(file)))
        .collect();
    let usual = |file: &&&str| matches!(stem(file), "index" | "main" | "hello" | "app");
    let entry = if sources.len() == 1 { sources.first() } else { sources.iter().find(usual) };
    if let Some(entry) = entry {
        let (name, source) = (stem(entry), scope.relative(entry));
        let at = At::file(*entry);
        draft.command(Slot::Build, &format!("cobc -x -o {name} {source}"), &at, 0.7);
        draft.command(Slot::Start, &format!("./{name}"), &at, 0.7);
    }
    draft.kind(ComponentKind::Cli, &at, 0.5);
    vec![draft]
}
