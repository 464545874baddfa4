//! Capabilities held: what others gave to the vault's owner, and what the owner made of it.

use keycap_core::key::PublicKey;
use keycap_core::time::UnixSeconds;
use rusqlite::{Row, params};

use super::column::{Columns, count as sql_count, seconds, texts, unreadable};
use super::id::CapabilityId;
use super::{LedgerError, Page, Reading, Tx, secret};
use crate::secrets::SecretId;

/// A capability that the vault holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldCapability {
    /// Its number.
    pub id: CapabilityId,
    /// What it is.
    pub held: NewCapability,
}

/// A capability to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCapability {
    /// Its name, unlike that of any other held capability.
    pub name: String,
    /// The service that it lets one reach.
    pub service: ServiceHint,
    /// The encoded chain.
    pub chain: Vec<u8>,
    /// Where its chain key is.
    pub key: ChainKeySource,
    /// The Noise key of the holder it is bound to; `None` for bearer capabilities.
    pub holder: Option<PublicKey>,
    /// How to get to the service.
    pub reach: Reach,
    /// The least expiry of its chain; `None` if it has none.
    pub expires: Option<UnixSeconds>,
    /// When it was taken in, or made, and a note.
    pub record: Record,
}

/// The service of a held capability, as far as the holder knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceHint {
    /// Its static public key.
    pub public: PublicKey,
    /// What the giver called it.
    pub name: Option<String>,
}

/// Where the chain key of a held capability is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainKeySource {
    /// A secret of its own.
    Secret(SecretId),
    /// It follows from the chain key of this capability, whose chain is a beginning of this one's.
    DerivedFrom(CapabilityId),
}

/// How to get to the service of a held capability.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Addresses that came with the capability.
    pub hints: Vec<String>,
    /// The address that the holder set, which goes before the hints.
    pub gateway: Option<String>,
}

/// What the holder noted about a capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When it was taken in, or made.
    pub added: UnixSeconds,
    /// A note, possibly empty.
    pub note: String,
}

/// Adds a capability.
///
/// # Errors
/// [`LedgerError::Taken`] for a name or chain that is there; when the ledger cannot be written.
pub fn insert(tx: &Tx<'_>, capability: &NewCapability) -> Result<CapabilityId, LedgerError> {
    insert_as(tx, None, capability)
}

pub(crate) fn insert_as(tx: &Tx<'_>, id: Option<CapabilityId>, capability: &NewCapability) -> Result<CapabilityId, LedgerError> {
    let (parent, secret) = match capability.key {
        ChainKeySource::Secret(secret) => (None, Some(*secret.as_bytes())),
        ChainKeySource::DerivedFrom(parent) => (Some(parent), None),
    };
    tx.insert(
        "INSERT INTO capability
             (id, name, service_public, service_name, chain, parent, secret, holder, hints, gateway, expires, added, note)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            id,
            capability.name,
            capability.service.public.as_bytes(),
            capability.service.name,
            capability.chain,
            parent,
            secret,
            capability.holder.as_ref().map(PublicKey::as_bytes),
            texts(&capability.reach.hints),
            capability.reach.gateway,
            capability.expires.map(seconds),
            seconds(capability.record.added),
            capability.record.note
        ],
    )
    .map(CapabilityId::new)
}

/// The capability with this number.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_id(reading: &Reading<'_>, id: CapabilityId) -> Result<Option<HeldCapability>, LedgerError> {
    reading.row("SELECT * FROM capability WHERE id = ?1", [id], read)
}

/// The capability with this name.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_name(reading: &Reading<'_>, name: &str) -> Result<Option<HeldCapability>, LedgerError> {
    reading.row("SELECT * FROM capability WHERE name = ?1", [name], read)
}

/// The capability with exactly this chain.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_chain(reading: &Reading<'_>, chain: &[u8]) -> Result<Option<HeldCapability>, LedgerError> {
    reading.row("SELECT * FROM capability WHERE chain = ?1", [chain], read)
}

/// The capabilities held for a service, by name.
///
/// # Errors
/// When the ledger cannot be read.
pub fn by_service(reading: &Reading<'_>, public: &PublicKey) -> Result<Vec<HeldCapability>, LedgerError> {
    reading.list("SELECT * FROM capability WHERE service_public = ?1 ORDER BY name", [public.as_bytes()], read)
}

/// Capabilities by name; only those whose name, or service's name, holds `search`, upper and lower case alike, if there is one.
///
/// # Errors
/// When the ledger cannot be read.
pub fn page(reading: &Reading<'_>, search: Option<&str>, page: Page) -> Result<Vec<HeldCapability>, LedgerError> {
    reading.list(
        "SELECT * FROM capability
         WHERE ?1 IS NULL OR instr(lower(name), lower(?1)) OR instr(lower(coalesce(service_name, '')), lower(?1))
         ORDER BY name LIMIT ?2 OFFSET ?3",
        params![search, page.limit, sql_count(page.offset)],
        read,
    )
}

/// How many capabilities are held.
///
/// # Errors
/// When the ledger cannot be read.
pub fn count(reading: &Reading<'_>) -> Result<u64, LedgerError> {
    reading.number("SELECT count(*) FROM capability", ())
}

/// The capabilities whose chain keys follow from this one's, by name.
///
/// # Errors
/// When the ledger cannot be read.
pub fn children(reading: &Reading<'_>, id: CapabilityId) -> Result<Vec<HeldCapability>, LedgerError> {
    reading.list("SELECT * FROM capability WHERE parent = ?1 ORDER BY name", [id], read)
}

/// Gives a capability another name.
///
/// # Errors
/// [`LedgerError::NoSuchRow`], [`LedgerError::Taken`]; when the ledger cannot be written.
pub fn rename(tx: &Tx<'_>, id: CapabilityId, name: &str) -> Result<(), LedgerError> {
    tx.change_one("capability", "UPDATE capability SET name = ?2 WHERE id = ?1", params![id, name])
}

/// Changes a capability's note.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn set_note(tx: &Tx<'_>, id: CapabilityId, note: &str) -> Result<(), LedgerError> {
    tx.change_one("capability", "UPDATE capability SET note = ?2 WHERE id = ?1", params![id, note])
}

/// Sets, or with `None` removes, the address that goes before the hints.
///
/// # Errors
/// [`LedgerError::NoSuchRow`]; when the ledger cannot be written.
pub fn set_gateway(tx: &Tx<'_>, id: CapabilityId, gateway: Option<&str>) -> Result<(), LedgerError> {
    tx.change_one("capability", "UPDATE capability SET gateway = ?2 WHERE id = ?1", params![id, gateway])
}

/// Removes a capability and its secret. One from which others derive their keys must go after them.
///
/// # Errors
/// [`LedgerError::NoSuchRow`], [`LedgerError::StillUsed`]; when the ledger cannot be written.
pub fn remove(tx: &Tx<'_>, id: CapabilityId) -> Result<(), LedgerError> {
    let capability = by_id(tx, id)?.ok_or(LedgerError::NoSuchRow { what: "capability" })?;
    if !children(tx, id)?.is_empty() {
        return Err(LedgerError::StillUsed { what: "the capability" });
    }
    tx.change("DELETE FROM capability WHERE id = ?1", [id])?;
    match capability.held.key {
        ChainKeySource::Secret(secret) => secret::remove(tx, secret),
        ChainKeySource::DerivedFrom(_) => Ok(()),
    }
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<HeldCapability> {
    let key = match (row.secret_id_or_null("secret")?, row.get("parent")?) {
        (Some(secret), None) => ChainKeySource::Secret(secret),
        (None, Some(parent)) => ChainKeySource::DerivedFrom(parent),
        _ => return Err(unreadable("secret", "neither a secret nor a parent")),
    };
    Ok(HeldCapability {
        id: row.get("id")?,
        held: NewCapability {
            name: row.get("name")?,
            service: ServiceHint { public: row.public_key("service_public")?, name: row.get("service_name")? },
            chain: row.get("chain")?,
            key,
            holder: row.public_key_or_null("holder")?,
            reach: Reach { hints: row.texts("hints")?, gateway: row.get("gateway")? },
            expires: row.time_or_null("expires")?,
            record: Record { added: row.time("added")?, note: row.get("note")? },
        },
    })
}
