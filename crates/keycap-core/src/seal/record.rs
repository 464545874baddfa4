//! Records: rows of a database, lines of a file, messages in a queue, each sealed to a capability, and so for its service.
//!
//! ```text
//! ref      = H("keycap-1 locator-ref" 00 || locator)[0..16]
//! single   = u8 pattern || ref || Noise message                          65 bytes and the data; Xpsk1: 113
//!            prologue "keycap-1 record" 00 || u8 pattern || H(locator) || H(ad)
//! head     = u8 pattern || u16 length || locator || u16 length || Noise message with an empty payload
//!            prologue "keycap-1 record head" 00 || u8 pattern || H(locator)
//! record n = u64 n || AEAD(first key of Split, nonce n, associated data empty, H(ad) || data)      56 bytes and the data
//! ```
//!
//! Singles stand each for itself and cost two exchanges of keys or more; each names a locator that the reader has stored. Records under a head
//! cost an AEAD, are read in any order, and need their head. `ad` is what both sides know of the place of a record, such as table, column and
//! row: a record that was moved does not open.
//!
//! *Adversary*: whoever can read and write where records rest, and whoever holds other capabilities. *Invariants*: a record that opens was
//! made, for this place, by a holder of the chain that its head or locator names; no `n` is used twice under one head, since a [`Writer`]
//! cannot be copied or set back, and each makes a head of its own. *Not prevented*: a record can be left out, and an older one of the same place
//! can be put back; put a version into `ad` where that matters. Who has the service's private key and root secrets reads everything.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{SenderError, expected};
use crate::chain::{ChainError, DerivedChain};
use crate::key::KeyError;
use crate::label;
use crate::noise::oneway::{self, OneWayError};
use crate::noise::{Pattern, Suite, protocol_name};
use crate::secret::Secret;
use crate::service::ServiceKeys;

mod single;
mod stream;

pub use single::{Single, SingleWriter};
pub use stream::{Head, Reader, Writer, record_number};

/// Bytes that a record under a head has besides its data.
pub const RECORD_OVERHEAD: usize = 56;

/// Why a record cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Too short, too long, or cut: no record or head has this form.
    #[error("these {actual} bytes are no {what}")]
    Malformed {
        /// What they should be.
        what: &'static str,
        /// How many bytes there are.
        actual: usize,
    },
    /// The first byte is the number of no pattern that seals.
    #[error("{number} is the number of no pattern that seals records")]
    Pattern {
        /// The number.
        number: u8,
    },
    /// A single record names another locator than the one that it is to be opened with.
    #[error("the record belongs to the locator {reference}, which is not this one")]
    OtherLocator {
        /// The locator that it names.
        reference: LocatorRef,
    },
    /// The locator is not to this service, or malformed.
    #[error("locator: {0}")]
    Locator(OneWayError),
    /// The chain is of an epoch whose root secret the service no longer has.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The record or head was not made by a holder of the chain, was changed, or, for a single record, stands in another place than the one it
    /// was made for.
    #[error("the record was not made here by a holder of the capability that it names, or was changed or moved")]
    Unauthentic,
    /// The record is authentic, and was made for another place than the one where it was found.
    #[error("the record was moved: it was made for another place")]
    Moved,
    /// The sender's key is none that keycap accepts.
    #[error("the sender's key: {0}")]
    Sender(KeyError),
    /// The sender and the capability do not fit each other.
    #[error(transparent)]
    Unfitting(#[from] SenderError),
    /// The data is too long for one record.
    #[error("a record cannot hold {length} bytes")]
    TooLong {
        /// Bytes of the data.
        length: usize,
    },
    /// All numbers under this head are used up.
    #[error("no more records fit under this head; begin a new one")]
    Exhausted,
    /// The record could not be made: the library below is out of memory.
    #[error("the record could not be made")]
    Seal,
}

/// What a single record calls its locator: 16 bytes of a hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocatorRef([u8; 16]);

impl LocatorRef {
    /// The reference of a locator.
    #[must_use]
    pub fn of(locator: &[u8]) -> Self {
        let hash: [u8; 32] = Sha256::new().chain_update(label::LOCATOR_REF).chain_update(locator).finalize().into();
        let [reference @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = hash;
        Self(reference)
    }

    /// Takes 16 bytes, as they stand in a record.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for LocatorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for LocatorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocatorRef({self})")
    }
}

/// A locator that its service has opened: it reads the single records that name it. Its chain is derived, and nothing of it proven yet.
#[derive(Debug, Clone)]
pub struct OpenedLocator {
    reference: LocatorRef,
    hash: [u8; 32],
    chain: Arc<DerivedChain>,
}

impl OpenedLocator {
    /// Opens a locator with the keys of its service, once for all records that name it.
    ///
    /// # Errors
    /// [`RecordError::Locator`] if it is not to this service or malformed; [`RecordError::Chain`] if its epoch is closed.
    pub fn open(service: &ServiceKeys, locator: &[u8]) -> Result<Self, RecordError> {
        let chain = oneway::open_locator(service.static_key(), locator).map_err(RecordError::Locator)?;
        let chain = Arc::new(DerivedChain::derive(chain, service.roots())?);
        Ok(Self { reference: LocatorRef::of(locator), hash: Sha256::digest(locator).into(), chain })
    }

    /// What records call it.
    #[must_use]
    pub const fn reference(&self) -> LocatorRef {
        self.reference
    }
}

/// The pattern at the beginning of a record or head.
fn parse_pattern(number: u8) -> Result<Pattern, RecordError> {
    Pattern::from_number(number).filter(|pattern| !pattern.is_interactive()).ok_or(RecordError::Pattern { number })
}

/// The psk of a chain for a pattern, and what the reader expects of the sender.
fn reading(chain: &DerivedChain, pattern: Pattern) -> Result<(Secret<32>, oneway::Expected<'_>), RecordError> {
    let psk = chain.last().psk(protocol_name(pattern, Suite::ChaChaPoly));
    let expected = expected(pattern, chain.chain().holder()).ok_or(RecordError::Unauthentic)?;
    Ok((psk, expected))
}

fn unauthentic(error: OneWayError) -> RecordError {
    if let OneWayError::Sender(error) = error { RecordError::Sender(error) } else { RecordError::Unauthentic }
}

#[cfg(test)]
mod tests;
