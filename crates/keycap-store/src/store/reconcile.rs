//! Clearing away keyring items that belong to no secret.

use keycap_core::time::UnixSeconds;

use super::{Store, StoreError};
use crate::ledger::{folder, secret};
use crate::secrets::{Availability, SecretId};

/// Deletes what processes that died have left, unless somebody is at work, or the keyring would have to ask someone first.
pub(super) fn at_open(store: &mut Store) -> Result<(), StoreError> {
    if store.loose_items()? == 0 || store.items.availability() != Ok(Availability::Ready) {
        return Ok(());
    }
    now(store)
}

/// Deletes what processes that died have left, unless somebody is at work: then the items may be the ones that are being made. What the keyring
/// does not delete stays listed.
pub(super) fn now(store: &mut Store) -> Result<(), StoreError> {
    if store.loose_items()? == 0 {
        return Ok(());
    }
    match folder::Lock::try_take(&store.folder)? {
        Some(_lock) => leftovers(store),
        None => Ok(()),
    }
}

/// Deletes what processes that died have left; the caller has locked the folder. What the keyring does not delete stays listed.
pub(super) fn leftovers(store: &mut Store) -> Result<(), StoreError> {
    let loose = store.ledger.read(secret::loose)?;
    if !loose.is_empty() {
        let _ = delete(store, &loose);
    }
    Ok(())
}

/// Deletes items and takes them off the list of loose ones. The caller knows that they belong to nobody: they were loose before the folder was
/// locked, or are its own.
pub(super) fn delete(store: &mut Store, ids: &[SecretId]) -> Result<(), StoreError> {
    let mut deleted = Vec::with_capacity(ids.len());
    let mut result = Ok(());
    for id in ids {
        match store.items.delete(store.vault, *id) {
            Ok(_) => deleted.push(*id),
            Err(error) => {
                result = Err(error.into());
                break;
            }
        }
    }
    if !deleted.is_empty() {
        // Taking items off the list needs no time.
        store.ledger.write(UnixSeconds::new(0), |tx| deleted.iter().try_for_each(|id| secret::fasten(tx, *id)))?;
    }
    result
}
