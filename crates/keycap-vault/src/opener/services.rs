//! The vault's services, as those who open what was sealed to their capabilities.

use keycap_core::seal::{Proven, Reading, Verdict};
use keycap_core::service::ServiceKeys;
use keycap_core::time::Clock;
use keycap_store::ledger::{revocation, service};

use super::{ALL, OpenScope};
use crate::error::{ErrorClass, VaultError};
use crate::serving::RevocationSet;
use crate::vault::Vault;

/// A service's keys, and what is revoked of it.
pub(crate) struct OwnService {
    pub(crate) name: String,
    pub(crate) keys: ServiceKeys,
    revocations: RevocationSet,
}

impl OwnService {
    /// Clears what was sealed to this service, which takes it under the name `target`.
    pub(crate) fn clear<T>(&self, proven: Proven<T>, clock: Clock, target: &str) -> Verdict<T> {
        // keycap itself knows no application's caveats, and what is not known is refused.
        proven.clear(&self.keys, &self.revocations, &Reading { clock, target, app: &|_, _| false })
    }
}

impl Vault {
    /// The services of one's own, and a sentence for each that is left out because a secret of it is missing.
    pub(crate) fn own_services(&self, scope: OpenScope) -> Result<(Vec<OwnService>, Vec<String>), VaultError> {
        let rows = self.store.read(|reading| Ok::<_, VaultError>(service::page(reading, None, ALL)?))?;
        let (mut services, mut unusable) = (Vec::new(), Vec::new());
        for row in rows.into_iter().filter(|row| row.secret.is_some() && scope.has_service(&row.public)) {
            match self.service_keys(&row) {
                Ok(keys) => {
                    let revoked = self.store.read(|reading| Ok::<_, VaultError>(revocation::since(reading, row.id, 0)?))?;
                    let rids = revoked.into_iter().map(|revocation| revocation.entry.rid);
                    services.push(OwnService { name: row.name, keys, revocations: RevocationSet::of(rids, row.terms.min_epoch) });
                }
                Err(error) => unusable.push(left_out("service", &row.name, error)?),
            }
        }
        Ok((services, unusable))
    }
}

/// Says what is left out and why, unless the vault is locked: then everything would be.
pub(super) fn left_out(what: &str, name: &str, error: VaultError) -> Result<String, VaultError> {
    if error.class() == ErrorClass::Locked { Err(error) } else { Ok(format!("{what} {name}: {error}")) }
}
