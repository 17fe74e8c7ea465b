//! Which files are whose: each file belongs to the nearest component folder above it.

use std::collections::{HashMap, HashSet};

use super::read::{Tree, ancestors};

/// The files of every component folder, those of components below it left out.
pub(super) struct Owners<'t>(HashMap<&'t str, Vec<&'t str>>);

impl<'t> Owners<'t> {
    /// Splits all files among `dirs`; each file goes to the nearest one.
    pub(super) fn new(tree: &'t Tree, dirs: impl IntoIterator<Item = &'t str>) -> Self {
        let dirs: HashSet<&'t str> = dirs.into_iter().collect();
        let mut owned: HashMap<&'t str, Vec<&'t str>> = HashMap::new();
        for (dir, files) in tree.folders() {
            let owner = ancestors(dir).chain(std::iter::once(".")).find_map(|above| dirs.get(above));
            if let Some(owner) = owner {
                owned.entry(owner).or_default().extend(files.iter().map(String::as_str));
            }
        }
        Self(owned)
    }

    /// The files of one folder, in the order of the listing.
    pub(super) fn files(&self, dir: &str) -> &[&'t str] {
        self.0.get(dir).map_or(&[], Vec::as_slice)
    }
}
