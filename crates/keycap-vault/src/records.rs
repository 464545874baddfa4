//! Records: rows, lines and messages, each sealed to a capability held, and opened by the service that it is for.
//!
//! A [`RecordWriter`] makes a head, to be kept where the records are, and then records under it; a [`SingleRecordWriter`] makes records that
//! open each by itself, with a locator that the reader keeps. `ad` names the place of a record, such as table, row and column: elsewhere it
//! does not open. JSON lines are made of them by [`LineSealer`] and [`LineOpener`].

use std::collections::HashMap;
use std::fmt;

use keycap_core::chain::Purpose;
use keycap_core::noise::OneWayError;
use keycap_core::seal::record::{Head, LocatorRef, OpenedLocator, Reader, RecordError, Single, SingleWriter, Writer};
use keycap_core::seal::{Attribution, Proven, Verdict};
use keycap_core::secret::SecretBytes;
use keycap_core::time::Clock;
use rand::rngs::OsRng;

use crate::capabilities::held_row;
use crate::error::VaultError;
use crate::opener::{Leave, OpenRequest, OpenedWith, Outcome, OwnService, WhatLapsed};
use crate::seal_to::{SealFrom, Writable};
use crate::vault::Vault;

mod line;
mod place;

pub use line::{LineError, LineForm, LineOpener, LineSealer, OpenedLine};

/// The name under which a service takes records: the target that `allow` is compared with, unless the one who opens says otherwise.
pub const RECORDS_TARGET: &str = "records";

/// What seals records under a head of its own, to a capability held.
#[derive(Debug)]
pub struct RecordWriter {
    writer: Writer,
    head: Vec<u8>,
    doubts: Vec<String>,
}

/// What seals records that open each by itself, to a capability held.
#[derive(Debug)]
pub struct SingleRecordWriter {
    writer: SingleWriter,
    doubts: Vec<String>,
}

impl Vault {
    /// Begins to write records under a new head. If the capability is bound to a key of this vault, that key is the sender whether it is named or
    /// not.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Expired`], [`VaultError::Refused`] if its own caveats forbid records or this way of sealing them,
    /// [`VaultError::BadRequest`] for a sender that its service would refuse, or if the vault is locked.
    pub fn record_writer(&self, capability: &str, from: &SealFrom) -> Result<RecordWriter, VaultError> {
        let Writable { capability, from, doubts, .. } = self.writable_record(capability, from)?;
        let (writer, head) = Writer::start(&capability, from.sender(), &mut OsRng)?;
        Ok(RecordWriter { writer, head, doubts })
    }

    /// Begins to write records that open each by itself, with a new locator.
    ///
    /// # Errors
    /// As [`Vault::record_writer`].
    pub fn single_record_writer(&self, capability: &str, from: &SealFrom) -> Result<SingleRecordWriter, VaultError> {
        let Writable { capability, from, doubts, .. } = self.writable_record(capability, from)?;
        Ok(SingleRecordWriter { writer: SingleWriter::new(&capability, from.sender(), &mut OsRng)?, doubts })
    }

    fn writable_record(&self, capability: &str, from: &SealFrom) -> Result<Writable, VaultError> {
        let row = self.store.read(|reading| held_row(reading, capability))?;
        let from = self.sending(from)?;
        self.writable(&row, from, Purpose::Record, RECORDS_TARGET)
    }

    /// What opens records that were sealed to capabilities of this vault's services. Reads each service once; what is revoked and what time it is,
    /// as of now.
    ///
    /// # Errors
    /// If the vault is locked, or the ledger cannot be read.
    pub fn record_opener(&self, request: OpenRequest) -> Result<RecordOpener, VaultError> {
        let (services, unusable) = self.own_services(request.scope)?;
        Ok(RecordOpener { services, unusable, clock: self.environment.clock(), request, locators: HashMap::new() })
    }
}

impl RecordWriter {
    /// The head, without which no record under it opens. Nothing in it is readable to anyone but the service.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// What may keep the service from taking the records, as far as can be told here: sentences.
    #[must_use]
    pub fn doubts(&self) -> &[String] {
        &self.doubts
    }

    /// Seals data for the place that `ad` names: 56 bytes more than the data.
    ///
    /// # Errors
    /// [`VaultError::Record`] for data of more than some 256 GiB, or after 2^64 − 1 records.
    pub fn seal(&mut self, ad: &[u8], data: &[u8]) -> Result<Vec<u8>, VaultError> {
        Ok(self.writer.seal(ad, data)?)
    }
}

impl SingleRecordWriter {
    /// The locator, which the reader keeps. Nothing in it is readable to anyone but the service.
    #[must_use]
    pub fn locator(&self) -> &[u8] {
        self.writer.locator()
    }

    /// What may keep the service from taking the records, as far as can be told here: sentences.
    #[must_use]
    pub fn doubts(&self) -> &[String] {
        &self.doubts
    }

    /// Seals data for the place that `ad` names: 65 bytes more than the data, 113 if the sender is shown.
    ///
    /// # Errors
    /// [`VaultError::Record`] for data of more than 65,487 bytes, or 65,439.
    pub fn seal(&self, ad: &[u8], data: &[u8]) -> Result<Vec<u8>, VaultError> {
        Ok(self.writer.seal(ad, data, &mut OsRng)?)
    }
}

/// The vault's services, in memory: usable for opening records, and not readable.
pub struct RecordOpener {
    services: Vec<OwnService>,
    unusable: Vec<String>,
    clock: Clock,
    request: OpenRequest,
    /// Each with its service's place in `services`.
    locators: HashMap<LocatorRef, (usize, OpenedLocator)>,
}

/// A head that was opened and cleared: reads the records under it, in any order.
#[derive(Debug)]
pub struct RecordHead {
    reader: Reader,
    outcome: Outcome,
}

impl RecordHead {
    /// Who wrote under this head, and whether a capability allows it.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Opens a record in the place that `ad` names.
    ///
    /// # Errors
    /// [`VaultError::Record`] if it is of another head, was changed, or was made for another place.
    pub fn open(&self, ad: &[u8], record: &[u8]) -> Result<SecretBytes, VaultError> {
        Ok(self.reader.open(ad, record)?)
    }
}

impl RecordOpener {
    /// Services that cannot be used, each with the reason: their secrets are missing.
    #[must_use]
    pub fn unusable(&self) -> &[String] {
        &self.unusable
    }

    /// Opens a head, and clears the capability that it was made with.
    ///
    /// # Errors
    /// [`VaultError::NotForUs`] if no service here can, [`VaultError::Record`] for one that is malformed or forged, and [`VaultError::Refused`].
    pub fn open_head(&self, head: &[u8]) -> Result<RecordHead, VaultError> {
        let parsed = Head::parse(head)?;
        for service in &self.services {
            match parsed.open(&service.keys) {
                Err(RecordError::Locator(OneWayError::Unauthentic)) => {}
                Err(error) => return Err(error.into()),
                Ok(proven) => {
                    let (reader, outcome) = self.clear(service, proven)?;
                    return Ok(RecordHead { reader, outcome });
                }
            }
        }
        Err(VaultError::NotForUs { what: "head of records" })
    }

    /// Keeps a locator, so that the single records that name it can be opened.
    ///
    /// # Errors
    /// [`VaultError::NotForUs`] if it is for no service here, [`VaultError::Record`] for one that is malformed.
    pub fn learn_locator(&mut self, locator: &[u8]) -> Result<(), VaultError> {
        for (place, service) in self.services.iter().enumerate() {
            match OpenedLocator::open(&service.keys, locator) {
                Err(RecordError::Locator(OneWayError::Unauthentic)) => {}
                Err(error) => return Err(error.into()),
                Ok(opened) => {
                    self.locators.insert(opened.reference(), (place, opened));
                    return Ok(());
                }
            }
        }
        Err(VaultError::NotForUs { what: "locator" })
    }

    /// Whether this can be a single record whose locator is known.
    #[must_use]
    pub fn knows_locator_of(&self, record: &[u8]) -> bool {
        Single::parse(record).is_ok_and(|single| self.locators.contains_key(&single.reference()))
    }

    /// Opens a single record in the place that `ad` names, and clears the capability that it was made with.
    ///
    /// # Errors
    /// [`VaultError::NotForUs`] if its locator is not known, [`VaultError::Record`] if it is malformed, was changed or moved, and
    /// [`VaultError::Refused`].
    pub fn open_single(&self, ad: &[u8], record: &[u8]) -> Result<(SecretBytes, Outcome), VaultError> {
        let single = Single::parse(record)?;
        let known = self.locators.get(&single.reference());
        let (service, locator) = known
            .and_then(|(place, locator)| Some((self.services.get(*place)?, locator)))
            .ok_or(VaultError::NotForUs { what: "single record, whose locator is not known" })?;
        self.clear(service, single.open(&service.keys, locator, ad)?)
    }

    fn clear<T>(&self, service: &OwnService, proven: Proven<T>) -> Result<(T, Outcome), VaultError> {
        // A record has one reader, so that its sender may be shown.
        let attribution = Attribution::of(proven.sender().copied(), 1);
        let (rids, pattern) = (proven.rids().to_vec(), proven.pattern().name());
        let outcome = |leave| Outcome {
            with: OpenedWith::Service { name: service.name.clone() },
            stanza: pattern.to_owned(),
            attribution,
            leave: Some((rids, leave)),
        };
        match service.clear(proven, self.clock, &self.request.target) {
            Verdict::Authorised { content, .. } => Ok((content, outcome(Leave::Given))),
            Verdict::Lapsed { refusal, content } if self.request.lapsed == WhatLapsed::Opens => {
                Ok((content.open_unauthorised(), outcome(Leave::Lapsed { refusal })))
            }
            Verdict::Lapsed { refusal, .. } | Verdict::Refused { refusal } => Err(refusal.into()),
        }
    }
}

impl fmt::Debug for RecordOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordOpener").field("services", &self.services.len()).field("locators", &self.locators.len()).finish_non_exhaustive()
    }
}
