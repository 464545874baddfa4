//! How things stand.

use keycap_vault::view::{GatewayView, GrantView, KeyView, RevokeReceipt, SessionView, State, VaultStatus};
use keycap_vault::{LogQuery, Vault};
use serde::Serialize;
use ts_rs::TS;

use crate::error::UiError;
use crate::host::Host;

/// Sessions that are listed at most.
const SESSIONS: u32 = 1_000;
/// Grants that expire within this many seconds are shown.
const SOON_S: u64 = 7 * 86_400;
/// Grants that are looked at: of those that expire next, the ones whose parent was revoked are passed over.
const EXPIRING: u32 = 100;
/// Revocations that are looked at, the newest first, for gateways that have not applied them.
const REVOCATIONS: u32 = 50;

/// What wants attention, and what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Overview {
    /// The vault.
    pub status: VaultStatus,
    /// Grants that expire within seven days, the next one first.
    pub expiring: Vec<GrantView>,
    /// Revocations that a gateway has not applied yet.
    pub pending: Vec<RevokeReceipt>,
    /// Key cards that nobody compared with their owner.
    pub unverified: Vec<KeyView>,
    /// What runs.
    pub live: Live,
    /// When the vault was last backed up.
    pub last_backup: Option<u64>,
}

/// What runs now, here and in other processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Live {
    /// Gateways of this vault that run.
    pub gateways: Vec<GatewayView>,
    /// Their sessions, at most 1,000.
    pub sessions: Vec<SessionView>,
}

/// What wants attention.
pub(crate) async fn overview(host: &Host) -> Result<Overview, UiError> {
    host.desk.read(|vault| Ok(read(vault)?)).await
}

/// What runs.
pub(crate) async fn live(host: &Host, service: Option<String>) -> Result<Live, UiError> {
    host.desk.read(move |vault| Ok(running(vault, service.as_deref())?)).await
}

fn running(vault: &Vault, service: Option<&str>) -> Result<Live, keycap_vault::VaultError> {
    let gateways = vault.gateways(service)?.into_iter().filter(|gateway| gateway.alive).collect();
    Ok(Live { gateways, sessions: vault.sessions(service, SESSIONS)? })
}

fn read(vault: &Vault) -> Result<Overview, keycap_vault::VaultError> {
    let works = |grant: &GrantView| matches!(grant.state, State::Active | State::Soon | State::NotYet);
    let revocations = LogQuery { action: Some("grant.revoke".to_owned()), limit: REVOCATIONS, ..LogQuery::default() };
    let mut pending = Vec::new();
    for row in vault.log(&revocations)?.rows {
        let Some(rid) = row.detail.get("rid").and_then(|rid| rid.as_str()) else { continue };
        // A service that was removed since took its grants with it.
        let Ok(receipt) = vault.revoke_receipt(rid) else { continue };
        if receipt.pending > 0 {
            pending.push(receipt);
        }
    }
    Ok(Overview {
        status: vault.status()?,
        expiring: vault.expiring(SOON_S, EXPIRING)?.into_iter().filter(works).collect(),
        pending,
        unverified: vault.keys(None)?.into_iter().filter(|key| !key.verified).collect(),
        live: running(vault, None)?,
        last_backup: vault.last_backup()?.map(keycap_vault::UnixSeconds::as_u64),
    })
}
