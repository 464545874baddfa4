//! The audit log: what was done to the vault, chained under a key so that a change by anything else than keycap shows.
//!
//! *Adversary*: someone who can write the ledger's file but does not have the audit key, which is one of the vault's secrets.
//!
//! ```text
//! mac_0 = 32 zero bytes
//! mac_n = HMAC-SHA256(key, "keycap-store 1 audit row" 00 || mac_{n-1} || u64 n || u64 time || 4 × (u64 length || text))
//! head  = u64 n || mac_n || HMAC-SHA256(key, "keycap-store 1 audit head" 00 || u64 n || mac_n)            72 bytes, in `meta`
//! ```
//!
//! The four texts are action, target, result and detail; integers are big-endian. A row is added in the same transaction as the change that
//! it records, and with it the head. [`verify`] finds a row that was edited, dropped, inserted or moved, and a log that was cut off at its
//! end, emptied, or continued without the key.
//!
//! *Not prevented, and not found*: putting back an older copy of the whole file, or an older head together with the log cut off where that
//! head was: both are what keycap itself once wrote. Whoever needs to find that keeps the number and MAC of the head ([`head`]) somewhere
//! else. Whoever has the audit key can write any log.

use std::fmt;

use hmac::{Hmac, Mac};
use keycap_core::secret::Secret;
use keycap_core::time::UnixSeconds;
use rusqlite::{Row, params, params_from_iter, types::Value};
use sha2::Sha256;

use super::column::{Columns, count as sql_count, seconds};
use super::{LedgerError, Page, Reading, Tx, meta};
use crate::label;

/// Where the head is kept.
const HEAD: &str = "store.audit-head";

/// The key under which the log is chained, 32 bytes.
#[derive(Debug)]
pub struct AuditKey(Secret<32>);

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was done.
    pub time: UnixSeconds,
    /// What was done, such as `mint`.
    pub action: String,
    /// To what.
    pub target: String,
    /// With what result, such as `ok`.
    pub result: String,
    /// More about it, as JSON; never a secret.
    pub detail: String,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place, from 1.
    pub seq: u64,
    /// What was recorded.
    pub entry: Entry,
}

/// Which rows to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this action.
    pub action: Option<String>,
    /// Only this target.
    pub target: Option<String>,
    /// Only from this time on.
    pub since: Option<UnixSeconds>,
}

/// Where the log ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last row; 0 if there is none.
    pub seq: u64,
    /// Its MAC; zeros if there is none.
    pub mac: [u8; 32],
}

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// How many rows there are.
    pub rows: u64,
    /// Whether the head is there and was made with the key.
    pub head_ok: bool,
    /// The first thing that is wrong; `None` if the log is whole.
    pub fault: Option<Fault>,
}

/// What is wrong with the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The row with this number is missing: dropped, or cut off at the end.
    Missing {
        /// The number.
        seq: u64,
    },
    /// The row with this number is not what was recorded there: edited, inserted or moved.
    Changed {
        /// The number.
        seq: u64,
    },
    /// The rows from this number on come after the log's end: added without the key.
    BeyondHead {
        /// The first such number.
        seq: u64,
    },
    /// The rows are whole as far as they go, but the head is missing or was not made with the key, so that nobody knows where they should
    /// end.
    Head,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { seq } => write!(f, "row {seq} is missing"),
            Self::Changed { seq } => write!(f, "row {seq} is not what was recorded there"),
            Self::BeyondHead { seq } => write!(f, "row {seq} was added after the log's end"),
            Self::Head => f.write_str("the log's end is not marked as keycap marks it"),
        }
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head(row {})", self.seq)
    }
}

impl AuditKey {
    /// Takes the key's 32 bytes.
    #[must_use]
    pub fn new(key: Secret<32>) -> Self {
        Self(key)
    }

    fn hmac(&self) -> Hmac<Sha256> {
        let mut key = hmac::digest::Key::<Hmac<Sha256>>::default();
        // HMAC pads a key shorter than its block of 64 bytes with zeros.
        if let Some(start) = key.first_chunk_mut::<32>() {
            start.copy_from_slice(self.0.expose());
        }
        let hmac = Hmac::new(&key);
        zeroize::Zeroize::zeroize(key.as_mut_slice());
        hmac
    }

    fn row_mac(&self, before: &[u8; 32], seq: u64, entry: &Entry) -> [u8; 32] {
        let mut mac = self.hmac();
        mac.update(label::AUDIT_ROW);
        mac.update(before);
        mac.update(&seq.to_be_bytes());
        mac.update(&entry.time.as_u64().to_be_bytes());
        for text in [&entry.action, &entry.target, &entry.result, &entry.detail] {
            mac.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(text.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    fn head_mac(&self, head: &Head) -> Hmac<Sha256> {
        let mut mac = self.hmac();
        mac.update(label::AUDIT_HEAD);
        mac.update(&head.seq.to_be_bytes());
        mac.update(&head.mac);
        mac
    }
}

/// Adds a row; its number.
///
/// # Errors
/// [`LedgerError::AuditBroken`] if the log does not end where its head says, or the head was not made with `key`; when the ledger cannot be
/// written.
pub fn append(tx: &Tx<'_>, key: &AuditKey, entry: &Entry) -> Result<u64, LedgerError> {
    let head = checked_head(tx, key)?.ok_or(LedgerError::AuditBroken)?;
    let last = last_row(tx)?;
    if last != head {
        return Err(LedgerError::AuditBroken);
    }
    add(tx, key, &head, entry)
}

/// Adds a row to a log that is broken at its end, so that it can go on. The break stays visible to [`verify`] if rows were changed, dropped or
/// cut off; if only the head was damaged, `entry` alone tells of it.
///
/// # Errors
/// When the ledger cannot be written.
pub fn restart(tx: &Tx<'_>, key: &AuditKey, entry: &Entry) -> Result<u64, LedgerError> {
    let last = last_row(tx)?;
    let claimed = checked_head(tx, key)?.map_or(0, |head| head.seq);
    // Numbers are not given twice: rows that were cut off leave a gap.
    add(tx, key, &Head { seq: last.seq.max(claimed), mac: last.mac }, entry)
}

/// Rows that `filter` lets through, the newest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn page(reading: &Reading<'_>, filter: &Filter, page: Page) -> Result<Vec<Recorded>, LedgerError> {
    let (condition, mut values) = condition(filter);
    values.extend([Value::from(i64::from(page.limit)), Value::from(sql_count(page.offset))]);
    let sql = format!("SELECT * FROM audit WHERE {condition} ORDER BY seq DESC LIMIT ?{} OFFSET ?{}", values.len() - 1, values.len());
    reading.list(&sql, params_from_iter(values), read)
}

/// How many rows `filter` lets through.
///
/// # Errors
/// When the ledger cannot be read.
pub fn count(reading: &Reading<'_>, filter: &Filter) -> Result<u64, LedgerError> {
    let (condition, values) = condition(filter);
    reading.number(&format!("SELECT count(*) FROM audit WHERE {condition}"), params_from_iter(values))
}

/// Where the log ends; `None` if the head is missing or was not made with `key`.
///
/// # Errors
/// When the ledger cannot be read.
pub fn head(reading: &Reading<'_>, key: &AuditKey) -> Result<Option<Head>, LedgerError> {
    checked_head(reading, key)
}

/// Reads the whole log and checks it, one row at a time.
///
/// # Errors
/// When the ledger cannot be read. A log that was tampered with is no error but a [`Fault`].
pub fn verify(reading: &Reading<'_>, key: &AuditKey) -> Result<AuditReport, LedgerError> {
    let head = checked_head(reading, key)?;
    let mut rows = 0;
    let mut last = Head { seq: 0, mac: [0; 32] };
    let mut fault = None;
    reading.each(
        "SELECT * FROM audit ORDER BY seq",
        (),
        // A row that keycap cannot have written does not stop the search for where the trouble begins.
        |row| Ok((row.get::<_, i64>("seq")?, read(row).ok(), row.get::<_, Vec<u8>>("mac")?)),
        |(seq, recorded, mac)| {
            rows += 1;
            if fault.is_none() {
                let expected = last.seq + 1;
                let seq = u64::try_from(seq).unwrap_or(0);
                last.mac = recorded.map_or([0; 32], |recorded| key.row_mac(&last.mac, seq, &recorded.entry));
                last.seq = seq;
                fault = match head {
                    _ if seq < expected => Some(Fault::Changed { seq }),
                    _ if seq > expected => Some(Fault::Missing { seq: expected }),
                    Some(head) if seq > head.seq => Some(Fault::BeyondHead { seq }),
                    _ if mac != last.mac => Some(Fault::Changed { seq }),
                    _ => None,
                };
            }
            Ok::<_, LedgerError>(())
        },
    )?;
    let fault = fault.or(match head {
        None => Some(Fault::Head),
        Some(head) if head.seq > last.seq => Some(Fault::Missing { seq: last.seq + 1 }),
        Some(head) if head.mac != last.mac => Some(Fault::Changed { seq: last.seq }),
        Some(_) => None,
    });
    Ok(AuditReport { rows, head_ok: head.is_some(), fault })
}

/// Marks the end of a log without rows, so that an emptied log is not taken for a new one.
pub(crate) fn begin(tx: &Tx<'_>, key: &AuditKey) -> Result<(), LedgerError> {
    set_head(tx, key, &Head { seq: 0, mac: [0; 32] })
}

/// Puts back a row of a backup as it was, and afterwards the head with [`restore_head`].
pub(crate) fn restore(tx: &Tx<'_>, recorded: &Recorded, mac: &[u8; 32]) -> Result<(), LedgerError> {
    insert(tx, recorded.seq, &recorded.entry, mac)
}

/// Puts back the head of a backup: the bytes that [`stored`] gave.
pub(crate) fn restore_head(tx: &Tx<'_>, head: &[u8]) -> Result<(), LedgerError> {
    meta::set_value(tx, HEAD, Some(head))
}

/// The head as it is kept, for a backup.
pub(crate) fn stored(reading: &Reading<'_>) -> Result<Option<Vec<u8>>, LedgerError> {
    // Whoever changed it may have changed its type too.
    reading.row("SELECT CAST(value AS BLOB) FROM meta WHERE name = ?1", [HEAD], |row| row.get(0))
}

/// Every row with its MAC, one at a time, for a backup.
pub(crate) fn each<E: From<LedgerError>>(reading: &Reading<'_>, mut each: impl FnMut(Recorded, [u8; 32]) -> Result<(), E>) -> Result<(), E> {
    reading.each("SELECT * FROM audit ORDER BY seq", (), |row| Ok((read(row)?, row.get("mac")?)), |(recorded, mac)| each(recorded, mac))
}

fn add(tx: &Tx<'_>, key: &AuditKey, before: &Head, entry: &Entry) -> Result<u64, LedgerError> {
    let seq = before.seq + 1;
    let mac = key.row_mac(&before.mac, seq, entry);
    insert(tx, seq, entry, &mac)?;
    set_head(tx, key, &Head { seq, mac })?;
    Ok(seq)
}

fn insert(tx: &Tx<'_>, seq: u64, entry: &Entry, mac: &[u8; 32]) -> Result<(), LedgerError> {
    tx.change(
        "INSERT INTO audit (seq, time, action, target, result, detail, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![sql_count(seq), seconds(entry.time), entry.action, entry.target, entry.result, entry.detail, mac],
    )?;
    Ok(())
}

fn set_head(tx: &Tx<'_>, key: &AuditKey, head: &Head) -> Result<(), LedgerError> {
    let mac = key.head_mac(head).finalize().into_bytes();
    let stored = [head.seq.to_be_bytes().as_slice(), &head.mac, &mac].concat();
    meta::set_value(tx, HEAD, Some(stored))
}

/// The head, if it was made with `key`.
fn checked_head(reading: &Reading<'_>, key: &AuditKey) -> Result<Option<Head>, LedgerError> {
    Ok(stored_head(reading)?.filter(|(head, mac)| key.head_mac(head).verify_slice(mac).is_ok()).map(|(head, _)| head))
}

/// The head and its MAC as they stand in the ledger, whoever wrote them.
fn stored_head(reading: &Reading<'_>) -> Result<Option<(Head, [u8; 32])>, LedgerError> {
    Ok(stored(reading)?.and_then(|bytes| {
        let (seq, rest) = bytes.split_first_chunk::<8>()?;
        let (mac, head_mac) = rest.split_first_chunk::<32>()?;
        Some((Head { seq: u64::from_be_bytes(*seq), mac: *mac }, head_mac.try_into().ok()?))
    }))
}

fn last_row(reading: &Reading<'_>) -> Result<Head, LedgerError> {
    let last =
        reading.row("SELECT seq, mac FROM audit ORDER BY seq DESC LIMIT 1", (), |row| Ok(Head { seq: row.number("seq")?, mac: row.get("mac")? }))?;
    Ok(last.unwrap_or(Head { seq: 0, mac: [0; 32] }))
}

fn condition(filter: &Filter) -> (String, Vec<Value>) {
    let wanted = [
        ("action =", filter.action.clone().map(Value::from)),
        ("target =", filter.target.clone().map(Value::from)),
        ("time >=", filter.since.map(|time| Value::from(seconds(time)))),
    ];
    let mut conditions = vec!["TRUE".to_owned()];
    let mut values = Vec::new();
    for (column, value) in wanted {
        if let Some(value) = value {
            values.push(value);
            conditions.push(format!("{column} ?{}", values.len()));
        }
    }
    (conditions.join(" AND "), values)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Recorded> {
    Ok(Recorded {
        seq: row.number("seq")?,
        entry: Entry {
            time: row.time("time")?,
            action: row.get("action")?,
            target: row.get("target")?,
            result: row.get("result")?,
            detail: row.get("detail")?,
        },
    })
}
