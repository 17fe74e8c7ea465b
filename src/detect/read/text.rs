//! A file's text. Small files that are read together share one piece of memory.

use std::ops::{Deref, Range};
use std::sync::Arc;

/// A text, or a part of one that several share.
#[derive(Debug, Clone)]
pub(in crate::detect) struct Text {
    whole: Arc<str>,
    part: Range<usize>,
}

impl Text {
    /// A part of a text; its ends are those of characters.
    pub(super) fn part(whole: &Arc<str>, part: Range<usize>) -> Self {
        Self { whole: Arc::clone(whole), part }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.whole[self.part.clone()]
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self { whole: text.into(), part: 0..text.len() }
    }
}
