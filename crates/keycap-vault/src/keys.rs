//! Keys of one's own, and key cards of others.

use keycap_core::key::{Key, KeyCard, PublicKey};
use keycap_core::secret::{Secret, SecretBytes};
use keycap_store::ledger::Reading;
use keycap_store::ledger::{Page, capability, card, key};
use keycap_store::secrets::SecretKind;

use crate::error::VaultError;
use crate::sealing::{ExportTo, OpenWith, age_recipient};
use crate::vault::{Vault, check_name};
use crate::view::{HolderView, KeyView};

/// First line of an exported key, in the plaintext of its age file.
const EXPORT_HEADER: &str = "keycap key 1";

impl Vault {
    /// Makes a key.
    ///
    /// # Errors
    /// If the name is taken or cannot be one, or the vault is locked.
    pub fn new_key(&mut self, name: &str, note: &str) -> Result<KeyView, VaultError> {
        let seed = Key::generate(&mut self.environment.rng());
        self.keep_key(&seed, name, note, "key.new")?;
        self.key(name)
    }

    /// Keys of one's own by name, then key cards of others by name; only those whose name holds `search`, if there is one.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn keys(&self, search: Option<&str>) -> Result<Vec<KeyView>, VaultError> {
        let all = Page { offset: 0, limit: u32::MAX };
        self.store.read(|reading| {
            let mut views: Vec<KeyView> = key::page(reading, search, all)?.into_iter().map(own_view).collect::<Result<_, _>>()?;
            for row in card::page(reading, search, all)? {
                views.push(card_view(row)?);
            }
            Ok(views)
        })
    }

    /// A key or key card.
    ///
    /// # Errors
    /// [`VaultError::NotFound`].
    pub fn key(&self, name: &str) -> Result<KeyView, VaultError> {
        self.store.read(|reading| match key::by_name(reading, name)? {
            Some(row) => own_view(row),
            None => card_view(card::by_name(reading, name)?.ok_or_else(|| not_found(name))?),
        })
    }

    /// Gives a key or key card another name.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], or if the new name is taken or cannot be one.
    pub fn rename_key(&mut self, name: &str, to: &str) -> Result<KeyView, VaultError> {
        check_name(to)?;
        let renamed = self.change("key.rename", &format!("{name} -> {to}"), Vec::new(), |tx| {
            check_free(tx, to)?;
            if let Some(row) = key::by_name(tx, name)? {
                key::rename(tx, row.id, to)?;
                return Ok(Some(row.secret));
            }
            let row = card::by_name(tx, name)?.ok_or_else(|| not_found(name))?;
            card::rename(tx, row.id, to)?;
            Ok(None)
        })?;
        if let Some(secret) = renamed {
            let now = self.now();
            self.store.relabel(secret, &key_label(to), now)?;
        }
        self.key(to)
    }

    /// Removes a key or key card. A key to which a capability in this vault is bound stays: without it that capability is dead.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::InUse`].
    pub fn remove_key(&mut self, name: &str) -> Result<(), VaultError> {
        self.change("key.remove", name, Vec::new(), |tx| {
            if let Some(row) = key::by_name(tx, name)? {
                let bound = capability::page(tx, None, Page { offset: 0, limit: u32::MAX })?;
                if let Some(user) = bound.iter().find(|held| held.held.holder == Some(row.noise)) {
                    let by = format!("the capability `{}` is bound to it", user.held.name);
                    return Err(VaultError::InUse { what: "the key", name: name.to_owned(), by });
                }
                return Ok(key::remove(tx, row.id)?);
            }
            let row = card::by_name(tx, name)?.ok_or_else(|| not_found(name))?;
            Ok(card::remove(tx, row.id)?)
        })
    }

    /// Notes that a card's fingerprint was compared with its owner, or takes that back.
    ///
    /// # Errors
    /// [`VaultError::NotFound`].
    pub fn set_card_verified(&mut self, name: &str, verified: bool) -> Result<KeyView, VaultError> {
        self.change("key.verify", name, Vec::new(), |tx| {
            let row = card::by_name(tx, name)?.ok_or_else(|| not_found(name))?;
            Ok(card::set_verified(tx, row.id, verified)?)
        })?;
        self.key(name)
    }

    /// Seals a key of one's own into an age file, to be taken elsewhere or kept.
    ///
    /// # Errors
    /// [`VaultError::NotOwnKey`] for a card, [`VaultError::NotFound`], or if it cannot be sealed.
    pub fn export_key(&mut self, name: &str, to: &ExportTo) -> Result<Vec<u8>, VaultError> {
        let key = self.own_key(name)?;
        let mut plain = SecretBytes::with_capacity(512);
        plain.push_slice(format!("{EXPORT_HEADER}\n{name}\n").as_bytes());
        plain.push_slice(key.seed().expose());
        let sealed = self.seal_bytes(plain.expose(), to)?;
        self.change("key.export", name, Vec::new(), |_| Ok(()))?;
        Ok(sealed)
    }

    /// Takes in a key that was exported, under the name it had or another one.
    ///
    /// # Errors
    /// [`VaultError::Age`] if the file does not open, [`VaultError::BadInput`] if it is no exported key.
    pub fn import_key(&mut self, file: &[u8], name: Option<&str>, with: &OpenWith) -> Result<KeyView, VaultError> {
        let plain = self.open_sealed(file, with)?;
        let bad = || VaultError::BadInput { what: "exported key", input: "the file".into(), why: "it opens, but holds something else".into() };
        let rest = plain.expose().strip_prefix(EXPORT_HEADER.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n")).ok_or_else(bad)?;
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(bad)?;
        let (old_name, seed) = rest.split_at_checked(end).ok_or_else(bad)?;
        let seed = Secret::from_slice(seed.get(1..).unwrap_or_default()).ok_or_else(bad)?;
        let old_name = std::str::from_utf8(old_name).map_err(|_| bad())?;
        let name = name.unwrap_or(old_name);
        self.keep_key(&Key::from_seed(seed), name, "", "key.import")?;
        self.key(name)
    }

    fn keep_key(&mut self, seed: &Key, name: &str, note: &str, action: &str) -> Result<(), VaultError> {
        check_name(name)?;
        let created = self.now();
        let card = seed.card(None);
        self.store.read(|reading| {
            check_free(reading, name)?;
            check_new(reading, &card.noise)
        })?;
        let secret = Self::new_secret(SecretKind::Key, key_label(name), seed.seed().expose());
        let row = key::NewKey { name: name.into(), noise: card.noise, age: card.age, secret: secret.id, note: note.into(), created };
        self.change(action, name, vec![secret], |tx| {
            check_free(tx, name)?;
            key::insert(tx, &row)?;
            Ok(())
        })
    }

    /// A key of one's own, with its secret.
    pub(crate) fn own_key(&self, name: &str) -> Result<Key, VaultError> {
        let row = self.store.read(|reading| {
            if let Some(row) = key::by_name(reading, name)? {
                return Ok(row);
            }
            Err(match card::by_name(reading, name)? {
                Some(_) => VaultError::NotOwnKey { name: name.into() },
                None => not_found(name),
            })
        })?;
        Ok(Key::from_seed(self.secret_32(row.secret)?))
    }

    /// The key of one's own with this Noise public key, with its secret, if it is here.
    pub(crate) fn own_key_by_noise(&self, noise: &PublicKey) -> Result<Option<Key>, VaultError> {
        let row = self.store.read(|reading| Ok::<_, VaultError>(key::by_noise(reading, noise)?))?;
        row.map(|row| Ok(Key::from_seed(self.secret_32(row.secret)?))).transpose()
    }
}

/// The Noise public key that a holder's name or card text stands for.
pub(crate) fn holder_key(reading: &Reading<'_>, holder: &str) -> Result<PublicKey, VaultError> {
    if let Some(row) = key::by_name(reading, holder)? {
        return Ok(row.noise);
    }
    if let Some(row) = card::by_name(reading, holder)? {
        return Ok(row.noise);
    }
    match keycap_core::text::Text::parse(holder) {
        Ok(keycap_core::text::Text::KeyCard(card)) => Ok(card.noise),
        Ok(keycap_core::text::Text::Capability(_) | keycap_core::text::Text::ServiceCard(_)) | Err(_) => Err(not_found(holder)),
    }
}

/// What this vault knows of a holder's key.
pub(crate) fn holder_view(reading: &Reading<'_>, holder: &PublicKey) -> Result<HolderView, VaultError> {
    let fingerprint = holder.kid().short();
    if let Some(row) = key::by_noise(reading, holder)? {
        return Ok(HolderView { name: Some(row.name), fingerprint, verified: true });
    }
    Ok(match card::by_noise(reading, holder)? {
        Some(row) => HolderView { name: Some(row.name), fingerprint, verified: row.verified },
        None => HolderView { name: None, fingerprint, verified: false },
    })
}

/// A holder in a sentence: its name, or else its fingerprint.
pub(crate) fn holder_text(view: &HolderView) -> String {
    view.name.as_ref().map_or_else(|| view.fingerprint.clone(), |name| format!("{name} ({})", view.fingerprint))
}

/// Keys and cards share one space of names, so that a recipient or holder is named without saying which it is.
pub(crate) fn check_free(reading: &Reading<'_>, name: &str) -> Result<(), VaultError> {
    if key::by_name(reading, name)?.is_some() {
        return Err(VaultError::NameTaken { what: "key", name: name.into() });
    }
    if card::by_name(reading, name)?.is_some() {
        return Err(VaultError::NameTaken { what: "key card", name: name.into() });
    }
    Ok(())
}

fn check_new(reading: &Reading<'_>, noise: &PublicKey) -> Result<(), VaultError> {
    match key::by_noise(reading, noise)? {
        Some(row) => Err(VaultError::AlreadyHere { what: "key", name: row.name }),
        None => Ok(()),
    }
}

pub(crate) fn key_label(name: &str) -> String {
    format!("keycap: key {name}")
}

fn not_found(name: &str) -> VaultError {
    VaultError::NotFound { what: "key or key card", name: name.into() }
}

fn own_view(row: key::Key) -> Result<KeyView, VaultError> {
    view(row.name, row.noise, row.age, true, true, row.note, row.created.as_u64())
}

fn card_view(row: card::Card) -> Result<KeyView, VaultError> {
    view(row.name, row.noise, row.age, false, row.verified, row.note, row.created.as_u64())
}

fn view(name: String, noise: PublicKey, age: PublicKey, own: bool, verified: bool, note: String, created: u64) -> Result<KeyView, VaultError> {
    let card = KeyCard { noise, age, name: Some(name.clone()) }.to_text()?;
    let kid = noise.kid();
    let (fingerprint, fingerprint_full) = (kid.short(), kid.full());
    Ok(KeyView { name, own, fingerprint, fingerprint_full, card, age_recipient: age_recipient(&age), verified, note, created })
}
