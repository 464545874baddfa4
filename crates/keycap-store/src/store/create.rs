//! Making a vault: everything into a file of another name, which gets its own when it is whole.

use std::path::{Path, PathBuf};

use keycap_core::secret::{Secret, SecretBytes};
use keycap_core::time::UnixSeconds;
use rand::rngs::OsRng;

use super::facts::{self, Backend};
use super::{AuditKey, Options, SecretsChoice, Store, StoreError, keyring_of};
use crate::ledger::secret::{self, SecretRow};
use crate::ledger::{Ledger, LedgerError, audit, folder};
use crate::secrets::{ItemStore, Keyring, NewSecret, Sealed, SecretId, SecretKind, SecretStore, VaultId, VaultKey, probe_as};
use crate::unlock::{self, UnlockMethod};

pub(super) const AUDIT_LABEL: &str = "keycap: audit log key";

pub(super) fn create(folder: &Path, choice: &SecretsChoice<'_>, options: Options, now: UnixSeconds) -> Result<Store, StoreError> {
    folder::make(folder)?;
    let lock = folder::Lock::take(folder, options.busy_timeout)?;
    if Store::exists(folder) {
        return Err(StoreError::AlreadyAVault { folder: folder.to_owned() });
    }
    let items = keyring_of(&options);
    let unfinished = folder.join(folder::UNFINISHED);
    clear(&unfinished, &options, items.as_ref())?;

    let key = match fill(&unfinished, choice, &options, items.as_ref(), now) {
        Ok(key) => key,
        Err(error) => {
            clear(&unfinished, &options, items.as_ref())?;
            return Err(error);
        }
    };
    folder::publish(folder, &unfinished, &folder.join(folder::LEDGER))?;
    drop(lock);
    let mut store = Store::open(folder, options)?;
    store.key = key;
    Ok(store)
}

/// Makes the ledger of a new vault; the vault key and its id, if it has one.
fn fill(
    path: &Path,
    choice: &SecretsChoice<'_>,
    options: &Options,
    items: &dyn ItemStore,
    now: UnixSeconds,
) -> Result<Option<(SecretId, VaultKey)>, StoreError> {
    let mut ledger = Ledger::create(path, options.busy_timeout)?;
    let vault = VaultId::generate();
    let audit = Secret::<32>::generate(&mut OsRng);
    let secret =
        NewSecret { id: SecretId::generate(), kind: SecretKind::Audit, label: AUDIT_LABEL.into(), bytes: SecretBytes::new(audit.expose().to_vec()) };
    let item = SecretId::generate();
    if uses_keyring(choice) {
        ledger.write(now, |tx| {
            facts::set_vault(tx, vault)?;
            secret::loosen(tx, secret.id)?;
            secret::loosen(tx, item)
        })?;
        probe_as(items, vault, item)?;
    }

    let (backend, key, sealed) = match choice {
        SecretsChoice::Keyring => (Backend::Keyring, None, Keyring { items, vault }.put(secret.reference(), &secret.bytes)?),
        SecretsChoice::Sealed(method) => {
            let (id, key) = (SecretId::generate(), VaultKey::generate(&mut OsRng));
            let wrapped = unlock::wrap(vault, &key, method, items, item)?;
            let sealed = Sealed { key: &key }.put(secret.reference(), &secret.bytes)?;
            (Backend::Sealed { key: id, wrapped }, Some((id, key)), sealed)
        }
    };
    ledger.write(now, |tx| {
        facts::set_vault(tx, vault)?;
        facts::set_backend(tx, &backend)?;
        secret::insert(tx, &SecretRow { id: secret.id, kind: secret.kind, label: secret.label.clone(), sealed, created: now })?;
        facts::set_audit_secret(tx, secret.id)?;
        audit::begin(tx, &AuditKey::new(audit))?;
        secret::fasten(tx, secret.id)?;
        secret::fasten(tx, item)?;
        Ok::<_, StoreError>(())
    })?;
    ledger.close()?;
    Ok(key)
}

fn uses_keyring(choice: &SecretsChoice<'_>) -> bool {
    matches!(choice, SecretsChoice::Keyring | SecretsChoice::Sealed(UnlockMethod::Keyring))
}

/// Clears away what an attempt has left that did not come to its end: its keyring items first, since only its ledger knows them. A keyring that
/// is away by now does not hinder: what such an item holds opens nothing.
fn clear(unfinished: &Path, options: &Options, items: &dyn ItemStore) -> Result<(), StoreError> {
    if let Ok(Some(ledger)) = Ledger::open_if_newest(unfinished, options.busy_timeout) {
        let listed = ledger.read(|reading| Ok::<_, LedgerError>((facts::vault(reading)?, secret::loose(reading)?)));
        if let Ok((vault, loose)) = listed {
            for id in loose {
                let _ = items.delete(vault, id);
            }
        }
    }
    let beside = |suffix: &str| {
        let mut name = unfinished.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    Ok(folder::remove(&[beside("-wal"), beside("-shm"), beside("-journal"), unfinished.to_owned()])?)
}
