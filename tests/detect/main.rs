//! The facts of every fixture project, whole, as JSON. A project without a snapshot fails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic anywhere")]

mod hostile;

use std::path::Path;

use devbox::detect::{Limits, detect};

#[test]
fn every_fixture_has_the_facts_of_its_snapshot() {
    let projects = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/projects");
    let mut folders: Vec<_> =
        std::fs::read_dir(projects).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut wrong = Vec::new();
    settings.bind(|| {
        for folder in &folders {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            let facts = detect(folder, &Limits::default()).unwrap();
            // One project's difference must not hide the next one's.
            let compared = std::panic::catch_unwind(|| insta::assert_json_snapshot!(name.clone(), facts));
            if compared.is_err() {
                wrong.push(name);
            }
        }
    });
    assert!(wrong.is_empty(), "facts differ from the snapshot: {}", wrong.join(", "));
}
