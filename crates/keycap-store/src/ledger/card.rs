//! Key cards of other people.

use keycap_core::key::PublicKey;
use keycap_core::time::UnixSeconds;
use rusqlite::{Row, params};

use super::column::{Columns, count as sql_count, seconds};
use super::id::CardId;
use super::{LedgerError, Page, Reading, Tx};

/// Someone else's key card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Its number.
    pub id: CardId,
    /// Its name, unlike that of any other card.
    pub name: String,
    /// The Noise static public key.
    pub noise: PublicKey,
    /// The age X25519 public key.
    pub age: PublicKey,
    /// Whether the owner of this vault has compared the fingerprint with the card's owner.
    pub verified: bool,
    /// A note, possibly empty.
    pub note: String,
    /// When it was taken in.
    pub created: UnixSeconds,
}

/// A card to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCard {
    /// Its name, unlike that of any other card.
    pub name: String,
    /// The Noise static public key.
    pub noise: PublicKey,
    /// The age X25519 public key.
    pub age: PublicKey,
    /// Whether the fingerprint has been compared.
    pub verified: bool,
    /// A note, possibly empty.
    pub note: String,
    /// When it was taken in.
    pub created: UnixSeconds,
}

/// Adds a card.
///
/// # Errors
/// [`LedgerError::Taken`] for a name or key that is there; when the ledger cannot be written.
pub fn insert(tx: &Tx<'_>, card: &NewCard) -> Result<CardId, LedgerError> {
    insert_as(tx, None, card)
}

pub(crate) fn insert_as(tx: &Tx<'_>, id: Option<CardId>, card: &NewCard) -> Result<CardId, LedgerError> {
    tx.insert(
        "INSERT INTO card (id, name, noise, age, verified, note, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![id, card.name, card.noise.as_bytes(), card.age.as_bytes(), card.verified, card.note, seconds(card.created)],
    )
    .map(CardId::new)
}

/// The card with this number.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_id(reading: &Reading<'_>, id: CardId) -> Result<Option<Card>, LedgerError> {
    reading.row("SELECT * FROM card WHERE id = ?1", [id], read)
}

/// The card with this name.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_name(reading: &Reading<'_>, name: &str) -> Result<Option<Card>, LedgerError> {
    reading.row("SELECT * FROM card WHERE name = ?1", [name], read)
}

/// The card with this Noise public key.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_noise(reading: &Reading<'_>, noise: &PublicKey) -> Result<Option<Card>, LedgerError> {
    reading.row("SELECT * FROM card WHERE noise = ?1", [noise.as_bytes()], read)
}

/// Cards by name; only those whose name holds `search`, upper and lower case alike, if there is one.
///
/// # Errors
/// When the ledger cannot be read.
pub fn page(reading: &Reading<'_>, search: Option<&str>, page: Page) -> Result<Vec<Card>, LedgerError> {
    reading.list(
        "SELECT * FROM card WHERE ?1 IS NULL OR instr(lower(name), lower(?1)) ORDER BY name LIMIT ?2 OFFSET ?3",
        params![search, page.limit, sql_count(page.offset)],
        read,
    )
}

/// How many cards there are.
///
/// # Errors
/// When the ledger cannot be read.
pub fn count(reading: &Reading<'_>) -> Result<u64, LedgerError> {
    reading.number("SELECT count(*) FROM card", ())
}

/// Gives a card another name.
///
/// # Errors
/// [`LedgerError::NoSuchRow`], [`LedgerError::Taken`]; when the ledger cannot be written.
pub fn rename(tx: &Tx<'_>, id: CardId, name: &str) -> Result<(), LedgerError> {
    tx.change_one("card", "UPDATE card SET name = ?2 WHERE id = ?1", params![id, name])
}

/// Changes a card's note.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn set_note(tx: &Tx<'_>, id: CardId, note: &str) -> Result<(), LedgerError> {
    tx.change_one("card", "UPDATE card SET note = ?2 WHERE id = ?1", params![id, note])
}

/// Notes whether a card's fingerprint has been compared with its owner.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn set_verified(tx: &Tx<'_>, id: CardId, verified: bool) -> Result<(), LedgerError> {
    tx.change_one("card", "UPDATE card SET verified = ?2 WHERE id = ?1", params![id, verified])
}

/// Removes a card.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn remove(tx: &Tx<'_>, id: CardId) -> Result<(), LedgerError> {
    tx.change_one("card", "DELETE FROM card WHERE id = ?1", [id])
}

fn read(row: &Row<'_>) -> rusqlite::Result<Card> {
    Ok(Card {
        id: row.get("id")?,
        name: row.get("name")?,
        noise: row.public_key("noise")?,
        age: row.public_key("age")?,
        verified: row.get("verified")?,
        note: row.get("note")?,
        created: row.time("created")?,
    })
}
