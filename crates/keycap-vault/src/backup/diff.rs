//! What a backup has that a vault has not, has too, or has otherwise: one step for each thing in it, in an order in which they can be taken.
//!
//! Things are the same by what they are and not by what they are called: keys, cards and services by their public key, grants and revocations by
//! their rid, capabilities by their chain. Nothing that the vault has is ever deleted, and nothing that it has revoked works again.

use std::collections::BTreeMap;

use keycap_core::secret::Secret;
use keycap_store::Item;
use keycap_store::ledger::Reading;
use keycap_store::ledger::capability::{self, ChainKeySource, HeldCapability};
use keycap_store::ledger::card::Card;
use keycap_store::ledger::grant::{self, Grant};
use keycap_store::ledger::id::ServiceId;
use keycap_store::ledger::key::Key;
use keycap_store::ledger::revocation::{self, Revocation};
use keycap_store::ledger::service::{self, Root, Service};
use keycap_store::ledger::{card, key};
use keycap_store::secrets::SecretId;

use crate::error::VaultError;
use crate::groups::{self, Group};
use crate::vault::Vault;
use crate::view::DiffLine;

/// What is to become of one thing in a backup.
#[derive(Debug)]
pub(super) struct Step {
    /// Its place among the items.
    pub(super) item: usize,
    /// How it is shown.
    pub(super) line: DiffLine,
    /// How it stands to what the vault has.
    pub(super) fate: Fate,
    /// The secrets that come with it, if it is taken.
    pub(super) secrets: Vec<SecretId>,
}

/// How a thing in a backup stands to what the vault has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The vault does not have it.
    Add,
    /// The vault has it.
    Keep,
    /// The vault has it otherwise; replacing takes over what the backup says of it.
    Update,
    /// Something else has its name; replacing adds it and renames the other.
    MakeRoom,
    /// The vault has it in a way that cannot be joined with the backup's.
    Stuck,
}

impl Fate {
    pub(super) fn is_conflict(self) -> bool {
        match self {
            Self::Add | Self::Keep => false,
            Self::Update | Self::MakeRoom | Self::Stuck => true,
        }
    }
}

/// The steps for the items of a backup; settings that are no groups, and the log, have none.
pub(super) fn steps(vault: &Vault, reading: &Reading<'_>, items: &[Item]) -> Result<Vec<Step>, VaultError> {
    let mut parts = Parts::of(items);
    let mut steps = Vec::with_capacity(items.len());
    for (item, part) in items.iter().enumerate() {
        let judged = match part {
            Item::Key(row) => key_step(reading, row)?,
            Item::Card(row) => card_step(reading, row)?,
            Item::Service(row) => service_step(vault, reading, row, &mut parts)?,
            Item::Grant(row) => grant_step(reading, row, parts.service(row.service))?,
            Item::Revocation(row) => revocation_step(reading, row, parts.service(row.entry.service))?,
            Item::Capability(row) => capability_step(reading, row)?,
            Item::Setting(name, members) => match groups::name_of_setting(name) {
                Some(name) => group_step(reading, name, members)?,
                None => continue,
            },
            _ => continue,
        };
        steps.push(judged.step(item));
    }
    Ok(steps)
}

/// What a step is made of.
struct Judged {
    kind: &'static str,
    name: String,
    reference: String,
    fate: Fate,
    why: Option<String>,
    secrets: Vec<SecretId>,
}

impl Judged {
    fn new(kind: &'static str, name: &str, (fate, why): (Fate, Option<String>)) -> Self {
        Self { kind, name: name.to_owned(), reference: format!("{kind}:{name}"), fate, why, secrets: Vec::new() }
    }

    fn step(self, item: usize) -> Step {
        let Self { kind, name, reference, fate, why, secrets } = self;
        let replaceable = matches!(fate, Fate::Update | Fate::MakeRoom);
        Step { item, line: DiffLine { kind, name, reference, why, replaceable }, fate, secrets }
    }
}

/// The parts of a backup that are looked up while others are judged.
struct Parts<'a> {
    names: BTreeMap<ServiceId, &'a str>,
    roots: BTreeMap<ServiceId, Vec<&'a Root>>,
    secrets: BTreeMap<SecretId, &'a [u8]>,
}

impl<'a> Parts<'a> {
    fn of(items: &'a [Item]) -> Self {
        let mut parts = Self { names: BTreeMap::new(), roots: BTreeMap::new(), secrets: BTreeMap::new() };
        for item in items {
            match item {
                Item::Service(row) => drop(parts.names.insert(row.id, row.name.as_str())),
                Item::Root(root) => parts.roots.entry(root.service).or_default().push(root),
                Item::Secret(secret) => drop(parts.secrets.insert(secret.id, secret.bytes.expose())),
                _ => {}
            }
        }
        parts
    }

    fn service(&self, id: ServiceId) -> &'a str {
        self.names.get(&id).copied().unwrap_or_default()
    }
}

/// Collects what two rows of the same thing say differently.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn name(&mut self, here: &str, backup: &str) {
        if here != backup {
            self.0.push(format!("it is named `{here}` here"));
        }
    }

    fn other<T: PartialEq>(&mut self, what: &str, here: &T, backup: &T) {
        if here != backup {
            self.0.push(format!("its {what} differs"));
        }
    }

    fn fate(self) -> (Fate, Option<String>) {
        if self.0.is_empty() { (Fate::Keep, None) } else { (Fate::Update, Some(self.0.join("; "))) }
    }
}

/// The fate of something that the vault does not have, whose name may be taken.
fn new_one(taken_by: Option<&str>, name: &str) -> (Fate, Option<String>) {
    match taken_by {
        Some(what) => (Fate::MakeRoom, Some(format!("another {what} is named `{name}` here; replacing renames that one"))),
        None => (Fate::Add, None),
    }
}

/// Keys and cards share one space of names.
fn key_name_taken(reading: &Reading<'_>, name: &str) -> Result<Option<&'static str>, VaultError> {
    Ok(match (key::by_name(reading, name)?, card::by_name(reading, name)?) {
        (Some(_), _) => Some("key"),
        (None, Some(_)) => Some("key card"),
        (None, None) => None,
    })
}

fn key_step(reading: &Reading<'_>, row: &Key) -> Result<Judged, VaultError> {
    let fate = match key::by_noise(reading, &row.noise)? {
        Some(here) => {
            let mut differences = Differences::default();
            differences.name(&here.name, &row.name);
            differences.other("note", &here.note, &row.note);
            differences.fate()
        }
        None => new_one(key_name_taken(reading, &row.name)?, &row.name),
    };
    Ok(Judged { secrets: vec![row.secret], ..Judged::new("key", &row.name, fate) })
}

fn card_step(reading: &Reading<'_>, row: &Card) -> Result<Judged, VaultError> {
    let fate = match (card::by_noise(reading, &row.noise)?, key::by_noise(reading, &row.noise)?) {
        // A key of one's own says more than its card.
        (None, Some(_)) => (Fate::Keep, None),
        (None, None) => new_one(key_name_taken(reading, &row.name)?, &row.name),
        (Some(here), _) => {
            let mut differences = Differences::default();
            differences.name(&here.name, &row.name);
            differences.other("note", &here.note, &row.note);
            if here.verified != row.verified {
                differences.0.push(if row.verified { "it is not verified here" } else { "it is verified here" }.to_owned());
            }
            differences.fate()
        }
    };
    Ok(Judged::new("card", &row.name, fate))
}

fn group_step(reading: &Reading<'_>, name: &str, members: &str) -> Result<Judged, VaultError> {
    let theirs = Group::parse(name, members)?;
    let fate = match Group::by_name(reading, name)? {
        None => (Fate::Add, None),
        Some(ours) if ours == theirs => (Fate::Keep, None),
        Some(_) => (Fate::Update, Some("it has other members here".to_owned())),
    };
    Ok(Judged::new("group", name, fate))
}

fn service_step(vault: &Vault, reading: &Reading<'_>, row: &Service, parts: &mut Parts<'_>) -> Result<Judged, VaultError> {
    let roots = parts.roots.remove(&row.id).unwrap_or_default();
    let Some(here) = service::by_public(reading, &row.public)? else {
        let taken = service::by_name(reading, &row.name)?.map(|_| "service");
        let secrets = row.secret.into_iter().chain(roots.iter().map(|root| root.secret)).collect();
        return Ok(Judged { secrets, ..Judged::new("service", &row.name, new_one(taken, &row.name)) });
    };
    let mut differences = Differences::default();
    differences.name(&here.name, &row.name);
    differences.other("note", &here.note, &row.note);
    differences.other("realm", &here.terms.realm, &row.terms.realm);
    differences.other("list of addresses", &here.terms.hints, &row.terms.hints);
    let mut secrets = Vec::new();
    if let (None, Some(secret)) = (here.secret, row.secret) {
        differences.0.push("only its card is here; the backup has its keys".to_owned());
        secrets.push(secret);
    }
    if row.terms.epoch > here.terms.epoch || row.terms.min_epoch > here.terms.min_epoch {
        differences.0.push("the backup is of a later epoch".to_owned());
    }
    let own_roots = service::roots(reading, here.id)?;
    let mut stuck = None;
    for root in roots.into_iter().filter(|root| root.epoch >= here.terms.min_epoch) {
        match own_roots.iter().find(|own| own.epoch == root.epoch) {
            None => {
                differences.0.push(format!("the root secret of epoch {} is not here", root.epoch));
                secrets.push(root.secret);
            }
            Some(own) if same_root(vault, own, root, parts)? => {}
            Some(_) => stuck = Some(format!("epoch {} has another root secret here; restore into a new folder to get at the backup's", root.epoch)),
        }
    }
    let fate = stuck.map_or_else(|| differences.fate(), |why| (Fate::Stuck, Some(why)));
    Ok(Judged { secrets, ..Judged::new("service", &row.name, fate) })
}

/// Whether two roots of an epoch hold the same secret.
fn same_root(vault: &Vault, own: &Root, root: &Root, parts: &Parts<'_>) -> Result<bool, VaultError> {
    if own.secret == root.secret {
        return Ok(true);
    }
    let other = parts.secrets.get(&root.secret).and_then(|bytes| Secret::<32>::from_slice(bytes));
    let own = vault.secret_32(own.secret)?;
    Ok(other.is_some_and(|other| other.ct_eq(&own)))
}

fn grant_step(reading: &Reading<'_>, row: &Grant, service: &str) -> Result<Judged, VaultError> {
    let rid = row.rid.to_string();
    let short: String = rid.chars().take(12).collect();
    let fate = match grant::by_rid(reading, &row.rid)? {
        None => (Fate::Add, None),
        Some(here) => {
            let mut differences = Differences::default();
            // What a gateway met has no name of its own.
            if !row.name.is_empty() {
                differences.name(&here.name, &row.name);
            }
            differences.fate()
        }
    };
    let name = if row.name.is_empty() { format!("{service}/{short}") } else { format!("{service}/{}", row.name) };
    Ok(Judged { reference: format!("grant:{short}"), ..Judged::new("grant", &name, fate) })
}

fn revocation_step(reading: &Reading<'_>, row: &Revocation, service: &str) -> Result<Judged, VaultError> {
    let rid = &row.entry.rid;
    let short: String = rid.to_string().chars().take(12).collect();
    let grant = grant::by_rid(reading, rid)?;
    // Revocations are dropped once what they refuse has expired; the mark on the grant stays.
    let known = revocation::by_rid(reading, rid)?.is_some() || grant.as_ref().is_some_and(|grant| grant.revoked.is_some());
    let name = grant.filter(|grant| !grant.name.is_empty()).map_or_else(|| short.clone(), |grant| grant.name);
    let fate = if known { Fate::Keep } else { Fate::Add };
    Ok(Judged { reference: format!("revocation:{short}"), ..Judged::new("revocation", &format!("{service}/{name}"), (fate, None)) })
}

fn capability_step(reading: &Reading<'_>, row: &HeldCapability) -> Result<Judged, VaultError> {
    let held = &row.held;
    let fate = match capability::by_chain(reading, &held.chain)? {
        Some(here) => {
            let mut differences = Differences::default();
            differences.name(&here.held.name, &held.name);
            differences.other("note", &here.held.record.note, &held.record.note);
            differences.other("gateway", &here.held.reach.gateway, &held.reach.gateway);
            differences.fate()
        }
        None => new_one(capability::by_name(reading, &held.name)?.map(|_| "capability"), &held.name),
    };
    let secrets = match held.key {
        ChainKeySource::Secret(secret) => vec![secret],
        ChainKeySource::DerivedFrom(_) => Vec::new(),
    };
    Ok(Judged { secrets, ..Judged::new("capability", &held.name, fate) })
}
