//! The secrets' rows: which secrets there are, and, when they rest sealed, their sealed bytes.

use keycap_core::time::UnixSeconds;
use rusqlite::{Row, params};

use super::column::{Columns, seconds, unreadable};
use super::{LedgerError, Reading, Tx};
use crate::secrets::{SecretId, SecretKind};

/// A secret that the vault has; the bytes are elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretRow {
    /// Its id.
    pub(crate) id: SecretId,
    /// What it is.
    pub(crate) kind: SecretKind,
    /// What people see in the keyring.
    pub(crate) label: String,
    /// The bytes under the vault key; `None` when they rest in the keyring.
    pub(crate) sealed: Option<Vec<u8>>,
    /// When it was made.
    pub(crate) created: UnixSeconds,
}

pub(crate) fn insert(tx: &Tx<'_>, row: &SecretRow) -> Result<(), LedgerError> {
    tx.change(
        "INSERT INTO secret (id, kind, label, sealed, created) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![row.id.as_bytes(), row.kind.as_str(), row.label, row.sealed, seconds(row.created)],
    )?;
    Ok(())
}

pub(crate) fn by_id(reading: &Reading<'_>, id: SecretId) -> Result<Option<SecretRow>, LedgerError> {
    reading.row("SELECT * FROM secret WHERE id = ?1", [id.as_bytes()], read)
}

/// Every secret, the oldest first.
pub(crate) fn all(reading: &Reading<'_>) -> Result<Vec<SecretRow>, LedgerError> {
    reading.list("SELECT * FROM secret ORDER BY created, id", (), read)
}

pub(crate) fn set_sealed(tx: &Tx<'_>, id: SecretId, sealed: Option<&[u8]>) -> Result<(), LedgerError> {
    tx.change_one("secret", "UPDATE secret SET sealed = ?2 WHERE id = ?1", params![id.as_bytes(), sealed])
}

pub(crate) fn set_label(tx: &Tx<'_>, id: SecretId, label: &str) -> Result<(), LedgerError> {
    tx.change_one("secret", "UPDATE secret SET label = ?2 WHERE id = ?1", params![id.as_bytes(), label])
}

/// Forgets a secret. Its keyring item, if it has one, becomes loose in the same transaction and is deleted after it.
pub(crate) fn remove(tx: &Tx<'_>, id: SecretId) -> Result<(), LedgerError> {
    let row = by_id(tx, id)?.ok_or(LedgerError::NoSuchRow { what: "secret" })?;
    tx.change("DELETE FROM secret WHERE id = ?1", [id.as_bytes()])?;
    if row.sealed.is_none() {
        loosen(tx, id)?;
        tx.note_loosened(id);
    }
    Ok(())
}

/// Notes that the keyring may have an item that belongs to no secret.
pub(crate) fn loosen(tx: &Tx<'_>, id: SecretId) -> Result<(), LedgerError> {
    tx.change("INSERT OR IGNORE INTO loose_item (id, since) VALUES (?1, ?2)", params![id.as_bytes(), seconds(tx.now())])?;
    Ok(())
}

/// Notes that the keyring has no such item any more, or that it belongs to a secret now.
pub(crate) fn fasten(tx: &Tx<'_>, id: SecretId) -> Result<(), LedgerError> {
    tx.change("DELETE FROM loose_item WHERE id = ?1", [id.as_bytes()])?;
    Ok(())
}

/// The loose items, the oldest first.
pub(crate) fn loose(reading: &Reading<'_>) -> Result<Vec<SecretId>, LedgerError> {
    reading.list("SELECT id FROM loose_item ORDER BY since, id", (), |row| row.secret_id("id"))
}

/// Secrets that nothing refers to. keycap never leaves one.
pub(crate) fn unowned(reading: &Reading<'_>, but: SecretId) -> Result<Vec<SecretRow>, LedgerError> {
    reading.list(
        "SELECT * FROM secret WHERE id <> ?1
             AND id NOT IN (SELECT secret FROM key)
             AND id NOT IN (SELECT secret FROM service WHERE secret IS NOT NULL)
             AND id NOT IN (SELECT secret FROM service_root)
             AND id NOT IN (SELECT secret FROM capability WHERE secret IS NOT NULL)
         ORDER BY created, id",
        [but.as_bytes()],
        read,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<SecretRow> {
    let kind: String = row.get("kind")?;
    Ok(SecretRow {
        id: row.secret_id("id")?,
        kind: SecretKind::parse(&kind).ok_or_else(|| unreadable("kind", "a kind of secret that is not known"))?,
        label: row.get("label")?,
        sealed: row.get("sealed")?,
        created: row.time("created")?,
    })
}
