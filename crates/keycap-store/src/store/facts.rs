//! What the ledger's `meta` table says about the vault itself.

use std::path::PathBuf;

use super::StoreError;
use crate::ledger::secret::{self, SecretRow};
use crate::ledger::{LedgerError, Reading, Tx, meta};
use crate::secrets::{SecretId, VaultId};
use crate::unlock::{UnlockKind, Wrapped};

const VAULT: &str = "store.vault";
const BACKEND: &str = "store.backend";
const LOCKED: &str = "store.locked";
const AUDIT_SECRET: &str = "store.audit-secret";
const KEY_ID: &str = "store.vault-key-id";
const UNLOCK: &str = "store.unlock";
const UNLOCK_FILE: &str = "store.unlock-file";
const WRAPPED: &str = "store.vault-key";
const WRAPPING_ITEM: &str = "store.wrapping-item";

/// Which vault key the secrets are sealed under; each conversion makes a new one.
pub(super) type KeyId = SecretId;

/// Where the secrets rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Backend {
    /// In the keyring.
    Keyring,
    /// Sealed under the vault key of this id.
    Sealed {
        /// The vault key's id.
        key: KeyId,
        /// How it is kept.
        wrapped: Wrapped,
    },
}

pub(super) fn vault(reading: &Reading<'_>) -> Result<VaultId, LedgerError> {
    let bytes = meta::value(reading, VAULT)?.ok_or_else(|| reading.corrupt("it does not say which vault it is"))?;
    Ok(VaultId::from_bytes(bytes))
}

pub(super) fn set_vault(tx: &Tx<'_>, vault: VaultId) -> Result<(), LedgerError> {
    meta::set_value(tx, VAULT, Some(vault.as_bytes()))
}

pub(super) fn locked(reading: &Reading<'_>) -> Result<bool, LedgerError> {
    Ok(meta::value(reading, LOCKED)?.unwrap_or(false))
}

pub(super) fn set_locked(tx: &Tx<'_>, locked: bool) -> Result<(), LedgerError> {
    meta::set_value(tx, LOCKED, Some(locked))
}

pub(super) fn audit_secret(reading: &Reading<'_>) -> Result<(SecretId, SecretRow), LedgerError> {
    let bytes = meta::value(reading, AUDIT_SECRET)?.ok_or_else(|| reading.corrupt("it does not say which secret is the audit key"))?;
    let id = SecretId::from_bytes(bytes);
    let row = secret::by_id(reading, id)?.ok_or_else(|| reading.corrupt("the audit key has no row"))?;
    Ok((id, row))
}

pub(super) fn set_audit_secret(tx: &Tx<'_>, id: SecretId) -> Result<(), LedgerError> {
    meta::set_value(tx, AUDIT_SECRET, Some(id.as_bytes()))
}

pub(super) fn backend(reading: &Reading<'_>) -> Result<Backend, LedgerError> {
    let backend: Option<String> = meta::value(reading, BACKEND)?;
    match backend.as_deref() {
        Some("keyring") => Ok(Backend::Keyring),
        Some("sealed") => {
            let (key, wrapped) = read_sealed(reading)?;
            Ok(Backend::Sealed { key, wrapped })
        }
        _ => Err(reading.corrupt("it does not say where the secrets rest")),
    }
}

/// The vault key's id and wrapping, if the secrets are sealed.
pub(super) fn sealed(reading: &Reading<'_>) -> Result<Option<(KeyId, Wrapped)>, LedgerError> {
    Ok(match backend(reading)? {
        Backend::Keyring => None,
        Backend::Sealed { key, wrapped } => Some((key, wrapped)),
    })
}

pub(super) fn set_backend(tx: &Tx<'_>, backend: &Backend) -> Result<(), StoreError> {
    let (name, sealed) = match backend {
        Backend::Keyring => ("keyring", None),
        Backend::Sealed { key, wrapped } => ("sealed", Some((key, wrapped))),
    };
    meta::set_value(tx, BACKEND, Some(name))?;
    meta::set_value(tx, KEY_ID, sealed.map(|(key, _)| key.as_bytes()))?;
    let wrapped = sealed.map(|(_, wrapped)| wrapped);
    meta::set_value(tx, UNLOCK, wrapped.map(|wrapped| wrapped.kind.as_str()))?;
    let file = match wrapped.map(|wrapped| &wrapped.kind) {
        Some(UnlockKind::File(path)) => Some(path_bytes(path)),
        _ => None,
    };
    meta::set_value(tx, UNLOCK_FILE, file)?;
    meta::set_value(tx, WRAPPED, wrapped.map(|wrapped| &wrapped.bytes))?;
    meta::set_value(tx, WRAPPING_ITEM, wrapped.and_then(|wrapped| wrapped.item.as_ref()).map(SecretId::as_bytes))?;
    Ok(())
}

fn read_sealed(reading: &Reading<'_>) -> Result<(KeyId, Wrapped), LedgerError> {
    let incomplete = || reading.corrupt("it does not say how the vault key is kept");
    let key = meta::value(reading, KEY_ID)?.map(SecretId::from_bytes).ok_or_else(incomplete)?;
    let unlock: String = meta::value(reading, UNLOCK)?.ok_or_else(incomplete)?;
    let kind = match unlock.as_str() {
        "keyring" => UnlockKind::Keyring,
        "passphrase" => UnlockKind::Passphrase,
        "recipients" => UnlockKind::Recipients,
        "credential" => UnlockKind::Credential,
        "file" => UnlockKind::File(meta::value(reading, UNLOCK_FILE)?.and_then(path_of).ok_or_else(incomplete)?),
        _ => return Err(incomplete()),
    };
    let bytes = meta::value(reading, WRAPPED)?.ok_or_else(incomplete)?;
    let item = meta::value(reading, WRAPPING_ITEM)?.map(SecretId::from_bytes);
    Ok((key, Wrapped { kind, bytes, item }))
}

/// Paths are bytes on Unix, and need not be text.
#[cfg(unix)]
fn path_bytes(path: &std::path::Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    Some(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn path_bytes(path: &std::path::Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}
