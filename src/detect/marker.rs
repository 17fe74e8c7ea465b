//! Which ecosystems a file's name speaks of.

use std::collections::{BTreeSet, HashMap};

use super::ecosystem::Ecosystem;
use super::read::{Files, MARKS, mark};

/// The markers of a table of ecosystems, for a look-up by name.
pub(super) struct Markers {
    whole: HashMap<&'static str, Vec<usize>>,
    endings: Vec<(&'static str, usize)>,
    /// Which names can be whole ones, by [`mark`]: most names of files are none.
    whole_marks: [bool; MARKS],
    /// The last letters of endings.
    last: [bool; 256],
}

fn last(name: &str) -> usize {
    name.bytes().next_back().unwrap_or_default().into()
}

impl Markers {
    /// `*.csproj` in a table is an ending, everything else a whole name.
    pub(super) fn new(table: &'static [Ecosystem]) -> Self {
        let mut markers = Self {
            whole: HashMap::new(),
            endings: Vec::new(),
            whole_marks: [false; MARKS],
            last: [false; 256],
        };
        for (index, ecosystem) in table.iter().enumerate() {
            for marker in ecosystem.markers {
                match marker.strip_prefix('*') {
                    Some(ending) => {
                        markers.last[last(ending)] = true;
                        markers.endings.push((ending, index));
                    }
                    None => {
                        markers.whole_marks[mark(marker)] = true;
                        markers.whole.entry(marker).or_default().push(index);
                    }
                }
            }
        }
        markers
    }

    /// The ecosystems that files of one folder speak of, as places in the table, in its order.
    pub(super) fn of(&self, files: &Files) -> Vec<usize> {
        let mut found = BTreeSet::new();
        for name in files.names() {
            if self.whole_marks[mark(name)] {
                found.extend(self.whole.get(name).into_iter().flatten());
            }
            if self.last[last(name)] {
                let ends = |(ending, _): &&(&str, usize)| name.len() > ending.len() && name.ends_with(ending);
                found.extend(self.endings.iter().filter(ends).map(|(_, index)| index));
            }
        }
        found.into_iter().copied().collect()
    }
}
