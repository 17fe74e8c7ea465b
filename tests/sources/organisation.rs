//! An organisation's git repository of presets, made with git's own objects, so that it can hold what no
//! working tree could.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ObjectType, Oid, Repository, RepositoryInitOptions, Signature, Time};
use tempfile::TempDir;

use super::support::Devbox;

pub(crate) const RAILS: &str = "\
name: rails
summary: A Rails application behind our ingress
extends: web
detects: {language: Ruby, framework: rails}
params:
  image: {default: 'ghcr.io/acme/rails:3.4'}
  domain: {type: dns-name, summary: Where it is reached, default: shop.dev.example.com}
templates:
  ingress: rails/ingress.yaml
";

pub(crate) const INGRESS: &str = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ unit.name }}
  labels: {% include \"_labels.yaml\" %}
spec:
  rules:
    - host: {{ values.domain }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: '{{ unit.name }}', port: {name: http}}}
";

/// A project that uses it.
pub(crate) const PROJECT: &str = "\
# ours
name: shop
components:
  web: {path: ., extends: acme/rails, uses: [], values: {source: image}} # the app
services: {}
";

/// A bare repository, the organisation's.
#[derive(Clone)]
pub(crate) struct Organisation {
    folder: Arc<TempDir>,
}

/// An entry of a tree: mode, name, id.
pub(crate) type Raw<'a> = (&'a str, &'a [u8], Oid);

impl Organisation {
    /// One commit on `main` with the preset `rails`.
    pub(crate) fn new() -> Self {
        let organisation = Self::empty();
        organisation.commit(&[("presets/rails.yaml", RAILS), ("templates/rails/ingress.yaml", INGRESS)]);
        organisation
    }

    /// No commit yet.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("organisation-").tempdir().unwrap();
        let mut options = RepositoryInitOptions::new();
        options.bare(true).initial_head("main").external_template(false);
        Repository::init_opts(folder.path().join("presets.git"), &options).unwrap();
        Self { folder: Arc::new(folder) }
    }

    /// The folder that holds the repository `presets.git`.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.root().join("presets.git")
    }

    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.path().display())
    }

    pub(crate) fn git(&self) -> Repository {
        Repository::open_bare(self.path()).unwrap()
    }

    /// Commits these files, and no others, on `main`.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> Oid {
        let mut tree = Oid::ZERO_SHA1;
        for (path, text) in files {
            let blob = self.blob(text.as_bytes());
            tree = self.put(tree, path, "100644", blob);
        }
        self.commit_tree(tree)
    }

    /// Commits a tree on `main`.
    pub(crate) fn commit_tree(&self, tree: Oid) -> Oid {
        let git = self.git();
        let parent = git.refname_to_id("refs/heads/main").ok().map(|id| git.find_commit(id).unwrap());
        let author = Signature::new("Ada", "ada@example.com", &Time::new(1_700_000_000, 0)).unwrap();
        let tree = git.find_tree(tree).unwrap();
        let parents: Vec<_> = parent.iter().collect();
        git.commit(Some("refs/heads/main"), &author, &author, "change", &tree, &parents).unwrap()
    }

    /// The id of the tree that `main` has.
    pub(crate) fn tree(&self) -> String {
        let git = self.git();
        let head = git.refname_to_id("refs/heads/main").unwrap();
        git.find_commit(head).unwrap().tree_id().to_string()
    }

    pub(crate) fn blob(&self, bytes: &[u8]) -> Oid {
        self.git().blob(bytes).unwrap()
    }

    /// Writes a tree as it is, whatever is in it.
    pub(crate) fn raw_tree(&self, entries: &[Raw<'_>]) -> Oid {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(id.as_bytes());
        }
        self.git().odb().unwrap().write(ObjectType::Tree, &bytes).unwrap()
    }

    /// A tree with one more entry at a path; a zero id begins an empty one.
    pub(crate) fn put(&self, tree: Oid, path: &str, mode: &str, id: Oid) -> Oid {
        let git = self.git();
        let base = (tree != Oid::ZERO_SHA1).then(|| git.find_tree(tree).unwrap());
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let (mode, id) = match rest {
            "" => (mode, id),
            rest => {
                let inner = base.as_ref().and_then(|base| base.get_name(first)).map(|entry| entry.id());
                ("40000", self.put(inner.unwrap_or(Oid::ZERO_SHA1), rest, mode, id))
            }
        };
        let mut builder = git.treebuilder(base.as_ref()).unwrap();
        builder.insert(first, id, i32::from_str_radix(mode, 8).unwrap()).unwrap();
        builder.write().unwrap()
    }
}

/// A project, in a git repository of its own, that uses a source; `acme` is pinned and trusted.
pub(crate) fn project_with(organisation: &Organisation, url: &str) -> Devbox {
    let devbox = project();
    devbox.args(["preset", "add", "acme", url, "--trust", &organisation.tree()]).run().ok();
    devbox
}

/// A project whose `devbox.yaml` names a source that is not there yet.
pub(crate) fn project() -> Devbox {
    let devbox = Devbox::new().file("devbox.yaml", PROJECT);
    Repository::init_opts(devbox.cwd(), RepositoryInitOptions::new().external_template(false)).unwrap();
    devbox
}

/// Where a program of this machine is.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("these tests need `{name}`"))
}

/// Files of the cache, by what matches.
pub(crate) fn cached(devbox: &Devbox, name: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.file_name().unwrap().to_string_lossy().contains(name) {
                found.push(path.clone());
            }
            if path.is_dir() {
                walk(&path, name, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(&devbox.home().join(".cache/devbox-k8s"), name, &mut found);
    found
}
