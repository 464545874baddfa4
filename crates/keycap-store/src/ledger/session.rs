//! Sessions at the gateways: who is connected, with what, since when, and why it ended.

use keycap_core::chain::Rid;
use keycap_core::key::PublicKey;
use keycap_core::time::UnixSeconds;
use rusqlite::{Row, params};

use super::column::{Columns, count as sql_count, seconds, unreadable};
use super::id::{GatewayId, ServiceId};
use super::{LedgerError, Page, Reading, Tx};

/// One session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The gateway that has it.
    pub gateway: GatewayId,
    /// Its number at that gateway, which the gateway chose.
    pub id: u64,
    /// The rids of its chain, the grant's first; at least one.
    pub rids: Vec<Rid>,
    /// Who is at the other end.
    pub peer: Peer,
    /// How it was set up.
    pub handshake: Handshake,
    /// What it has been used for.
    pub activity: Activity,
    /// How it ended; `None` while it lives.
    pub end: Option<End>,
}

/// The other end of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The holder key that it proved; `None` for bearer capabilities.
    pub holder: Option<PublicKey>,
    /// Its address.
    pub from: String,
}

/// How a session was set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake {
    /// The number of the Noise pattern.
    pub pattern: u8,
    /// The number of the suite.
    pub suite: u8,
    /// When it was confirmed.
    pub opened: UnixSeconds,
}

/// What a session has been used for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// How many streams it has opened.
    pub streams: u64,
    /// The target of the last one.
    pub target: Option<String>,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: UnixSeconds,
    /// Why, in a word.
    pub reason: String,
}

/// Adds sessions.
///
/// # Errors
/// [`LedgerError::Taken`] for a number that the gateway has used; when the ledger cannot be written.
pub fn insert(tx: &Tx<'_>, sessions: &[Session]) -> Result<(), LedgerError> {
    for session in sessions {
        tx.change(
            "INSERT INTO session
                 (gateway, id, rids, holder, from_address, pattern, suite, opened, streams, target, closed, close_reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                session.gateway,
                sql_count(session.id),
                session.rids.iter().flat_map(Rid::as_bytes).copied().collect::<Vec<u8>>(),
                session.peer.holder.as_ref().map(PublicKey::as_bytes),
                session.peer.from,
                session.handshake.pattern,
                session.handshake.suite,
                seconds(session.handshake.opened),
                sql_count(session.activity.streams),
                session.activity.target,
                session.end.as_ref().map(|end| seconds(end.at)),
                session.end.as_ref().map(|end| &end.reason)
            ],
        )?;
    }
    Ok(())
}

/// Records what a session has been used for.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn update(tx: &Tx<'_>, gateway: GatewayId, id: u64, activity: &Activity) -> Result<(), LedgerError> {
    tx.change_one(
        "session",
        "UPDATE session SET streams = ?3, target = ?4 WHERE gateway = ?1 AND id = ?2",
        params![gateway, sql_count(id), sql_count(activity.streams), activity.target],
    )
}

/// Records a session's end; the first one counts.
///
/// # Errors
/// [`LedgerError::NoSuchRow`] if it is not there or has ended; when the ledger cannot be written.
pub fn close(tx: &Tx<'_>, gateway: GatewayId, id: u64, end: &End) -> Result<(), LedgerError> {
    tx.change_one(
        "live session",
        "UPDATE session SET closed = ?3, close_reason = ?4 WHERE gateway = ?1 AND id = ?2 AND closed IS NULL",
        params![gateway, sql_count(id), seconds(end.at), end.reason],
    )
}

/// Records the end of all live sessions of a gateway, as when it stops or is found dead; how many.
///
/// # Errors
/// When the ledger cannot be written.
pub fn close_all(tx: &Tx<'_>, gateway: GatewayId, end: &End) -> Result<usize, LedgerError> {
    tx.change(
        "UPDATE session SET closed = ?2, close_reason = ?3 WHERE gateway = ?1 AND closed IS NULL",
        params![gateway, seconds(end.at), end.reason],
    )
}

/// Live sessions of a service, or of all, by gateway and number.
///
/// # Errors
/// When the ledger cannot be read.
pub fn live(reading: &Reading<'_>, service: Option<ServiceId>, page: Page) -> Result<Vec<Session>, LedgerError> {
    reading.list(
        "SELECT session.* FROM session INDEXED BY session_live WHERE closed IS NULL
             AND (?1 IS NULL OR gateway IN (SELECT id FROM gateway WHERE service = ?1))
         ORDER BY gateway, id LIMIT ?2 OFFSET ?3",
        params![service, page.limit, sql_count(page.offset)],
        read,
    )
}

/// How many sessions of a service, or of all, are live.
///
/// # Errors
/// When the ledger cannot be read.
pub fn live_count(reading: &Reading<'_>, service: Option<ServiceId>) -> Result<u64, LedgerError> {
    reading.number(
        "SELECT count(*) FROM session INDEXED BY session_live WHERE closed IS NULL
             AND (?1 IS NULL OR gateway IN (SELECT id FROM gateway WHERE service = ?1))",
        [service],
    )
}

/// Live sessions whose chain goes through this rid: those that end when it is revoked.
///
/// # Errors
/// When the ledger cannot be read.
pub fn live_under(reading: &Reading<'_>, rid: &Rid) -> Result<Vec<Session>, LedgerError> {
    // SQLite finds the bytes anywhere; only whole rids count.
    let mut sessions = reading.list(
        "SELECT * FROM session INDEXED BY session_live WHERE closed IS NULL AND instr(rids, ?1) ORDER BY gateway, id",
        [rid.as_bytes()],
        read,
    )?;
    sessions.retain(|session| session.rids.contains(rid));
    Ok(sessions)
}

/// Sessions of a gateway, the newest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn page(reading: &Reading<'_>, gateway: GatewayId, page: Page) -> Result<Vec<Session>, LedgerError> {
    reading.list(
        "SELECT * FROM session WHERE gateway = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3",
        params![gateway, page.limit, sql_count(page.offset)],
        read,
    )
}

/// Forgets sessions that ended before `time`; how many.
///
/// # Errors
/// When the ledger cannot be written.
pub fn drop_closed_before(tx: &Tx<'_>, time: UnixSeconds) -> Result<usize, LedgerError> {
    tx.change("DELETE FROM session WHERE closed < ?1", [seconds(time)])
}

fn read(row: &Row<'_>) -> rusqlite::Result<Session> {
    let rids: Vec<u8> = row.get("rids")?;
    let (rids, rest) = rids.as_chunks::<16>();
    if rids.is_empty() || !rest.is_empty() {
        return Err(unreadable("rids", "no whole number of rids"));
    }
    let end = match row.time_or_null("closed")? {
        Some(at) => Some(End { at, reason: row.get("close_reason")? }),
        None => None,
    };
    Ok(Session {
        gateway: row.get("gateway")?,
        id: row.number("id")?,
        rids: rids.iter().copied().map(Rid::from_bytes).collect(),
        peer: Peer { holder: row.public_key_or_null("holder")?, from: row.get("from_address")? },
        handshake: Handshake { pattern: row.get("pattern")?, suite: row.get("suite")?, opened: row.time("opened")? },
        activity: Activity { streams: row.number("streams")?, target: row.get("target")? },
        end,
    })
}
