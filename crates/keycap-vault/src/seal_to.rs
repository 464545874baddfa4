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
        let mut label = [0; 16];
        OsRng.fill_bytes(&mut label);
        self.proves_sender().then(|| format!("keycap1-{}", hex::encode(label))).into_iter().collect()
    }

    fn wrap(&self, file_key: &FileKey) -> Result<Stanza, stanza::StanzaError> {
        let file_key = stanza::FileKey::filled_by(|bytes| bytes.copy_from_slice(file_key.expose_secret()));
        match &self.to {
            To::Key(reader) => Stanza::seal_to_key(&file_key, reader, self.from.sender(), &mut OsRng),
            To::Capability(capability) => Stanza::seal_to_capability(&file_key, capability, self.from.sender(), &mut OsRng),
        }
    }
}

impl Recipient for KeycapRecipient {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<AgeStanza>, HashSet<String>), EncryptError> {
        let wrapped = self.wrap(file_key).map_err(|error| EncryptError::Io(std::io::Error::other(error)))?;
        let stanza = AgeStanza { tag: wrapped.kind().name().to_owned(), args: wrapped.arguments(), body: wrapped.body().to_vec() };
        Ok((vec![stanza], self.labels()))
    }
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
        self.recipient_of_key(reader, from)
    }

    pub(crate) fn recipient_of_key(&self, reader: PublicKey, from: &SealFrom) -> Result<KeycapRecipient, VaultError> {
        let sender = self.sender_key(from)?;
        let kind = match (&sender, from.mutual) {
            (None, true) => return Err(no_sender()),
            (None, false) => StanzaKind::N,
            (Some(_), true) => StanzaKind::K,
            (Some(_), false) => StanzaKind::X,
        };
        Ok(KeycapRecipient { to: To::Key(reader), from: Sending { key: sender, mutual: from.mutual }, kind, doubts: Vec::new() })
    }

    /// A recipient for the service of a capability held: `keycap1-Npsk0`, or `-Xpsk1` or `-Kpsk0` from a key of one's own. If the capability is
    /// bound to a key of this vault, that key is the sender whether it is named or not.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Expired`], [`VaultError::Refused`] if its own caveats forbid files or this way of sealing them,
    /// [`VaultError::BadRequest`] for a sender that its service would refuse, or if the vault is locked.
    pub fn seal_to_capability(&mut self, name: &str, from: &SealFrom) -> Result<KeycapRecipient, VaultError> {
        let Writable { capability, from, pattern, doubts } = self.writable(name, from, Purpose::File, FILES_TARGET)?;
        let kind = match pattern {
            Pattern::Xpsk1 => StanzaKind::Xpsk1,
            Pattern::Kpsk0 => StanzaKind::Kpsk0,
            Pattern::NKpsk2 | Pattern::XKpsk3 | Pattern::IKpsk2 | Pattern::KKpsk2 | Pattern::Npsk0 => StanzaKind::Npsk0,
        };
        Ok(KeycapRecipient { to: To::Capability(Box::new(capability)), from, kind, doubts })
    }

    /// A capability held and a sender, checked against each other and against what the capability itself says of such a use.
    pub(crate) fn writable(&mut self, name: &str, from: &SealFrom, purpose: Purpose, target: &str) -> Result<Writable, VaultError> {
        let row = self.store.read(|reading| held_row(reading, name))?;
        let capability = self.held_capability(&row)?;
        if capability.chain().expires().is_some_and(|expires| expires <= self.now()) {
            return Err(VaultError::Expired { name: name.to_owned() });
        }
        let holder = capability.chain().holder().copied();
        let sender = match (self.sender_key(from)?, holder) {
            (Some(key), Some(holder)) if *key.public() != holder => return Err(unfitting(SenderError::WrongHolder { holder })),
            (Some(key), _) => Some(key),
            (None, None) => None,
            (None, Some(holder)) => {
                let key = self.own_key_by_noise(&holder)?.ok_or_else(|| unfitting(SenderError::HolderNotProven { holder }))?;
                Some(key.derive_noise())
            }
        };
        let pattern = match (&sender, from.mutual) {
            (None, true) => return Err(no_sender()),
            (Some(_), true) if holder.is_none() => return Err(unfitting(SenderError::NoHolder)),
            (None, false) => Pattern::Npsk0,
            (Some(_), true) => Pattern::Kpsk0,
            (Some(_), false) => Pattern::Xpsk1,
        };
        let clearing = Clearing {
            clock: self.environment.clock(),
            purpose,
            pattern,
            remote_static: sender.as_ref().map(StaticKey::public),
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
        Ok(Writable { capability, from: Sending { key: sender, mutual: from.mutual }, pattern, doubts })
    }

    /// The sender's key pair; `None` if no key is named.
    fn sender_key(&self, from: &SealFrom) -> Result<Option<StaticKey>, VaultError> {
        let Some(name) = &from.key else { return Ok(None) };
        let public = self.store.read(|reading| holder_key(reading, name))?;
        let key = self.own_key_by_noise(&public)?.ok_or_else(|| VaultError::NotOwnKey { name: name.clone() })?;
        Ok(Some(key.derive_noise()))
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
    key: Option<StaticKey>,
    mutual: bool,
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
