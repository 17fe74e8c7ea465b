//! The files of one folder: their paths stand in one text, as a tree has very many of them.

/// Paths of files directly in one folder, sorted.
#[derive(Debug, Default)]
pub(in crate::detect) struct Files {
    text: String,
    /// Where each path ends.
    ends: Vec<usize>,
    /// How long the folder's part of each path is.
    skip: usize,
    /// Which names may be there: most are asked for in vain.
    marks: [u64; MARKS / 64],
}

/// How many marks there are.
pub(in crate::detect) const MARKS: usize = 256;

/// A number that equal names have in common, below [`MARKS`].
pub(in crate::detect) fn mark(name: &str) -> usize {
    let bytes = name.as_bytes();
    let end = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default());
    (bytes.len() * 31 + end(bytes.first()) * 7 + end(bytes.last())) % MARKS
}

impl Files {
    /// Files of sorted names in a folder; the root is empty.
    pub(in crate::detect) fn new(folder: &str, names: &[String]) -> Self {
        let skip = if folder.is_empty() { 0 } else { folder.len() + 1 };
        let length = names.iter().map(|name| skip + name.len()).sum();
        let mut files = Self {
            text: String::with_capacity(length),
            ends: Vec::with_capacity(names.len()),
            skip,
            marks: Default::default(),
        };
        for name in names {
            if skip > 0 {
                files.text.push_str(folder);
                files.text.push('/');
            }
            files.text.push_str(name);
            files.ends.push(files.text.len());
            let mark = mark(name);
            files.marks[mark / 64] |= 1 << (mark % 64);
        }
        files
    }

    pub(in crate::detect) fn len(&self) -> usize {
        self.ends.len()
    }

    fn path(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[at]]
    }

    /// The paths.
    pub(in crate::detect) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        (0..self.len()).map(|at| self.path(at))
    }

    /// The names without the folder.
    pub(in crate::detect) fn names(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.iter().map(|path| &path[self.skip..])
    }

    /// The place of a name.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        let mark = mark(name);
        if self.marks[mark / 64] & (1 << (mark % 64)) == 0 {
            return None;
        }
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.path(middle)[self.skip..].cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The path of a name.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.position(name).map(|at| self.path(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_names_are_found() {
        let names = ["a".to_owned(), "b.rs".to_owned(), "c".to_owned()];
        let files = Files::new("x/y", &names);
        assert_eq!(files.iter().collect::<Vec<_>>(), ["x/y/a", "x/y/b.rs", "x/y/c"]);
        assert_eq!(files.names().collect::<Vec<_>>(), names);
        assert_eq!(
            (files.position("c"), files.find("b.rs"), files.find("b")),
            (Some(2), Some("x/y/b.rs"), None)
        );
        assert_eq!(Files::new("", &names).find("a"), Some("a"));
    }
}
