//! The project's folder, opened once: folders in it are listed, and files opened, from there. On Linux that spares
//! the way to the folder each time, and a copy of every name.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// What an entry of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Other,
}

/// The root folder.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    #[cfg(target_os = "linux")]
    folder: std::os::fd::OwnedFd,
}

impl Root {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file or folder; the root itself is empty.
    pub(super) fn join(&self, path: &str) -> PathBuf {
        self.path.join(path)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::cell::RefCell;
    use std::os::unix::ffi::OsStrExt;

    use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, open, openat, statat};
    use rustix::io::retry_on_intr;

    use super::{File, Kind, OsStr, Path, Root, io};

    /// Takes the entries of most folders at once.
    const ENTRIES: usize = 32 << 10;

    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(ENTRIES));
    }

    const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    fn kind(of: FileType) -> Kind {
        match of {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            _ => Kind::Other,
        }
    }

    impl Root {
        pub(in crate::detect) fn open(path: &Path) -> io::Result<Self> {
            Ok(Self { path: path.to_path_buf(), folder: open(path, FOLDER, Mode::empty())? })
        }

        /// Opens a file for reading.
        pub(in crate::detect) fn file(&self, path: &str) -> io::Result<File> {
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            Ok(File::from(retry_on_intr(|| openat(&self.folder, path, flags, Mode::empty()))?))
        }

        /// Gives the names in a folder, with what they are, as far as `each` wants them.
        pub(in crate::detect) fn list(
            &self,
            path: &str,
            mut each: impl FnMut(io::Result<(&OsStr, Kind)>) -> bool,
        ) -> io::Result<()> {
            let folder =
                openat(&self.folder, if path.is_empty() { "." } else { path }, FOLDER, Mode::empty())?;
            BUFFER.with_borrow_mut(|buffer| {
                let mut entries = RawDir::new(&folder, buffer.spare_capacity_mut());
                while let Some(entry) = entries.next() {
                    let entry = match entry {
                        Ok(entry) => entry,
                        Err(error) => {
                            each(Err(error.into()));
                            break;
                        }
                    };
                    let name = entry.file_name().to_bytes();
                    if matches!(name, b"." | b"..") {
                        continue;
                    }
                    let of = match entry.file_type() {
                        // Some file systems do not say it with the name.
                        FileType::Unknown => statat(&folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)
                            .map(|found| FileType::from_raw_mode(found.st_mode)),
                        of => Ok(of),
                    };
                    let found = of.map(|of| (OsStr::from_bytes(name), kind(of))).map_err(io::Error::from);
                    if !each(found) {
                        break;
                    }
                }
            });
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_path_buf() })
    }

    /// Opens a file for reading.
    pub(super) fn file(&self, path: &str) -> io::Result<File> {
        File::open(self.join(path))
    }

    /// Gives the names in a folder, with what they are, as far as `each` wants them.
    pub(super) fn list(
        &self,
        path: &str,
        mut each: impl FnMut(io::Result<(&OsStr, Kind)>) -> bool,
    ) -> io::Result<()> {
        for entry in std::fs::read_dir(self.join(path))? {
            let found = entry.and_then(|entry| {
                let kind = entry.file_type()?;
                Ok((entry.file_name(), kind))
            });
            let more = match &found {
                Ok((name, of)) if of.is_file() => each(Ok((name, Kind::File))),
                Ok((name, of)) if of.is_dir() => each(Ok((name, Kind::Folder))),
                Ok((name, _)) => each(Ok((name, Kind::Other))),
                Err(error) => each(Err(error.kind().into())),
            };
            if !more {
                break;
            }
        }
        Ok(())
    }
}
