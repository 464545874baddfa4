//! Everything that a backup holds, one part at a time. In which bytes is for the vault to decide.

use keycap_core::secret::Secret;
use keycap_core::time::UnixSeconds;

use super::facts;
use super::{Failure, Store, StoreError};
use crate::ledger::capability::HeldCapability;
use crate::ledger::card::{Card, NewCard};
use crate::ledger::grant::Grant;
use crate::ledger::key::{Key, NewKey};
use crate::ledger::revocation::Revocation;
use crate::ledger::service::{NewService, Root, Service};
use crate::ledger::{Page, Reading, Tx, audit, capability, card, grant, key, meta, revocation, secret, service};
use crate::secrets::{NewSecret, SecretId, SecretKind};

/// A part of a backup. Gateways, their sessions and their receipts are not in it: they are about processes of this machine.
#[derive(Debug)]
#[non_exhaustive]
pub enum Item {
    /// A secret.
    Secret(NewSecret),
    /// Which of the secrets is the key of the audit log.
    AuditKey(SecretId),
    /// A setting's name and value.
    Setting(String, String),
    /// A key.
    Key(Key),
    /// A key card.
    Card(Card),
    /// A service.
    Service(Service),
    /// The root secret of an epoch.
    Root(Root),
    /// A grant; its parent comes before it.
    Grant(Grant),
    /// A revocation.
    Revocation(Revocation),
    /// A held capability; the one that it derives its chain key from comes before it.
    Capability(HeldCapability),
    /// A row of the audit log, with its MAC.
    Audit(audit::Recorded, [u8; 32]),
    /// Where the audit log ends, as the ledger keeps it.
    AuditHead(Vec<u8>),
}

impl Store {
    /// Hands over everything, in an order in which [`Store::import`] takes it: one snapshot of the ledger, with the secrets.
    ///
    /// # Errors
    /// What `each` returns; [`StoreError::Locked`]; when a secret cannot be read.
    pub fn export<E: From<StoreError>>(&self, mut each: impl FnMut(Item) -> Result<(), E>) -> Result<(), E> {
        self.read(|reading| {
            for row in secret::all(reading).map_err(StoreError::from)? {
                let bytes = self.secret(row.id)?;
                each(Item::Secret(NewSecret { id: row.id, kind: row.kind, label: row.label, bytes }))?;
            }
            export_rows(reading, &mut each)
        })
    }

    /// Takes in everything that [`Store::export`] handed over, with the ids that it had there. The vault must have just been created; its own
    /// audit key and log, which are empty, give way to the backup's.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`]; [`StoreError::IncompleteBackup`]; as [`Store::write`].
    pub fn import(&mut self, now: UnixSeconds, items: Vec<Item>) -> Result<(), StoreError> {
        let mut secrets = Vec::new();
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            if let Item::Secret(secret) = item {
                secrets.push(secret);
            } else {
                rows.push(item);
            }
        }
        let audit = rows.iter().find_map(|item| if let Item::AuditKey(id) = item { Some(*id) } else { None });
        let audit = audit.ok_or(StoreError::IncompleteBackup { what: "it names no audit key" })?;
        let key = secrets.iter().find(|secret| secret.id == audit && secret.kind == SecretKind::Audit);
        key.and_then(|key| Secret::<32>::from_slice(key.bytes.expose())).ok_or(StoreError::IncompleteBackup { what: "it has no audit key" })?;

        self.write(now, secrets, |tx| {
            refuse_used(tx)?;
            let (own, _) = facts::audit_secret(tx)?;
            facts::set_audit_secret(tx, audit)?;
            secret::remove(tx, own)?;
            rows.into_iter().try_for_each(|item| import_row(tx, item))
        })
    }
}

fn export_rows<E: From<StoreError>>(reading: &Reading<'_>, each: &mut impl FnMut(Item) -> Result<(), E>) -> Result<(), E> {
    let fail = StoreError::from;
    let (audit, _) = facts::audit_secret(reading).map_err(fail)?;
    each(Item::AuditKey(audit))?;
    for (name, value) in meta::all(reading).map_err(fail)? {
        each(Item::Setting(name, value))?;
    }
    for key in key::page(reading, None, Page::all()).map_err(fail)? {
        each(Item::Key(key))?;
    }
    for card in card::page(reading, None, Page::all()).map_err(fail)? {
        each(Item::Card(card))?;
    }
    for service in service::page(reading, None, Page::all()).map_err(fail)? {
        let roots = service::roots(reading, service.id).map_err(fail)?;
        let revocations = revocation::since(reading, service.id, 0).map_err(fail)?;
        each(Item::Service(service))?;
        roots.into_iter().try_for_each(|root| each(Item::Root(root)))?;
        revocations.into_iter().try_for_each(|revocation| each(Item::Revocation(revocation)))?;
    }
    reading
        .each("SELECT * FROM grant ORDER BY seq", (), grant::read, |grant| each(Item::Grant(grant)).map_err(Failure::Caller))
        .map_err(Failure::into_caller)?;
    reading
        .each("SELECT * FROM capability ORDER BY id", (), capability::read, |held| each(Item::Capability(held)).map_err(Failure::Caller))
        .map_err(Failure::into_caller)?;
    audit::each(reading, |recorded, mac| each(Item::Audit(recorded, mac)).map_err(Failure::Caller)).map_err(Failure::into_caller)?;
    match audit::stored(reading).map_err(fail)? {
        Some(head) => each(Item::AuditHead(head)),
        None => Ok(()),
    }
}

fn import_row(tx: &Tx<'_>, item: Item) -> Result<(), StoreError> {
    match item {
        // Both are dealt with before the rows.
        Item::Secret(_) | Item::AuditKey(_) => {}
        Item::Setting(name, value) => meta::set_text(tx, &name, Some(&value))?,
        Item::Key(Key { id, name, noise, age, secret, note, created }) => {
            key::insert_as(tx, Some(id), &NewKey { name, noise, age, secret, note, created })?;
        }
        Item::Card(Card { id, name, noise, age, verified, note, created }) => {
            card::insert_as(tx, Some(id), &NewCard { name, noise, age, verified, note, created })?;
        }
        Item::Service(Service { id, name, public, secret, terms, note, created }) => {
            service::insert_as(tx, Some(id), &NewService { name, public, secret, terms, note, created })?;
        }
        Item::Root(root) => service::insert_root(tx, &root)?,
        Item::Grant(grant) => grant::restore(tx, &grant)?,
        Item::Revocation(revocation) => {
            revocation::insert(tx, &revocation.entry)?;
        }
        Item::Capability(HeldCapability { id, held }) => {
            capability::insert_as(tx, Some(id), &held)?;
        }
        Item::Audit(recorded, mac) => audit::restore(tx, &recorded, &mac)?,
        Item::AuditHead(head) => audit::restore_head(tx, &head)?,
    }
    Ok(())
}

/// Only a vault in which nothing has been done yet takes in a backup.
fn refuse_used(reading: &Reading<'_>) -> Result<(), StoreError> {
    let used = reading.number(
        "SELECT EXISTS (SELECT 1 FROM key) OR EXISTS (SELECT 1 FROM card) OR EXISTS (SELECT 1 FROM service)
             OR EXISTS (SELECT 1 FROM capability) OR EXISTS (SELECT 1 FROM audit)",
        (),
    )?;
    if used == 0 { Ok(()) } else { Err(StoreError::NotEmpty) }
}
