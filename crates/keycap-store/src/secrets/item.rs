//! Keyring items: named texts outside of the ledger.

use keycap_core::secret::SecretText;

use super::{SecretError, SecretId, VaultId};

/// What an item is called, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemName {
    /// The vault that it belongs to.
    pub vault: VaultId,
    /// Its id within the vault.
    pub id: SecretId,
    /// What it holds: a [`super::SecretKind`], `vault-key` or `canary`.
    pub kind: String,
    /// What people see.
    pub label: String,
}

/// A keyring: where items are kept. [`super::OsKeyring`] is the operating system's.
pub trait ItemStore: Send + Sync {
    /// Makes an item, or replaces the value of the one with this vault and id.
    ///
    /// # Errors
    /// When the keyring does not take it.
    fn put(&self, name: &ItemName, value: SecretText) -> Result<(), SecretError>;

    /// An item's value; `None` if the keyring says that it has no such item. A keyring that has no collection at all says so too: see [`probe`].
    ///
    /// # Errors
    /// When the keyring does not give it.
    fn read(&self, name: &ItemName) -> Result<Option<SecretText>, SecretError>;

    /// Deletes an item; whether there was one.
    ///
    /// # Errors
    /// When the keyring does not do it.
    fn delete(&self, vault: VaultId, id: SecretId) -> Result<bool, SecretError>;

    /// Shows people another label, where the keyring has labels.
    ///
    /// # Errors
    /// When the keyring does not do it.
    fn relabel(&self, name: &ItemName) -> Result<(), SecretError>;

    /// The ids of all items of a vault.
    ///
    /// # Errors
    /// When the keyring does not tell.
    fn list(&self, vault: VaultId) -> Result<Vec<SecretId>, SecretError>;

    /// Whether the keyring can be used, found out without asking anybody.
    ///
    /// # Errors
    /// [`SecretError::NoKeyring`]; when the keyring does not tell.
    fn availability(&self) -> Result<Availability, SecretError>;
}

/// Whether a keyring can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Availability {
    /// At once.
    Ready,
    /// After someone has unlocked it.
    Locked,
    /// Not before it has a collection.
    NoCollection,
}

/// Writes, reads and deletes an item that means nothing, to know that the keyring keeps what it is given. Without it, "no such item" may
/// mean anything.
///
/// # Errors
/// What the keyring answers; [`SecretError::Failed`] if it took the item and has not kept it.
pub fn probe(items: &dyn ItemStore, vault: VaultId) -> Result<(), SecretError> {
    probe_as(items, vault, SecretId::generate())
}

/// [`probe`] with an item of this id, which the ledger lists as loose in case the process dies meanwhile.
pub(crate) fn probe_as(items: &dyn ItemStore, vault: VaultId, id: SecretId) -> Result<(), SecretError> {
    let name = ItemName { vault, id, kind: "canary".into(), label: "keycap: does this keyring keep things?".into() };
    let value = SecretId::generate().to_string();
    items.put(&name, SecretText::new(value.clone()))?;
    let kept = items.read(&name);
    items.delete(vault, id)?;
    match kept? {
        Some(kept) if kept.expose() == value => Ok(()),
        _ => Err(SecretError::Failed { reason: "it has not kept what it was given".into() }),
    }
}
