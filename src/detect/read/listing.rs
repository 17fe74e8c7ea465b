//! The files of the repository in one order: a folder's own files by name, then its subfolders. What is
//! in a folder, and what is below it, is one piece of that order.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

use super::path::{base, folder, is_below};

/// All files, root-relative with `/`.
#[derive(Debug, Default)]
pub(super) struct Listing {
    files: Vec<String>,
    /// Folders that hold files, in order, and where their own files are.
    folders: Vec<(String, Range<usize>)>,
    by_name: HashMap<String, usize>,
}

impl Listing {
    /// Orders files that come in any order; those of one folder mostly follow each other.
    pub(super) fn new(files: Vec<String>) -> Self {
        let mut index: HashMap<String, usize> = HashMap::new();
        let mut groups: Vec<Vec<String>> = Vec::new();
        let mut last: Option<usize> = None;
        for file in files {
            let of = folder(&file);
            let same = last.filter(|at| groups[*at].first().is_some_and(|first| folder(first) == of));
            let at = same.or_else(|| index.get(of).copied()).unwrap_or_else(|| {
                index.insert(of.to_owned(), groups.len());
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[at].push(file);
            last = Some(at);
        }
        let mut order: Vec<(String, usize)> = index.into_iter().collect();
        order.sort_unstable_by(|(a, _), (b, _)| compare(a, b));
        let mut listing = Self::default();
        for (folder, at) in order {
            let mut group = std::mem::take(&mut groups[at]);
            let skip = if folder == "." { 0 } else { folder.len() + 1 };
            group.sort_unstable_by(|a, b| a.as_bytes()[skip..].cmp(&b.as_bytes()[skip..]));
            let start = listing.files.len();
            listing.files.append(&mut group);
            listing.by_name.insert(folder.clone(), listing.folders.len());
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
        let first = self.folders.partition_point(|(folder, _)| compare(folder, dir) == Ordering::Less);
        let count = self.folders[first..].partition_point(|(folder, _)| is_below(folder, dir));
        match self.folders[first..first + count] {
            [] => &[],
            [(_, ref from), .., (_, ref to)] => &self.files[from.start..to.end],
            [(_, ref own)] => &self.files[own.clone()],
        }
    }

    /// Where a file stands in the order.
    pub(super) fn position(&self, path: &str) -> Option<usize> {
        let (_, own) = &self.folders[*self.by_name.get(folder(path))?];
        let name = base(path);
        let found = self.files[own.clone()].binary_search_by(|file| base(file).cmp(name)).ok()?;
        Some(own.start + found)
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
        Listing::new(files.map(str::to_owned).to_vec())
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
