//! The header: stanzas, and a MAC under the file key over all of it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{FileKey, NONCE_LEN, PayloadKey};
use crate::label;
use crate::secret::Secret;

/// Bytes of a header at most, 4 MiB: some 20,000 recipients, or 2,000 post-quantum ones. A reader holds a header in memory as a whole.
pub const MAX_HEADER_BYTES: usize = 4 << 20;

/// Columns of a full line of base64.
const COLUMNS: usize = 64;
/// What a stanza begins with.
const ARROW: &[u8] = b"-> ";
/// What the last line begins with; the MAC covers it.
const FOOTER: &[u8] = b"---";
/// The type that has to be alone in its header.
const SCRYPT: &str = "scrypt";

/// The file key, wrapped for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stanza {
    /// The type, such as `X25519`: one or more printable ASCII characters without spaces.
    pub tag: String,
    /// Arguments of the same characters.
    pub args: Vec<String>,
    /// The body, usually the wrapped key.
    pub body: Vec<u8>,
}

/// The header of an age file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    stanzas: Vec<Stanza>,
    mac: [u8; 32],
}

/// Why bytes are no header, or no authentic one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// It begins as no age file does.
    #[error("it is no age file")]
    NotAge,
    /// It is an age file of another version than 1.
    #[error("it is an age file of another version than 1")]
    Version,
    /// A line is not as the format wants it.
    #[error("line {line} of the header is malformed: {why}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is no stanza.
    #[error("the header names no recipient")]
    NoStanza,
    /// A stanza for a passphrase has others beside it.
    #[error("a passphrase stands beside other recipients in the header")]
    PassphraseNotAlone,
    /// A stanza of a known type is not as that type wants it.
    #[error("a recipient in the header is malformed")]
    Stanza,
    /// A stanza that cannot be written: a type or an argument is empty or has other characters than printable ASCII.
    #[error("a recipient gave a stanza that cannot be written")]
    Unwritable,
    /// It has more than [`MAX_HEADER_BYTES`].
    #[error("the header is longer than 4 MiB")]
    TooLong,
    /// The file ends before its header does.
    #[error("the file ends within its header")]
    Truncated,
    /// The file key opens a header, but not this one: it was changed.
    #[error("the header was changed after it was written")]
    Mac,
    /// The library below is out of memory.
    #[error("out of memory")]
    Memory,
}

impl Header {
    /// The header that holds these stanzas, under this file key.
    ///
    /// # Errors
    /// [`HeaderError::NoStanza`], [`HeaderError::PassphraseNotAlone`], [`HeaderError::Unwritable`], [`HeaderError::TooLong`].
    pub fn new(stanzas: Vec<Stanza>, file_key: &FileKey) -> Result<Self, HeaderError> {
        let writable = |text: &String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !stanzas.iter().all(|stanza| writable(&stanza.tag) && stanza.args.iter().all(writable)) {
            return Err(HeaderError::Unwritable);
        }
        check(&stanzas)?;
        let mut header = Self { stanzas, mac: [0; 32] };
        let covered = header.encode_covered();
        header.mac = mac(file_key, &covered).finalize().into_bytes().into();
        if header.encode().len() > MAX_HEADER_BYTES {
            return Err(HeaderError::TooLong);
        }
        Ok(header)
    }

    /// Reads a header from the beginning of a file: it and the bytes that it takes, or `None` if `bytes` are the beginning of one.
    ///
    /// # Errors
    /// A [`HeaderError`] as soon as no further bytes can make a header of it; never [`HeaderError::Truncated`], which is for the caller who
    /// has no further bytes.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, HeaderError> {
        let mut lines = Lines { bytes, at: 0, number: 0 };
        match version(bytes)? {
            Some(()) => lines.skip(label::AGE_VERSION_LINE.len()),
            None => return Ok(None),
        }
        let mut stanzas = Vec::new();
        loop {
            let Some(line) = lines.next()? else { return Ok(None) };
            if let Some(words) = line.strip_prefix(ARROW) {
                let (tag, args) = words_of(words, lines.number)?;
                let Some(body) = body(&mut lines)? else { return Ok(None) };
                stanzas.push(Stanza { tag, args, body });
            } else if let Some(encoded) = line.strip_prefix(FOOTER) {
                let malformed = HeaderError::Line { line: lines.number, why: "it does not hold a MAC of 32 bytes" };
                let encoded = encoded.strip_prefix(b" ").ok_or(malformed)?;
                let mac = BASE64_STANDARD_NO_PAD.decode(encoded).map_err(|_| malformed)?.try_into().map_err(|_| malformed)?;
                check(&stanzas)?;
                return Ok(Some((Self { stanzas, mac }, lines.at)));
            } else {
                return Err(HeaderError::Line { line: lines.number, why: "neither a recipient nor the end begins there" });
            }
        }
    }

    /// The stanzas, in their order.
    #[must_use]
    pub fn stanzas(&self) -> &[Stanza] {
        &self.stanzas
    }

    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.encode_covered();
        bytes.push(b' ');
        bytes.extend_from_slice(BASE64_STANDARD_NO_PAD.encode(self.mac).as_bytes());
        bytes.push(b'\n');
        bytes
    }

    /// Checks that the header is as it was written under `file_key`, and derives the key of the payload that follows with this nonce.
    ///
    /// # Errors
    /// [`HeaderError::Mac`] if it was changed, [`HeaderError::Memory`].
    pub fn payload_key(&self, file_key: &FileKey, nonce: &[u8; NONCE_LEN]) -> Result<PayloadKey, HeaderError> {
        mac(file_key, &self.encode_covered()).verify((&self.mac).into()).map_err(|_| HeaderError::Mac)?;
        PayloadKey::derive(file_key, nonce).ok_or(HeaderError::Memory)
    }

    /// What the MAC covers: everything up to and with the `---`.
    fn encode_covered(&self) -> Vec<u8> {
        let mut bytes = label::AGE_VERSION_LINE.to_vec();
        for stanza in &self.stanzas {
            bytes.extend_from_slice(ARROW);
            bytes.extend_from_slice(stanza.tag.as_bytes());
            for arg in &stanza.args {
                bytes.push(b' ');
                bytes.extend_from_slice(arg.as_bytes());
            }
            bytes.push(b'\n');
            let body = BASE64_STANDARD_NO_PAD.encode(&stanza.body);
            let full = body.as_bytes().chunks_exact(COLUMNS);
            let rest = full.remainder();
            for line in full.chain([rest]) {
                bytes.extend_from_slice(line);
                bytes.push(b'\n');
            }
        }
        bytes.extend_from_slice(FOOTER);
        bytes
    }
}

/// What holds for the stanzas together.
fn check(stanzas: &[Stanza]) -> Result<(), HeaderError> {
    if stanzas.is_empty() {
        return Err(HeaderError::NoStanza);
    }
    if stanzas.len() > 1 && stanzas.iter().any(|stanza| stanza.tag == SCRYPT) {
        return Err(HeaderError::PassphraseNotAlone);
    }
    Ok(())
}

fn mac(file_key: &FileKey, covered: &[u8]) -> Hmac<Sha256> {
    // HMAC pads a key shorter than its block of 64 bytes with zeros (RFC 2104 §2), so this is the key itself.
    let key = Secret::filled_by(|padded: &mut [u8; 64]| {
        if let Some(key) = padded.first_chunk_mut() {
            expand(None, file_key, label::AGE_HEADER, key);
        }
    });
    Hmac::<Sha256>::new(key.expose().into()).chain_update(covered)
}

/// HKDF-SHA-256 of the file key into 32 bytes.
pub(super) fn expand(salt: Option<&[u8]>, file_key: &FileKey, info: &[u8], out: &mut [u8; 32]) {
    // HKDF-SHA-256 gives up to 8,160 bytes, so 32 never fail.
    let _ = Hkdf::<Sha256>::new(salt, file_key.expose()).expand(info, out);
}

/// Whether the bytes begin with the version's line; `None` if there are too few to tell.
fn version(bytes: &[u8]) -> Result<Option<()>, HeaderError> {
    let line = label::AGE_VERSION_LINE;
    if bytes.starts_with(line) {
        return Ok(Some(()));
    }
    if line.starts_with(bytes) {
        return Ok(None);
    }
    Err(if bytes.starts_with(label::AGE_MAGIC) { HeaderError::Version } else { HeaderError::NotAge })
}

fn words_of(words: &[u8], line: usize) -> Result<(String, Vec<String>), HeaderError> {
    let malformed = HeaderError::Line { line, why: "a type or argument is empty or has other characters than printable ASCII" };
    let mut texts = words.split(|byte| *byte == b' ').map(|word| {
        let graphic = !word.is_empty() && word.iter().all(u8::is_ascii_graphic);
        if graphic { String::from_utf8(word.to_vec()).map_err(|_| malformed) } else { Err(malformed) }
    });
    let tag = texts.next().ok_or(malformed)??;
    Ok((tag, texts.collect::<Result<_, _>>()?))
}

/// The lines of a body up to the first that is not full.
fn body(lines: &mut Lines<'_>) -> Result<Option<Vec<u8>>, HeaderError> {
    let mut encoded = Vec::new();
    loop {
        let Some(line) = lines.next()? else { return Ok(None) };
        let malformed = HeaderError::Line { line: lines.number, why: "it is no canonical base64 in lines of 64 columns" };
        if line.len() > COLUMNS {
            return Err(malformed);
        }
        encoded.extend_from_slice(line);
        if line.len() < COLUMNS {
            return BASE64_STANDARD_NO_PAD.decode(encoded).map(Some).map_err(|_| malformed);
        }
    }
}

/// Lines, as far as there are whole ones.
struct Lines<'b> {
    bytes: &'b [u8],
    /// Bytes that were taken.
    at: usize,
    /// Lines that were taken.
    number: usize,
}

impl<'b> Lines<'b> {
    /// Takes one line of `length` bytes that was looked at already.
    fn skip(&mut self, length: usize) {
        self.at += length;
        self.number += 1;
    }

    /// The next line without its end; `None` if it is not all there.
    fn next(&mut self) -> Result<Option<&'b [u8]>, HeaderError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let room = MAX_HEADER_BYTES.saturating_sub(self.at);
        let end = rest.iter().take(room).position(|byte| *byte == b'\n');
        let Some(end) = end else {
            return if rest.len() >= room { Err(HeaderError::TooLong) } else { Ok(None) };
        };
        self.skip(end + 1);
        Ok(rest.get(..end))
    }
}
