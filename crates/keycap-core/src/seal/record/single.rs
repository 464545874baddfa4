//! Single records: each opens by itself, with a locator that the reader has stored.

use std::sync::Arc;

use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};

use super::{LocatorRef, OpenedLocator, RecordError, parse_pattern, reading, unauthentic};
use crate::capability::Capability;
use crate::chain::Purpose;
use crate::key::{PublicKey, StaticKey};
use crate::label;
use crate::noise::oneway::{self, OneWayError};
use crate::noise::{Pattern, Sender};
use crate::seal::{Fitting, Proven};
use crate::secret::{Secret, SecretBytes};
use crate::service::ServiceKeys;

/// What writes single records to one capability. Its locator goes to the reader once; every record names it by 16 bytes.
#[derive(Debug)]
pub struct SingleWriter {
    pattern: Pattern,
    psk: Secret<32>,
    service: PublicKey,
    sender: Option<StaticKey>,
    locator: Vec<u8>,
    hash: [u8; 32],
}

impl SingleWriter {
    /// A writer with a new locator.
    ///
    /// # Errors
    /// [`RecordError::Unfitting`] for a sender that the service would refuse; [`RecordError::Seal`].
    pub fn new(capability: &Capability, sender: Sender<'_>, rng: &mut (impl CryptoRng + RngCore)) -> Result<Self, RecordError> {
        let Fitting { pattern, psk } = Fitting::of(capability, sender)?;
        let locator = oneway::seal_locator(capability.service(), capability.chain(), rng).map_err(|_| RecordError::Seal)?;
        let sender = match sender {
            Sender::Anonymous => None,
            Sender::Shown(key) | Sender::Known(key) => Some(key.duplicate()),
        };
        let hash = Sha256::digest(&locator).into();
        Ok(Self { pattern, psk, service: *capability.service(), sender, locator, hash })
    }

    /// The locator, which the reader needs to open the records. Nothing in it is readable to anyone but the service.
    #[must_use]
    pub fn locator(&self) -> &[u8] {
        &self.locator
    }

    /// Seals data for the place that `ad` names.
    ///
    /// # Errors
    /// [`RecordError::TooLong`] if the message would have more than 65,535 bytes; [`RecordError::Seal`].
    pub fn seal(&self, ad: &[u8], data: &[u8], rng: &mut (impl CryptoRng + RngCore)) -> Result<Vec<u8>, RecordError> {
        let sender = match (&self.sender, self.pattern) {
            (Some(key), Pattern::Kpsk0) => Sender::Known(key),
            (Some(key), _) => Sender::Shown(key),
            (None, _) => Sender::Anonymous,
        };
        let prologue = prologue(self.pattern, &self.hash, ad);
        let message = oneway::seal(sender, &self.service, Some(&self.psk), &prologue, data, rng).map_err(|error| {
            if matches!(error, OneWayError::Length { .. }) { RecordError::TooLong { length: data.len() } } else { RecordError::Seal }
        })?;
        Ok([&[self.pattern.number()], LocatorRef::of(&self.locator).as_bytes().as_slice(), &message].concat())
    }
}

/// A single record whose form is right: nothing is decrypted yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Single<'a> {
    pattern: Pattern,
    reference: LocatorRef,
    message: &'a [u8],
}

impl<'a> Single<'a> {
    /// Reads a single record.
    ///
    /// # Errors
    /// [`RecordError::Malformed`] if it is shorter than any; [`RecordError::Pattern`].
    pub fn parse(record: &'a [u8]) -> Result<Self, RecordError> {
        let malformed = RecordError::Malformed { what: "single record", actual: record.len() };
        let (number, rest) = record.split_first().ok_or(malformed.clone())?;
        let pattern = parse_pattern(*number)?;
        let (reference, message) = rest.split_first_chunk().ok_or(malformed)?;
        Ok(Self { pattern, reference: LocatorRef(*reference), message })
    }

    /// The record as it was read.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [&[self.pattern.number()], self.reference.as_bytes().as_slice(), self.message].concat()
    }

    /// Which locator opens it.
    #[must_use]
    pub const fn reference(&self) -> LocatorRef {
        self.reference
    }

    /// Opens the record in the place that `ad` names, with its locator.
    ///
    /// # Errors
    /// [`RecordError::OtherLocator`], [`RecordError::Unauthentic`], [`RecordError::Sender`].
    pub fn open(&self, service: &ServiceKeys, locator: &OpenedLocator, ad: &[u8]) -> Result<Proven<SecretBytes>, RecordError> {
        if locator.reference != self.reference {
            return Err(RecordError::OtherLocator { reference: self.reference });
        }
        let (psk, expected) = reading(&locator.chain, self.pattern)?;
        let prologue = prologue(self.pattern, &locator.hash, ad);
        let opened = oneway::open(expected, service.static_key(), Some(&psk), &prologue, self.message).map_err(unauthentic)?;
        Ok(Proven {
            chain: Arc::clone(&locator.chain),
            pattern: self.pattern,
            sender: opened.sender,
            purpose: Purpose::Record,
            content: opened.payload,
        })
    }
}

fn prologue(pattern: Pattern, locator_hash: &[u8; 32], ad: &[u8]) -> Vec<u8> {
    [label::RECORD, &[pattern.number()], locator_hash, &Sha256::digest(ad)].concat()
}
