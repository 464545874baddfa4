//! Names to complete: what a shell offers after the first letters.

use keycap_store::ledger::grant::Filter;
use keycap_store::ledger::{Page, capability, card, grant, key, service};

use crate::error::VaultError;
use crate::vault::Vault;

/// Of what the names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// Keys of one's own.
    OwnKey,
    /// Keys of one's own and key cards of others.
    Key,
    /// Services.
    Service,
    /// Grants.
    Grant,
    /// Capabilities held.
    Capability,
    /// Groups of recipients.
    Group,
}

impl Vault {
    /// Names of that kind that begin with `prefix`, at most `limit`. Needs no unlocking.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn names(&self, kind: NameKind, prefix: &str, limit: u32) -> Result<Vec<String>, VaultError> {
        let search = Some(prefix).filter(|prefix| !prefix.is_empty());
        let page = Page { offset: 0, limit };
        let mut names: Vec<String> = self.store.read(|reading| {
            Ok::<_, VaultError>(match kind {
                NameKind::OwnKey => key::page(reading, search, page)?.into_iter().map(|row| row.name).collect(),
                NameKind::Key => {
                    let own = key::page(reading, search, page)?.into_iter().map(|row| row.name);
                    own.chain(card::page(reading, search, page)?.into_iter().map(|row| row.name)).collect()
                }
                NameKind::Service => service::page(reading, search, page)?.into_iter().map(|row| row.name).collect(),
                NameKind::Grant => {
                    let filter = Filter { service: None, search: search.map(str::to_owned), roots_only: false };
                    grant::page(reading, &filter, page)?.into_iter().map(|row| row.name).collect()
                }
                NameKind::Group => crate::groups::names(reading)?,
                NameKind::Capability => capability::page(reading, search, page)?.into_iter().map(|row| row.held.name).collect(),
            })
        })?;
        names.retain(|name| !name.is_empty() && name.starts_with(prefix));
        names.sort();
        names.dedup();
        Ok(names)
    }
}
