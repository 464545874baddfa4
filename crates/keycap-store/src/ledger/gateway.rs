//! Gateways that ran, or run, from the vault.

use keycap_core::time::UnixSeconds;
use rusqlite::{Row, params};

use super::column::{Columns, count as sql_count, seconds, texts};
use super::id::{GatewayId, ServiceId};
use super::{LedgerError, Page, Reading, Tx};

/// One run of a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Its number.
    pub id: GatewayId,
    /// What it was started as.
    pub run: NewGateway,
    /// The number of the newest revocation of its service that was in the ledger when it started, 0 if there was none: it refused that
    /// one, and those before it, from the beginning.
    pub known: u64,
    /// When it was last heard of.
    pub heartbeat: UnixSeconds,
    /// When it stopped; `None` while it runs, or if it died without a word.
    pub stopped: Option<UnixSeconds>,
}

/// A gateway that is starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGateway {
    /// The service that it serves.
    pub service: ServiceId,
    /// Its process number.
    pub pid: u32,
    /// The name of the machine it runs on.
    pub host: String,
    /// Where it listens.
    pub listen: String,
    /// What it forwards to.
    pub upstreams: Vec<String>,
    /// When it was started.
    pub started: UnixSeconds,
}

/// Adds a gateway, heard of when it was started. It has to read the revocations before it lets anybody in.
///
/// # Errors
/// [`LedgerError::StillUsed`] if there is no such service; when the ledger cannot be written.
pub fn insert(tx: &Tx<'_>, gateway: &NewGateway) -> Result<GatewayId, LedgerError> {
    let NewGateway { service, pid, host, listen, upstreams, started } = gateway;
    tx.insert(
        "INSERT INTO gateway (service, pid, host, listen, upstreams, started, heartbeat, known)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, (SELECT coalesce(max(seq), 0) FROM revocation WHERE service = ?1))",
        params![service, pid, host, listen, texts(upstreams), seconds(*started)],
    )
    .map(GatewayId::new)
}

/// Notes that a gateway still runs.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn heartbeat(tx: &Tx<'_>, id: GatewayId, at: UnixSeconds) -> Result<(), LedgerError> {
    tx.change_one("gateway", "UPDATE gateway SET heartbeat = ?2 WHERE id = ?1", params![id, seconds(at)])
}

/// Notes that a gateway has stopped.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn stop(tx: &Tx<'_>, id: GatewayId, at: UnixSeconds) -> Result<(), LedgerError> {
    tx.change_one("gateway", "UPDATE gateway SET stopped = ?2, heartbeat = max(heartbeat, ?2) WHERE id = ?1", params![id, seconds(at)])
}

/// The gateway with this number.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_id(reading: &Reading<'_>, id: GatewayId) -> Result<Option<Gateway>, LedgerError> {
    reading.row("SELECT * FROM gateway WHERE id = ?1", [id], read)
}

/// Gateways that ran or run, the newest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn page(reading: &Reading<'_>, page: Page) -> Result<Vec<Gateway>, LedgerError> {
    reading.list("SELECT * FROM gateway ORDER BY id DESC LIMIT ?1 OFFSET ?2", params![page.limit, sql_count(page.offset)], read)
}

/// Gateways of a service, or of all, that have not stopped and were heard of at `heard_since` or later.
///
/// # Errors
/// When the ledger cannot be read.
pub fn running(reading: &Reading<'_>, service: Option<ServiceId>, heard_since: UnixSeconds) -> Result<Vec<Gateway>, LedgerError> {
    reading.list(
        "SELECT * FROM gateway WHERE stopped IS NULL AND heartbeat >= ?2 AND (?1 IS NULL OR service = ?1) ORDER BY id",
        params![service, seconds(heard_since)],
        read,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<Gateway> {
    Ok(Gateway {
        id: row.get("id")?,
        known: row.number("known")?,
        run: NewGateway {
            service: row.get("service")?,
            pid: row.get("pid")?,
            host: row.get("host")?,
            listen: row.get("listen")?,
            upstreams: row.texts("upstreams")?,
            started: row.time("started")?,
        },
        heartbeat: row.time("heartbeat")?,
        stopped: row.time_or_null("stopped")?,
    })
}
