//! How things stand: what a person should see first.

use crate::error::VaultError;
use crate::log::LogQuery;
use crate::vault::Vault;
use crate::view::{GrantView, Live, Overview, State};

/// Sessions that are listed at most.
const SESSIONS: u32 = 1_000;
/// Grants that expire within this many seconds are shown.
const SOON_S: u64 = 7 * 86_400;
/// Grants that are looked at: of those that expire next, the ones whose parent was revoked are passed over.
const EXPIRING: u32 = 100;
/// Revocations that are looked at, the newest first, for gateways that have not applied them.
const REVOCATIONS: u32 = 50;

impl Vault {
    /// What wants attention, and what runs.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn overview(&self) -> Result<Overview, VaultError> {
        let works = |grant: &GrantView| matches!(grant.state, State::Active | State::Soon | State::NotYet);
        let revocations = LogQuery { action: Some("grant.revoke".to_owned()), limit: REVOCATIONS, ..LogQuery::default() };
        let mut pending = Vec::new();
        for row in self.log(&revocations)?.rows {
            let Some(rid) = row.detail.get("rid").and_then(|rid| rid.as_str()) else { continue };
            // A service that was removed since took its grants with it.
            let Ok(receipt) = self.revoke_receipt(rid) else { continue };
            if receipt.pending > 0 {
                pending.push(receipt);
            }
        }
        Ok(Overview {
            status: self.status()?,
            expiring: self.expiring(SOON_S, EXPIRING)?.into_iter().filter(works).collect(),
            pending,
            unverified: self.keys(None)?.into_iter().filter(|key| !key.verified).collect(),
            live: self.live(None)?,
            last_backup: self.last_backup()?.map(keycap_core::time::UnixSeconds::as_u64),
        })
    }

    /// What runs; only what belongs to the service with this name, if one is named.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] for an unknown service.
    pub fn live(&self, service: Option<&str>) -> Result<Live, VaultError> {
        Ok(Live { gateways: self.gateways(service)?, sessions: self.sessions(service, SESSIONS)? })
    }
}
