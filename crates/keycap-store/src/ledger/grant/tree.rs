//! Who was given what by whom: grants and the delegations below them. A chain has at most 16 blocks, and so the tree as many levels.

use keycap_core::chain::Rid;
use rusqlite::params;

use super::row::{Grant, read};
use crate::ledger::column::{Columns, count as sql_count};
use crate::ledger::{LedgerError, Page, Reading};

/// A grant within the tree below another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descendant {
    /// How many levels below: 0 for the grant that was asked for, 1 for its children.
    pub depth: u32,
    /// The grant.
    pub grant: Grant,
}

/// What was delegated directly from a grant, the newest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn children(reading: &Reading<'_>, rid: &Rid, page: Page) -> Result<Vec<Grant>, LedgerError> {
    reading.list(
        "SELECT * FROM grant WHERE parent = ?1 ORDER BY seq DESC LIMIT ?2 OFFSET ?3",
        params![rid.as_bytes(), page.limit, sql_count(page.offset)],
        read,
    )
}

/// How many delegations a grant has directly below it.
///
/// # Errors
/// When the ledger cannot be read.
pub fn child_count(reading: &Reading<'_>, rid: &Rid) -> Result<u64, LedgerError> {
    reading.number("SELECT count(*) FROM grant WHERE parent = ?1", [rid.as_bytes()])
}

/// A grant and everything below it, in the order in which a tree is drawn: each grant before its children, siblings the newest first.
/// Empty if there is no such grant.
///
/// # Errors
/// When the ledger cannot be read.
pub fn subtree(reading: &Reading<'_>, rid: &Rid, page: Page) -> Result<Vec<Descendant>, LedgerError> {
    // The queue's order makes the walk go down before it goes on.
    reading.list(
        "WITH RECURSIVE below (seq, rid, depth) AS (
             SELECT seq, rid, 0 FROM grant WHERE rid = ?1
             UNION ALL
             SELECT grant.seq, grant.rid, below.depth + 1 FROM below JOIN grant ON grant.parent = below.rid
             ORDER BY 3 DESC, 1 DESC
         )
         SELECT below.depth, grant.* FROM below CROSS JOIN grant ON grant.seq = below.seq LIMIT ?2 OFFSET ?3",
        params![rid.as_bytes(), page.limit, sql_count(page.offset)],
        |row| Ok(Descendant { depth: row.get("depth")?, grant: read(row)? }),
    )
}

/// How many grants the subtree has, the grant itself included; 0 if there is no such grant.
///
/// # Errors
/// When the ledger cannot be read.
pub fn subtree_size(reading: &Reading<'_>, rid: &Rid) -> Result<u64, LedgerError> {
    reading.number(
        "WITH RECURSIVE below (rid) AS (
             SELECT rid FROM grant WHERE rid = ?1
             UNION ALL
             SELECT grant.rid FROM below JOIN grant ON grant.parent = below.rid
         )
         SELECT count(*) FROM below",
        [rid.as_bytes()],
    )
}

/// The grants above a grant, the nearest first and the minted one last.
///
/// # Errors
/// When the ledger cannot be read.
pub fn ancestors(reading: &Reading<'_>, rid: &Rid) -> Result<Vec<Grant>, LedgerError> {
    reading.list(
        "WITH RECURSIVE above (rid, distance) AS (
             SELECT parent, 1 FROM grant WHERE rid = ?1 AND parent IS NOT NULL
             UNION ALL
             SELECT grant.parent, above.distance + 1 FROM above JOIN grant ON grant.rid = above.rid WHERE grant.parent IS NOT NULL
         )
         SELECT grant.* FROM above JOIN grant ON grant.rid = above.rid ORDER BY above.distance",
        [rid.as_bytes()],
        read,
    )
}

/// The revoked grant by which a grant is dead: itself, or else the nearest one above; `None` if none of them is revoked. A service's
/// `min_epoch` does not count here.
///
/// # Errors
/// When the ledger cannot be read.
pub fn revoked_by(reading: &Reading<'_>, rid: &Rid) -> Result<Option<Rid>, LedgerError> {
    reading.row(
        "WITH RECURSIVE upwards (rid, parent, revoked, distance) AS (
             SELECT rid, parent, revoked, 0 FROM grant WHERE rid = ?1
             UNION ALL
             SELECT grant.rid, grant.parent, grant.revoked, upwards.distance + 1
             FROM upwards JOIN grant ON grant.rid = upwards.parent WHERE upwards.revoked IS NULL
         )
         SELECT rid FROM upwards WHERE revoked IS NOT NULL ORDER BY distance LIMIT 1",
        [rid.as_bytes()],
        |row| row.rid("rid"),
    )
}
