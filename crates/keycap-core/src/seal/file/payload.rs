//! The payload: 16 bytes of nonce, then chunks of 64 KiB, each sealed by itself under its number.

use std::fmt;

use super::FileKey;
use super::header::expand;
use crate::label;
use crate::noise::Suite;
use crate::noise::primitives::{self, Aead};
use crate::secret::Secret;

/// Bytes of plaintext in a full chunk.
pub const CHUNK_LEN: usize = 64 << 10;
/// Bytes that sealing adds to a chunk.
pub const TAG_LEN: usize = primitives::TAG_LEN;
/// Bytes of a full chunk once it is sealed.
pub const SEALED_CHUNK_LEN: usize = CHUNK_LEN + TAG_LEN;
/// Bytes between header and first chunk, drawn for this payload alone.
pub const NONCE_LEN: usize = 16;

/// Where a chunk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk {
    /// Others follow.
    Inner,
    /// It is the last.
    Final,
}

/// The key of one file's payload. Any number of threads may use it at once.
pub struct PayloadKey(Aead);

/// Why a chunk is not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// Nobody who knew the file key wrote this chunk at this place.
    #[error("chunk {number} is not authentic: the file was changed, cut off or added to")]
    NotAuthentic {
        /// The chunk's number, from 0.
        number: u64,
    },
    /// The chunk has a length that no chunk has at its place.
    #[error("chunk {number} has an impossible length: the file was cut off")]
    Length {
        /// The chunk's number, from 0.
        number: u64,
    },
    /// The file ends within the nonce.
    #[error("the file ends before its payload begins")]
    NoNonce,
    /// No payload has the length of this one.
    #[error("the file was cut off or added to: none has its length")]
    NoSuchLength,
    /// The library below is out of memory.
    #[error("out of memory")]
    Memory,
}

impl PayloadKey {
    pub(super) fn derive(file_key: &FileKey, nonce: &[u8; NONCE_LEN]) -> Option<Self> {
        let key = Secret::filled_by(|key: &mut [u8; 32]| expand(Some(nonce), file_key, label::AGE_PAYLOAD, key));
        Aead::new(Suite::ChaChaPoly, key.expose()).map(Self)
    }

    /// Seals chunk `number` where it stands: `buffer` is the plaintext, then [`TAG_LEN`] bytes of room.
    ///
    /// A number must not be used twice under one key.
    ///
    /// # Errors
    /// [`PayloadError::Length`] unless the plaintext is 64 KiB, or less in a final chunk, and empty in the only one; [`PayloadError::Memory`].
    pub fn seal(&self, number: u64, chunk: Chunk, buffer: &mut [u8]) -> Result<(), PayloadError> {
        let (text, room) = split(number, chunk, buffer)?;
        *room = self.0.seal_in_place_at(&nonce(number, chunk), &[], text).ok_or(PayloadError::Memory)?;
        Ok(())
    }

    /// Opens chunk `number` where it stands and gives its plaintext. If it is not authentic, no plaintext is left in `sealed`.
    ///
    /// # Errors
    /// [`PayloadError::Length`] for a length that [`PayloadKey::seal`] does not give, [`PayloadError::NotAuthentic`].
    pub fn open<'b>(&self, number: u64, chunk: Chunk, sealed: &'b mut [u8]) -> Result<&'b mut [u8], PayloadError> {
        let (text, tag) = split(number, chunk, sealed)?;
        self.0.open_in_place_at(&nonce(number, chunk), &[], text, tag).ok_or(PayloadError::NotAuthentic { number })?;
        Ok(text)
    }
}

impl fmt::Debug for PayloadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PayloadKey(..)")
    }
}

/// Bytes of the payload, nonce included, of that many bytes of plaintext.
#[must_use]
pub fn sealed_payload_len(plaintext: u64) -> u64 {
    let (chunk, tag, nonce) = (wide(CHUNK_LEN), wide(TAG_LEN), wide(NONCE_LEN));
    let chunks = plaintext.div_ceil(chunk).max(1);
    plaintext.saturating_add(chunks.saturating_mul(tag)).saturating_add(nonce)
}

/// Bytes of plaintext in a payload of that many bytes, nonce included; `None` if no payload has that length.
#[must_use]
pub fn opened_payload_len(payload: u64) -> Option<u64> {
    let (sealed, tag) = (wide(SEALED_CHUNK_LEN), wide(TAG_LEN));
    let chunks = payload.checked_sub(wide(NONCE_LEN))?;
    let plaintext = chunks.checked_sub(chunks.div_ceil(sealed).max(1).checked_mul(tag)?)?;
    (sealed_payload_len(plaintext) == payload).then_some(plaintext)
}

/// The plaintext or ciphertext, and the tag behind it.
fn split(number: u64, chunk: Chunk, buffer: &mut [u8]) -> Result<(&mut [u8], &mut [u8; TAG_LEN]), PayloadError> {
    let wrong = PayloadError::Length { number };
    let (text, tag) = buffer.split_last_chunk_mut::<TAG_LEN>().ok_or(wrong)?;
    let right = match chunk {
        Chunk::Inner => text.len() == CHUNK_LEN,
        Chunk::Final => text.len() <= CHUNK_LEN && (number == 0 || !text.is_empty()),
    };
    if right { Ok((text, tag)) } else { Err(wrong) }
}

/// Eleven bytes of the chunk's number, big-endian, and one that says whether it is the last.
fn nonce(number: u64, chunk: Chunk) -> [u8; 12] {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    [0, 0, 0, a, b, c, d, e, f, g, h, u8::from(chunk == Chunk::Final)]
}

/// A length as the number of bytes in a file.
const fn wide(length: usize) -> u64 {
    // All of these lengths are below 2^17.
    #[expect(clippy::as_conversions, reason = "usize has no const conversion to u64, and no platform has a wider one")]
    {
        length as u64
    }
}
