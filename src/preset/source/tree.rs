//! Reads a source from git's objects. Sizes are looked at before anything is unpacked.

use git2::{ObjectType, Oid, Repository};

use super::content::{Collector, Content, Entry, FOLDERS};
use super::error::SourceError;

/// A commit, and a folder's own object, may be this large.
const MOST_TREE_BYTES: usize = 1 << 20;

/// Why a commit could not be read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The repository lacks something, or it is damaged.
    Damaged(git2::Error),
    /// What it holds is refused.
    Source(SourceError),
}

impl From<git2::Error> for ReadError {
    fn from(error: git2::Error) -> Self {
        Self::Damaged(error)
    }
}

impl From<SourceError> for ReadError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

/// Reads `presets/` and `templates/` of a commit, in `folder` of it.
pub(super) fn read(
    repository: &Repository,
    commit: Oid,
    folder: Option<&str>,
    label: &str,
) -> Result<Content, ReadError> {
    let tree = tree_at(repository, commit, folder, label)?;
    let mut reader = Reader { repository, collector: Collector::new(label) };
    let top = reader.entries(tree)?;
    for (name, mode, id) in &top {
        let Some(wanted) = FOLDERS.iter().find(|wanted| name.eq_ignore_ascii_case(wanted.as_bytes())) else {
            continue;
        };
        if name != wanted.as_bytes() {
            let name = String::from_utf8_lossy(name).into_owned();
            return reader.collector.refuse(&name, format!("write it `{wanted}`"))?;
        }
        match kind(*mode) {
            Entry::Folder => reader.folder(wanted, *id)?,
            // A file called `templates` is nobody's business, a link there would be.
            Entry::File => {}
            other => drop(reader.collector.wanted(wanted, other)?),
        }
    }
    let mut content = reader.collector.finish()?;
    content.commit = commit.to_string();
    content.tree = tree.to_string();
    Ok(content)
}

/// The tree of the source's folder at a commit.
fn tree_at(
    repository: &Repository,
    commit: Oid,
    folder: Option<&str>,
    label: &str,
) -> Result<Oid, ReadError> {
    let reader = Reader { repository, collector: Collector::new(label) };
    if repository.odb()?.read_header(commit)?.0 > MOST_TREE_BYTES {
        return reader.collector.refuse("", "its commit is too large").map_err(ReadError::Source);
    }
    let mut tree = repository.find_commit(commit)?.tree_id();
    let Some(folder) = folder else { return Ok(tree) };
    for part in folder.split('/') {
        let entries = reader.entries(tree)?;
        let found = entries.iter().find(|(name, ..)| name == part.as_bytes());
        tree = match found {
            Some((_, mode, id)) if kind(*mode) == Entry::Folder => *id,
            Some((_, mode, _)) if kind(*mode) != Entry::File => {
                reader.collector.wanted(folder, kind(*mode))?;
                *found.map_or(&tree, |(.., id)| id)
            }
            _ => {
                let (label, folder) = (label.to_owned(), folder.to_owned());
                return Err(SourceError::NoFolder { label, folder }.into());
            }
        };
    }
    Ok(tree)
}

struct Reader<'a> {
    repository: &'a Repository,
    collector: Collector<'a>,
}

impl Reader<'_> {
    fn entries(&self, tree: Oid) -> Result<Vec<(Vec<u8>, i32, Oid)>, ReadError> {
        let (size, kind) = self.repository.odb()?.read_header(tree)?;
        if kind != ObjectType::Tree || size > MOST_TREE_BYTES {
            return self.collector.refuse("", "one of its folders is too large").map_err(ReadError::Source);
        }
        let tree = self.repository.find_tree(tree)?;
        Ok(tree.iter().map(|entry| (entry.name_bytes().to_vec(), entry.filemode_raw(), entry.id())).collect())
    }

    fn folder(&mut self, path: &str, tree: Oid) -> Result<(), ReadError> {
        let entries = self.entries(tree)?;
        let names: Vec<Vec<u8>> = entries.iter().map(|(name, ..)| name.clone()).collect();
        self.collector.folder(path, &names)?;
        for (name, mode, id) in entries {
            let inner = format!("{path}/{}", String::from_utf8_lossy(&name));
            let kind = kind(mode);
            if !self.collector.wanted(&inner, kind)? {
                continue;
            }
            if kind == Entry::Folder {
                self.folder(&inner, id)?;
                continue;
            }
            let (size, _) = self.repository.odb()?.read_header(id)?;
            self.collector.size(&inner, size as u64)?;
            self.collector.file(&inner, self.repository.find_blob(id)?.content())?;
        }
        Ok(())
    }
}

/// The type bits of git's file modes.
fn kind(mode: i32) -> Entry {
    match mode & 0o170_000 {
        0o040_000 => Entry::Folder,
        0o100_000 => Entry::File,
        0o120_000 => Entry::Link,
        0o160_000 => Entry::Repository,
        _ => Entry::Other,
    }
}
