//! Broken, huge, binary, looping and unreadable trees: never a crash, never a stall, named once.

use std::fs;
use std::path::Path;
use std::time::Duration;

use devbox::detect::{Facts, Limits, detect};
use tempfile::TempDir;

fn tree(files: &[(&str, &[u8])]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    root
}

fn facts(root: &Path) -> Facts {
    detect(root, &Limits::default()).unwrap()
}

fn named(facts: &Facts, file: &str) -> usize {
    facts.warnings.iter().filter(|warning| warning.starts_with(file)).count()
}

#[test]
fn a_broken_manifest_is_named_once_and_its_component_stays() {
    let root = tree(&[("package.json", b"{\"name\": \"x\", "), ("index.js", b"console.log(1)")]);
    let facts = facts(root.path());
    assert_eq!(named(&facts, "package.json"), 1, "{:?}", facts.warnings);
    assert_eq!(facts.components.len(), 1);
    assert_eq!(facts.components[0].language.as_deref(), Some("JavaScript"));
}

#[test]
fn deep_nesting_alias_bombs_and_binary_files_end_quickly() {
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let mut bomb = String::from("a0: &a0 [x, x]\n");
    for n in 1..30 {
        bomb.push_str(&format!("a{n}: &a{n} [*a{m}, *a{m}]\n", m = n - 1));
    }
    let table = format!("{}a = 1\n", "[x]\n".repeat(2));
    let root = tree(&[
        ("package.json", deep.as_bytes()),
        ("compose.yaml", bomb.as_bytes()),
        ("pyproject.toml", table.as_bytes()),
        ("go.mod", b"\0\x01\x02module x"),
        ("requirements.txt", b"fla\xffsk==1\n\xfe"),
        ("main.py", b"print(1)"),
        ("Dockerfile", &[b'\\', b'\n'].repeat(10_000)),
    ]);
    let facts = facts(root.path());
    assert_eq!(named(&facts, "package.json"), 1, "{:?}", facts.warnings);
    assert_eq!(named(&facts, "go.mod"), 1, "{:?}", facts.warnings);
}

#[test]
fn a_file_larger_than_the_bound_is_named_and_not_read() {
    let large = vec![b' '; 3 << 20];
    let root = tree(&[("package.json", &large), ("index.js", b"1")]);
    assert_eq!(named(&facts(root.path()), "package.json"), 1);
}

#[test]
fn sources_that_a_generator_wrote_are_not_searched_and_named_in_one_line() {
    let filled = |text: &str| format!("package main\n{text}\n{}", "// x\n".repeat(60_000)).into_bytes();
    let (large, twice) = (filled("var a = os.Getenv(\"LARGE\")"), filled(""));
    let main = b"package main\nfunc main() { run(os.Getenv(\"SMALL\")) }\n";
    let files: &[(&str, &[u8])] =
        &[("go.mod", b"module x\ngo 1.24\n"), ("main.go", main), ("gen/a.go", &large)];
    let found = facts(tree(files).path());
    let names: Vec<&str> = found.components[0].env.iter().map(|env| env.name.as_str()).collect();
    assert_eq!(names, ["SMALL"]);
    assert_eq!(found.warnings, ["gen/a.go: larger than 256 KiB, not searched"]);
    let found = facts(tree(&[files, &[("gen/b.go", twice.as_slice())]].concat()).path());
    assert_eq!(found.warnings, ["gen/a.go and 1 more: larger than 256 KiB, not searched"]);
}

#[test]
fn structs_of_structs_and_very_long_lines_stall_nothing() {
    let fields = |of: &str| (0..400).map(|n| format!("f{n}: {of},\n")).collect::<String>();
    let level =
        |name: &str, of: &str| format!("#[derive(Deserialize)]\nstruct {name} {{\n{}}}\n", fields(of));
    let nested = ["A B", "B C", "C D", "D E"].map(|pair| level(&pair[..1], &pair[2..])).concat();
    let read =
        "fn load() { let a: A = Figment::new().merge(Env::prefixed(\"X_\").split(\"__\")).extract()?; }\n";
    let rust = format!("{nested}{}", read.repeat(500));
    let script = format!("if (x) {{ {} }}", "a = process.env.LEVEL; ".repeat(10_000));
    let root = tree(&[
        ("Cargo.toml", b"[package]\nname = \"x\"\n"),
        ("src/main.rs", rust.as_bytes()),
        ("web/package.json", br#"{"name": "web", "scripts": {"start": "node a.js"}}"#),
        ("web/a.js", script.as_bytes()),
    ]);
    let found = facts(root.path());
    assert_eq!(found.warnings, [] as [&str; 0]);
    assert_eq!(found.components.len(), 2);
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_neither_followed_nor_looped_through() {
    let outside = tree(&[("package.json", br#"{"name": "outside", "scripts": {"start": "node x"}}"#)]);
    let root = tree(&[("go.mod", b"module x\ngo 1.24\n"), ("main.go", b"package main\nfunc main() {}\n")]);
    std::os::unix::fs::symlink(root.path(), root.path().join("loop")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root.path().join("away")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("package.json"), root.path().join("package.json"))
        .unwrap();
    let facts = facts(root.path());
    assert_eq!(facts.components.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["x"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
    let tree = tree(&[("go.mod", b"module shop\n\ngo 1.24\n"), (".git/HEAD", b"ref: refs/heads/main\n")]);
    std::fs::create_dir(tree.path().join(".git/info")).unwrap();
    for pipe in [".git/info/exclude", ".gitignore", "main.go", "package.json", ".env"] {
        let made = std::process::Command::new("mkfifo").arg(tree.path().join(pipe)).status().unwrap();
        assert!(made.success());
    }
    assert_eq!(facts(tree.path()).components[0].language.as_deref(), Some("Go"));
}

/// Found by the fuzzer: the evidence named a file that is not there.
#[cfg(unix)]
#[test]
fn a_backslash_in_the_name_of_a_project_separates_nothing() {
    let root = tree(&[("a\\b.csproj", b"<Project Sdk=\"Microsoft.NET.Sdk.Web\" />")]);
    let facts = facts(root.path());
    let component = &facts.components[0];
    assert_eq!(component.name, "a\\b");
    assert!(component.evidence.iter().all(|evidence| root.path().join(&evidence.file).exists()));
}

/// Found by the fuzzer: looking for the line of a task without a name never ended.
#[test]
fn a_task_without_a_name_stalls_nothing() {
    let root = tree(&[
        ("package.json", br#"{"name": "a", "dependencies": {"fastify": "5"}}"#),
        (
            "moon.yml",
            b"tasks:\n  ! command: vite dev\n  '':\n    command: vite\n  build:\n    command: vite build\n",
        ),
    ]);
    let facts = facts(root.path());
    let build = facts.components[0].commands.build.as_deref();
    assert!(build.is_some_and(|build| build.starts_with("moon run ")), "{build:?}");
}

#[test]
fn what_is_cut_is_said() {
    let files: Vec<(String, &[u8])> = (0..50).map(|n| (format!("d{n}/x.txt"), b"x".as_slice())).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, content)| (path.as_str(), *content)).collect();
    let root = tree(&files);
    let limits = Limits { files: 10, ..Limits::default() };
    let cut = detect(root.path(), &limits).unwrap();
    assert_eq!(cut.warnings, ["only the first 10 files were looked at"]);
    let limits = Limits { time: Duration::ZERO, ..Limits::default() };
    assert!(!detect(root.path(), &limits).unwrap().warnings.is_empty());
}

#[test]
fn vendored_and_ignored_folders_do_not_count() {
    let root = tree(&[
        ("go.mod", b"module shop\ngo 1.24\n"),
        ("main.go", b"package main\nfunc main() {}\n"),
        ("node_modules/x/package.json", br#"{"name": "x"}"#),
        ("node_modules/x/index.php", b"<?php"),
        ("vendor/y/composer.json", b"{}"),
        (".gitignore", b"generated/\n"),
        ("generated/package.json", br#"{"name": "z", "scripts": {"start": "node z"}}"#),
    ]);
    let facts = facts(root.path());
    assert_eq!(facts.components.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(), ["."]);
}

#[test]
fn the_same_tree_gives_the_same_facts() {
    let root = tree(&[
        ("a/package.json", br#"{"name": "a", "dependencies": {"express": "1"}}"#),
        ("b/requirements.txt", b"flask\n"),
        ("b/app.py", b"from flask import Flask\napp = Flask(__name__)\n"),
        ("c/go.mod", b"module c\n"),
    ]);
    let first = serde_json::to_string(&facts(root.path())).unwrap();
    for _ in 0..5 {
        assert_eq!(serde_json::to_string(&facts(root.path())).unwrap(), first);
    }
}

#[cfg(unix)]
#[test]
fn a_root_whose_name_is_not_utf_8_is_read_and_a_file_of_that_kind_is_counted() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().join(OsStr::from_bytes(b"pr\xffject"));
    fs::create_dir(&root).unwrap();
    fs::write(root.join("go.mod"), "module x\n\ngo 1.24\n").unwrap();
    fs::write(root.join(OsStr::from_bytes(b"n\xff.go")), "package main\n").unwrap();
    let facts = facts(&root);
    assert_eq!(facts.components[0].language.as_deref(), Some("Go"));
    assert_eq!(facts.warnings, ["a file whose name is not UTF-8 was left out"]);
}
