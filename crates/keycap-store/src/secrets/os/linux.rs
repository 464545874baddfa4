//! Secret Service: gnome-keyring, KDE's wallet, KeePassXC.
//!
//! Items are found by `service` and `username`, which the client library sets; `application`, `vault`, `secret` and `kind` are for people and
//! other programs.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::error::PlatformError;
use keyring_core::{CredentialStore, Entry, Error, Result};
use secret_service::EncryptionType;
use secret_service::blocking::SecretService;
use zbus_secret_service_keyring_store::{Store, cred::Specifier};

use super::{Availability, ItemName, SecretError, SecretId, Trouble, VaultId, service};

pub(super) fn connect() -> Result<Arc<CredentialStore>> {
    let store = Store::new()?;
    Ok(store)
}

pub(super) fn entry(store: &Arc<CredentialStore>, vault: VaultId, id: SecretId, label: Option<&str>) -> Result<Entry> {
    let modifiers = label.map(|label| HashMap::from([("label", label)]));
    store.build(&service(vault), &id.to_string(), modifiers.as_ref())
}

pub(super) fn describe(entry: &Entry, name: &ItemName) -> Result<()> {
    let (vault, id) = (name.vault.to_string(), name.id.to_string());
    entry.update_attributes(&HashMap::from([
        ("application", "keycap"),
        ("vault", vault.as_str()),
        ("secret", id.as_str()),
        ("kind", name.kind.as_str()),
    ]))
}

pub(super) fn relabel(entry: &Entry, name: &ItemName) -> Result<()> {
    match entry.as_any().downcast_ref::<Specifier>() {
        Some(specifier) => specifier.set_label(&name.label),
        None => Err(Error::NotSupportedByStore("items without labels".into())),
    }
}

pub(super) fn list(store: &Arc<CredentialStore>, vault: VaultId) -> Result<Vec<SecretId>> {
    let service = service(vault);
    let entries = store.search(&HashMap::from([("service", service.as_str())]))?;
    Ok(entries.iter().filter_map(|entry| SecretId::parse(&entry.get_specifiers()?.1)).collect())
}

/// Asks over a connection of its own, without encryption since no secret crosses it, and without unlocking anything.
pub(super) fn availability() -> std::result::Result<Availability, SecretError> {
    let missing = |error: secret_service::Error| SecretError::NoKeyring { reason: error.to_string() };
    let service = SecretService::connect(EncryptionType::Plain).map_err(missing)?;
    let locked = service.get_default_collection().and_then(|collection| collection.is_locked());
    match locked {
        Ok(false) => Ok(Availability::Ready),
        Ok(true) => Ok(Availability::Locked),
        Err(secret_service::Error::NoResult) => Ok(Availability::NoCollection),
        Err(error) => Err(SecretError::Failed { reason: error.to_string() }),
    }
}

pub(super) fn trouble(error: &PlatformError) -> Trouble {
    match error.downcast_ref() {
        Some(secret_service::Error::Locked) => Trouble::Locked,
        Some(secret_service::Error::Prompt | secret_service::Error::PromptDisconnected) => Trouble::Dismissed,
        Some(secret_service::Error::NoResult) => Trouble::NoCollection,
        _ => Trouble::Unknown,
    }
}

/// Whether a prompt can be shown: the keyring's prompter needs a display.
pub(super) fn can_ask() -> bool {
    ["WAYLAND_DISPLAY", "DISPLAY"].into_iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
