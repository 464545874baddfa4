//! Revocations: the rids that a service refuses, each with everything below it.

use keycap_core::chain::Rid;
use keycap_core::time::UnixSeconds;
use rusqlite::{Row, params};

use super::column::{Columns, count as sql_count, seconds};
use super::id::ServiceId;
use super::{LedgerError, Page, Reading, Tx};

/// A rid that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Its place among all revocations: later ones have higher numbers.
    pub seq: u64,
    /// What was refused, when and why.
    pub entry: NewRevocation,
}

/// A revocation to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRevocation {
    /// The refused rid.
    pub rid: Rid,
    /// The service that refuses it.
    pub service: ServiceId,
    /// From then on the chain has expired, so that the entry is not needed any more.
    pub drop_after: UnixSeconds,
    /// When it was revoked.
    pub at: UnixSeconds,
    /// Why, in a word.
    pub reason: String,
    /// The revoker's note, possibly empty.
    pub note: String,
}

/// Adds a revocation and marks the grant, if the ledger has it; whether the rid was not refused before. A second revocation of a rid
/// changes nothing but a later `drop_after`.
///
/// # Errors
/// When the ledger cannot be written.
pub fn insert(tx: &Tx<'_>, revocation: &NewRevocation) -> Result<bool, LedgerError> {
    let NewRevocation { rid, service, drop_after, at, reason, note } = revocation;
    let new = tx.change(
        "INSERT OR IGNORE INTO revocation (rid, service, drop_after, at, reason, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![rid.as_bytes(), service, seconds(*drop_after), seconds(*at), reason, note],
    )? > 0;
    if !new {
        tx.change("UPDATE revocation SET drop_after = max(drop_after, ?2) WHERE rid = ?1", params![rid.as_bytes(), seconds(*drop_after)])?;
    }
    tx.change(
        "UPDATE grant SET revoked = ?2, revoked_reason = ?3, revoked_note = ?4 WHERE rid = ?1 AND revoked IS NULL",
        params![rid.as_bytes(), seconds(*at), reason, note],
    )?;
    Ok(new)
}

/// The revocation of this rid itself.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_rid(reading: &Reading<'_>, rid: &Rid) -> Result<Option<Revocation>, LedgerError> {
    reading.row("SELECT * FROM revocation WHERE rid = ?1", [rid.as_bytes()], read)
}

/// The revocations of a service that came after number `seq` (0 for all), in order: what a gateway that knows the earlier ones has to learn.
///
/// # Errors
/// When the ledger cannot be read.
pub fn since(reading: &Reading<'_>, service: ServiceId, seq: u64) -> Result<Vec<Revocation>, LedgerError> {
    reading.list("SELECT * FROM revocation WHERE service = ?1 AND seq > ?2 ORDER BY seq", params![service, sql_count(seq)], read)
}

/// Revocations of a service, or of all, the newest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn page(reading: &Reading<'_>, service: Option<ServiceId>, page: Page) -> Result<Vec<Revocation>, LedgerError> {
    let (limit, offset) = (page.limit, sql_count(page.offset));
    match service {
        Some(service) => {
            reading.list("SELECT * FROM revocation WHERE service = ?1 ORDER BY seq DESC LIMIT ?2 OFFSET ?3", params![service, limit, offset], read)
        }
        None => reading.list("SELECT * FROM revocation ORDER BY seq DESC LIMIT ?1 OFFSET ?2", params![limit, offset], read),
    }
}

/// How many rids a service refuses.
///
/// # Errors
/// When the ledger cannot be read.
pub fn count(reading: &Reading<'_>, service: ServiceId) -> Result<u64, LedgerError> {
    reading.number("SELECT count(*) FROM revocation WHERE service = ?1", [service])
}

/// Drops the revocations whose chains have expired; how many. The grants stay marked.
///
/// # Errors
/// When the ledger cannot be written.
pub fn drop_expired(tx: &Tx<'_>) -> Result<usize, LedgerError> {
    tx.change("DELETE FROM revocation WHERE drop_after <= ?1", [seconds(tx.now())])
}

/// Revokes everything that a service minted before `epoch`. A lower epoch than the one in force changes nothing.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn raise_min_epoch(tx: &Tx<'_>, service: ServiceId, epoch: u32) -> Result<(), LedgerError> {
    tx.change_one("service", "UPDATE service SET min_epoch = max(min_epoch, ?2) WHERE id = ?1", params![service, epoch])
}

fn read(row: &Row<'_>) -> rusqlite::Result<Revocation> {
    Ok(Revocation {
        seq: row.number("seq")?,
        entry: NewRevocation {
            rid: row.rid("rid")?,
            service: row.get("service")?,
            drop_after: row.time("drop_after")?,
            at: row.time("at")?,
            reason: row.get("reason")?,
            note: row.get("note")?,
        },
    })
}
