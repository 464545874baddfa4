//! The login keychain. Items have no labels of their own: Keychain Access shows the service, `keycap/` and the vault's id.

use std::collections::HashMap;
use std::sync::Arc;

use apple_native_keyring_store::keychain::Store;
use keyring_core::error::PlatformError;
use keyring_core::{CredentialStore, Entry, Result};

use super::{Availability, ItemName, SecretError, SecretId, Trouble, VaultId, service};

pub(super) fn connect() -> Result<Arc<CredentialStore>> {
    let store = Store::new()?;
    Ok(store)
}

pub(super) fn entry(store: &Arc<CredentialStore>, vault: VaultId, id: SecretId, _label: Option<&str>) -> Result<Entry> {
    store.build(&service(vault), &id.to_string(), None)
}

pub(super) fn describe(_entry: &Entry, _name: &ItemName) -> Result<()> {
    Ok(())
}

pub(super) fn relabel(_entry: &Entry, _name: &ItemName) -> Result<()> {
    Ok(())
}

pub(super) fn list(store: &Arc<CredentialStore>, vault: VaultId) -> Result<Vec<SecretId>> {
    let service = service(vault);
    let entries = store.search(&HashMap::from([("service", service.as_str())]))?;
    Ok(entries.iter().filter_map(|entry| SecretId::parse(&entry.get_specifiers()?.1)).collect())
}

/// The keychain asks by itself when it has to; there is nothing to ask it beforehand.
pub(super) fn availability() -> std::result::Result<Availability, SecretError> {
    Ok(Availability::Ready)
}

pub(super) fn trouble(_error: &PlatformError) -> Trouble {
    Trouble::Unknown
}

pub(super) fn can_ask() -> bool {
    true
}
