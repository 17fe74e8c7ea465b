//! What a source holds: text files by path, bounded in number, size and depth, under names that are the
//! same on every machine. What is not like that is refused, never skipped.

use std::collections::{BTreeMap, BTreeSet};

use super::error::SourceError;

/// A source has at most this many files...
const MOST_FILES: usize = 2_000;
/// ...each at most this large...
pub(super) const MOST_FILE_BYTES: usize = 256 << 10;
/// ...and together this large.
const MOST_BYTES: usize = 16 << 20;
/// Its folders are nested at most this deep.
const DEEPEST: usize = 6;
/// A name is at most this long.
const LONGEST_NAME: usize = 128;

/// The files of a source at one commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// The commit, 40 digits; empty for a folder.
    pub commit: String,
    /// The id of the source's folder at that commit, which changes with anything in it; empty for a folder.
    pub tree: String,
    /// What is below `presets/`, by path.
    pub presets: BTreeMap<String, String>,
    /// What is below `templates/`, by path.
    pub templates: BTreeMap<String, String>,
}

/// The two folders of a source that are looked at.
pub(super) const FOLDERS: [&str; 2] = ["presets", "templates"];

/// What an entry of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Folder,
    File,
    Link,
    Repository,
    Other,
}

/// Takes files one by one, and refuses what no source may hold.
pub(super) struct Collector<'a> {
    /// `acme@0123456`, for errors.
    label: &'a str,
    entries: usize,
    bytes: usize,
    pub(super) content: Content,
}

impl<'a> Collector<'a> {
    pub(super) fn new(label: &'a str) -> Self {
        Self { label, entries: 0, bytes: 0, content: Content::default() }
    }

    pub(super) fn refuse<T>(&self, path: &str, why: impl Into<String>) -> Result<T, SourceError> {
        Err(SourceError::Refused {
            label: self.label.to_owned(),
            path: path.escape_debug().to_string(),
            why: why.into(),
        })
    }

    /// Checks the names of a folder's entries, and counts them.
    pub(super) fn folder(&mut self, folder: &str, names: &[Vec<u8>]) -> Result<(), SourceError> {
        if folder.matches('/').count() >= DEEPEST {
            return self.refuse(folder, format!("folders are nested more than {DEEPEST} deep"));
        }
        self.entries += names.len();
        if self.entries > MOST_FILES {
            return self.refuse(folder, format!("a source has at most {MOST_FILES} files"));
        }
        let mut seen = BTreeSet::new();
        for name in names {
            let Ok(name) = std::str::from_utf8(name) else {
                return self.refuse(folder, "it holds a name that is not UTF-8");
            };
            let path = format!("{folder}/{name}");
            if let Some(why) = wrong_name(name) {
                return self.refuse(&path, why);
            }
            if !seen.insert(name.to_lowercase()) {
                return self.refuse(&path, "another name differs from it by capital letters alone");
            }
        }
        Ok(())
    }

    /// Whether an entry is a file or folder to be read; hidden files are left alone.
    pub(super) fn wanted(&self, path: &str, entry: Entry) -> Result<bool, SourceError> {
        match entry {
            Entry::Folder | Entry::File => Ok(!path.rsplit('/').next().unwrap_or_default().starts_with('.')),
            Entry::Link => self.refuse(path, "it is a symbolic link, which is not followed"),
            Entry::Repository => self.refuse(path, "it is a submodule, which is not fetched"),
            Entry::Other => self.refuse(path, "it is no ordinary file"),
        }
    }

    /// Checks a file's size before it is read.
    pub(super) fn size(&mut self, path: &str, bytes: u64) -> Result<(), SourceError> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        if bytes > MOST_FILE_BYTES {
            let (has, most) = (bytes.div_ceil(1 << 10), MOST_FILE_BYTES >> 10);
            return self.refuse(path, format!("it has {has} KiB, and a file has at most {most}"));
        }
        self.bytes += bytes;
        match self.bytes > MOST_BYTES {
            true => self.refuse(path, format!("a source has at most {} MiB", MOST_BYTES >> 20)),
            false => Ok(()),
        }
    }

    /// Takes a file's text. `path` begins with one of the two folders.
    pub(super) fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), SourceError> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.refuse(path, "it is not UTF-8 text");
        };
        let (folder, inner) = path.split_once('/').unwrap_or((path, ""));
        let into = if folder == "presets" { &mut self.content.presets } else { &mut self.content.templates };
        into.insert(inner.to_owned(), text.to_owned());
        Ok(())
    }

    /// What was collected; a source without presets is none.
    pub(super) fn finish(self) -> Result<Content, SourceError> {
        if self.content.presets.is_empty() {
            return Err(SourceError::Empty { label: self.label.to_owned() });
        }
        Ok(self.content)
    }
}

/// What is wrong with a name: it has to mean one file inside its folder, everywhere, and show what it is.
fn wrong_name(name: &str) -> Option<&'static str> {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    match name {
        "" | "." | ".." => Some("it leads out of its folder"),
        _ if name.contains(['/', '\\', ':']) => Some("its name has a separator in it"),
        _ if name.chars().any(acts) => Some("its name has characters that do more than show themselves"),
        _ if name.len() > LONGEST_NAME => Some("its name is too long"),
        _ if name.eq_ignore_ascii_case(".git") => Some("it is named like git's own folder"),
        _ => None,
    }
}
