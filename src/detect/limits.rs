//! How much detection looks at before it stops and says so.

use std::time::Duration;

/// The bounds of one detection. Whatever is cut by one of them is named in the facts' warnings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Files listed.
    pub files: usize,
    /// Folders below the root that are entered.
    pub depth: usize,
    /// Bytes of the largest file that is read.
    pub file_bytes: u64,
    /// Bytes of the largest source that is searched: larger ones are written by generators.
    pub source_bytes: u64,
    /// Bytes read from all files together.
    pub total_bytes: u64,
    /// Source files per component that are searched for ports and variables.
    pub sources: usize,
    /// Source files of all components together that are searched; a component gets a dozen at the least.
    pub all_sources: usize,
    /// Time for the whole detection.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 300_000,
            depth: 40,
            file_bytes: 2 << 20,
            source_bytes: 256 << 10,
            total_bytes: 48 << 20,
            sources: 400,
            all_sources: 600,
            time: Duration::from_secs(20),
        }
    }
}
