//! Which files are whose: each file belongs to the nearest component folder above it.

use std::collections::{HashMap, HashSet};

use super::read::{Files, Tree, ancestors};

/// A folder with the files directly in it.
pub(super) type Folder<'t> = (&'t str, &'t Files);

/// The folders of every component, those of components below it left out.
pub(super) struct Owners<'d, 't>(HashMap<&'d str, Vec<Folder<'t>>>);

impl<'d, 't> Owners<'d, 't> {
    /// Splits all folders among `dirs`; each goes to the nearest one.
    pub(super) fn new(tree: &'t Tree, dirs: impl IntoIterator<Item = &'d str>) -> Self {
        let dirs: HashSet<&'d str> = dirs.into_iter().collect();
        let mut owned: HashMap<&'d str, Vec<Folder<'t>>> = HashMap::with_capacity(dirs.len());
        for folder in tree.folders() {
            let owner = ancestors(folder.0).chain(std::iter::once(".")).find_map(|above| dirs.get(above));
            if let Some(owner) = owner {
                owned.entry(owner).or_default().push(folder);
            }
        }
        Self(owned)
    }

    /// The folders of one component, in the order of the listing.
    pub(super) fn folders(&self, dir: &str) -> &[Folder<'t>] {
        self.0.get(dir).map_or(&[], Vec::as_slice)
    }
}
