//! The files of the repository in one order: a folder's own files by name, then its subfolders. What is
//! in a folder, and what is below it, is one piece of that order.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

use super::path::{folder, is_below};
use crate::detect::walk::Piece;

/// All files, root-relative with `/`.
#[derive(Debug, Default)]
pub(super) struct Listing {
    files: Vec<String>,
    /// Folders that hold files, in order, and where their own files are.
    folders: Vec<(String, Range<usize>)>,
    by_name: HashMap<String, usize>,
}

impl Listing {
    /// Orders what the walk found; several pieces may be of one folder.
    pub(super) fn new(pieces: Vec<Piece>) -> Self {
        let mut index: HashMap<String, usize> = HashMap::with_capacity(pieces.len());
        let mut groups: Vec<Piece> = Vec::with_capacity(pieces.len());
        for mut piece in pieces {
            match index.get(&piece.folder) {
                Some(at) => {
                    let files = &mut groups[*at].files;
                    files.append(&mut piece.files);
                    files.sort_unstable();
                }
                None => {
                    index.insert(piece.folder.clone(), groups.len());
                    groups.push(piece);
                }
            }
        }
        groups.sort_unstable_by(|a, b| compare(&a.folder, &b.folder));
        let mut listing = Self { by_name: index, ..Self::default() };
        for Piece { folder, mut files } in groups {
            let start = listing.files.len();
            listing.files.append(&mut files);
            if let Some(at) = listing.by_name.get_mut(&folder) {
                *at = listing.folders.len();
            }
            listing.folders.push((folder, start..listing.files.len()));
        }
        listing
    }

    pub(super) fn files(&self) -> &[String] {
        &self.files
    }

    /// Folders that hold files themselves, with these files.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.folders.iter().map(|(folder, own)| (folder.as_str(), &self.files[own.clone()]))
    }

    /// The files directly in a folder.
    pub(super) fn inside(&self, dir: &str) -> &[String] {
        self.by_name.get(dir).map_or(&[], |at| &self.files[self.folders[*at].1.clone()])
    }

    /// All files in a folder and below.
    pub(super) fn under(&self, dir: &str) -> &[String] {
        match self.below(dir) {
            [] => &[],
            [(_, from), .., (_, to)] => &self.files[from.start..to.end],
            [(_, own)] => &self.files[own.clone()],
        }
    }

    /// A folder and those below it that hold files themselves, with these files.
    pub(super) fn folders_below(&self, dir: &str) -> impl Iterator<Item = (&str, &[String])> {
        self.below(dir).iter().map(|(folder, own)| (folder.as_str(), &self.files[own.clone()]))
    }

    fn below(&self, dir: &str) -> &[(String, Range<usize>)] {
        let first = self.folders.partition_point(|(folder, _)| compare(folder, dir) == Ordering::Less);
        let count = self.folders[first..].partition_point(|(folder, _)| is_below(folder, dir));
        &self.folders[first..first + count]
    }

    /// Where a file stands in the order.
    pub(super) fn position(&self, path: &str) -> Option<usize> {
        let (_, own) = &self.folders[*self.by_name.get(folder(path))?];
        let found = self.files[own.clone()].binary_search_by(|file| file.as_str().cmp(path)).ok()?;
        Some(own.start + found)
    }

    /// The path of a file in a folder that holds files itself; `Err` where the folder holds none.
    pub(super) fn named(&self, dir: &str, name: &str) -> Result<Option<&String>, ()> {
        let at = self.by_name.get(dir).ok_or(())?;
        let own = &self.files[self.folders[*at].1.clone()];
        let skip = if dir == "." { 0 } else { dir.len() + 1 };
        Ok(own.binary_search_by(|file| file[skip..].cmp(name)).ok().map(|found| &own[found]))
    }
}

/// Folders by their parts, so that what is inside of one follows it at once.
fn compare(a: &str, b: &str) -> Ordering {
    match (a, b) {
        (".", ".") => Ordering::Equal,
        (".", _) => Ordering::Less,
        (_, ".") => Ordering::Greater,
        _ => a.split('/').cmp(b.split('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        let files = ["b/x", "a/b/1", "a-b/1", "z", "a/c", "a/b/0", "a/b/d/2", "b/a"];
        let piece = |file: &str| Piece { folder: folder(file).to_owned(), files: vec![file.to_owned()] };
        Listing::new(files.map(piece).into())
    }

    #[test]
    fn a_folder_s_files_are_followed_by_what_is_below_it() {
        assert_eq!(listing().files(), ["z", "a/c", "a/b/0", "a/b/1", "a/b/d/2", "a-b/1", "b/a", "b/x"]);
    }

    #[test]
    fn folders_and_files_are_found() {
        let listing = listing();
        assert_eq!(listing.inside("a/b"), ["a/b/0", "a/b/1"]);
        assert_eq!(listing.inside("a/x"), [] as [&str; 0]);
        assert_eq!(listing.under("a"), ["a/c", "a/b/0", "a/b/1", "a/b/d/2"]);
        assert_eq!(listing.under("a/b/d"), ["a/b/d/2"]);
        assert_eq!(listing.under("c"), [] as [&str; 0]);
        assert_eq!(listing.under(".").len(), 8);
        assert_eq!(listing.position("a/b/1"), Some(3));
        assert_eq!(listing.position("a/b/2"), None);
        assert_eq!(listing.position("a/b"), None);
    }
}
