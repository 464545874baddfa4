//! A file that is read as a whole or not at all: one that somebody writes to in the meantime would be sealed as it never was.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use super::FileError;

/// A regular file, with its size and time as they were when it was opened.
#[derive(Debug)]
pub(super) struct SteadyFile {
    file: File,
    expected: u64,
    modified: Option<SystemTime>,
    read: u64,
}

impl SteadyFile {
    /// Opens it.
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        let file = File::open(path).map_err(FileError::Read)?;
        let metadata = file.metadata().map_err(FileError::Read)?;
        if !metadata.is_file() {
            return Err(FileError::NoFile);
        }
        Ok(Self { file, expected: metadata.len(), modified: time(&metadata), read: 0 })
    }

    /// Its size when it was opened.
    pub(super) fn expected(&self) -> u64 {
        self.expected
    }

    /// Whether all was read, and nothing changed since it was opened.
    pub(super) fn check_end(&self) -> io::Result<()> {
        let metadata = self.file.metadata()?;
        // Files of the kernel say that they have no bytes, and have some.
        let length = self.read == self.expected || self.expected == 0;
        if length && metadata.len() == self.expected && time(&metadata) == self.modified { Ok(()) } else { Err(FileError::Changed.into_io()) }
    }
}

impl Read for SteadyFile {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(room)?;
        self.read += u64::try_from(length).unwrap_or(u64::MAX);
        if self.read > self.expected && self.expected > 0 {
            return Err(FileError::Changed.into_io());
        }
        if length == 0 && !room.is_empty() {
            self.check_end()?;
        }
        Ok(length)
    }
}

fn time(metadata: &Metadata) -> Option<SystemTime> {
    metadata.modified().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, OpenOptions};
    use std::io::Write;

    fn read_with(change: impl FnOnce(&Path)) -> Result<Vec<u8>, FileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, vec![7; 100_000]).unwrap();
        let mut file = SteadyFile::open(&path)?;
        let mut bytes = vec![0; 50_000];
        file.read_exact(&mut bytes).unwrap();
        change(&path);
        file.read_to_end(&mut bytes).map_err(FileError::of_reader)?;
        Ok(bytes)
    }

    #[test]
    fn a_file_that_stays_as_it_is_is_read() {
        assert_eq!(read_with(|_| {}).unwrap(), vec![7; 100_000]);
    }

    #[test]
    fn a_file_that_grows_shrinks_or_is_written_to_while_it_is_read_is_refused() {
        let grown = read_with(|path| OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap());
        assert!(matches!(grown, Err(FileError::Changed)), "{grown:?}");
        let shrunk = read_with(|path| OpenOptions::new().write(true).open(path).unwrap().set_len(60_000).unwrap());
        assert!(matches!(shrunk, Err(FileError::Changed)), "{shrunk:?}");
        let rewritten = read_with(|path| {
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        });
        assert!(matches!(rewritten, Err(FileError::Changed)), "{rewritten:?}");
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(SteadyFile::open(folder.path()), Err(FileError::NoFile)));
    }
}
