//! To whom keycap's own stanzas are sealed: keys and capabilities as recipients of age files.

use std::collections::HashSet;
use std::fmt;

use age::{EncryptError, Recipient};
use age_core::format::{FileKey, Stanza as AgeStanza};
use age_core::secrecy::ExposeSecret;
use keycap_core::capability::Capability;
use keycap_core::chain::{Clearing, Purpose, Reason, explain};
use keycap_core::key::{PublicKey, StaticKey};
use keycap_core::noise::{Pattern, Sender};
use keycap_core::request::Request;
use keycap_core::seal::SenderError;
use keycap_core::seal::stanza::{self, Stanza, StanzaKind};
use keycap_store::ledger::capability::HeldCapability;
use rand::RngCore;
use rand::rngs::OsRng;

use crate::capabilities::held_row;
use crate::error::VaultError;
use crate::keys::holder_key;
use crate::opener::FILES_TARGET;
use crate::vault::Vault;

/// How the sender of what is sealed appears to its reader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealFrom {
    /// A key of one's own, by name. `None`: nobody; or, to a capability that is bound to a key, that key, since its service refuses any other.
    pub key: Option<String>,
    /// Whether the reader knows that key beforehand, so that it does not travel along (K instead of X). What is sealed to a key card opens only
    /// for a reader who has the sender's.
    pub mutual: bool,
}

/// A recipient of age files that is written as one of keycap's stanzas.
///
/// One that shows its sender ([`KeycapRecipient::proves_sender`]) has a random label, so that it is the only recipient of a file or none: with
/// another beside it the sender would prove nothing. An engine that writes headers itself adds no other stanza, such as grease, to it either.
pub struct KeycapRecipient {
    to: To,
    from: Sending,
    kind: StanzaKind,
    doubts: Vec<String>,
}

enum To {
    Key(PublicKey),
    Capability(Box<Capability>),
}

impl KeycapRecipient {
    /// To a key: N, or X or K if there is a sender.
    pub(crate) fn to_key(reader: PublicKey, from: Sending) -> Result<Self, VaultError> {
        let kind = match from.sender() {
            Sender::Anonymous if from.mutual => return Err(no_sender()),
            Sender::Anonymous => StanzaKind::N,
            Sender::Shown(_) => StanzaKind::X,
            Sender::Known(_) => StanzaKind::K,
        };
        Ok(Self { to: To::Key(reader), from, kind, doubts: Vec::new() })
    }

    /// To a capability: Npsk0, Xpsk1 or Kpsk0.
    pub(crate) fn to_service(writable: Writable) -> Self {
        let Writable { capability, from, pattern, doubts } = writable;
        let kind = match pattern {
            Pattern::Xpsk1 => StanzaKind::Xpsk1,
            Pattern::Kpsk0 => StanzaKind::Kpsk0,
            Pattern::NKpsk2 | Pattern::XKpsk3 | Pattern::IKpsk2 | Pattern::KKpsk2 | Pattern::Npsk0 => StanzaKind::Npsk0,
        };
        Self { to: To::Capability(Box::new(capability)), from, kind, doubts }
    }

    /// Which of keycap's stanzas it writes.
    #[must_use]
    pub const fn stanza(&self) -> &'static str {
        self.kind.name()
    }

    /// Whether it shows its sender to the reader, and so must be a file's only recipient.
    #[must_use]
    pub const fn proves_sender(&self) -> bool {
        self.kind.proves_sender()
    }

    /// What may keep the service from taking it, as far as can be told here: sentences.
    #[must_use]
    pub fn doubts(&self) -> &[String] {
        &self.doubts
    }

    /// The labels for age (age-encryption.org/v1, recipient labels): none, or one that no other recipient has.
    #[must_use]
    fn labels(&self) -> HashSet<String> {
        self.proves_sender().then(random_label).into_iter().collect()
    }

    /// Wraps a file key in a stanza of its own.
    ///
    /// # Errors
    /// [`VaultError::Age`] if the library below is out of memory.
    pub fn wrap(&self, file_key: &FileKey) -> Result<AgeStanza, VaultError> {
        let file_key = stanza::FileKey::filled_by(|bytes| bytes.copy_from_slice(file_key.expose_secret()));
        let wrapped = match &self.to {
            To::Key(reader) => Stanza::seal_to_key(&file_key, reader, self.from.sender(), &mut OsRng),
            To::Capability(capability) => Stanza::seal_to_capability(&file_key, capability, self.from.sender(), &mut OsRng),
        };
        let wrapped = wrapped.map_err(|error| VaultError::Age { what: "sealing", why: error.to_string() })?;
        Ok(AgeStanza { tag: wrapped.kind().name().to_owned(), args: wrapped.arguments(), body: wrapped.body().to_vec() })
    }
}

impl Recipient for KeycapRecipient {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<AgeStanza>, HashSet<String>), EncryptError> {
        let stanza = self.wrap(file_key).map_err(|error| EncryptError::Io(std::io::Error::other(error.to_string())))?;
        Ok((vec![stanza], self.labels()))
    }
}

/// A label that no other recipient has: 128 random bits.
#[must_use]
pub fn random_label() -> String {
    let mut label = [0; 16];
    OsRng.fill_bytes(&mut label);
    format!("keycap1-{}", hex::encode(label))
}

impl fmt::Debug for KeycapRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeycapRecipient").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Vault {
    /// A recipient for a key or key card, by name or as a card's text: `keycap1-N`, or `-X` or `-K` from a key of one's own.
    ///
    /// # Errors
    /// [`VaultError::NotFound`]; [`VaultError::NotOwnKey`] if the sender's key is not here; [`VaultError::BadRequest`] for a mutual one without a
    /// sender; or if the vault is locked.
    pub fn seal_to_key(&self, name: &str, from: &SealFrom) -> Result<KeycapRecipient, VaultError> {
        let reader = self.store.read(|reading| holder_key(reading, name))?;
        KeycapRecipient::to_key(reader, self.sending(from)?)
    }

    /// A recipient for the service of a capability held: `keycap1-Npsk0`, or `-Xpsk1` or `-Kpsk0` from a key of one's own. If the capability is
    /// bound to a key of this vault, that key is the sender whether it is named or not.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Expired`], [`VaultError::Refused`] if its own caveats forbid files or this way of sealing them,
    /// [`VaultError::BadRequest`] for a sender that its service would refuse, or if the vault is locked.
    pub fn seal_to_capability(&mut self, name: &str, from: &SealFrom) -> Result<KeycapRecipient, VaultError> {
        let row = self.store.read(|reading| held_row(reading, name))?;
        let from = self.sending(from)?;
        Ok(KeycapRecipient::to_service(self.writable(&row, from, Purpose::File, FILES_TARGET)?))
    }

    /// A capability held and a sender, checked against each other and against what the capability itself says of such a use.
    pub(crate) fn writable(&self, row: &HeldCapability, from: Sending, purpose: Purpose, target: &str) -> Result<Writable, VaultError> {
        let capability = self.held_capability(row)?;
        if capability.chain().expires().is_some_and(|expires| expires <= self.now()) {
            return Err(VaultError::Expired { name: row.held.name.clone() });
        }
        let holder = capability.chain().holder().copied();
        let from = match (from.key, holder) {
            (Some(key), Some(holder)) if *key.public() != holder => return Err(unfitting(SenderError::WrongHolder { holder })),
            (None, Some(holder)) => {
                let key = self.own_key_by_noise(&holder)?.ok_or_else(|| unfitting(SenderError::HolderNotProven { holder }))?;
                Sending { key: Some(key.derive_noise()), mutual: from.mutual }
            }
            (key, _) => Sending { key, mutual: from.mutual },
        };
        let pattern = match from.sender() {
            Sender::Anonymous if from.mutual => return Err(no_sender()),
            Sender::Known(_) if holder.is_none() => return Err(unfitting(SenderError::NoHolder)),
            Sender::Anonymous => Pattern::Npsk0,
            Sender::Shown(_) => Pattern::Xpsk1,
            Sender::Known(_) => Pattern::Kpsk0,
        };
        let clearing = Clearing {
            clock: self.environment.clock(),
            purpose,
            pattern,
            remote_static: from.key.as_ref().map(StaticKey::public),
            realm: None,
            app: &|_, _| false,
        };
        let request = Request { target: target.to_owned(), method: Some("PUT".to_owned()), path: None };
        let mut doubts = Vec::new();
        for finding in explain(capability.chain(), &clearing, Some(&request)).refusals() {
            let Some(reason) = finding.refused else { continue };
            let caveat = finding.caveat.as_ref().map(keycap_core::chain::Caveat::name);
            #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else says no would say so at the service too")]
            match reason {
                // The service may take them under another name, be of that realm, know that application.
                Reason::NotAllowed => doubts.push(format!("it does not allow `PUT` to the target `{target}`, which services take such things under")),
                Reason::Realm => doubts.push("it is for services of a realm, which only the service knows".to_owned()),
                Reason::App => doubts.push("it has a caveat that only an application's own code can clear".to_owned()),
                Reason::NotYetValid => doubts.push("it is not valid yet".to_owned()),
                _ => return Err(keycap_core::chain::Refusal { block: finding.block, caveat, reason }.into()),
            }
        }
        Ok(Writable { capability, from, pattern, doubts })
    }

    /// The sender's key pair.
    pub(crate) fn sending(&self, from: &SealFrom) -> Result<Sending, VaultError> {
        let Some(name) = &from.key else { return Ok(Sending { key: None, mutual: from.mutual }) };
        let public = self.store.read(|reading| holder_key(reading, name))?;
        let key = self.own_key_by_noise(&public)?.ok_or_else(|| VaultError::NotOwnKey { name: name.clone() })?;
        Ok(Sending { key: Some(key.derive_noise()), mutual: from.mutual })
    }
}

/// What [`Vault::writable`] found.
pub(crate) struct Writable {
    pub(crate) capability: Capability,
    pub(crate) from: Sending,
    pub(crate) pattern: Pattern,
    pub(crate) doubts: Vec<String>,
}

/// A sender's key pair, and how it appears.
pub(crate) struct Sending {
    pub(crate) key: Option<StaticKey>,
    pub(crate) mutual: bool,
}

impl Sending {
    pub(crate) fn sender(&self) -> Sender<'_> {
        match &self.key {
            None => Sender::Anonymous,
            Some(key) if self.mutual => Sender::Known(key),
            Some(key) => Sender::Shown(key),
        }
    }
}

fn no_sender() -> VaultError {
    VaultError::BadRequest {
        why: "a reader can know the sender beforehand only if there is one".into(),
        hint: "name a key of your own with --from, or leave out --mutual".into(),
    }
}

fn unfitting(error: SenderError) -> VaultError {
    let hint = if error == SenderError::NoHolder {
        "leave out --mutual, so that the sender's key travels along"
    } else {
        "seal where that key is, or ask for a capability that is bound to your own"
    };
    VaultError::BadRequest { why: error.to_string(), hint: hint.into() }
}
