//! What age and rage are given for `age-plugin-keycap`: recipients and identities that name things of a vault, and hold no secret.
//!
//! ```text
//! age1keycap1…           Bech32 of   01 || u8 stanza || target || sender
//!                        stanza 0 N, 1 X, 2 K:              target = Noise public key of the reader, 32 bytes
//!                        stanza 3 Npsk0, 4 Xpsk1, 5 Kpsk0:  target = H("keycap age recipient" 00 || chain)[0..16]
//!                        sender = Noise public key of the sender, 32 bytes; not in N and Npsk0
//! AGE-PLUGIN-KEYCAP-1…   Bech32 of   nothing: everything in the vault;  01 || 01 || Noise public key: a key;  01 || 02 || S: a service
//! ```
//!
//! These are no part of keycap-1: only `age-plugin-keycap` reads them. N needs no vault to be sealed to, so that anyone may use such a
//! recipient. The others name a capability or a sender of the vault that they were made with, and are of use there alone.

use std::fmt;

use keycap_core::key::PublicKey;
use keycap_store::ledger::capability::HeldCapability;
use keycap_store::ledger::{Page, Reading, capability, card, key, service};
use sha2::{Digest, Sha256};

use crate::capabilities::held_row;
use crate::error::VaultError;
use crate::keys::holder_key;
use crate::opener::{FILES_TARGET, OpenScope};
use crate::seal_to::{KeycapRecipient, SealFrom, Sending};
use crate::vault::Vault;
use crate::view::AgeHandleView;

const VERSION: u8 = 1;
const RECIPIENT_HRP: &str = "age1keycap";
const IDENTITY_HRP: &str = "age-plugin-keycap-";
const LABEL: &[u8] = b"keycap age recipient\0";

/// To whom age seals by the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecipientHandle {
    target: Target,
    /// The sender's key, and whether the reader knows it beforehand.
    from: Option<(PublicKey, bool)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Key(PublicKey),
    Capability([u8; 16]),
}

/// With what age opens by the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdentityHandle(OpenScope);

impl RecipientHandle {
    /// Reads the bytes of an `age1keycap1…`, its Bech32 undone.
    ///
    /// # Errors
    /// [`VaultError::BadInput`] for what this version would not have written.
    pub fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        Self::parse_inner(bytes).ok_or_else(|| malformed("recipient"))
    }

    fn parse_inner(bytes: &[u8]) -> Option<Self> {
        let [VERSION, stanza, rest @ ..] = bytes else { return None };
        let (to_key, from) = match stanza {
            0 => (true, None),
            1 => (true, Some(false)),
            2 => (true, Some(true)),
            3 => (false, None),
            4 => (false, Some(false)),
            5 => (false, Some(true)),
            _ => return None,
        };
        let (target, rest) = if to_key {
            let (key, rest) = rest.split_first_chunk()?;
            (Target::Key(PublicKey::parse(*key).ok()?), rest)
        } else {
            let (handle, rest) = rest.split_first_chunk()?;
            (Target::Capability(*handle), rest)
        };
        let from = match from {
            None if rest.is_empty() => None,
            None => return None,
            Some(mutual) => Some((PublicKey::parse_slice(rest).ok()?, mutual)),
        };
        Some(Self { target, from })
    }

    /// The bytes that [`RecipientHandle::parse`] reads.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (first, target): (u8, &[u8]) = match &self.target {
            Target::Key(key) => (0, key.as_bytes()),
            Target::Capability(handle) => (3, handle),
        };
        let (second, sender): (u8, &[u8]) = match &self.from {
            None => (0, &[]),
            Some((key, mutual)) => (1 + u8::from(*mutual), key.as_bytes()),
        };
        [&[VERSION, first + second], target, sender].concat()
    }

    /// Whether it shows a sender, and so stands alone in a file.
    #[must_use]
    pub const fn proves_sender(&self) -> bool {
        self.from.is_some()
    }

    /// The recipient, if it can be sealed to without any vault.
    #[must_use]
    pub fn without_vault(&self) -> Option<KeycapRecipient> {
        match (self.target, self.from) {
            (Target::Key(reader), None) => KeycapRecipient::to_key(reader, Sending { key: None, mutual: false }).ok(),
            (Target::Key(_), Some(_)) | (Target::Capability(_), _) => None,
        }
    }

    const fn stanza(&self) -> &'static str {
        match (self.target, self.from) {
            (Target::Key(_), None) => keycap_core::label::STANZA_N,
            (Target::Key(_), Some((_, false))) => keycap_core::label::STANZA_X,
            (Target::Key(_), Some((_, true))) => keycap_core::label::STANZA_K,
            (Target::Capability(_), None) => keycap_core::label::STANZA_NPSK0,
            (Target::Capability(_), Some((_, false))) => keycap_core::label::STANZA_XPSK1,
            (Target::Capability(_), Some((_, true))) => keycap_core::label::STANZA_KPSK0,
        }
    }
}

impl fmt::Display for RecipientHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32_text(RECIPIENT_HRP, &self.encode()))
    }
}

impl IdentityHandle {
    /// Reads the bytes of an `AGE-PLUGIN-KEYCAP-1…`, its Bech32 undone. None at all stand for everything in the vault (`age -j keycap`).
    ///
    /// # Errors
    /// [`VaultError::BadInput`] for what this version would not have written.
    pub fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        let key = |bytes: &[u8]| PublicKey::parse_slice(bytes).map_err(|_| malformed("identity"));
        match bytes {
            [] => Ok(Self(OpenScope::All)),
            [VERSION, 1, rest @ ..] => Ok(Self(OpenScope::Key(key(rest)?))),
            [VERSION, 2, rest @ ..] => Ok(Self(OpenScope::Service(key(rest)?))),
            _ => Err(malformed("identity")),
        }
    }

    /// The bytes that [`IdentityHandle::parse`] reads.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match &self.0 {
            OpenScope::All => Vec::new(),
            OpenScope::Key(key) => [&[VERSION, 1], key.as_bytes().as_slice()].concat(),
            OpenScope::Service(key) => [&[VERSION, 2], key.as_bytes().as_slice()].concat(),
        }
    }

    /// What of the vault it names.
    #[must_use]
    pub const fn scope(&self) -> OpenScope {
        self.0
    }

    /// The recipient that this identity opens, if one can be made of it alone: a key.
    #[must_use]
    pub const fn recipient(&self) -> Option<RecipientHandle> {
        match self.0 {
            OpenScope::Key(key) => Some(RecipientHandle { target: Target::Key(key), from: None }),
            OpenScope::All | OpenScope::Service(_) => None,
        }
    }
}

impl fmt::Display for IdentityHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32_text(IDENTITY_HRP, &self.encode()).to_ascii_uppercase())
    }
}

impl Vault {
    /// The recipient under which age and rage seal to a key, a key card or a capability held: `NAME`, or `key:NAME` or `cap:NAME` where it could
    /// be both. Works with the vault locked, too.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Ambiguous`], [`VaultError::NotOwnKey`] for a sender that is not here, and
    /// [`VaultError::BadRequest`] for a sender that does not fit the capability.
    pub fn age_recipient(&self, target: &str, from: &SealFrom) -> Result<AgeHandleView, VaultError> {
        let (handle, name) = self.store.read(|reading| {
            let from = from.key.as_deref().map(|name| own_key(reading, name).map(|key| (key, from.mutual))).transpose()?;
            match what_is(reading, target, &["key", "cap"])? {
                ("cap", name) => {
                    let row = held_row(reading, name)?;
                    let from = sender_for(reading, &row, from)?;
                    Ok::<_, VaultError>((RecipientHandle { target: Target::Capability(handle_of(&row.held.chain)), from }, name.to_owned()))
                }
                (_, name) => Ok((RecipientHandle { target: Target::Key(holder_key(reading, name)?), from }, name.to_owned())),
            }
        })?;
        if from.mutual && handle.from.is_none() {
            return Err(VaultError::BadRequest {
                why: "a reader can know the sender beforehand only if there is one".into(),
                hint: "name a key of your own with --from, or leave out --mutual".into(),
            });
        }
        let sentence = match handle.target {
            Target::Key(_) => format!("What age seals to it opens with the key {name}."),
            Target::Capability(_) => format!("What age seals to it opens at the service of {name}, and proves that it was sealed with it."),
        };
        let mut notes = Vec::new();
        if handle.without_vault().is_none() {
            notes.push("Of use only together with this vault, which must be unlocked to seal.".to_owned());
        }
        if handle.proves_sender() {
            notes.push("It shows the sender, so that a file takes no other recipient beside it.".to_owned());
        }
        Ok(AgeHandleView { kind: "recipient", name, text: handle.to_string(), stanza: Some(handle.stanza()), sentence, notes })
    }

    /// The identity with which age and rage open what was sealed to a key or a service of one's own: `NAME`, or `key:NAME` or `service:NAME` where
    /// it could be both. Works with the vault locked, too.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Ambiguous`], [`VaultError::NotOwnKey`], [`VaultError::CannotServe`].
    pub fn age_identity(&self, target: &str) -> Result<AgeHandleView, VaultError> {
        let (scope, name) = self.store.read(|reading| match what_is(reading, target, &["key", "service"])? {
            ("service", name) => {
                let row = crate::services::served_row(reading, name)?;
                Ok::<_, VaultError>((OpenScope::Service(row.public), name.to_owned()))
            }
            (_, name) => Ok((OpenScope::Key(own_key(reading, name)?), name.to_owned())),
        })?;
        let sentence = match scope {
            OpenScope::All => "Opens whatever this vault opens.".to_owned(),
            OpenScope::Key(_) => format!("Opens what was sealed to the key {name}, in this vault."),
            OpenScope::Service(_) => format!("Opens what was sealed to capabilities of the service {name}, in this vault."),
        };
        let notes = vec!["It names the secret and does not hold it: of use only together with this vault.".to_owned()];
        let handle = IdentityHandle(scope);
        Ok(AgeHandleView { kind: "identity", name, text: handle.to_string(), stanza: None, sentence, notes })
    }

    /// The recipient that a handle names, with the capability and the sender's key from this vault.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] if either is not here; otherwise as [`Vault::seal_to_key`] and [`Vault::seal_to_capability`].
    pub fn recipient_of(&self, handle: &RecipientHandle) -> Result<KeycapRecipient, VaultError> {
        let from = match handle.from {
            None => Sending { key: None, mutual: false },
            Some((public, mutual)) => {
                let missing = || VaultError::NotFound { what: "key", name: public.kid().short() };
                Sending { key: Some(self.own_key_by_noise(&public)?.ok_or_else(missing)?.derive_noise()), mutual }
            }
        };
        match handle.target {
            Target::Key(reader) => KeycapRecipient::to_key(reader, from),
            Target::Capability(handle) => {
                let rows = self.store.read(|reading| Ok::<_, VaultError>(capability::page(reading, None, Page { offset: 0, limit: u32::MAX })?))?;
                let row = rows.into_iter().find(|row| handle_of(&row.held.chain) == handle);
                let row = row.ok_or(VaultError::NotFound { what: "capability", name: "the one that this recipient names".into() })?;
                Ok(KeycapRecipient::to_service(self.writable(&row, from, keycap_core::chain::Purpose::File, FILES_TARGET)?))
            }
        }
    }
}

/// `key`, `cap` or `service`, whichever of `kinds` has that name, and the name without its kind.
fn what_is<'t>(reading: &Reading<'_>, target: &'t str, kinds: &[&'static str]) -> Result<(&'static str, &'t str), VaultError> {
    let (kind, name) = match target.split_once(':') {
        Some((kind, name)) if matches!(kind, "key" | "cap" | "service" | "grant") => (Some(kind), name),
        _ => (None, target),
    };
    let mut found = Vec::new();
    for this in kinds.iter().copied().filter(|this| kind.is_none_or(|kind| kind == *this)) {
        let is = match this {
            "cap" => capability::by_name(reading, name)?.is_some(),
            "service" => service::by_name(reading, name)?.is_some(),
            _ => key::by_name(reading, name)?.is_some() || card::by_name(reading, name)?.is_some(),
        };
        found.extend(is.then_some(this));
    }
    match found.as_slice() {
        [this] => Ok((this, name)),
        [] if kinds.contains(&"cap") => Err(VaultError::NotFound { what: "key, key card or capability", name: target.to_owned() }),
        [] => Err(VaultError::NotFound { what: "key or service", name: target.to_owned() }),
        _ => Err(VaultError::Ambiguous { name: name.to_owned(), candidates: found.iter().map(|kind| format!("{kind}:{name}")).collect() }),
    }
}

fn own_key(reading: &Reading<'_>, name: &str) -> Result<PublicKey, VaultError> {
    match key::by_name(reading, name)? {
        Some(row) => Ok(row.noise),
        None => {
            // Says that nobody is called that, rather than that it is not one's own.
            holder_key(reading, name)?;
            Err(VaultError::NotOwnKey { name: name.to_owned() })
        }
    }
}

/// The sender that a capability's service accepts: its holder, if it is bound to one.
fn sender_for(reading: &Reading<'_>, row: &HeldCapability, from: Option<(PublicKey, bool)>) -> Result<Option<(PublicKey, bool)>, VaultError> {
    let refuse = |why: String| VaultError::BadRequest { why, hint: "see `keycap caps NAME` for the key that it is bound to".into() };
    match (row.held.holder, from) {
        (None, Some((_, true))) => Err(refuse(format!("`{}` is bound to nobody, so that its service knows no sender beforehand", row.held.name))),
        (Some(holder), Some((sender, _))) if holder != sender => {
            Err(refuse(format!("`{}` is bound to another key than the sender's", row.held.name)))
        }
        (None, from) | (Some(_), from @ Some(_)) => Ok(from),
        (Some(holder), None) if key::by_noise(reading, &holder)?.is_some() => Ok(Some((holder, false))),
        (Some(holder), None) => Err(refuse(format!("`{}` is bound to the key {}, which is not in this vault", row.held.name, holder.kid()))),
    }
}

fn handle_of(chain: &[u8]) -> [u8; 16] {
    let hash: [u8; 32] = Sha256::new().chain_update(LABEL).chain_update(chain).finalize().into();
    let [handle @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = hash;
    handle
}

fn bech32_text(hrp: &str, bytes: &[u8]) -> String {
    // The longest has some 120 characters, far from what Bech32 holds.
    bech32::Hrp::parse(hrp).ok().and_then(|hrp| bech32::encode::<bech32::Bech32>(hrp, bytes).ok()).unwrap_or_default()
}

fn malformed(what: &'static str) -> VaultError {
    VaultError::BadInput { what, input: "this".into(), why: "it is malformed, or made for a newer keycap".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(byte: u8) -> PublicKey {
        let mut bytes = [byte; 32];
        bytes[31] &= 0x3f;
        PublicKey::parse(bytes).unwrap()
    }

    #[test]
    fn handles_come_back_as_they_were_written() {
        for target in [Target::Key(public(9)), Target::Capability([7; 16])] {
            for from in [None, Some((public(8), false)), Some((public(8), true))] {
                let handle = RecipientHandle { target, from };
                assert_eq!(RecipientHandle::parse(&handle.encode()).unwrap(), handle);
                assert!(handle.to_string().starts_with("age1keycap1"), "{handle}");
            }
        }
        for scope in [OpenScope::All, OpenScope::Key(public(9)), OpenScope::Service(public(9))] {
            let handle = IdentityHandle(scope);
            assert_eq!(IdentityHandle::parse(&handle.encode()).unwrap(), handle);
            assert!(handle.to_string().starts_with("AGE-PLUGIN-KEYCAP-1"), "{handle}");
        }
    }

    #[test]
    fn what_this_version_would_not_have_written_is_refused() {
        let handle = RecipientHandle { target: Target::Key(public(9)), from: Some((public(8), false)) }.encode();
        for length in 0..handle.len() {
            assert!(RecipientHandle::parse(&handle[..length]).is_err(), "{length}");
        }
        for (place, value) in [(0, 2), (1, 0), (1, 6), (33, 0xff), (65, 0xff)] {
            let mut other = handle.clone();
            other[place] = value;
            assert!(RecipientHandle::parse(&other).is_err(), "{place}");
        }
        let longer = [&handle[..], &[0]].concat();
        assert!(RecipientHandle::parse(&longer).is_err());
        for bytes in [&[1][..], &[1, 1], &[1, 3], &[2, 1], &[1, 1, 9]] {
            assert!(IdentityHandle::parse(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn only_an_anonymous_recipient_of_a_key_needs_no_vault() {
        let with = |target, from| RecipientHandle { target, from }.without_vault().is_some();
        assert!(with(Target::Key(public(9)), None));
        assert!(!with(Target::Key(public(9)), Some((public(8), false))));
        assert!(!with(Target::Capability([7; 16]), None));
    }
}
