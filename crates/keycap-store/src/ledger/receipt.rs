//! Receipts: which gateway applied a revocation, and how many sessions it cut for it.

use keycap_core::chain::Rid;
use keycap_core::time::UnixSeconds;
use rusqlite::{Row, params};

use super::column::{Columns, count as sql_count, seconds};
use super::id::GatewayId;
use super::{LedgerError, Reading, Tx};

/// A gateway's answer to a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// What was revoked.
    pub rid: Rid,
    /// The gateway.
    pub gateway: GatewayId,
    /// When it refused the rid for the first time.
    pub applied: UnixSeconds,
    /// How many live sessions it cut.
    pub sessions_cut: u64,
}

/// Adds a receipt. A gateway's second one for the same rid adds to the sessions cut and keeps the first time.
///
/// # Errors
/// [`LedgerError::StillUsed`] if there is no such gateway; when the ledger cannot be written.
pub fn insert(tx: &Tx<'_>, receipt: &Receipt) -> Result<(), LedgerError> {
    tx.change(
        "INSERT INTO receipt (rid, gateway, applied, sessions_cut) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (rid, gateway) DO UPDATE SET sessions_cut = sessions_cut + ?4",
        params![receipt.rid.as_bytes(), receipt.gateway, seconds(receipt.applied), sql_count(receipt.sessions_cut)],
    )?;
    Ok(())
}

/// The receipts for a revocation, by gateway.
///
/// # Errors
/// When the ledger cannot be read.
pub fn of(reading: &Reading<'_>, rid: &Rid) -> Result<Vec<Receipt>, LedgerError> {
    reading.list("SELECT * FROM receipt WHERE rid = ?1 ORDER BY gateway", [rid.as_bytes()], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Receipt> {
    Ok(Receipt { rid: row.rid("rid")?, gateway: row.get("gateway")?, applied: row.time("applied")?, sessions_cut: row.number("sessions_cut")? })
}
