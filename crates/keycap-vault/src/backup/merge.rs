//! Taking the things of a backup into a vault that has things of its own.

use std::collections::{BTreeMap, BTreeSet};

use keycap_core::time::UnixSeconds;
use keycap_store::Item;
use keycap_store::ledger::capability::{self, ChainKeySource, HeldCapability};
use keycap_store::ledger::card::{self, Card, NewCard};
use keycap_store::ledger::grant::{self, Grant, NewGrant, Use};
use keycap_store::ledger::id::{CapabilityId, ServiceId};
use keycap_store::ledger::key::{self, Key, NewKey};
use keycap_store::ledger::revocation::{self, NewRevocation, Revocation};
use keycap_store::ledger::service::{self, NewService, Root, Service, Terms};
use keycap_store::ledger::{Reading, Tx, meta};
use keycap_store::secrets::SecretId;

use super::diff::{Fate, Step};
use crate::error::VaultError;
use crate::view::DiffLine;

/// What is done with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// It is added.
    Insert,
    /// What the vault has of it is changed to what the backup says.
    Update,
    /// The vault's own stays as it is.
    Leave,
    /// It stays out, since the vault has something else in its place, or what it belongs to stays out.
    Skip,
}

/// What is done with each thing of a backup.
pub(super) struct Merge<'a> {
    items: &'a [Item],
    acts: BTreeMap<usize, Act>,
    /// The secrets that come with what is added.
    pub(super) secrets: BTreeSet<SecretId>,
    /// What stays out with something else, as `grant` and so on.
    pub(super) skipped: Vec<DiffLine>,
}

/// The numbers that things of the backup have in the vault.
#[derive(Default)]
struct Numbers {
    services: BTreeMap<ServiceId, ServiceId>,
    capabilities: BTreeMap<CapabilityId, CapabilityId>,
}

impl<'a> Merge<'a> {
    /// Decides; conflicts are settled in the backup's favour where `replaces` says so.
    pub(super) fn new(items: &'a [Item], steps: &[Step], replaces: impl Fn(&DiffLine) -> bool) -> Self {
        let mut merge = Self { items, acts: BTreeMap::new(), secrets: BTreeSet::new(), skipped: Vec::new() };
        let mut services_out = BTreeSet::new();
        let mut capabilities_out = BTreeSet::new();
        for step in steps {
            let Some(item) = items.get(step.item) else { continue };
            let mut act = match step.fate {
                Fate::Add => Act::Insert,
                Fate::Keep | Fate::Stuck => Act::Leave,
                Fate::Update if replaces(&step.line) => Act::Update,
                Fate::Update => Act::Leave,
                Fate::MakeRoom if replaces(&step.line) => Act::Insert,
                Fate::MakeRoom => Act::Skip,
            };
            if act == Act::Insert && belongs_to_one_of(item, &services_out, &capabilities_out) {
                act = Act::Skip;
                merge.skipped.push(step.line.clone());
            }
            match (act, item) {
                (Act::Skip, Item::Service(row)) => drop(services_out.insert(row.id)),
                (Act::Skip, Item::Capability(row)) => drop(capabilities_out.insert(row.id)),
                (Act::Insert | Act::Update, _) => merge.secrets.extend(needed(step, item, act)),
                _ => {}
            }
            merge.acts.insert(step.item, act);
        }
        merge
    }

    /// Does it, within a transaction. Secrets of the vault whose labels are out of date now, with their new names.
    pub(super) fn carry_out(&self, tx: &Tx<'_>) -> Result<Vec<(SecretId, String)>, VaultError> {
        let mut numbers = Numbers::default();
        let mut renamed = Vec::new();
        for (place, item) in self.items.iter().enumerate() {
            let act = self.acts.get(&place).copied().unwrap_or(Act::Skip);
            match item {
                Item::Key(row) => take_key(tx, row, act, &mut renamed)?,
                Item::Card(row) => take_card(tx, row, act, &mut renamed)?,
                // A group: other settings have no step, and so no act.
                Item::Setting(name, value) if matches!(act, Act::Insert | Act::Update) => meta::set_text(tx, name, Some(value))?,
                Item::Service(row) => {
                    if let Some(id) = take_service(tx, row, act, &mut renamed)? {
                        numbers.services.insert(row.id, id);
                    }
                }
                Item::Root(row) if self.secrets.contains(&row.secret) => {
                    if let Some(service) = numbers.services.get(&row.service) {
                        service::insert_root(tx, &Root { service: *service, ..row.clone() })?;
                    }
                }
                Item::Grant(row) => take_grant(tx, row, act, &numbers)?,
                Item::Revocation(row) => take_revocation(tx, row, act, &numbers)?,
                Item::Capability(row) => take_capability(tx, row, act, &mut numbers, &mut renamed)?,
                _ => {}
            }
        }
        Ok(renamed)
    }
}

/// Whether a thing belongs to one that stays out.
fn belongs_to_one_of(item: &Item, services: &BTreeSet<ServiceId>, capabilities: &BTreeSet<CapabilityId>) -> bool {
    match item {
        Item::Grant(row) => services.contains(&row.service),
        Item::Revocation(row) => services.contains(&row.entry.service),
        Item::Capability(row) => matches!(row.held.key, ChainKeySource::DerivedFrom(parent) if capabilities.contains(&parent)),
        _ => false,
    }
}

/// The secrets that a step brings in: all of a new thing's, and of a service that is here those that it lacks.
fn needed(step: &Step, item: &Item, act: Act) -> Vec<SecretId> {
    match (act, item) {
        (Act::Update, Item::Service(_)) | (Act::Insert, _) => step.secrets.clone(),
        _ => Vec::new(),
    }
}

type Renamed = Vec<(SecretId, String)>;

fn take_key(tx: &Tx<'_>, row: &Key, act: Act, renamed: &mut Renamed) -> Result<(), VaultError> {
    let here = key::by_noise(tx, &row.noise)?;
    match (act, here) {
        (Act::Insert, None) => {
            make_room_for_key(tx, &row.name, renamed)?;
            let Key { name, noise, age, secret, note, created, .. } = row.clone();
            key::insert(tx, &NewKey { name, noise, age, secret, note, created })?;
        }
        (Act::Update, Some(here)) => {
            if here.name != row.name {
                make_room_for_key(tx, &row.name, renamed)?;
                key::rename(tx, here.id, &row.name)?;
                renamed.push((here.secret, crate::keys::key_label(&row.name)));
            }
            key::set_note(tx, here.id, &row.note)?;
        }
        (Act::Insert | Act::Update, _) => return Err(changed_meanwhile()),
        (Act::Leave | Act::Skip, _) => {}
    }
    Ok(())
}

fn take_card(tx: &Tx<'_>, row: &Card, act: Act, renamed: &mut Renamed) -> Result<(), VaultError> {
    let here = card::by_noise(tx, &row.noise)?;
    match (act, here) {
        (Act::Insert, None) => {
            make_room_for_key(tx, &row.name, renamed)?;
            let Card { name, noise, age, verified, note, created, .. } = row.clone();
            card::insert(tx, &NewCard { name, noise, age, verified, note, created })?;
        }
        (Act::Update, Some(here)) => {
            if here.name != row.name {
                make_room_for_key(tx, &row.name, renamed)?;
                card::rename(tx, here.id, &row.name)?;
            }
            card::set_note(tx, here.id, &row.note)?;
            card::set_verified(tx, here.id, row.verified)?;
        }
        (Act::Insert | Act::Update, _) => return Err(changed_meanwhile()),
        (Act::Leave | Act::Skip, _) => {}
    }
    Ok(())
}

/// The service's number in the vault; `None` if it stays out.
fn take_service(tx: &Tx<'_>, row: &Service, act: Act, renamed: &mut Renamed) -> Result<Option<ServiceId>, VaultError> {
    let here = service::by_public(tx, &row.public)?;
    match (act, here) {
        (Act::Insert, None) => {
            make_room_for_service(tx, &row.name, renamed)?;
            let Service { name, public, secret, terms, note, created, .. } = row.clone();
            Ok(Some(service::insert(tx, &NewService { name, public, secret, terms, note, created })?))
        }
        (Act::Update, Some(here)) => {
            if here.name != row.name {
                make_room_for_service(tx, &row.name, renamed)?;
                rename_service(tx, &here, &row.name, renamed)?;
            }
            service::set_note(tx, here.id, &row.note)?;
            // Epochs only ever go forward: what was revoked with an epoch stays revoked.
            let epoch = here.terms.epoch.max(row.terms.epoch);
            let min_epoch = here.terms.min_epoch.max(row.terms.min_epoch);
            service::set_terms(tx, here.id, &Terms { epoch, min_epoch, ..row.terms.clone() })?;
            if let (None, Some(secret)) = (here.secret, row.secret) {
                service::set_secret(tx, here.id, secret)?;
            }
            Ok(Some(here.id))
        }
        (Act::Insert | Act::Update, _) => Err(changed_meanwhile()),
        (Act::Skip, _) => Ok(None),
        (Act::Leave, here) => Ok(here.map(|here| here.id)),
    }
}

fn take_grant(tx: &Tx<'_>, row: &Grant, act: Act, numbers: &Numbers) -> Result<(), VaultError> {
    match (act, numbers.services.get(&row.service)) {
        (Act::Insert, Some(service)) => {
            let Grant { rid, parent, name, link, usage, revoked, .. } = row.clone();
            let expires = link.expires;
            if !grant::insert_if_new(tx, &NewGrant { rid, service: *service, parent, name, link })? {
                return Ok(());
            }
            let first = usage.first.map(|at| Use { rid, at, from: None, times: 0 });
            let last = usage.last.map(|at| Use { rid, at, from: usage.from, times: usage.uses });
            grant::record_uses(tx, &first.into_iter().chain(last).collect::<Vec<_>>())?;
            if let Some(revoked) = revoked {
                let drop_after = expires.unwrap_or(UnixSeconds::new(u64::from(u32::MAX)));
                let (at, reason, note) = (revoked.at, revoked.reason, revoked.note);
                revocation::insert(tx, &NewRevocation { rid, service: *service, drop_after, at, reason, note })?;
            }
        }
        (Act::Update, _) => grant::rename(tx, &row.rid, &row.name)?,
        _ => {}
    }
    Ok(())
}

fn take_revocation(tx: &Tx<'_>, row: &Revocation, act: Act, numbers: &Numbers) -> Result<(), VaultError> {
    if let (Act::Insert, Some(service)) = (act, numbers.services.get(&row.entry.service)) {
        revocation::insert(tx, &NewRevocation { service: *service, ..row.entry.clone() })?;
    }
    Ok(())
}

fn take_capability(tx: &Tx<'_>, row: &HeldCapability, act: Act, numbers: &mut Numbers, renamed: &mut Renamed) -> Result<(), VaultError> {
    let held = &row.held;
    let here = capability::by_chain(tx, &held.chain)?;
    let id = match (act, here) {
        (Act::Insert, None) => {
            let key = match held.key {
                ChainKeySource::Secret(secret) => ChainKeySource::Secret(secret),
                ChainKeySource::DerivedFrom(parent) => match numbers.capabilities.get(&parent) {
                    Some(parent) => ChainKeySource::DerivedFrom(*parent),
                    None => return Ok(()),
                },
            };
            make_room_for_capability(tx, &held.name, renamed)?;
            capability::insert(tx, &capability::NewCapability { key, ..held.clone() })?
        }
        (Act::Update, Some(here)) => {
            if here.held.name != held.name {
                make_room_for_capability(tx, &held.name, renamed)?;
                rename_capability(tx, &here, &held.name, renamed)?;
            }
            capability::set_note(tx, here.id, &held.record.note)?;
            capability::set_gateway(tx, here.id, held.reach.gateway.as_deref())?;
            here.id
        }
        (Act::Insert | Act::Update, _) => return Err(changed_meanwhile()),
        (Act::Skip, _) | (Act::Leave, None) => return Ok(()),
        (Act::Leave, Some(here)) => here.id,
    };
    numbers.capabilities.insert(row.id, id);
    Ok(())
}

/// Between the look at the vault and the transaction another process has added or removed the same thing.
fn changed_meanwhile() -> VaultError {
    VaultError::BadRequest {
        why: "the vault was changed while the backup was being compared with it; nothing was restored".into(),
        hint: "look again at what would change, with `keycap vault restore FILE --dry-run`".into(),
    }
}

fn make_room_for_key(tx: &Tx<'_>, name: &str, renamed: &mut Renamed) -> Result<(), VaultError> {
    let taken = |tx: &Reading<'_>, name: &str| Ok(key::by_name(tx, name)?.is_some() || card::by_name(tx, name)?.is_some());
    if let Some(other) = key::by_name(tx, name)? {
        let to = free_name(tx, name, taken)?;
        key::rename(tx, other.id, &to)?;
        renamed.push((other.secret, crate::keys::key_label(&to)));
    }
    if let Some(other) = card::by_name(tx, name)? {
        card::rename(tx, other.id, &free_name(tx, name, taken)?)?;
    }
    Ok(())
}

fn make_room_for_service(tx: &Tx<'_>, name: &str, renamed: &mut Renamed) -> Result<(), VaultError> {
    if let Some(other) = service::by_name(tx, name)? {
        let to = free_name(tx, name, |tx, name| Ok(service::by_name(tx, name)?.is_some()))?;
        rename_service(tx, &other, &to, renamed)?;
    }
    Ok(())
}

fn make_room_for_capability(tx: &Tx<'_>, name: &str, renamed: &mut Renamed) -> Result<(), VaultError> {
    if let Some(other) = capability::by_name(tx, name)? {
        let to = free_name(tx, name, |tx, name| Ok(capability::by_name(tx, name)?.is_some()))?;
        rename_capability(tx, &other, &to, renamed)?;
    }
    Ok(())
}

fn rename_service(tx: &Tx<'_>, here: &Service, to: &str, renamed: &mut Renamed) -> Result<(), VaultError> {
    service::rename(tx, here.id, to)?;
    renamed.extend(here.secret.map(|secret| (secret, crate::services::key_label(to))));
    let roots = service::roots(tx, here.id)?;
    renamed.extend(roots.iter().map(|root| (root.secret, crate::services::root_label(to, root.epoch))));
    Ok(())
}

fn rename_capability(tx: &Tx<'_>, here: &HeldCapability, to: &str, renamed: &mut Renamed) -> Result<(), VaultError> {
    capability::rename(tx, here.id, to)?;
    if let ChainKeySource::Secret(secret) = here.held.key {
        renamed.push((secret, crate::capabilities::capability_label(to)));
    }
    Ok(())
}

/// `NAME-old`, or with the first number behind it that makes it free. It stays within the 64 characters of a name.
fn free_name(tx: &Tx<'_>, name: &str, taken: impl Fn(&Reading<'_>, &str) -> Result<bool, VaultError>) -> Result<String, VaultError> {
    let stem: String = name.chars().take(50).collect();
    let mut candidate = format!("{stem}-old");
    let mut number = 2_u64;
    while taken(tx, &candidate)? {
        candidate = format!("{stem}-old{number}");
        number += 1;
    }
    Ok(candidate)
}
