//! A file's bytes, read into a buffer that each thread keeps: no file is asked for its size first. What is read is
//! a regular file, which gives less than it is asked for only at its end.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};

/// Holds most sources whole.
const USUAL: usize = 64 << 10;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Opens a file and hands its bytes to `take`, one more than `most` at the most.
pub(super) fn with<R>(
    open: impl FnOnce() -> io::Result<File>,
    most: u64,
    take: impl FnOnce(&[u8]) -> R,
) -> io::Result<R> {
    let mut file = open()?.take(most.saturating_add(1));
    BUFFER.with_borrow_mut(|buffer| {
        let mut filled = 0;
        loop {
            if filled == buffer.len() {
                buffer.resize((filled * 2).max(USUAL), 0);
            }
            match file.read(&mut buffer[filled..]) {
                Ok(length) => {
                    let asked = buffer.len() - filled;
                    filled += length;
                    if length < asked {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let taken = take(&buffer[..filled]);
        // What one large file needed is not kept for the many small ones.
        if buffer.len() > 4 * USUAL {
            *buffer = Vec::new();
        }
        Ok(taken)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_up_to_the_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for length in [0, 1, USUAL - 1, USUAL, USUAL + 1, 5 * USUAL] {
            std::fs::write(&path, vec![b'x'; length]).unwrap();
            assert_eq!(with(|| File::open(&path), 1 << 30, <[u8]>::len).unwrap(), length);
            assert_eq!(with(|| File::open(&path), 100, <[u8]>::len).unwrap(), length.min(101));
        }
        assert!(with(|| File::open(folder.path().join("b")), 1, <[u8]>::len).is_err());
    }
}
