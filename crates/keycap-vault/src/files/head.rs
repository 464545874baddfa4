//! A file's header: made for recipients, read, and unwrapped by identities. Recipients and identities are the age crate's, or keycap's own
//! behind its traits.

use std::collections::HashSet;
use std::io::{Cursor, Read};

use age::{DecryptError, EncryptError, Recipient};
use age_core::format::{FileKey as AgeFileKey, Stanza as AgeStanza};
use keycap_core::seal::file::{FileKey, Header, HeaderError, NONCE_LEN, PayloadError, PayloadKey, Stanza};
use rand::{CryptoRng, RngCore};

use super::FileError;

/// Bytes that are read of a file at first; most headers fit.
const FIRST_READ: usize = 4 << 10;
/// The type of a stanza for a passphrase.
pub(super) const SCRYPT: &str = "scrypt";
/// The label of recipients that resist a quantum computer.
const POST_QUANTUM: &str = "postquantum";

/// The beginning of a new file: header and nonce, and the key of what follows.
pub(super) struct Head {
    pub(super) bytes: Vec<u8>,
    pub(super) key: PayloadKey,
}

/// Makes the beginning of a file for these recipients.
pub(super) fn make(recipients: &[Box<dyn Recipient + Send>], rng: &mut (impl CryptoRng + RngCore)) -> Result<Head, FileError> {
    let file_key = FileKey::generate(rng);
    let header = Header::new(wrap(recipients, &file_key)?, &file_key)?;
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let key = header.payload_key(&file_key, &nonce)?;
    let mut bytes = header.encode();
    bytes.extend_from_slice(&nonce);
    Ok(Head { bytes, key })
}

/// Wraps a file key for all recipients, whose labels must be the same: that is how one says that it must be alone, or among its like.
pub(super) fn wrap(recipients: &[Box<dyn Recipient + Send>], file_key: &FileKey) -> Result<Vec<Stanza>, FileError> {
    let file_key = AgeFileKey::init_with_mut(|bytes| bytes.copy_from_slice(file_key.expose()));
    let mut stanzas = Vec::with_capacity(recipients.len());
    let mut all: Option<HashSet<String>> = None;
    for recipient in recipients {
        let (wrapped, labels) = recipient.wrap_file_key(&file_key).map_err(encrypt_error)?;
        let others = all.get_or_insert_with(|| labels.clone());
        if *others != labels {
            let passphrase =
                stanzas.iter().map(|stanza: &Stanza| &stanza.tag).chain(wrapped.iter().map(|stanza| &stanza.tag)).any(|tag| tag == SCRYPT);
            let why = if passphrase {
                "a passphrase has to be alone"
            } else if others.contains(POST_QUANTUM) != labels.contains(POST_QUANTUM) {
                "one resists a quantum computer and another does not"
            } else {
                "one of them demands to be alone, or among recipients of its own kind"
            };
            return Err(FileError::Incompatible { why });
        }
        stanzas.extend(wrapped.into_iter().map(|AgeStanza { tag, args, body }| Stanza { tag, args, body }));
    }
    Ok(stanzas)
}

/// A stanza as the age crate has it.
pub(super) fn to_age(stanza: &Stanza) -> AgeStanza {
    AgeStanza { tag: stanza.tag.clone(), args: stanza.args.clone(), body: stanza.body.clone() }
}

/// A header that was read, its bytes, and the source of what follows.
pub(super) struct Beginning<R> {
    pub(super) header: Header,
    /// Bytes of the header.
    pub(super) length: usize,
    /// Nonce and chunks.
    pub(super) rest: std::io::Chain<Cursor<Vec<u8>>, R>,
}

/// Reads a header, and no more than it takes and the block that it ends in.
pub(super) fn read<R: Read>(mut reader: R) -> Result<Beginning<R>, FileError> {
    let mut bytes = Vec::new();
    // What was read is doubled each time, so that a long header is not gone through again for each of its blocks.
    let mut more = FIRST_READ;
    loop {
        let limit = u64::try_from(more).unwrap_or(u64::MAX);
        let length = (&mut reader).take(limit).read_to_end(&mut bytes).map_err(FileError::of_reader)?;
        if let Some((header, length)) = Header::parse(&bytes)? {
            let rest = bytes.split_off(length);
            return Ok(Beginning { header, length, rest: Cursor::new(rest).chain(reader) });
        }
        if length == 0 {
            return Err(if bytes.is_empty() { HeaderError::NotAge } else { HeaderError::Truncated }.into());
        }
        more = bytes.len();
    }
}

/// Reads the nonce and derives the payload's key.
pub(super) fn payload_key(header: &Header, file_key: &FileKey, rest: &mut impl Read) -> Result<PayloadKey, FileError> {
    let mut nonce = [0; NONCE_LEN];
    let length = read_up_to(rest, &mut nonce)?;
    // The header comes first: one that was changed says so, whatever follows it.
    let key = header.payload_key(file_key, &nonce)?;
    if length < NONCE_LEN { Err(PayloadError::NoNonce.into()) } else { Ok(key) }
}

fn read_up_to(reader: &mut impl Read, room: &mut [u8; NONCE_LEN]) -> Result<usize, FileError> {
    let mut bytes = Vec::with_capacity(NONCE_LEN);
    let limit = u64::try_from(NONCE_LEN).unwrap_or(u64::MAX);
    reader.take(limit).read_to_end(&mut bytes).map_err(FileError::of_reader)?;
    room.iter_mut().zip(&bytes).for_each(|(place, byte)| *place = *byte);
    Ok(bytes.len())
}

fn encrypt_error(error: EncryptError) -> FileError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open; the others speak for themselves")]
    match error {
        EncryptError::Io(error) => FileError::Write { path: None, error },
        other => FileError::Age { why: other.to_string() },
    }
}

/// What age says when an identity that fits fails.
pub(super) fn decrypt_error(error: DecryptError, header: &Header) -> FileError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open; the others speak for themselves")]
    match error {
        DecryptError::NoMatchingKeys => FileError::NoMatch,
        DecryptError::InvalidHeader => HeaderError::Stanza.into(),
        DecryptError::DecryptionFailed if header.stanzas().iter().any(|stanza| stanza.tag == SCRYPT) => FileError::WrongPassphrase,
        DecryptError::DecryptionFailed => FileError::Age { why: "what should open it does not".into() },
        DecryptError::KeyDecryptionFailed => FileError::IdentityLocked,
        DecryptError::ExcessiveWork { required, target } => FileError::TooMuchWork { required, target },
        // Of the system itself, or of one of keycap's stanzas, whose errors age has no other place for.
        DecryptError::Io(error) if error.raw_os_error().is_some() => FileError::of_reader(error),
        DecryptError::Io(error) => FileError::Age { why: error.to_string() },
        other => FileError::Age { why: other.to_string() },
    }
}
