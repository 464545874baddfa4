//! Moving all secrets from the keyring into the ledger or back, and changing how the vault key is kept.
//!
//! Either way the secrets are at rest in the new place before one transaction declares it the right one; what is left in the old place then
//! is deleted, at once or by the next process.

use std::collections::{BTreeMap, BTreeSet};

use keycap_core::time::UnixSeconds;
use rand::rngs::OsRng;

use super::facts::{self, Backend};
use super::{SecretsChoice, Store, StoreError, reconcile};
use crate::ledger::Tx;
use crate::ledger::secret::{self, SecretRow};
use crate::secrets::{Sealed, SecretError, SecretId, SecretRef, SecretStore, VaultKey, probe_as};
use crate::unlock::{self, UnlockMethod};

/// How far a conversion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many secrets have been copied.
    pub done: u64,
    /// How many there are.
    pub of: u64,
}

impl Store {
    /// Moves all secrets to another place. Nothing is lost if it is interrupted: they stay where they are until all are in the new place. To
    /// where they rest already it is [`Store::rewrap`], or nothing.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if this process does not have the vault key, or the vault is locked; when a secret cannot be read or put to rest.
    pub fn convert(&mut self, to: &SecretsChoice<'_>, now: UnixSeconds, progress: &mut dyn FnMut(Progress)) -> Result<(), StoreError> {
        self.refuse_locked()?;
        let lock = self.lock_folder()?;
        match (self.ledger.read(facts::backend)?, to) {
            (Backend::Keyring, SecretsChoice::Keyring) => Ok(()),
            (Backend::Keyring, SecretsChoice::Sealed(method)) => self.seal_all(method, now, progress),
            (Backend::Sealed { key, .. }, SecretsChoice::Keyring) => self.move_to_keyring(key, now, progress),
            (Backend::Sealed { .. }, SecretsChoice::Sealed(method)) => {
                drop(lock);
                self.rewrap(method, now)
            }
        }
    }

    /// Changes how the vault key of sealed secrets is kept: another method, passphrase or set of recipients. The vault key stays the same.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if this process does not have the vault key, or the vault is locked, or its secrets rest in the keyring.
    pub fn rewrap(&mut self, to: &UnlockMethod<'_>, now: UnixSeconds) -> Result<(), StoreError> {
        self.refuse_locked()?;
        let _lock = self.lock_folder()?;
        let (id, before) = self.ledger.read(facts::sealed)?.ok_or(StoreError::Locked)?;
        let item = SecretId::generate();
        self.list_wrapping_item(to, item, now)?;
        let result = unlock::wrap(self.vault, self.vault_key(id)?, to, self.items.as_ref(), item).map_err(StoreError::from).and_then(|wrapped| {
            self.ledger.write(now, |tx| {
                facts::set_backend(tx, &Backend::Sealed { key: id, wrapped })?;
                secret::fasten(tx, item)?;
                before.item.map_or(Ok(()), |old| Ok(secret::loosen(tx, old)?))
            })
        });
        let left = if result.is_ok() { before.item } else { Some(item) };
        let _ = reconcile::delete(self, left.as_slice());
        result
    }

    /// From the keyring into the ledger.
    fn seal_all(&mut self, method: &UnlockMethod<'_>, now: UnixSeconds, progress: &mut dyn FnMut(Progress)) -> Result<(), StoreError> {
        let item = SecretId::generate();
        self.list_wrapping_item(method, item, now)?;
        let (id, key) = (SecretId::generate(), VaultKey::generate(&mut OsRng));
        let result = self.seal_all_under(id, &key, method, item, now, progress);
        let left = match &result {
            Ok(moved) => {
                self.key = Some((id, key));
                moved.clone()
            }
            Err(_) => vec![item],
        };
        let _ = reconcile::delete(self, &left);
        result.map(drop)
    }

    /// Seals all secrets in one transaction; the items that are not needed any more.
    fn seal_all_under(
        &mut self,
        id: SecretId,
        key: &VaultKey,
        method: &UnlockMethod<'_>,
        item: SecretId,
        now: UnixSeconds,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<SecretId>, StoreError> {
        let wrapped = unlock::wrap(self.vault, key, method, self.items.as_ref(), item)?;
        let rows = self.ledger.read(secret::all)?;
        let mut sealed = BTreeMap::new();
        for (done, row) in (1..).zip(&rows) {
            match self.keyring().read(reference(row), None) {
                Ok(bytes) => {
                    sealed.insert(row.id, Sealed { key }.put(reference(row), &bytes)?);
                }
                // Removals need no lock: it may have been removed since.
                Err(SecretError::Vanished { .. }) if self.ledger.read(|reading| secret::by_id(reading, row.id))?.is_none() => {}
                Err(error) => return Err(error.into()),
            }
            progress(Progress { done, of: u64::try_from(rows.len()).unwrap_or(u64::MAX) });
        }
        self.ledger.write(now, |tx| {
            for row in secret::all(tx)? {
                let sealed = sealed.get(&row.id).ok_or(SecretError::Vanished { label: row.label })?;
                secret::set_sealed(tx, row.id, sealed.as_deref())?;
            }
            rows.iter().try_for_each(|row| secret::loosen(tx, row.id))?;
            secret::fasten(tx, item)?;
            facts::set_backend(tx, &Backend::Sealed { key: id, wrapped })
        })?;
        Ok(rows.iter().map(|row| row.id).collect())
    }

    /// From the ledger into the keyring.
    fn move_to_keyring(&mut self, id: SecretId, now: UnixSeconds, progress: &mut dyn FnMut(Progress)) -> Result<(), StoreError> {
        self.vault_key(id)?;
        let canary = SecretId::generate();
        let mut moved = BTreeSet::new();
        let result = self.probe_listed(canary, now).and_then(|()| self.move_until_done(id, now, &mut moved, progress));
        let mut left = match &result {
            Ok(left) => {
                self.key = None;
                left.clone()
            }
            Err(_) => moved.into_iter().collect(),
        };
        left.push(canary);
        let _ = reconcile::delete(self, &left);
        result.map(drop)
    }

    /// Copies secrets until there is none that was added in the meantime, then declares the keyring their place; the items that are not needed.
    fn move_until_done(
        &mut self,
        id: SecretId,
        now: UnixSeconds,
        moved: &mut BTreeSet<SecretId>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<SecretId>, StoreError> {
        loop {
            let mut rows = self.ledger.read(secret::all)?;
            let all = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            rows.retain(|row| !moved.contains(&row.id));
            self.ledger.write(now, |tx| rows.iter().try_for_each(|row| secret::loosen(tx, row.id)))?;
            for row in &rows {
                let bytes = Sealed { key: self.vault_key(id)? }.read(reference(row), row.sealed.as_deref())?;
                moved.insert(row.id);
                let keyring = self.keyring();
                keyring.put(reference(row), &bytes)?;
                // Nothing is taken out of the ledger that the keyring has not shown to have.
                if keyring.read(reference(row), None)?.expose() != bytes.expose() {
                    return Err(SecretError::Failed { reason: "it gives back something else than it was given".into() }.into());
                }
                progress(Progress { done: u64::try_from(moved.len()).unwrap_or(u64::MAX), of: all });
            }
            let left = self.ledger.write(now, |tx| declare_keyring(tx, moved))?;
            if let Some(left) = left {
                return Ok(left);
            }
        }
    }

    /// Lists the item of a wrapping key as loose, before it is made.
    fn list_wrapping_item(&mut self, method: &UnlockMethod<'_>, item: SecretId, now: UnixSeconds) -> Result<(), StoreError> {
        if matches!(method, UnlockMethod::Keyring) { self.probe_listed(item, now) } else { Ok(()) }
    }

    /// Lists an item as loose, makes it and deletes it, to know that the keyring keeps things.
    fn probe_listed(&mut self, item: SecretId, now: UnixSeconds) -> Result<(), StoreError> {
        self.ledger.write(now, |tx| secret::loosen(tx, item))?;
        Ok(probe_as(self.items.as_ref(), self.vault, item)?)
    }
}

/// Declares the keyring the place of all secrets, if all of them have moved; the items that are not needed.
fn declare_keyring(tx: &Tx<'_>, moved: &BTreeSet<SecretId>) -> Result<Option<Vec<SecretId>>, StoreError> {
    let rows = secret::all(tx)?;
    if rows.iter().any(|row| !moved.contains(&row.id)) {
        return Ok(None);
    }
    for row in &rows {
        secret::set_sealed(tx, row.id, None)?;
        secret::fasten(tx, row.id)?;
    }
    // Items of secrets that were removed in the meantime are listed already.
    let kept: BTreeSet<_> = rows.iter().map(|row| row.id).collect();
    let mut left: Vec<_> = moved.difference(&kept).copied().collect();
    if let Some((_, wrapped)) = facts::sealed(tx)?
        && let Some(item) = wrapped.item
    {
        secret::loosen(tx, item)?;
        left.push(item);
    }
    facts::set_backend(tx, &Backend::Keyring)?;
    Ok(Some(left))
}

fn reference(row: &SecretRow) -> SecretRef<'_> {
    SecretRef { id: row.id, kind: row.kind, label: &row.label }
}
