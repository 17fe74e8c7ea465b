//! What the objects of a pack claim to unpack to, looked at while the pack arrives: libgit2 takes as much
//! memory as a header asks for as soon as a delta refers to the object, and a few bytes can ask for gigabytes.
//! The format is git's (gitformat-pack); what is wrong with it beyond that is for libgit2 to say.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

use miniz_oxide::inflate::stream::{InflateState, MinReset, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

/// No object may unpack to more than this, neither as it is nor put together of others.
pub(super) const LARGEST_OBJECT: usize = 128 << 20;

/// `PACK`, the version, the number of objects.
const HEADER: u64 = 12;
const OFS_DELTA: u8 = 6;
const REF_DELTA: u8 = 7;
const ID_BYTES: u64 = 20;

/// Why a pack is not gone on with.
#[derive(Debug)]
pub(super) enum Refused {
    /// An object claims, or is, more than [`LARGEST_OBJECT`].
    TooLarge,
    /// It cannot be read.
    Unreadable(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// A pack that is being received into the folder of a repository.
pub(super) struct Pack {
    /// `objects/pack`, where libgit2 collects it under a name of its own.
    folder: PathBuf,
    file: Option<BufReader<File>>,
    inflating: Box<InflateState>,
    seen: usize,
}

impl Pack {
    /// The pack that arrives in a folder; nothing is opened yet.
    pub(super) fn arriving(folder: PathBuf) -> Self {
        let inflating = InflateState::new_boxed(DataFormat::Zlib);
        Self { folder, file: None, inflating, seen: 0 }
    }

    /// Looks at the objects that arrived since the last look; so many are there as a whole. To be called before
    /// any delta is applied.
    ///
    /// # Errors
    /// Where one of them is too large.
    pub(super) fn look(&mut self, arrived: usize) -> Result<(), Refused> {
        while self.seen < arrived {
            let mut file = match self.file.take() {
                Some(file) => file,
                None => {
                    let mut file = BufReader::new(open(&self.folder)?);
                    file.seek(SeekFrom::Start(HEADER))?;
                    file
                }
            };
            self.object(&mut file)?;
            self.file = Some(file);
            self.seen += 1;
        }
        Ok(())
    }

    /// Goes over one object.
    fn object(&mut self, file: &mut BufReader<File>) -> Result<(), Refused> {
        let (kind, claimed) = header(file)?;
        if claimed > LARGEST_OBJECT as u64 {
            return Err(Refused::TooLarge);
        }
        match kind {
            OFS_DELTA => while byte(file)? & 0x80 != 0 {},
            REF_DELTA => drop(io::copy(&mut file.by_ref().take(ID_BYTES), &mut io::sink())?),
            _ => {}
        }
        self.skip(file)
    }

    /// Goes to the end of a zlib stream.
    fn skip(&mut self, file: &mut BufReader<File>) -> Result<(), Refused> {
        self.inflating.reset_as(MinReset);
        let mut out = vec![0; 32 << 10];
        let mut unpacked = 0;
        loop {
            let input = file.fill_buf()?;
            if input.is_empty() {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let step = inflate(&mut self.inflating, input, &mut out, MZFlush::None);
            file.consume(step.bytes_consumed);
            unpacked += step.bytes_written;
            if unpacked > LARGEST_OBJECT {
                return Err(Refused::TooLarge);
            }
            match step.status {
                Ok(MZStatus::StreamEnd) => return Ok(()),
                Ok(_) | Err(MZError::Buf) => {}
                Err(_) => return Err(io::Error::from(io::ErrorKind::InvalidData).into()),
            }
        }
    }
}

/// The kind of an object and the size that it claims.
fn header(file: &mut impl Read) -> io::Result<(u8, u64)> {
    let mut last = byte(file)?;
    let kind = (last >> 4) & 7;
    let mut size = u64::from(last & 15);
    let mut shift = 4;
    while last & 0x80 != 0 {
        last = byte(file)?;
        // What does not fit is larger than anything.
        let part = u64::from(last & 0x7f).checked_mul(1_u64.checked_shl(shift).unwrap_or(u64::MAX));
        size = size.saturating_add(part.unwrap_or(u64::MAX));
        shift += 7;
    }
    Ok((kind, size))
}

fn byte(file: &mut impl Read) -> io::Result<u8> {
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// The file that libgit2 writes while it receives: `pack_git2_` and a number.
fn open(folder: &std::path::Path) -> io::Result<File> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("pack_") {
            return File::open(entry.path());
        }
    }
    Err(io::Error::from(io::ErrorKind::NotFound))
}

#[cfg(test)]
mod tests {
    use git2::{Oid, Repository};

    use super::*;

    /// A pack of a repository with texts that are deltas of each other.
    fn pack() -> (Vec<u8>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path()).unwrap();
        let mut builder = repository.packbuilder().unwrap();
        let lines: Vec<String> = (0..2000).map(|n| format!("line {n} of many\n")).collect();
        for skipped in 0..20 {
            let text: String = lines.iter().skip(skipped).map(String::as_str).collect();
            builder.insert_object(repository.blob(text.as_bytes()).unwrap(), Some("x")).unwrap();
        }
        let mut buffer = git2::Buf::new();
        builder.write_buf(&mut buffer).unwrap();
        (buffer.to_vec(), builder.object_count())
    }

    fn looked(bytes: &[u8], objects: usize) -> Result<u64, Refused> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pack_git2_0"), bytes).unwrap();
        let mut pack = Pack::arriving(folder.path().to_path_buf());
        (0..=objects).try_for_each(|arrived| pack.look(arrived))?;
        Ok(pack.file.unwrap().stream_position()?)
    }

    #[test]
    fn a_pack_is_gone_over_to_the_checksum_at_its_end() {
        let (bytes, objects) = pack();
        assert_eq!(objects, 20);
        assert_eq!(looked(&bytes, objects).unwrap(), (bytes.len() - Oid::ZERO_SHA1.as_bytes().len()) as u64);
    }

    #[test]
    fn a_size_is_read_as_git_writes_it_and_one_that_fits_nowhere_is_the_largest() {
        assert_eq!(header(&mut [0x3a].as_slice()).unwrap(), (3, 10));
        assert_eq!(header(&mut [0xf5, 0x80, 0x01].as_slice()).unwrap(), (7, 5 | 1 << 11));
        let endless = [[0xbf].as_slice(), &[0xff; 12], &[0x7f]].concat();
        assert_eq!(header(&mut endless.as_slice()).unwrap(), (3, u64::MAX));
    }

    #[test]
    fn what_is_no_pack_is_not_gone_on_with() {
        let (bytes, objects) = pack();
        for wrong in [&bytes[..bytes.len() / 2], b"PACK\0\0\0\x02\0\0\0\x01\x31not zlib"] {
            assert!(matches!(looked(wrong, objects), Err(Refused::Unreadable(_))));
        }
    }
}
