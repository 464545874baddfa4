//! What a file's header says without opening it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use keycap_core::seal::file::{Header, opened_payload_len};

use super::stream::Begun;
use super::{FileError, Form, Identities, Input, armor};

/// A header that was read, with the sizes around it. Nothing of it is known to be authentic.
#[derive(Debug)]
pub struct Inspected {
    /// The header.
    pub header: Header,
    /// Whether it is in armor.
    pub form: Form,
    /// Bytes of the header, without armor.
    pub header_bytes: u64,
    /// Bytes of plaintext that the payload has room for; `None` if no payload has its length, so that the file was cut off or added to. Of a
    /// file in armor it is reckoned by its length, as if all its lines ended alike.
    pub plaintext_bytes: Option<u64>,
}

impl Inspected {
    /// Reads the header of a file, and as much of the rest as it takes to know the size: of a file on a disk no more than its two ends,
    /// however large it is.
    ///
    /// # Errors
    /// [`FileError::Header`], [`FileError::Armor`], [`FileError::Read`], [`FileError::NoFile`].
    pub fn read(input: Input) -> Result<Self, FileError> {
        let (begun, all) = match input {
            Input::Stream(reader) => {
                let mut begun = Begun::read(reader)?;
                let rest = io::copy(&mut begun.rest, &mut io::sink()).map_err(FileError::of_reader)?;
                let all = header_bytes(&begun).saturating_add(rest);
                (begun, Some(all))
            }
            Input::Path(path) => {
                let (mut file, size) = open_file(&path)?;
                let begun = Begun::read(Box::new(file.try_clone().map_err(FileError::Read)?))?;
                let all = match begun.form {
                    Form::Binary => Some(size),
                    Form::Armor => armor::held(&mut file, size).map_err(FileError::Read)?,
                };
                (begun, all)
            }
        };
        let header_bytes = header_bytes(&begun);
        let plaintext_bytes = all.and_then(|all| opened_payload_len(all.saturating_sub(header_bytes)));
        Ok(Self { header: begun.header, form: begun.form, header_bytes, plaintext_bytes })
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

fn header_bytes(begun: &Begun<'_>) -> u64 {
    u64::try_from(begun.header_length).unwrap_or(u64::MAX)
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
