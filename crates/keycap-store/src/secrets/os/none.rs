//! Systems whose keyring keycap does not know: there secrets rest sealed.

use std::sync::Arc;

use keyring_core::error::PlatformError;
use keyring_core::{CredentialStore, Entry, Error, Result};

use super::{Availability, ItemName, SecretError, SecretId, Trouble, VaultId};

const REASON: &str = "keycap knows no keyring of this operating system";

pub(super) fn connect() -> Result<Arc<CredentialStore>> {
    Err(Error::NotSupportedByStore(REASON.into()))
}

pub(super) fn entry(_store: &Arc<CredentialStore>, _vault: VaultId, _id: SecretId, _label: Option<&str>) -> Result<Entry> {
    Err(Error::NotSupportedByStore(REASON.into()))
}

pub(super) fn describe(_entry: &Entry, _name: &ItemName) -> Result<()> {
    Ok(())
}

pub(super) fn relabel(_entry: &Entry, _name: &ItemName) -> Result<()> {
    Ok(())
}

pub(super) fn list(_store: &Arc<CredentialStore>, _vault: VaultId) -> Result<Vec<SecretId>> {
    Ok(Vec::new())
}

pub(super) fn availability() -> std::result::Result<Availability, SecretError> {
    Err(SecretError::NoKeyring { reason: REASON.into() })
}

pub(super) fn trouble(_error: &PlatformError) -> Trouble {
    Trouble::Unknown
}

pub(super) fn can_ask() -> bool {
    false
}
