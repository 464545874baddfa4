//! Views of how things stand.

use serde::Serialize;

use super::{GatewayView, GrantView, KeyView, RevokeReceipt, SessionView, VaultStatus};

/// What wants attention, and what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Overview {
    /// The vault.
    pub status: VaultStatus,
    /// Grants that work or will work, and expire within seven days, the next one first; at most 100.
    pub expiring: Vec<GrantView>,
    /// Revocations, among the last 50, that a gateway has not applied yet; the newest first.
    pub pending: Vec<RevokeReceipt>,
    /// Key cards that nobody compared with their owner.
    pub unverified: Vec<KeyView>,
    /// What runs.
    pub live: Live,
    /// When the vault was last backed up.
    pub last_backup: Option<u64>,
}

/// What runs now, here and in other processes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Live {
    /// Gateways of this vault that have not said that they stopped: one that is not alive may still hold sessions open.
    pub gateways: Vec<GatewayView>,
    /// Their sessions, at most 1,000.
    pub sessions: Vec<SessionView>,
}
