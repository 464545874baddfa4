//! With what the vault opens age files: its keys and its services, as one identity, and what it says of who sealed a file.
//!
//! An [`Opener`] is made once, with the vault unlocked, and shared between as many files and threads as there are. For each file it gives an
//! [`age::Identity`], which afterwards says with what it opened the header, who sealed it where that is proven, and whether a capability
//! allowed it. What it says holds once the header's MAC has been verified, and not before.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use age::{DecryptError, Identity};
use age_core::format::{FileKey, Stanza as AgeStanza};
use keycap_core::chain::{Refusal, Rid};
use keycap_core::key::{Key, PublicKey, StaticKey};
use keycap_core::seal::stanza::{self, MAX_KNOWN_SENDERS, Stanza, StanzaKind};
use keycap_core::seal::{Attribution, Lapsed, Verdict};
use keycap_core::time::Clock;
use keycap_store::ledger::{Page, card, key};

use crate::error::VaultError;
use crate::sealing::age_identity;
use crate::vault::Vault;

mod outcome;
mod services;

pub use outcome::{Leave, OpenedWith, Outcome};
pub(crate) use services::OwnService;

use services::left_out;

/// The name under which a service takes files: the target that `allow` is compared with, unless the one who opens says otherwise.
pub const FILES_TARGET: &str = "files";

/// Rows of keys, cards and services: all there are.
const ALL: Page = Page { offset: 0, limit: u32::MAX };

/// What becomes of a file that was sealed with a capability which has expired or was revoked since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WhatLapsed {
    /// It stays closed.
    #[default]
    StaysClosed,
    /// It opens, on the explicit request of the person who opens it, and is not shown as authorised.
    Opens,
}

/// Which of the vault's keys and services open files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum OpenScope {
    /// All of them.
    #[default]
    All,
    /// The key with this Noise public key.
    Key(PublicKey),
    /// The service with this public key.
    Service(PublicKey),
}

/// How files are to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRequest {
    /// The name under which services take files.
    pub target: String,
    /// What becomes of files whose capability has lapsed.
    pub lapsed: WhatLapsed,
    /// With what.
    pub scope: OpenScope,
}

impl Default for OpenRequest {
    fn default() -> Self {
        Self { target: FILES_TARGET.to_owned(), lapsed: WhatLapsed::StaysClosed, scope: OpenScope::All }
    }
}

/// The vault's keys and services, in memory: usable for opening files, and not readable.
pub struct Opener {
    keys: Vec<OwnKey>,
    services: Vec<OwnService>,
    /// Noise keys of cards and of own keys, as senders of `keycap1-K`.
    known: Vec<PublicKey>,
    unusable: Vec<String>,
    clock: Clock,
    request: OpenRequest,
}

struct OwnKey {
    name: String,
    noise: StaticKey,
    age: age::x25519::Identity,
}

impl OpenScope {
    fn has_key(self, noise: &PublicKey) -> bool {
        match self {
            Self::All => true,
            Self::Key(key) => key == *noise,
            Self::Service(_) => false,
        }
    }

    fn has_service(self, public: &PublicKey) -> bool {
        match self {
            Self::All => true,
            Self::Key(_) => false,
            Self::Service(service) => service == *public,
        }
    }
}

impl Vault {
    /// Everything of this vault that opens files. Reads every key and service once; of a service what is revoked now, by the clock now.
    ///
    /// # Errors
    /// If the vault is locked, or the ledger cannot be read. A key or service whose secret is missing is left out: [`Opener::unusable`].
    pub fn opener(&self, request: OpenRequest) -> Result<Opener, VaultError> {
        let (key_rows, card_rows) =
            self.store.read(|reading| Ok::<_, VaultError>((key::page(reading, None, ALL)?, card::page(reading, None, ALL)?)))?;
        let scope = request.scope;
        let known = card_rows.iter().map(|row| row.noise).chain(key_rows.iter().map(|row| row.noise)).collect();
        let mut opener = Opener { keys: Vec::new(), services: Vec::new(), known, unusable: Vec::new(), clock: self.environment.clock(), request };
        for row in key_rows.into_iter().filter(|row| scope.has_key(&row.noise)) {
            let seed = match self.secret_32(row.secret) {
                Ok(seed) => seed,
                Err(error) => {
                    opener.unusable.push(left_out("key", &row.name, error)?);
                    continue;
                }
            };
            let key = Key::from_seed(seed);
            opener.keys.push(OwnKey { name: row.name, noise: key.derive_noise(), age: age_identity(&key)? });
        }
        let (services, unusable) = self.own_services(scope)?;
        opener.services = services;
        opener.unusable.extend(unusable);
        Ok(opener)
    }
}

impl Opener {
    /// An identity for one file.
    #[must_use]
    pub const fn file(&self) -> FileOpener<'_> {
        FileOpener { opener: self, outcome: Mutex::new(None) }
    }

    /// Keys and services that cannot be used, each with the reason: their secrets are missing.
    #[must_use]
    pub fn unusable(&self) -> &[String] {
        &self.unusable
    }

    /// Key cards and keys that are not tried as senders of `keycap1-K`, because there are more than 64.
    #[must_use]
    pub fn senders_left_out(&self) -> usize {
        self.known.len().saturating_sub(MAX_KNOWN_SENDERS)
    }

    /// What each stanza of a header says to this vault, in their order; `None` for those that nothing here opens, and an error for those that
    /// are malformed or forged. No file key leaves.
    #[must_use]
    pub fn examine(&self, stanzas: &[AgeStanza]) -> Vec<Result<Option<Outcome>, DecryptError>> {
        let outcome = |fit| match fit {
            Fit::Foreign => None,
            Fit::Opened(_, outcome) | Fit::Lapsed(_, outcome) | Fit::Refused(outcome) => Some(outcome),
        };
        stanzas.iter().map(|stanza| self.fit(stanza, stanzas.len()).map(outcome)).collect()
    }

    /// What one stanza, of so many in its header, says to this vault.
    fn fit(&self, stanza: &AgeStanza, stanzas: usize) -> Result<Fit, DecryptError> {
        let Some(parsed) = Stanza::parse(&stanza.tag, &stanza.args, &stanza.body).map_err(|_| DecryptError::InvalidHeader)? else {
            return self.fit_age(stanza);
        };
        if parsed.kind().pattern().is_some() { self.fit_service(&parsed, stanzas) } else { self.fit_key(&parsed, stanzas) }
    }

    fn fit_age(&self, stanza: &AgeStanza) -> Result<Fit, DecryptError> {
        for key in &self.keys {
            if let Some(file_key) = key.age.unwrap_stanza(stanza).transpose()? {
                let with = OpenedWith::Key { name: key.name.clone() };
                let outcome = Outcome { with, stanza: stanza.tag.clone(), attribution: Attribution::Anonymous, leave: None };
                return Ok(Fit::Opened(file_key, outcome));
            }
        }
        Ok(Fit::Foreign)
    }

    fn fit_key(&self, stanza: &Stanza, stanzas: usize) -> Result<Fit, DecryptError> {
        for key in &self.keys {
            if let Some(opened) = stanza.open_as_key(&key.noise, &self.known).map_err(|error| refused(&error))? {
                let with = OpenedWith::Key { name: key.name.clone() };
                let attribution = Attribution::of(opened.sender, stanzas);
                let outcome = Outcome { with, stanza: stanza.kind().name().to_owned(), attribution, leave: None };
                return Ok(Fit::Opened(file_key(&opened.file_key), outcome));
            }
        }
        Ok(Fit::Foreign)
    }

    fn fit_service(&self, stanza: &Stanza, stanzas: usize) -> Result<Fit, DecryptError> {
        for service in &self.services {
            let Some(proven) = stanza.open_as_service(&service.keys).map_err(|error| refused(&error))? else { continue };
            let attribution = Attribution::of(proven.sender().copied(), stanzas);
            let rids = proven.rids().to_vec();
            let outcome = |leave| Outcome {
                with: OpenedWith::Service { name: service.name.clone() },
                stanza: stanza.kind().name().to_owned(),
                attribution,
                leave: Some((rids, leave)),
            };
            return Ok(match service.clear(proven, self.clock, &self.request.target) {
                Verdict::Authorised { content, .. } => {
                    // As with senders: who else could open it could have written it.
                    let leave = if stanzas == 1 { Leave::Given } else { Leave::Withheld { stanzas } };
                    Fit::Opened(file_key(&content), outcome(leave))
                }
                Verdict::Lapsed { refusal, content } => Fit::Lapsed(content, outcome(Leave::Lapsed { refusal })),
                Verdict::Refused { refusal } => Fit::Refused(outcome(Leave::Refused { refusal })),
            });
        }
        Ok(Fit::Foreign)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("keys", &self.keys.len()).field("services", &self.services.len()).finish_non_exhaustive()
    }
}

/// What one stanza says to this vault.
enum Fit {
    Foreign,
    Opened(FileKey, Outcome),
    Lapsed(Lapsed<stanza::FileKey>, Outcome),
    Refused(Outcome),
}

/// The vault as the identity of one file.
pub struct FileOpener<'a> {
    opener: &'a Opener,
    outcome: Mutex<Option<Outcome>>,
}

impl FileOpener<'_> {
    /// With what the header opened, or why it may not; `None` if nothing here opens it. It holds once the header's MAC has been verified.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn record(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }
}

/// Whether a stanza is of a kind that a vault can open at all: keycap's own, or X25519.
#[must_use]
pub fn opens_here(stanza: &AgeStanza) -> bool {
    stanza.tag == "X25519" || StanzaKind::from_name(&stanza.tag).is_some()
}

impl Identity for FileOpener<'_> {
    fn unwrap_stanza(&self, stanza: &AgeStanza) -> Option<Result<FileKey, DecryptError>> {
        // Somebody asks for one of several: no sender is shown.
        self.open_any(std::iter::once(stanza), usize::MAX).transpose()
    }

    fn unwrap_stanzas(&self, stanzas: &[AgeStanza]) -> Option<Result<FileKey, DecryptError>> {
        self.open(stanzas)
    }
}

impl FileOpener<'_> {
    /// Opens a header: all of its stanzas, unknown ones included, since their number decides what may be said of the sender. `None`: nothing here
    /// opens it.
    pub fn open(&self, stanzas: &[AgeStanza]) -> Option<Result<FileKey, DecryptError>> {
        // A capability's stanza says more than a key's, so that one is preferred.
        let of_capability = |stanza: &&AgeStanza| StanzaKind::from_name(&stanza.tag).is_some_and(|kind| kind.pattern().is_some());
        let (first, rest): (Vec<_>, Vec<_>) = stanzas.iter().partition(of_capability);
        self.open_any(first.into_iter().chain(rest), stanzas.len()).transpose()
    }

    fn open_any<'s>(&self, stanzas: impl Iterator<Item = &'s AgeStanza>, count: usize) -> Result<Option<FileKey>, DecryptError> {
        let (mut lapsed, mut refusal) = (None, None);
        for stanza in stanzas {
            match self.opener.fit(stanza, count)? {
                Fit::Opened(file_key, outcome) => {
                    self.record(outcome);
                    return Ok(Some(file_key));
                }
                Fit::Lapsed(content, outcome) => lapsed = lapsed.or(Some((content, outcome))),
                Fit::Refused(outcome) => refusal = refusal.or(Some(outcome)),
                Fit::Foreign => {}
            }
        }
        let outcome = match (lapsed, refusal) {
            (Some((content, outcome)), _) if self.opener.request.lapsed == WhatLapsed::Opens => {
                self.record(outcome);
                return Ok(Some(file_key(&content.open_unauthorised())));
            }
            (Some((_, outcome)), _) | (None, Some(outcome)) => outcome,
            (None, None) => return Ok(None),
        };
        let error = outcome.refusal().map_or(DecryptError::NoMatchingKeys, |refusal| refused(&VaultError::from(refusal.clone())));
        self.record(outcome);
        Err(error)
    }
}

impl fmt::Debug for FileOpener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileOpener").field("outcome", &self.outcome()).finish_non_exhaustive()
    }
}

impl Outcome {
    /// Why the file may not be opened, or is opened without being authorised.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.leave {
            Some((_, Leave::Lapsed { refusal } | Leave::Refused { refusal })) => Some(refusal),
            Some((_, Leave::Given | Leave::Withheld { .. })) | None => None,
        }
    }

    /// The revocation id of the grant, and of each block below it, under which the file was sealed; empty if it was sealed to a key.
    #[must_use]
    pub fn rids(&self) -> &[Rid] {
        self.leave.as_ref().map(|(rids, _)| rids.as_slice()).unwrap_or_default()
    }
}

fn file_key(file_key: &stanza::FileKey) -> FileKey {
    FileKey::init_with_mut(|bytes| bytes.copy_from_slice(file_key.expose()))
}

/// For age, whose errors have no place for one of ours.
fn refused(why: &impl fmt::Display) -> DecryptError {
    DecryptError::Io(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why.to_string()))
}
