//! The vault itself: opened, unlocked, locked; every other request stands in a file of its own.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use keycap_core::secret::{Secret, SecretBytes};
use keycap_core::time::UnixSeconds;
use keycap_store::ledger::Tx;
use keycap_store::ledger::audit::AuditKey;
use keycap_store::ledger::{audit, capability, card, grant, key, service};
use keycap_store::secrets::{NewSecret, SecretId, SecretKind};
use keycap_store::unlock::{Unlock, UnlockKind};
use keycap_store::{Options, Protection, SecretsChoice, Store};

use crate::environment::Environment;
use crate::error::VaultError;
use crate::view::VaultStatus;

/// The one door to secrets and ledger.
pub struct Vault {
    pub(crate) store: Store,
    pub(crate) environment: Environment,
}

impl Vault {
    /// The folder of the user's vault, `$XDG_DATA_HOME/keycap` on Linux, where the system keeps applications' data elsewhere.
    ///
    /// # Errors
    /// [`VaultError::NoFolder`] if the user has no home.
    pub fn default_folder() -> Result<PathBuf, VaultError> {
        let strategy = etcetera::choose_base_strategy().map_err(|error| VaultError::NoFolder { why: error.to_string() })?;
        Ok(strategy.data_dir().join("keycap"))
    }

    /// Whether there is a vault in `folder`.
    #[must_use]
    pub fn exists(folder: &Path) -> bool {
        Store::exists(folder)
    }

    /// Makes a new, empty, unlocked vault. Where its secrets rest is the caller's explicit choice; nothing falls back to anything else.
    ///
    /// # Errors
    /// If there is a vault already, the folder cannot be written, or the secrets cannot be kept as chosen.
    pub fn create(folder: &Path, choice: SecretsChoice<'_>, environment: Environment) -> Result<Self, VaultError> {
        let store = Store::create(folder, choice, Options::default(), environment.now())?;
        let mut vault = Self { store, environment };
        let protection = protection_word(&vault.store.protection()?);
        vault.change("vault.init", protection, Vec::new(), |_| Ok(()))?;
        Ok(vault)
    }

    /// Opens a vault without unlocking it and without asking anything: what is not secret can be read at once.
    ///
    /// # Errors
    /// If there is no vault, it is damaged, or it was written by a newer keycap.
    pub fn open(folder: &Path, environment: Environment) -> Result<Self, VaultError> {
        Ok(Self { store: Store::open(folder, Options::default())?, environment })
    }

    /// The vault's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.store.folder()
    }

    /// Where the secrets rest, and what unlocks them.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn protection(&self) -> Result<Protection, VaultError> {
        Ok(self.store.protection()?)
    }

    /// Lets this process get at the secrets.
    ///
    /// # Errors
    /// If the keyring, passphrase, identity, credential or file does not open them; each says why and what to do.
    pub fn unlock(&mut self, with: Unlock<'_>) -> Result<(), VaultError> {
        Ok(self.store.unlock(&with)?)
    }

    /// Whether this process gets at the secrets.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn is_unlocked(&self) -> Result<bool, VaultError> {
        Ok(self.store.is_unlocked()?)
    }

    /// Whether somebody locked the vault, for all processes.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn is_locked(&self) -> Result<bool, VaultError> {
        Ok(self.store.is_locked()?)
    }

    /// Locks the vault for all processes until [`Vault::clear_lock`]. Gateways that run keep serving: they have their keys in memory.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn lock(&mut self) -> Result<(), VaultError> {
        if self.store.is_unlocked()? && !self.store.is_locked()? {
            self.change("vault.lock", "", Vec::new(), |_| Ok(()))?;
        }
        let now = self.now();
        self.store.set_locked(true, now)?;
        self.store.forget();
        Ok(())
    }

    /// Ends a lock: proves first that the secrets can be had.
    ///
    /// # Errors
    /// As [`Vault::unlock`].
    pub fn clear_lock(&mut self, with: Unlock<'_>) -> Result<(), VaultError> {
        self.store.unlock(&with)?;
        if self.store.is_locked()? {
            let now = self.now();
            self.store.set_locked(false, now)?;
            self.change("vault.unlock", "", Vec::new(), |_| Ok(()))?;
        }
        Ok(())
    }

    /// The time, as the vault's clock tells it.
    #[must_use]
    pub fn now(&self) -> UnixSeconds {
        self.environment.now()
    }

    /// A number that differs after any process has changed the vault; takes microseconds.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn change_counter(&self) -> Result<u64, VaultError> {
        Ok(self.store.change_counter()?)
    }

    /// Where the secrets rest, whether they can be had, and how much there is.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn status(&self) -> Result<VaultStatus, VaultError> {
        let protection = self.store.protection()?;
        let locked = self.store.is_locked()?;
        let unlocked = self.store.is_unlocked()?;
        self.store.read(|reading| {
            Ok(VaultStatus {
                folder: self.store.folder().display().to_string(),
                protection: protection_word(&protection).to_owned(),
                protection_text: protection_sentence(&protection),
                locked,
                unlocked,
                keys: key::count(reading)?,
                cards: card::count(reading)?,
                services: service::count(reading)?,
                grants: grant::count(reading, &grant::Filter::default())?,
                capabilities: capability::count(reading)?,
            })
        })
    }

    /// Changes the ledger and writes down in the audit log that it did, in one transaction, with the secrets that come with the change.
    pub(crate) fn change<T>(
        &mut self,
        action: &str,
        target: &str,
        secrets: Vec<NewSecret>,
        change: impl FnOnce(&Tx<'_>) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        self.change_with(action, target, serde_json::Value::Null, secrets, change)
    }

    /// As [`Vault::change`], with details that are not secret.
    pub(crate) fn change_with<T>(
        &mut self,
        action: &str,
        target: &str,
        detail: serde_json::Value,
        secrets: Vec<NewSecret>,
        change: impl FnOnce(&Tx<'_>) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let now = self.environment.now();
        let audit_key: AuditKey = self.store.audit_key()?;
        let entry = audit::Entry {
            time: now,
            action: action.to_owned(),
            target: target.to_owned(),
            result: "done".to_owned(),
            detail: if detail.is_null() { String::new() } else { detail.to_string() },
        };
        self.store.write(now, secrets, |tx| {
            let changed = change(tx)?;
            audit::append(tx, &audit_key, &entry)?;
            Ok(changed)
        })
    }

    /// Gives a secret an id and the name under which a person finds it in the keyring.
    pub(crate) fn new_secret(kind: SecretKind, label: String, bytes: &[u8]) -> NewSecret {
        let mut copy = SecretBytes::with_capacity(bytes.len());
        copy.push_slice(bytes);
        NewSecret { id: SecretId::generate(), kind, label, bytes: copy }
    }

    /// A secret of 32 bytes, from wherever it rests.
    pub(crate) fn secret_32(&self, id: SecretId) -> Result<Secret<32>, VaultError> {
        let bytes = self.store.secret(id)?;
        Secret::from_slice(bytes.expose()).ok_or_else(|| VaultError::Inconsistent { what: format!("secret {id} has not 32 bytes") })
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("folder", &self.store.folder()).finish_non_exhaustive()
    }
}

/// Checks a name that a person gives to something.
pub(crate) fn check_name(name: &str) -> Result<(), VaultError> {
    let bad = |why| Err(VaultError::BadName { name: name.to_owned(), why });
    if name.chars().count() > 64 {
        return bad("it is longer than 64 characters");
    }
    match name.chars().next() {
        None => return bad("it is empty"),
        Some(first) if !first.is_alphanumeric() => return bad("it does not begin with a letter or digit"),
        Some(_) => {}
    }
    if name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+')) {
        Ok(())
    } else {
        bad("it has a character that would be hard to type or to tell apart")
    }
}

pub(crate) fn protection_word(protection: &Protection) -> &'static str {
    match protection {
        Protection::Keyring => "keyring",
        Protection::Sealed(UnlockKind::Keyring) => "sealed, by the keyring",
        Protection::Sealed(UnlockKind::Passphrase) => "sealed, by a passphrase",
        Protection::Sealed(UnlockKind::Recipients) => "sealed, by age recipients",
        Protection::Sealed(UnlockKind::Credential) => "sealed, by a systemd credential",
        Protection::Sealed(UnlockKind::File(_)) => "sealed, by a key file",
    }
}

fn protection_sentence(protection: &Protection) -> String {
    match protection {
        Protection::Keyring => "Each secret is an item of its own in the system's keyring.".into(),
        Protection::Sealed(kind) => {
            let by = match kind {
                UnlockKind::Keyring => "an item in the system's keyring".into(),
                UnlockKind::Passphrase => "a passphrase".into(),
                UnlockKind::Recipients => "an age identity".into(),
                UnlockKind::Credential => "a systemd credential".into(),
                UnlockKind::File(path) => format!("the key file {}", path.display()),
            };
            format!("Secrets are sealed in the ledger; {by} unlocks them.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_confuse_are_refused() {
        for name in ["alice", "ci@runner", "old-laptop.2", "Änne", "7"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "-x", " a", "a b", "a/b", "a\n", "../x", "a:b", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
