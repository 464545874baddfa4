//! Where the secrets rest: what there is to choose from, and choosing again.

mod place;

use std::time::Duration;

use keycap_store::SecretsChoice;
use keycap_store::secrets::{Availability, ItemStore, OsKeyring};
use keycap_store::unlock::UnlockMethod;

use crate::error::VaultError;
use crate::vault::{Vault, protection_word};

pub use place::SecretsPlace;

/// Whether the system has a keyring that a vault could use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyringState {
    /// It answers at once.
    Ready,
    /// It is there, and asks for its password before it answers.
    Locked,
    /// It cannot be used.
    Unusable {
        /// A stable name for programs.
        code: &'static str,
        /// Why not.
        why: String,
        /// What to do about it.
        hint: String,
    },
}

/// How long the keyring may take to say whether it is there; it is asked nothing that it would have to ask a person.
const KEYRING_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether the system has a keyring that a vault could use, found out without asking anybody.
#[must_use]
pub fn keyring_state() -> KeyringState {
    let unusable =
        |error: keycap_store::secrets::SecretError| KeyringState::Unusable { code: error.code(), why: error.to_string(), hint: error.hint() };
    match OsKeyring::new(KEYRING_TIMEOUT).availability() {
        Ok(Availability::Ready) => KeyringState::Ready,
        Ok(Availability::Locked) => KeyringState::Locked,
        Ok(_) => unusable(keycap_store::secrets::SecretError::NoCollection),
        Err(error) => unusable(error),
    }
}

impl Vault {
    /// Moves all secrets from the keyring into the ledger, or back; `progress` is told how many are done, and of how many. Interrupted at any
    /// point, they are where they were.
    ///
    /// # Errors
    /// If the vault is locked, or a secret cannot be read or put to rest.
    pub fn convert(&mut self, to: &SecretsChoice<'_>, progress: &mut dyn FnMut(u64, u64)) -> Result<(), VaultError> {
        let (now, before) = (self.now(), self.store.protection()?);
        self.store.convert(to, now, &mut |step| progress(step.done, step.of))?;
        let detail = serde_json::json!({ "from": protection_word(&before) });
        let after = self.store.protection()?;
        self.change_with("vault.convert", protection_word(&after), detail, Vec::new(), |_| Ok(()))
    }

    /// Changes what unlocks sealed secrets: another passphrase, or another method. Whoever has an old copy of the ledger and what opened it then
    /// can still open that copy.
    ///
    /// # Errors
    /// If the vault is locked; [`VaultError::BadRequest`] if the secrets rest in the keyring.
    pub fn change_unlocking(&mut self, to: &UnlockMethod<'_>) -> Result<(), VaultError> {
        let (now, before) = (self.now(), self.store.protection()?);
        if before == keycap_store::Protection::Keyring {
            return Err(VaultError::BadRequest {
                why: "each secret is an item of its own in the keyring, whose password is the system's to change".into(),
                hint: "move the secrets into the ledger with `keycap vault convert --sealed`".into(),
            });
        }
        self.store.rewrap(to, now)?;
        let detail = serde_json::json!({ "from": protection_word(&before) });
        let after = self.store.protection()?;
        self.change_with("vault.passwd", protection_word(&after), detail, Vec::new(), |_| Ok(()))
    }
}
