//! Grants: the service's record of what it minted, and of delegations that its gateways have met.
//!
//! A vault may hold hundreds of thousands of them. Each list here finds its page by an index and reads only that page's rows; a search for
//! three or more characters goes through a trigram index, a shorter one reads the names alone.

mod row;
mod tree;

use keycap_core::chain::Rid;
use keycap_core::key::PublicKey;
use keycap_core::time::UnixSeconds;
use rusqlite::{params, params_from_iter, types::Value};

pub use row::{Grant, Link, NewGrant, Origin, Revoked, Usage};
pub use tree::{Descendant, ancestors, child_count, children, revoked_by, subtree, subtree_size};

use super::column::{count as sql_count, seconds};
use super::id::ServiceId;
use super::{LedgerError, Page, Reading, Tx};
pub(crate) use row::{read, restore};

/// Which grants to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those of this service.
    pub service: Option<ServiceId>,
    /// Only those whose name holds this text, upper and lower case alike.
    pub search: Option<String>,
    /// Only what the service itself minted, without delegations.
    pub roots_only: bool,
}

/// How many grants a service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub all: u64,
    /// Those that the service itself minted.
    pub roots: u64,
    /// Those that are revoked themselves, not by way of a parent.
    pub revoked: u64,
}

/// Uses of a grant since they were last recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The grant.
    pub rid: Rid,
    /// When it was used last.
    pub at: UnixSeconds,
    /// From where it was used last; `None` leaves what is recorded.
    pub from: Option<String>,
    /// How many times.
    pub times: u64,
}

/// Adds a grant.
///
/// # Errors
/// [`LedgerError::Taken`] if the rid is there; [`LedgerError::StillUsed`] if the parent is not; when the ledger cannot be written.
pub fn insert(tx: &Tx<'_>, grant: &NewGrant) -> Result<(), LedgerError> {
    row::insert(tx, "INSERT", grant)?;
    Ok(())
}

/// Adds a grant unless its rid is there; whether it was added.
///
/// # Errors
/// [`LedgerError::StillUsed`] if the parent is not there; when the ledger cannot be written.
pub fn insert_if_new(tx: &Tx<'_>, grant: &NewGrant) -> Result<bool, LedgerError> {
    Ok(row::insert(tx, "INSERT OR IGNORE", grant)? > 0)
}

/// The grant with this rid.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_rid(reading: &Reading<'_>, rid: &Rid) -> Result<Option<Grant>, LedgerError> {
    reading.row("SELECT * FROM grant WHERE rid = ?1", [rid.as_bytes()], read)
}

/// Grants whose rid, in hex, begins with `prefix`; at most `limit`. None if `prefix` is empty, longer than a rid, or no hex.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_rid_prefix(reading: &Reading<'_>, prefix: &str, limit: u32) -> Result<Vec<Grant>, LedgerError> {
    let Some((first, last)) = rid_range(prefix) else {
        return Ok(Vec::new());
    };
    reading.list("SELECT * FROM grant WHERE rid BETWEEN ?1 AND ?2 ORDER BY rid LIMIT ?3", params![first, last, limit], read)
}

/// Grants with exactly this name, the newest first; several may have the same.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_name(reading: &Reading<'_>, service: Option<ServiceId>, name: &str) -> Result<Vec<Grant>, LedgerError> {
    reading.list("SELECT * FROM grant WHERE name = ?1 AND (?2 IS NULL OR service = ?2) ORDER BY seq DESC", params![name, service], read)
}

/// Grants that `filter` lets through, the newest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn page(reading: &Reading<'_>, filter: &Filter, page: Page) -> Result<Vec<Grant>, LedgerError> {
    let (matching, mut values) = matching(filter);
    values.extend([Value::from(i64::from(page.limit)), Value::from(sql_count(page.offset))]);
    let sql = format!(
        "SELECT grant.* FROM ({matching} ORDER BY 1 DESC LIMIT ?{} OFFSET ?{}) AS found JOIN grant ON grant.seq = found.seq
         ORDER BY grant.seq DESC",
        values.len() - 1,
        values.len()
    );
    reading.list(&sql, params_from_iter(values), read)
}

/// How many grants `filter` lets through.
///
/// # Errors
/// When the ledger cannot be read.
pub fn count(reading: &Reading<'_>, filter: &Filter) -> Result<u64, LedgerError> {
    let (matching, values) = matching(filter);
    reading.number(&format!("SELECT count(*) FROM ({matching})"), params_from_iter(values))
}

/// How many grants a service has.
///
/// # Errors
/// When the ledger cannot be read.
pub fn counts(reading: &Reading<'_>, service: ServiceId) -> Result<Counts, LedgerError> {
    Ok(Counts {
        all: reading.number("SELECT count(*) FROM grant INDEXED BY grant_count WHERE service = ?1", [service])?,
        roots: reading.number("SELECT count(*) FROM grant INDEXED BY grant_roots WHERE service = ?1 AND parent IS NULL", [service])?,
        revoked: reading.number("SELECT count(*) FROM grant INDEXED BY grant_revoked WHERE service = ?1 AND revoked IS NOT NULL", [service])?,
    })
}

/// Grants that expire from `from` on and before `until`, and are not revoked themselves; the soonest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn expiring(reading: &Reading<'_>, from: UnixSeconds, until: UnixSeconds, page: Page) -> Result<Vec<Grant>, LedgerError> {
    reading.list(
        "SELECT * FROM grant WHERE expires >= ?1 AND expires < ?2 AND revoked IS NULL ORDER BY expires, seq LIMIT ?3 OFFSET ?4",
        params![seconds(from), seconds(until), page.limit, sql_count(page.offset)],
        read,
    )
}

/// Grants that expire from `from` on and before `until`, were made to last for more than `lasting` seconds and are not revoked themselves; the
/// soonest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn expiring_lasting(reading: &Reading<'_>, from: UnixSeconds, until: UnixSeconds, lasting: u64, page: Page) -> Result<Vec<Grant>, LedgerError> {
    reading.list(
        "SELECT * FROM grant WHERE expires >= ?1 AND expires < ?2 AND expires - created > ?3 AND revoked IS NULL
         ORDER BY expires, seq LIMIT ?4 OFFSET ?5",
        params![seconds(from), seconds(until), sql_count(lasting), page.limit, sql_count(page.offset)],
        read,
    )
}

/// Records uses of grants; those that are not in the ledger are left out. How many were recorded.
///
/// # Errors
/// When the ledger cannot be written.
pub fn record_uses(tx: &Tx<'_>, uses: &[Use]) -> Result<usize, LedgerError> {
    uses.iter().try_fold(0, |recorded, used| {
        let changed = tx.change(
            "UPDATE grant SET
                 first_used = min(coalesce(first_used, ?2), ?2),
                 last_from = CASE WHEN coalesce(last_used, 0) <= ?2 THEN coalesce(?3, last_from) ELSE last_from END,
                 last_used = max(coalesce(last_used, 0), ?2),
                 uses = uses + ?4
             WHERE rid = ?1",
            params![used.rid.as_bytes(), seconds(used.at), used.from, sql_count(used.times)],
        )?;
        Ok(recorded + changed)
    })
}

/// Notes when a grant was first handed over.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn set_shared(tx: &Tx<'_>, rid: &Rid, at: UnixSeconds) -> Result<(), LedgerError> {
    tx.change_one("grant", "UPDATE grant SET shared = coalesce(shared, ?2) WHERE rid = ?1", params![rid.as_bytes(), seconds(at)])
}

/// Gives a grant another name.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn rename(tx: &Tx<'_>, rid: &Rid, name: &str) -> Result<(), LedgerError> {
    tx.change_one("grant", "UPDATE grant SET name = ?2 WHERE rid = ?1", params![rid.as_bytes(), name])
}

/// Grants bound to this holder, the newest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_holder(reading: &Reading<'_>, holder: &PublicKey, page: Page) -> Result<Vec<Grant>, LedgerError> {
    reading.list(
        "SELECT * FROM grant WHERE holder = ?1 ORDER BY seq DESC LIMIT ?2 OFFSET ?3",
        params![holder.as_bytes(), page.limit, sql_count(page.offset)],
        read,
    )
}

/// A query for the `seq` of the grants that `filter` lets through, and its parameters. Each form reads one index from its end, so that the
/// first page costs what the page costs.
fn matching(filter: &Filter) -> (String, Vec<Value>) {
    let mut values = Vec::new();
    let mut conditions = Vec::new();
    let search = filter.search.as_deref().filter(|search| !search.is_empty());
    let trigrams = search.is_some_and(|search| search.chars().count() >= 3 && !search.contains('\0'));
    if let Some(search) = search {
        if trigrams {
            values.push(Value::from(format!("\"{}\"", search.replace('"', "\"\""))));
            conditions.push("grant_text MATCH ?1");
        } else {
            let escaped = search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            values.push(Value::from(format!("%{escaped}%")));
            conditions.push("grant.name LIKE ?1 ESCAPE '\\'");
        }
    }
    if let Some(service) = filter.service {
        values.push(Value::from(service.as_i64()));
        conditions.push(if search.is_some() { "grant.service = ?2" } else { "grant.service = ?1" });
    }
    if filter.roots_only {
        conditions.push("grant.parent IS NULL");
    }
    let from = match (trigrams, search.is_some(), filter.service.is_some(), filter.roots_only) {
        (true, _, false, false) => "grant_text",
        (true, ..) => "grant_text CROSS JOIN grant ON grant.seq = grant_text.rowid",
        (false, _, false, true) => "grant INDEXED BY grant_all_roots",
        (false, _, true, true) => "grant INDEXED BY grant_roots",
        (false, _, true, false) => "grant INDEXED BY grant_by_service",
        (false, true, false, false) => "grant INDEXED BY grant_by_seq",
        (false, false, false, false) => "grant",
    };
    let seq = if trigrams { "grant_text.rowid" } else { "grant.seq" };
    let condition = if conditions.is_empty() { "TRUE".to_owned() } else { conditions.join(" AND ") };
    (format!("SELECT {seq} AS seq FROM {from} WHERE {condition}"), values)
}

/// The least and the greatest rid that begin with these hex digits.
fn rid_range(prefix: &str) -> Option<([u8; 16], [u8; 16])> {
    if prefix.is_empty() || prefix.len() > 32 {
        return None;
    }
    let (mut first, mut last) = ([0x00; 16], [0xff; 16]);
    for (i, digit) in prefix.chars().enumerate() {
        let digit = u8::try_from(digit.to_digit(16)?).ok()?;
        let (low, high) = (first.get_mut(i / 2)?, last.get_mut(i / 2)?);
        if i % 2 == 0 {
            (*low, *high) = (digit << 4, (digit << 4) | 0x0f);
        } else {
            *low |= digit;
            *high = *low;
        }
    }
    Some((first, last))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ledger::Ledger;

    /// Every filter there is a form for.
    fn filters() -> Vec<Filter> {
        let mut filters = Vec::new();
        for service in [None, Some(ServiceId::new(1))] {
            for search in [None, Some("ab"), Some("abc")] {
                for roots_only in [false, true] {
                    filters.push(Filter { service, search: search.map(str::to_owned), roots_only });
                }
            }
        }
        filters
    }

    #[test]
    fn every_page_follows_an_index_and_sorts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(&folder.path().join("ledger.sqlite"), Duration::ZERO).unwrap();
        for filter in filters() {
            let (matching, values) = matching(&filter);
            let plan = ledger
                .read(|reading| {
                    let sql = format!("EXPLAIN QUERY PLAN {matching} ORDER BY 1 DESC LIMIT 50 OFFSET 100");
                    reading.list(&sql, params_from_iter(values), |row| row.get::<_, String>("detail"))
                })
                .unwrap();
            for step in &plan {
                let reads_rows = step.starts_with("SCAN grant") && !step.contains("INDEX") && *step != "SCAN grant_text VIRTUAL TABLE INDEX 0:M1";
                // Without any condition the table itself is in the order that is wanted.
                assert!(!reads_rows || filter == Filter::default(), "{filter:?}: {plan:?}");
                assert!(!step.contains("TEMP B-TREE"), "{filter:?}: {plan:?}");
            }
        }
    }

    #[test]
    fn a_prefix_covers_exactly_the_rids_that_begin_with_it() {
        let of = |prefix| rid_range(prefix).unwrap();
        assert_eq!(of("a"), ([&[0xa0][..], &[0; 15]].concat().try_into().unwrap(), [&[0xaf][..], &[0xff; 15]].concat().try_into().unwrap()));
        assert_eq!(
            of("0aBc"),
            ([&[0x0a, 0xbc][..], &[0; 14]].concat().try_into().unwrap(), [&[0x0a, 0xbc][..], &[0xff; 14]].concat().try_into().unwrap())
        );
        assert_eq!(of("00112233445566778899aabbccddeeff").0, of("00112233445566778899aabbccddeeff").1);
    }
}
