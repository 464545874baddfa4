//! Services, and the root secret of each of their epochs.

use keycap_core::key::PublicKey;
use keycap_core::time::UnixSeconds;
use rusqlite::{Row, params};

use super::column::{Columns, count as sql_count, seconds, texts};
use super::id::ServiceId;
use super::{LedgerError, Page, Reading, Tx, secret};
use crate::secrets::SecretId;

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its number.
    pub id: ServiceId,
    /// Its name, unlike that of any other service.
    pub name: String,
    /// Its static public key.
    pub public: PublicKey,
    /// Its static private key; `None` if only its card is known, so that it cannot be served from here.
    pub secret: Option<SecretId>,
    /// How it takes capabilities.
    pub terms: Terms,
    /// A note, possibly empty.
    pub note: String,
    /// When it was made or taken in.
    pub created: UnixSeconds,
}

/// How a service takes capabilities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The realm that its capabilities may be limited to.
    pub realm: Option<String>,
    /// The epoch in which it mints.
    pub epoch: u32,
    /// The first epoch whose grants it still takes; those minted before are revoked.
    pub min_epoch: u32,
    /// Addresses to reach it at, for its cards and capabilities.
    pub hints: Vec<String>,
}

/// A service to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewService {
    /// Its name, unlike that of any other service.
    pub name: String,
    /// Its static public key.
    pub public: PublicKey,
    /// Its static private key; `None` if only its card is known.
    pub secret: Option<SecretId>,
    /// How it takes capabilities.
    pub terms: Terms,
    /// A note, possibly empty.
    pub note: String,
    /// When it was made or taken in.
    pub created: UnixSeconds,
}

/// The root secret of one epoch of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The service.
    pub service: ServiceId,
    /// The epoch.
    pub epoch: u32,
    /// The root secret.
    pub secret: SecretId,
    /// When it was made.
    pub created: UnixSeconds,
}

/// Adds a service.
///
/// # Errors
/// [`LedgerError::Taken`] for a name or key that is there; when the ledger cannot be written.
pub fn insert(tx: &Tx<'_>, service: &NewService) -> Result<ServiceId, LedgerError> {
    insert_as(tx, None, service)
}

pub(crate) fn insert_as(tx: &Tx<'_>, id: Option<ServiceId>, service: &NewService) -> Result<ServiceId, LedgerError> {
    let NewService { name, public, secret, terms, note, created } = service;
    tx.insert(
        "INSERT INTO service (id, name, public, secret, realm, epoch, min_epoch, hints, note, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            id,
            name,
            public.as_bytes(),
            secret.as_ref().map(SecretId::as_bytes),
            terms.realm,
            terms.epoch,
            terms.min_epoch,
            texts(&terms.hints),
            note,
            seconds(*created)
        ],
    )
    .map(ServiceId::new)
}

/// The service with this number.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_id(reading: &Reading<'_>, id: ServiceId) -> Result<Option<Service>, LedgerError> {
    reading.row("SELECT * FROM service WHERE id = ?1", [id], read)
}

/// The service with this name.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_name(reading: &Reading<'_>, name: &str) -> Result<Option<Service>, LedgerError> {
    reading.row("SELECT * FROM service WHERE name = ?1", [name], read)
}

/// The service with this static public key.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_public(reading: &Reading<'_>, public: &PublicKey) -> Result<Option<Service>, LedgerError> {
    reading.row("SELECT * FROM service WHERE public = ?1", [public.as_bytes()], read)
}

/// Services by name; only those whose name holds `search`, upper and lower case alike, if there is one.
///
/// # Errors
/// When the ledger cannot be read.
pub fn page(reading: &Reading<'_>, search: Option<&str>, page: Page) -> Result<Vec<Service>, LedgerError> {
    reading.list(
        "SELECT * FROM service WHERE ?1 IS NULL OR instr(lower(name), lower(?1)) ORDER BY name LIMIT ?2 OFFSET ?3",
        params![search, page.limit, sql_count(page.offset)],
        read,
    )
}

/// How many services there are.
///
/// # Errors
/// When the ledger cannot be read.
pub fn count(reading: &Reading<'_>) -> Result<u64, LedgerError> {
    reading.number("SELECT count(*) FROM service", ())
}

/// Gives a service another name.
///
/// # Errors
/// [`LedgerError::NoSuchRow`], [`LedgerError::Taken`]; when the ledger cannot be written.
pub fn rename(tx: &Tx<'_>, id: ServiceId, name: &str) -> Result<(), LedgerError> {
    tx.change_one("service", "UPDATE service SET name = ?2 WHERE id = ?1", params![id, name])
}

/// Changes a service's note.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn set_note(tx: &Tx<'_>, id: ServiceId, note: &str) -> Result<(), LedgerError> {
    tx.change_one("service", "UPDATE service SET note = ?2 WHERE id = ?1", params![id, note])
}

/// Changes how a service takes capabilities. A higher `min_epoch` revokes everything minted before it.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn set_terms(tx: &Tx<'_>, id: ServiceId, terms: &Terms) -> Result<(), LedgerError> {
    tx.change_one(
        "service",
        "UPDATE service SET realm = ?2, epoch = ?3, min_epoch = ?4, hints = ?5 WHERE id = ?1",
        params![id, terms.realm, terms.epoch, terms.min_epoch, texts(&terms.hints)],
    )
}

/// Turns a service that was known by its card into one that can be served from here.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn set_secret(tx: &Tx<'_>, id: ServiceId, secret: SecretId) -> Result<(), LedgerError> {
    tx.change_one("service without a secret", "UPDATE service SET secret = ?2 WHERE id = ?1 AND secret IS NULL", params![id, secret.as_bytes()])
}

/// Removes a service with its private key, roots, grants, revocations, and what its gateways left. Capabilities held for it stay.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn remove(tx: &Tx<'_>, id: ServiceId) -> Result<(), LedgerError> {
    let service = by_id(tx, id)?.ok_or(LedgerError::NoSuchRow { what: "service" })?;
    for root in roots(tx, id)? {
        remove_root(tx, id, root.epoch)?;
    }
    tx.change("DELETE FROM session WHERE gateway IN (SELECT id FROM gateway WHERE service = ?1)", [id])?;
    tx.change("DELETE FROM receipt WHERE gateway IN (SELECT id FROM gateway WHERE service = ?1)", [id])?;
    tx.change("DELETE FROM gateway WHERE service = ?1", [id])?;
    tx.change("DELETE FROM revocation WHERE service = ?1", [id])?;
    tx.change("DELETE FROM grant WHERE service = ?1", [id])?;
    tx.change("DELETE FROM service WHERE id = ?1", [id])?;
    service.secret.map_or(Ok(()), |secret| secret::remove(tx, secret))
}

/// Adds the root secret of an epoch.
///
/// # Errors
/// [`LedgerError::Taken`] if the epoch has one; when the ledger cannot be written.
pub fn insert_root(tx: &Tx<'_>, root: &Root) -> Result<(), LedgerError> {
    tx.change(
        "INSERT INTO service_root (service, epoch, secret, created) VALUES (?1, ?2, ?3, ?4)",
        params![root.service, root.epoch, root.secret.as_bytes(), seconds(root.created)],
    )?;
    Ok(())
}

/// The roots of a service, the earliest epoch first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn roots(reading: &Reading<'_>, id: ServiceId) -> Result<Vec<Root>, LedgerError> {
    reading.list("SELECT * FROM service_root WHERE service = ?1 ORDER BY epoch", [id], |row| {
        Ok(Root { service: row.get("service")?, epoch: row.get("epoch")?, secret: row.secret_id("secret")?, created: row.time("created")? })
    })
}

/// Removes the root secret of an epoch: whatever was minted in it is dead from then on, without a reason given.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn remove_root(tx: &Tx<'_>, id: ServiceId, epoch: u32) -> Result<(), LedgerError> {
    let root = tx
        .row("SELECT secret FROM service_root WHERE service = ?1 AND epoch = ?2", params![id, epoch], |row| row.secret_id("secret"))?
        .ok_or(LedgerError::NoSuchRow { what: "root" })?;
    tx.change("DELETE FROM service_root WHERE service = ?1 AND epoch = ?2", params![id, epoch])?;
    secret::remove(tx, root)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Service> {
    Ok(Service {
        id: row.get("id")?,
        name: row.get("name")?,
        public: row.public_key("public")?,
        secret: row.secret_id_or_null("secret")?,
        terms: Terms { realm: row.get("realm")?, epoch: row.get("epoch")?, min_epoch: row.get("min_epoch")?, hints: row.texts("hints")? },
        note: row.get("note")?,
        created: row.time("created")?,
    })
}
