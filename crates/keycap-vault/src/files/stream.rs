//! One file from any source to any sink: what files, folders and pipes have in common.

use std::io::{self, Cursor, Read, Write};

use age::Recipient;
use age::armor::{ArmoredReader, ArmoredWriter, Format};
use keycap_core::seal::file::{FileKey, Header, PayloadKey, opened_payload_len};
use rand::{CryptoRng, RngCore};

use super::chunks::{self, Way};
use super::head::{self, Head};
use super::watch::Watch;
use super::{Cancel, FileError, Identities, Progress};

/// How a sealed file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// As bytes.
    #[default]
    Binary,
    /// As text, a third longer, that survives being pasted and mailed.
    Armor,
}

/// What armor begins with.
const ARMOR_BEGINS: &[u8] = b"-----BEGIN";
/// White space before armor that is skipped, at most.
pub(super) const MOST_SPACE: usize = 4 << 10;

/// Seals all that `source` gives to `recipients`; bytes of plaintext.
///
/// # Errors
/// [`FileError::Read`], [`FileError::Write`], [`FileError::Incompatible`], [`FileError::Age`], [`FileError::Cancelled`].
pub fn seal_stream(
    recipients: &[Box<dyn Recipient + Send>],
    source: &mut (dyn Read + Send),
    sink: &mut (dyn Write + Send),
    form: Form,
    rng: &mut (impl CryptoRng + RngCore),
    (progress, cancel): (&dyn Progress, &Cancel),
) -> Result<u64, FileError> {
    let head = head::make(recipients, rng)?;
    seal_behind(&head, source, sink, form, None, Watch { progress, cancel })
}

/// Opens what `source` gives with the first of `identities` that fits; bytes of plaintext. Armor is taken off.
///
/// What went into `sink` before a failure is authentic; nothing else did.
///
/// # Errors
/// [`FileError::Header`], [`FileError::NoMatch`], [`FileError::Age`], [`FileError::Payload`], [`FileError::Armor`], [`FileError::Read`],
/// [`FileError::Write`], [`FileError::Cancelled`].
pub fn open_stream(
    identities: &Identities,
    source: Box<dyn Read + Send + '_>,
    sink: &mut (dyn Write + Send),
    (progress, cancel): (&dyn Progress, &Cancel),
) -> Result<u64, FileError> {
    let begun = Begun::read(source)?;
    let (file_key, _) = identities.unwrap(&begun.header)?;
    begun.unlock(&file_key)?.open(sink, Watch { progress, cancel })
}

/// Writes a file whose beginning is made; `plaintext` is how long it will be, as far as that is known.
pub(super) fn seal_behind(
    head: &Head,
    source: &mut (dyn Read + Send),
    sink: &mut (dyn Write + Send),
    form: Form,
    plaintext: Option<u64>,
    watch: Watch<'_>,
) -> Result<u64, FileError> {
    match form {
        Form::Binary => {
            sink.write_all(&head.bytes).map_err(FileError::of_writer)?;
            chunks::run(Way::Seal, &head.key, source, sink, plaintext, watch)
        }
        Form::Armor => {
            let mut armored = ArmoredWriter::wrap_output(sink, Format::AsciiArmor).map_err(FileError::of_writer)?;
            armored.write_all(&head.bytes).map_err(FileError::of_writer)?;
            let sealed = chunks::run(Way::Seal, &head.key, source, &mut armored, plaintext, watch)?;
            armored.finish().map_err(FileError::of_writer)?;
            Ok(sealed)
        }
    }
}

/// A file whose header was read.
pub(super) struct Begun<'s> {
    pub(super) header: Header,
    /// Bytes of the header, without armor.
    pub(super) header_length: usize,
    /// Whether it was armored.
    pub(super) form: Form,
    /// Nonce and chunks.
    pub(super) rest: Box<dyn Read + Send + 's>,
}

impl<'s> Begun<'s> {
    /// Reads the header, in armor or not.
    pub(super) fn read(source: Box<dyn Read + Send + 's>) -> Result<Self, FileError> {
        let (form, source) = dearmored(source)?;
        let head::Beginning { header, length, rest } = head::read(source)?;
        Ok(Self { header, header_length: length, form, rest: Box::new(rest) })
    }

    /// Checks the header under this file key, and goes on to the payload.
    pub(super) fn unlock(mut self, file_key: &FileKey) -> Result<Unlocked<'s>, FileError> {
        let key = head::payload_key(&self.header, file_key, &mut self.rest)?;
        Ok(Unlocked { key, chunks: self.rest, plaintext: None })
    }
}

/// A file whose header is authentic.
pub(super) struct Unlocked<'s> {
    key: PayloadKey,
    chunks: Box<dyn Read + Send + 's>,
    plaintext: Option<u64>,
}

impl Unlocked<'_> {
    /// Says how long the payload is, nonce included, so that a short one is not given more room than it needs.
    pub(super) fn of_payload(self, payload: Option<u64>) -> Self {
        Self { plaintext: payload.and_then(opened_payload_len), ..self }
    }

    /// Opens the payload; bytes of plaintext.
    pub(super) fn open(mut self, sink: &mut (dyn Write + Send), watch: Watch<'_>) -> Result<u64, FileError> {
        chunks::run(Way::Open, &self.key, &mut self.chunks, sink, self.plaintext, watch)
    }
}

/// The bytes of a file, out of its armor if it is in one.
fn dearmored<'s>(mut source: Box<dyn Read + Send + 's>) -> Result<(Form, Box<dyn Read + Send + 's>), FileError> {
    let mut first = Vec::new();
    let begins = loop {
        let wanted = ARMOR_BEGINS.len().max(first.len());
        let length = (&mut source).take(u64::try_from(wanted).unwrap_or(u64::MAX)).read_to_end(&mut first).map_err(FileError::of_reader)?;
        let space = first.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let text = first.get(space..).unwrap_or_default();
        if length == 0 || text.len() >= ARMOR_BEGINS.len() || space > MOST_SPACE {
            break text.starts_with(ARMOR_BEGINS).then_some(space);
        }
    };
    match begins {
        Some(space) => {
            let text = Cursor::new(first.split_off(space)).chain(source);
            Ok((Form::Armor, Box::new(Armor(ArmoredReader::new(text)))))
        }
        None => Ok((Form::Binary, Box::new(Cursor::new(first).chain(source)))),
    }
}

/// Tells errors of the armor apart from errors of reading.
struct Armor<R>(R);

impl<R: Read> Read for Armor<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.0.read(room).map_err(|error| {
            #[expect(clippy::wildcard_enum_match_arm, reason = "every other kind comes from the source")]
            match error.kind() {
                io::ErrorKind::InvalidData => FileError::Armor { why: error.to_string() }.into_io(),
                io::ErrorKind::UnexpectedEof => FileError::Armor { why: "it has no end".into() }.into_io(),
                _ => error,
            }
        })
    }
}
