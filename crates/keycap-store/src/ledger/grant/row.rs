//! One grant.

use keycap_core::chain::Rid;
use keycap_core::key::PublicKey;
use keycap_core::time::UnixSeconds;
use rusqlite::{Row, params};

use crate::ledger::column::{Columns, seconds, unreadable};
use crate::ledger::id::ServiceId;
use crate::ledger::{LedgerError, Tx};

/// The service's record of a capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The revocation id of its last block.
    pub rid: Rid,
    /// The service.
    pub service: ServiceId,
    /// The grant that it was delegated from; `None` if the service minted it.
    pub parent: Option<Rid>,
    /// Whom it is for, or what the gateway called a delegation that it met.
    pub name: String,
    /// The block that it added to its parent's chain.
    pub link: Link,
    /// Its use so far.
    pub usage: Usage,
    /// Since when it is revoked itself; a parent's revocation does not show here: see [`super::revoked_by`].
    pub revoked: Option<Revoked>,
}

/// A grant to be added, not used and not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGrant {
    /// The revocation id of its last block.
    pub rid: Rid,
    /// The service.
    pub service: ServiceId,
    /// The grant that it was delegated from, which must be in the ledger; `None` if the service minted it.
    pub parent: Option<Rid>,
    /// Whom it is for.
    pub name: String,
    /// The block that it adds to its parent's chain.
    pub link: Link,
}

/// A grant's last block, and what follows from its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The encoded block.
    pub block: Vec<u8>,
    /// The epoch of the chain's root secret.
    pub epoch: u32,
    /// The holder that the chain requires; `None` for bearer capabilities.
    pub holder: Option<PublicKey>,
    /// When it was minted, shared or met.
    pub created: UnixSeconds,
    /// The least expiry of its chain; `None` if it has none.
    pub expires: Option<UnixSeconds>,
    /// How it came into the ledger.
    pub origin: Origin,
    /// When it was first handed over from here.
    pub shared: Option<UnixSeconds>,
}

/// How a grant came into the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Minted here.
    Minted,
    /// Added here to a minted one, so that what was shared has a rid of its own.
    Shared,
    /// Delegated elsewhere; a gateway met it.
    Met,
}

impl Origin {
    /// `minted`, `shared` or `met`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minted => "minted",
            Self::Shared => "shared",
            Self::Met => "met",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Minted, Self::Shared, Self::Met].into_iter().find(|origin| origin.as_str() == text)
    }
}

/// A grant's use at the gateways.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// When it was first used.
    pub first: Option<UnixSeconds>,
    /// When it was last used.
    pub last: Option<UnixSeconds>,
    /// From where it was last used.
    pub from: Option<String>,
    /// How many sessions it opened.
    pub uses: u64,
}

/// A grant's revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// When.
    pub at: UnixSeconds,
    /// Why, in a word.
    pub reason: String,
    /// The revoker's note, possibly empty.
    pub note: String,
}

pub(super) fn insert(tx: &Tx<'_>, verb: &str, grant: &NewGrant) -> Result<usize, LedgerError> {
    let NewGrant { rid, service, parent, name, link } = grant;
    tx.change(
        &format!(
            "{verb} INTO grant (rid, service, parent, name, block, epoch, holder, created, expires, origin, shared, uses)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0)"
        ),
        params![
            rid.as_bytes(),
            service,
            parent.as_ref().map(Rid::as_bytes),
            name,
            link.block,
            link.epoch,
            link.holder.as_ref().map(PublicKey::as_bytes),
            seconds(link.created),
            link.expires.map(seconds),
            link.origin.as_str(),
            link.shared.map(seconds)
        ],
    )
}

/// Adds a grant of a backup, with what has happened to it.
pub(crate) fn restore(tx: &Tx<'_>, grant: &Grant) -> Result<(), LedgerError> {
    let Grant { rid, service, parent, name, link, .. } = grant.clone();
    insert(tx, "INSERT", &NewGrant { rid, service, parent, name, link })?;
    let revoked = grant.revoked.as_ref();
    tx.change_one(
        "grant",
        "UPDATE grant SET first_used = ?2, last_used = ?3, last_from = ?4, uses = ?5, revoked = ?6, revoked_reason = ?7, revoked_note = ?8
         WHERE rid = ?1",
        params![
            grant.rid.as_bytes(),
            grant.usage.first.map(seconds),
            grant.usage.last.map(seconds),
            grant.usage.from,
            super::sql_count(grant.usage.uses),
            revoked.map(|revoked| seconds(revoked.at)),
            revoked.map(|revoked| &revoked.reason),
            revoked.map(|revoked| &revoked.note)
        ],
    )
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Grant> {
    let origin: String = row.get("origin")?;
    let revoked = match row.time_or_null("revoked")? {
        Some(at) => Some(Revoked { at, reason: row.get("revoked_reason")?, note: row.get("revoked_note")? }),
        None => None,
    };
    Ok(Grant {
        rid: row.rid("rid")?,
        service: row.get("service")?,
        parent: row.rid_or_null("parent")?,
        name: row.get("name")?,
        link: Link {
            block: row.get("block")?,
            epoch: row.get("epoch")?,
            holder: row.public_key_or_null("holder")?,
            created: row.time("created")?,
            expires: row.time_or_null("expires")?,
            origin: Origin::parse(&origin).ok_or_else(|| unreadable("origin", "an origin that is not known"))?,
            shared: row.time_or_null("shared")?,
        },
        usage: Usage {
            first: row.time_or_null("first_used")?,
            last: row.time_or_null("last_used")?,
            from: row.get("last_from")?,
            uses: row.number("uses")?,
        },
        revoked,
    })
}
