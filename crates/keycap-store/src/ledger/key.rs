//! Key pairs of the vault's owner.

use keycap_core::key::PublicKey;
use keycap_core::time::UnixSeconds;
use rusqlite::{Row, params};

use super::column::{Columns, seconds};
use super::id::KeyId;
use super::{LedgerError, Page, Reading, Tx, secret};
use crate::secrets::SecretId;

/// A key pair of the vault's owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its number.
    pub id: KeyId,
    /// Its name, unlike that of any other key.
    pub name: String,
    /// The Noise static public key.
    pub noise: PublicKey,
    /// The age X25519 public key.
    pub age: PublicKey,
    /// The seed.
    pub secret: SecretId,
    /// The owner's note, possibly empty.
    pub note: String,
    /// When it was made.
    pub created: UnixSeconds,
}

/// A key to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Its name, unlike that of any other key.
    pub name: String,
    /// The Noise static public key.
    pub noise: PublicKey,
    /// The age X25519 public key.
    pub age: PublicKey,
    /// The seed: a secret of this write, or one that is there.
    pub secret: SecretId,
    /// The owner's note, possibly empty.
    pub note: String,
    /// When it was made.
    pub created: UnixSeconds,
}

/// Adds a key.
///
/// # Errors
/// [`LedgerError::Taken`] for a name or key that is there; when the ledger cannot be written.
pub fn insert(tx: &Tx<'_>, key: &NewKey) -> Result<KeyId, LedgerError> {
    insert_as(tx, None, key)
}

pub(crate) fn insert_as(tx: &Tx<'_>, id: Option<KeyId>, key: &NewKey) -> Result<KeyId, LedgerError> {
    tx.insert(
        "INSERT INTO key (id, name, noise, age, secret, note, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![id, key.name, key.noise.as_bytes(), key.age.as_bytes(), key.secret.as_bytes(), key.note, seconds(key.created)],
    )
    .map(KeyId::new)
}

/// The key with this number.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_id(reading: &Reading<'_>, id: KeyId) -> Result<Option<Key>, LedgerError> {
    reading.row("SELECT * FROM key WHERE id = ?1", [id], read)
}

/// The key with this name.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_name(reading: &Reading<'_>, name: &str) -> Result<Option<Key>, LedgerError> {
    reading.row("SELECT * FROM key WHERE name = ?1", [name], read)
}

/// The key with this Noise public key.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_noise(reading: &Reading<'_>, noise: &PublicKey) -> Result<Option<Key>, LedgerError> {
    reading.row("SELECT * FROM key WHERE noise = ?1", [noise.as_bytes()], read)
}

/// Keys by name; only those whose name holds `search`, upper and lower case alike, if there is one.
///
/// # Errors
/// When the ledger cannot be read.
pub fn page(reading: &Reading<'_>, search: Option<&str>, page: Page) -> Result<Vec<Key>, LedgerError> {
    reading.list(
        "SELECT * FROM key WHERE ?1 IS NULL OR instr(lower(name), lower(?1)) ORDER BY name LIMIT ?2 OFFSET ?3",
        params![search, page.limit, super::column::count(page.offset)],
        read,
    )
}

/// How many keys there are.
///
/// # Errors
/// When the ledger cannot be read.
pub fn count(reading: &Reading<'_>) -> Result<u64, LedgerError> {
    reading.number("SELECT count(*) FROM key", ())
}

/// Gives a key another name.
///
/// # Errors
/// [`LedgerError::NoSuchRow`], [`LedgerError::Taken`]; when the ledger cannot be written.
pub fn rename(tx: &Tx<'_>, id: KeyId, name: &str) -> Result<(), LedgerError> {
    tx.change_one("key", "UPDATE key SET name = ?2 WHERE id = ?1", params![id, name])
}

/// Changes a key's note.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn set_note(tx: &Tx<'_>, id: KeyId, note: &str) -> Result<(), LedgerError> {
    tx.change_one("key", "UPDATE key SET note = ?2 WHERE id = ?1", params![id, note])
}

/// Removes a key and its seed.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn remove(tx: &Tx<'_>, id: KeyId) -> Result<(), LedgerError> {
    let key = by_id(tx, id)?.ok_or(LedgerError::NoSuchRow { what: "key" })?;
    tx.change("DELETE FROM key WHERE id = ?1", [id])?;
    secret::remove(tx, key.secret)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        id: row.get("id")?,
        name: row.get("name")?,
        noise: row.public_key("noise")?,
        age: row.public_key("age")?,
        secret: row.secret_id("secret")?,
        note: row.get("note")?,
        created: row.time("created")?,
    })
}
