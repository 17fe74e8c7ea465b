//! Log files: one per component and run, the run before kept beside it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::fs::FsError;

/// How much of a log's end is read for its last lines.
const TAIL_BYTES: u64 = 16 * 1024;

/// The longest line that is shown of a log.
const LONGEST_LINE: usize = 400;

/// Opens a new log; the one of the run before becomes `<name>.log.1`.
pub(super) fn open(path: &Path) -> Result<File, FsError> {
    if path.exists() {
        let _ = std::fs::rename(path, path.with_extension("log.1"));
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| FsError { verb: "create", path: path.to_path_buf(), source })
}

/// Reads the last lines of a log that say something; none where it cannot be read.
pub(super) fn tail(path: &Path, count: usize) -> Vec<String> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    last_lines(&String::from_utf8_lossy(&bytes), count)
}

fn last_lines(text: &str, count: usize) -> Vec<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let shorten = |line: &&str| match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => (*line).to_owned(),
    };
    lines[lines.len().saturating_sub(count)..].iter().map(shorten).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_skip_empty_ones_and_are_cut_to_a_readable_length() {
        assert_eq!(last_lines("a\n\nb\nc\n\n", 2), ["b", "c"]);
        assert_eq!(last_lines("a", 5), ["a"]);
        assert_eq!(last_lines(&"é".repeat(500), 1)[0].chars().count(), LONGEST_LINE + 1);
    }

    #[test]
    fn the_log_of_the_run_before_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("etcd.log");
        std::fs::write(&path, "old").unwrap();
        open(&path).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("etcd.log.1")).unwrap(), "old");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
    }
}
