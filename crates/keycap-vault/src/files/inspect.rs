//! What a file's header says without opening it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use keycap_core::seal::file::{Header, opened_payload_len};

use super::stream::Begun;
use super::{FileError, Form, Identities, Input};

/// A header that was read, with the sizes around it. Nothing of it is known to be authentic.
#[derive(Debug)]
pub struct Inspected {
    /// The header.
    pub header: Header,
    /// Whether it is in armor.
    pub form: Form,
    /// Bytes of the header, without armor.
    pub header_bytes: u64,
    /// Bytes of plaintext that the payload has room for; `None` if no payload has its length, so that the file was cut off or added to.
    pub plaintext_bytes: Option<u64>,
}

impl Inspected {
    /// Reads the header of a file, and as much of the rest as it takes to know the size.
    ///
    /// # Errors
    /// [`FileError::Header`], [`FileError::Armor`], [`FileError::Read`], [`FileError::NoFile`].
    pub fn read(input: Input) -> Result<Self, FileError> {
        let (source, size) = source_of(input)?;
        let mut begun = Begun::read(source)?;
        let header_bytes = u64::try_from(begun.header_length).unwrap_or(u64::MAX);
        let payload = match (begun.form, size) {
            (Form::Binary, Some(size)) => size.saturating_sub(header_bytes),
            (Form::Armor, _) | (_, None) => io::copy(&mut begun.rest, &mut io::sink()).map_err(FileError::of_reader)?,
        };
        Ok(Self { header: begun.header, form: begun.form, header_bytes, plaintext_bytes: opened_payload_len(payload) })
    }

    /// Whether one of these gets the file key, and whether the header is authentic under it.
    ///
    /// # Errors
    /// If the identity fits and fails all the same, or the header was changed.
    pub fn fits(&self, identities: &Identities) -> Result<bool, FileError> {
        match identities.unwrap(&self.header) {
            Ok((file_key, _)) => self.header.payload_key(&file_key, &[0; 16]).map(|_| true).map_err(FileError::Header),
            Err(FileError::NoMatch) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether the file is sealed under a passphrase, and so to nobody else; no for what cannot be read.
#[must_use]
pub fn is_for_passphrase(path: &Path) -> bool {
    let begun = open_file(path).and_then(|(file, _)| Begun::read(Box::new(file)));
    begun.is_ok_and(|begun| begun.header.stanzas().iter().all(|stanza| stanza.tag == "scrypt"))
}

/// The bytes of an input, and how many there are, where that is known.
pub(super) fn source_of(input: Input) -> Result<(Box<dyn Read + Send>, Option<u64>), FileError> {
    match input {
        Input::Stream(reader) => Ok((reader, None)),
        Input::Path(path) => open_file(&path).map(|(file, size)| -> (Box<dyn Read + Send>, _) { (Box::new(file), Some(size)) }),
    }
}

fn open_file(path: &Path) -> Result<(File, u64), FileError> {
    // Looked at first: opening a pipe would wait for somebody to write into it.
    let metadata = fs::metadata(path).map_err(FileError::Read)?;
    if !metadata.is_file() {
        return Err(FileError::NoFile);
    }
    Ok((File::open(path).map_err(FileError::Read)?, metadata.len()))
}
