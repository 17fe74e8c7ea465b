//! Detection over arbitrary trees: it never crashes, never stalls, gives the same facts twice, and cites
//! only files that are there.
//!
//! An input is a text archive: a line `-- path --` begins a file, what follows is its content.

#![no_main]

use std::fs;
use std::path::Path;

use devbox::detect::{Facts, Limits, detect};
use libfuzzer_sys::fuzz_target;

/// Files of one tree; more add time and no rule.
const FILES: usize = 40;

fuzz_target!(|archive: &[u8]| {
    let base = if Path::new("/dev/shm").is_dir() { Path::new("/dev/shm") } else { Path::new("/tmp") };
    let folder =
        tempfile::Builder::new().prefix("devbox-fuzz").tempdir_in(base).expect("a folder can be made");
    let root = folder.path().join("project");
    fs::create_dir(&root).expect("a folder can be made");
    for (path, content) in files(archive).into_iter().take(FILES) {
        let file = root.join(path);
        let parent = file.parent().expect("a file is in a folder");
        // A path that is a folder already, or passes through a file, is left out.
        if fs::create_dir_all(parent).is_ok() && !file.is_dir() {
            let _ = fs::write(file, content);
        }
    }
    let facts = detect(&root, &Limits::default()).expect("the folder can be read");
    hold(&root, &facts);
    let again = detect(&root, &Limits::default()).expect("the folder can be read");
    assert_eq!(facts, again, "the same tree gave other facts");
});

/// What holds for the facts of every tree.
fn hold(root: &Path, facts: &Facts) {
    for component in &facts.components {
        assert!(root.join(&component.path).is_dir(), "no folder: {}", component.path);
        assert!(component.ports.iter().all(|port| *port > 0));
        for variable in &component.env {
            assert!(!(variable.secret && variable.default.is_some()), "a secret is shown: {}", variable.name);
        }
        for evidence in &component.evidence {
            assert!(root.join(&evidence.file).exists(), "{}: no file {}", evidence.field, evidence.file);
            assert!((0.0..=1.0).contains(&evidence.confidence));
            assert_ne!(evidence.line, Some(0));
        }
    }
}

/// The archive's files, with paths that stay inside.
fn files(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    for line in archive.split_inclusive(|byte| *byte == b'\n') {
        match header(line) {
            Some(path) => found.push((path, Vec::new())),
            None => {
                if let Some((_, content)) = found.last_mut() {
                    content.extend_from_slice(line);
                }
            }
        }
    }
    found
}

fn header(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?.trim_end_matches('\n');
    let path = line.strip_prefix("-- ")?.strip_suffix(" --")?;
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "." | "..") && part.len() < 100);
    let path: Vec<&str> = parts.filter(|part| !part.contains('\0')).take(12).collect();
    (!path.is_empty()).then(|| path.join("/"))
}
