//! The files of the repository in one order: a folder's own files by name, then its subfolders. What is
//! in a folder, and what is below it, is one piece of that order.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::files::Files;
use super::path::{base, folder, is_below};
use crate::detect::walk::Folder;

/// All files, root-relative with `/`.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Folders that hold files, in order, and how many files stand before theirs.
    folders: Vec<(Folder, usize)>,
    by_name: HashMap<String, usize>,
    len: usize,
}

impl Listing {
    /// Orders what the walk found.
    pub(super) fn new(mut found: Vec<Folder>) -> Self {
        found.sort_unstable_by(|a, b| compare(&a.path, &b.path));
        let by_name = found.iter().enumerate().map(|(at, folder)| (folder.path.clone(), at)).collect();
        let mut len = 0;
        let folders = found.into_iter().map(|folder| {
            let before = len;
            len += folder.files.len();
            (folder, before)
        });
        Self { folders: folders.collect(), by_name, len }
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Folders that hold files themselves, with these files.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&str, &Files)> + Clone {
        self.folders_below(".")
    }

    /// The files directly in a folder.
    pub(super) fn inside(&self, dir: &str) -> Option<&Files> {
        self.by_name.get(dir).map(|at| &self.folders[*at].0.files)
    }

    /// All files in a folder and below.
    pub(super) fn under(&self, dir: &str) -> impl Iterator<Item = &str> + Clone {
        self.folders_below(dir).flat_map(|(_, files)| files.iter())
    }

    /// A folder and those below it that hold files themselves, with these files.
    pub(super) fn folders_below(&self, dir: &str) -> impl Iterator<Item = (&str, &Files)> + Clone {
        let begins = |(folder, _): &(Folder, usize)| compare(&folder.path, dir) == Ordering::Less;
        let first = self.folders.partition_point(begins);
        let count = self.folders[first..].partition_point(|(folder, _)| is_below(&folder.path, dir));
        self.folders[first..first + count].iter().map(|(folder, _)| (folder.path.as_str(), &folder.files))
    }

    /// Where a file stands in the order.
    pub(super) fn position(&self, path: &str) -> Option<usize> {
        let (of, before) = &self.folders[*self.by_name.get(folder(path))?];
        of.files.position(base(path)).map(|at| before + at)
    }
}

/// Folders by their parts, so that what is inside of one follows it at once: `/` goes before whatever a name
/// can hold.
fn compare(a: &str, b: &str) -> Ordering {
    match (a, b) {
        (".", ".") => Ordering::Equal,
        (".", _) => Ordering::Less,
        (_, ".") => Ordering::Greater,
        _ => {
            let rank = |byte: u8| if byte == b'/' { 0 } else { byte };
            a.bytes().map(rank).cmp(b.bytes().map(rank))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        let folder = |path: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let files = Files::new(if path == "." { "" } else { path }, &names);
            Folder { path: path.to_owned(), files }
        };
        let folders = [
            folder("b", &["a", "x"]),
            folder("a/b", &["0", "1"]),
            folder("a-b", &["1"]),
            folder(".", &["z"]),
            folder("a", &["c"]),
            folder("a/b/d", &["2"]),
        ];
        Listing::new(folders.into())
    }

    fn under(dir: &str) -> Vec<String> {
        listing().under(dir).map(str::to_owned).collect()
    }

    #[test]
    fn a_folder_s_files_are_followed_by_what_is_below_it() {
        assert_eq!(under("."), ["z", "a/c", "a/b/0", "a/b/1", "a/b/d/2", "a-b/1", "b/a", "b/x"]);
    }

    #[test]
    fn folders_and_files_are_found() {
        let listing = listing();
        assert_eq!(listing.inside("a/b").unwrap().iter().collect::<Vec<_>>(), ["a/b/0", "a/b/1"]);
        assert!(listing.inside("a/x").is_none());
        assert_eq!(under("a"), ["a/c", "a/b/0", "a/b/1", "a/b/d/2"]);
        assert_eq!(under("a/b/d"), ["a/b/d/2"]);
        assert_eq!(under("c"), [] as [&str; 0]);
        assert_eq!(listing.len(), 8);
        assert_eq!(listing.position("a/b/1"), Some(3));
        assert_eq!(listing.position("a/b/2"), None);
        assert_eq!(listing.position("a/b"), None);
    }
}
