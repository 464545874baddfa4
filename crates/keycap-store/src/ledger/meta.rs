//! Settings: one value per name.

use rusqlite::params;
use rusqlite::types::FromSql;

use super::{LedgerError, Reading, Tx};

/// Names of this crate, which others cannot set.
const RESERVED: &str = "store.";

/// A setting.
///
/// # Errors
/// When the ledger cannot be read.
pub fn text(reading: &Reading<'_>, name: &str) -> Result<Option<String>, LedgerError> {
    value(reading, name)
}

/// Sets, or with `None` removes, a setting.
///
/// # Errors
/// [`LedgerError::ReservedName`] if the name begins with `store.`; when the ledger cannot be written.
pub fn set_text(tx: &Tx<'_>, name: &str, value: Option<&str>) -> Result<(), LedgerError> {
    if name.starts_with(RESERVED) {
        return Err(LedgerError::ReservedName { name: name.to_owned() });
    }
    set_value(tx, name, value)
}

/// All settings but this crate's own, by name.
///
/// # Errors
/// When the ledger cannot be read.
pub fn all(reading: &Reading<'_>) -> Result<Vec<(String, String)>, LedgerError> {
    reading.list("SELECT name, value FROM meta WHERE name NOT GLOB 'store.*' ORDER BY name", (), |row| Ok((row.get(0)?, row.get(1)?)))
}

pub(crate) fn value<T: FromSql>(reading: &Reading<'_>, name: &str) -> Result<Option<T>, LedgerError> {
    reading.row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
}

pub(crate) fn set_value(tx: &Tx<'_>, name: &str, value: Option<impl rusqlite::ToSql>) -> Result<(), LedgerError> {
    match value {
        Some(value) => {
            tx.change("INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", params![name, value])?
        }
        None => tx.change("DELETE FROM meta WHERE name = ?1", [name])?,
    };
    Ok(())
}
