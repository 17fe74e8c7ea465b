//! Turns a folder of fixtures into a git repository, without a git program and its configuration.

use std::path::Path;

use git2::{IndexAddOption, Repository, RepositoryInitOptions, Signature, Time};

/// Copies a folder with everything below it.
pub(super) fn copy(source: &Path, target: &Path) {
    assert!(source.is_dir(), "no fixture `{}`", source.display());
    walk(source, &mut |file| {
        let copy = target.join(file.strip_prefix(source).unwrap());
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(file, copy).unwrap();
    });
}

/// Calls for every file below a folder, but not inside `.git`.
pub(super) fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() && !path.is_symlink() {
            true if path.ends_with(".git") => {}
            true => walk(&path, visit),
            false => visit(&path),
        }
    }
}

/// Makes a repository of a folder: everything in one commit on `main`, and a remote `origin`.
pub(super) fn commit(folder: &Path, remote: &str) {
    let mut options = RepositoryInitOptions::new();
    options.initial_head("main").external_template(false).no_reinit(true);
    let repository = Repository::init_opts(folder, &options).unwrap();
    // The repository's own configuration comes before the developer's.
    let mut config = repository.config().unwrap();
    for (key, value) in [("core.autocrlf", "false"), ("core.excludesFile", "/dev/null")] {
        config.set_str(key, value).unwrap();
    }
    repository.remote("origin", remote).unwrap();
    let mut index = repository.index().unwrap();
    index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let author = Signature::new("Tester", "tester@example.com", &Time::new(1_700_000_000, 0)).unwrap();
    repository.commit(Some("HEAD"), &author, &author, "Begin", &tree, &[]).unwrap();
}
