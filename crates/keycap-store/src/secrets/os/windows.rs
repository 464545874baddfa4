//! Credential Manager. An item is called `keycap/`, the vault's id, `/`, its own id; its label is the credential's comment.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::error::PlatformError;
use keyring_core::{CredentialStore, Entry, Result};
use windows_native_keyring_store::Store;

use super::{Availability, ItemName, SecretError, SecretId, Trouble, VaultId, service};

pub(super) fn connect() -> Result<Arc<CredentialStore>> {
    let store = Store::new()?;
    Ok(store)
}

pub(super) fn entry(store: &Arc<CredentialStore>, vault: VaultId, id: SecretId, _label: Option<&str>) -> Result<Entry> {
    let target = format!("{}/{id}", service(vault));
    // "Local" stays on this machine; the default roams with the user's profile.
    store.build(&service(vault), &id.to_string(), Some(&HashMap::from([("target", target.as_str()), ("persistence", "Local")])))
}

pub(super) fn describe(entry: &Entry, name: &ItemName) -> Result<()> {
    entry.update_attributes(&HashMap::from([("comment", name.label.as_str()), ("username", name.kind.as_str())]))
}

pub(super) fn relabel(entry: &Entry, name: &ItemName) -> Result<()> {
    describe(entry, name)
}

pub(super) fn list(store: &Arc<CredentialStore>, vault: VaultId) -> Result<Vec<SecretId>> {
    let prefix = format!("{}/", service(vault));
    let pattern = format!("^{prefix}");
    let mut ids = Vec::new();
    for entry in store.search(&HashMap::from([("pattern", pattern.as_str())]))? {
        let attributes = entry.get_attributes()?;
        let target = attributes.get("target_name").and_then(|target| target.strip_prefix(&prefix));
        ids.extend(target.and_then(SecretId::parse));
    }
    Ok(ids)
}

/// Credential Manager is open while its user is logged in.
pub(super) fn availability() -> std::result::Result<Availability, SecretError> {
    Ok(Availability::Ready)
}

pub(super) fn trouble(_error: &PlatformError) -> Trouble {
    Trouble::Unknown
}

pub(super) fn can_ask() -> bool {
    true
}
