//! Many records under one head: an AEAD each, read in any order.

use std::fmt;

use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{OpenedLocator, RECORD_OVERHEAD, RecordError, parse_pattern, reading, unauthentic};
use crate::capability::Capability;
use crate::chain::Purpose;
use crate::key::ct_eq;
use crate::label;
use crate::noise::oneway;
use crate::noise::primitives::{Aead, TAG_LEN};
use crate::noise::{Pattern, Sender, Suite};
use crate::seal::{Fitting, Proven};
use crate::secret::SecretBytes;
use crate::service::ServiceKeys;

/// Bytes of H(ad), which stands before the data.
const HASH_LEN: usize = 32;

/// Bytes of a record's number.
const NUMBER_LEN: usize = 8;

/// What writes records under a head of its own. It cannot be copied or set back, so that no number is used twice; a program that starts again
/// makes a new one.
pub struct Writer {
    aead: Aead,
    /// The number of the next record; `None` when all are used up.
    next: Option<u64>,
}

impl Writer {
    /// Makes a head, to be kept where the records are, and what writes records under it.
    ///
    /// # Errors
    /// [`RecordError::Unfitting`] for a sender that the service would refuse; [`RecordError::Seal`].
    pub fn start(capability: &Capability, sender: Sender<'_>, rng: &mut (impl CryptoRng + RngCore)) -> Result<(Self, Vec<u8>), RecordError> {
        let Fitting { pattern, psk } = Fitting::of(capability, sender)?;
        let locator = oneway::seal_locator(capability.service(), capability.chain(), rng).map_err(|_| RecordError::Seal)?;
        let (message, key) =
            oneway::seal_head(sender, capability.service(), &psk, &prologue(pattern, &locator), rng).map_err(|_| RecordError::Seal)?;
        let head = Head { pattern, locator: &locator, message: &message }.encode().ok_or(RecordError::Seal)?;
        let aead = Aead::new(Suite::ChaChaPoly, key.expose()).ok_or(RecordError::Seal)?;
        Ok((Self { aead, next: Some(0) }, head))
    }

    /// Seals data for the place that `ad` names.
    ///
    /// # Errors
    /// [`RecordError::TooLong`], [`RecordError::Exhausted`] after 2^64 − 1 records.
    pub fn seal(&mut self, ad: &[u8], data: &[u8]) -> Result<Vec<u8>, RecordError> {
        let number = self.next.ok_or(RecordError::Exhausted)?;
        let too_long = RecordError::TooLong { length: data.len() };
        let mut record = Vec::with_capacity(RECORD_OVERHEAD.checked_add(data.len()).ok_or(too_long.clone())?);
        record.extend_from_slice(&number.to_be_bytes());
        record.extend_from_slice(&Sha256::digest(ad));
        record.extend_from_slice(data);
        // Whatever happens now, this number is spent.
        self.next = number.checked_add(1).filter(|next| *next <= MAX_NUMBER);
        let text = record.get_mut(NUMBER_LEN..).unwrap_or_default();
        let tag = self.aead.seal_in_place(number, &[], text).ok_or(too_long)?;
        record.extend_from_slice(&tag);
        Ok(record)
    }

    /// The number that the next record will have; `None` when all are used up.
    #[must_use]
    pub const fn next_number(&self) -> Option<u64> {
        self.next
    }

    #[cfg(test)]
    pub(super) fn near_the_end(self) -> Self {
        Self { next: Some(MAX_NUMBER), ..self }
    }
}

/// The greatest number of a record: Noise keeps 2^64 − 1 for itself.
const MAX_NUMBER: u64 = u64::MAX - 1;

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("next", &self.next).finish_non_exhaustive()
    }
}

/// A head whose form is right: nothing is decrypted yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    pattern: Pattern,
    locator: &'a [u8],
    message: &'a [u8],
}

impl<'a> Head<'a> {
    /// Reads a head.
    ///
    /// # Errors
    /// [`RecordError::Malformed`], [`RecordError::Pattern`], and [`RecordError::Locator`] for a length that no locator has.
    pub fn parse(head: &'a [u8]) -> Result<Self, RecordError> {
        let malformed = || RecordError::Malformed { what: "head of records", actual: head.len() };
        let (number, rest) = head.split_first().ok_or_else(malformed)?;
        let pattern = parse_pattern(*number)?;
        let (locator, rest) = counted(rest).ok_or_else(malformed)?;
        let (message, rest) = counted(rest).ok_or_else(malformed)?;
        if !rest.is_empty() {
            return Err(malformed());
        }
        oneway::check_locator_len(locator).map_err(RecordError::Locator)?;
        Ok(Self { pattern, locator, message })
    }

    /// The head as it was read. `None` if a part is longer than a u16 counts, which none is that was read.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let length = |part: &[u8]| u16::try_from(part.len()).ok().map(u16::to_be_bytes);
        Some(
            [[self.pattern.number()].as_slice(), length(self.locator)?.as_slice(), self.locator, length(self.message)?.as_slice(), self.message]
                .concat(),
        )
    }

    /// Opens the head with the keys of its service: what reads its records, once the chain is cleared.
    ///
    /// # Errors
    /// [`RecordError::Locator`], [`RecordError::Chain`], [`RecordError::Unauthentic`], [`RecordError::Sender`].
    pub fn open(&self, service: &ServiceKeys) -> Result<Proven<Reader>, RecordError> {
        let OpenedLocator { chain, .. } = OpenedLocator::open(service, self.locator)?;
        let (psk, expected) = reading(&chain, self.pattern)?;
        let prologue = prologue(self.pattern, self.locator);
        let (sender, key) = oneway::open_head(expected, service.static_key(), &psk, &prologue, self.message).map_err(unauthentic)?;
        let aead = Aead::new(Suite::ChaChaPoly, key.expose()).ok_or(RecordError::Seal)?;
        Ok(Proven { chain, pattern: self.pattern, sender, purpose: Purpose::Record, content: Reader { aead } })
    }
}

/// What reads the records under one head, in any order and each as often as one likes.
pub struct Reader {
    aead: Aead,
}

impl Reader {
    /// Opens a record in the place that `ad` names.
    ///
    /// # Errors
    /// [`RecordError::Malformed`] if it is shorter than any, [`RecordError::Unauthentic`] if it is of another head or was changed, and
    /// [`RecordError::Moved`] if it was made for another place.
    pub fn open(&self, ad: &[u8], record: &[u8]) -> Result<SecretBytes, RecordError> {
        let malformed = || RecordError::Malformed { what: "record", actual: record.len() };
        let number = record_number(record)?;
        let (_, sealed) = record.split_at_checked(NUMBER_LEN).ok_or_else(malformed)?;
        let (text, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or_else(malformed)?;
        let mut text = Zeroizing::new(text.to_vec());
        self.aead.open_in_place(number, &[], &mut text, tag).ok_or(RecordError::Unauthentic)?;
        let place = text.get(..HASH_LEN).ok_or_else(malformed)?;
        if !ct_eq(place, &Sha256::digest(ad)) {
            return Err(RecordError::Moved);
        }
        text.drain(..HASH_LEN);
        Ok(SecretBytes::new(std::mem::take(&mut *text)))
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader(..)")
    }
}

/// The number of a record under its head, as it says itself: authentic only once the record is opened.
///
/// # Errors
/// [`RecordError::Malformed`] if it is shorter than any record, or its number greater.
pub fn record_number(record: &[u8]) -> Result<u64, RecordError> {
    let malformed = RecordError::Malformed { what: "record", actual: record.len() };
    let number = record.first_chunk().filter(|_| record.len() >= RECORD_OVERHEAD).ok_or(malformed.clone())?;
    Some(u64::from_be_bytes(*number)).filter(|number| *number <= MAX_NUMBER).ok_or(malformed)
}

fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}

fn prologue(pattern: Pattern, locator: &[u8]) -> Vec<u8> {
    [label::RECORD_HEAD, &[pattern.number()], &Sha256::digest(locator)].concat()
}
