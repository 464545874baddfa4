//! Looking for what should not be there, and for what should; and mending it.

use std::collections::BTreeSet;

use keycap_core::time::UnixSeconds;

use super::facts::{self, Backend};
use super::{Protection, Store, StoreError, reconcile};
use crate::ledger::LedgerError;
use crate::ledger::secret::{self, SecretRow};
use crate::secrets::{Availability, Sealed, SecretError, SecretId, SecretRef, SecretStore};

/// From this many secrets on, a keyring gets slow: it rewrites all of them at each change.
pub const MANY_KEYRING_SECRETS: u64 = 300;

/// A secret that the ledger has, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Named {
    /// Its id.
    pub id: SecretId,
    /// What people see of it.
    pub label: String,
}

/// What [`Store::doctor`] found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Findings {
    /// Where the secrets rest.
    pub protection: Protection,
    /// How many secrets there are.
    pub secrets: u64,
    /// What SQLite found wrong with the ledger's file.
    pub damage: Vec<String>,
    /// Whether the keyring can be used; not asked in a vault that needs none.
    pub keyring: Option<Result<Availability, SecretError>>,
    /// Keyring items that wait to be deleted.
    pub loose: Vec<SecretId>,
    /// Keyring items of this vault that the ledger does not know. Empty, as is `missing`, while the keyring is locked.
    pub orphaned: Vec<SecretId>,
    /// Secrets whose keyring items are gone. Only a backup has them.
    pub missing: Vec<Named>,
    /// Sealed secrets that do not open. Only a backup has them. Empty while this process does not have the vault key.
    pub damaged: Vec<Named>,
    /// Secrets that nothing refers to.
    pub unowned: Vec<Named>,
}

impl Findings {
    /// Whether nothing wrong was found. A keyring that is locked, or slow because of many secrets, is nothing wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        let reachable = self.keyring.as_ref().is_none_or(|keyring| matches!(keyring, Ok(Availability::Ready | Availability::Locked)));
        let lists = [&self.loose, &self.orphaned].into_iter().all(Vec::is_empty)
            && [&self.missing, &self.damaged, &self.unowned].into_iter().all(Vec::is_empty);
        reachable && lists && self.damage.is_empty()
    }

    /// Whether the secrets would better rest sealed: there are more than [`MANY_KEYRING_SECRETS`] in the keyring.
    #[must_use]
    pub fn recommends_sealing(&self) -> bool {
        self.protection == Protection::Keyring && self.secrets > MANY_KEYRING_SECRETS
    }
}

/// What [`Store::mend`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mended {
    /// Keyring items that it deleted.
    pub items_deleted: u64,
    /// Secrets without an owner that it removed.
    pub secrets_removed: u64,
}

impl Store {
    /// Looks for damage, and for orphans on either side: keyring items without a row, rows without an item, secrets without an owner. Waits for
    /// writes that are under way; changes nothing and asks nobody: the items of a locked keyring are not looked at.
    ///
    /// # Errors
    /// When the ledger cannot be read. A keyring that does not answer is a finding.
    pub fn doctor(&self) -> Result<Findings, StoreError> {
        let _lock = self.lock_folder()?;
        let (backend, rows, loose, unowned) = self.ledger.read(|reading| {
            let (audit, _) = facts::audit_secret(reading)?;
            Ok::<_, LedgerError>((facts::backend(reading)?, secret::all(reading)?, secret::loose(reading)?, secret::unowned(reading, audit)?))
        })?;
        let uses_keyring = match &backend {
            Backend::Keyring => true,
            Backend::Sealed { wrapped, .. } => wrapped.item.is_some() || !loose.is_empty(),
        };
        let mut findings = Findings {
            protection: self.protection()?,
            secrets: u64::try_from(rows.len()).unwrap_or(u64::MAX),
            damage: self.ledger.damage()?,
            keyring: uses_keyring.then(|| self.items.availability()),
            loose,
            orphaned: Vec::new(),
            missing: Vec::new(),
            damaged: self.unopenable(&backend, &rows),
            unowned: unowned.iter().map(named).collect(),
        };
        if matches!(findings.keyring, Some(Ok(Availability::Ready))) {
            match self.items.list(self.vault) {
                Ok(items) => compare(&mut findings, &backend, &rows, &items.into_iter().collect()),
                Err(error) => findings.keyring = Some(Err(error)),
            }
        }
        Ok(findings)
    }

    /// Deletes keyring items that belong to no secret, and secrets that belong to nothing. What is missing or damaged it leaves: a backup may
    /// bring it back.
    ///
    /// # Errors
    /// When the keyring does not delete an item; when the ledger cannot be written.
    pub fn mend(&mut self, now: UnixSeconds) -> Result<Mended, StoreError> {
        let findings = self.doctor()?;
        if let Some(Err(error)) = findings.keyring {
            return Err(error.into());
        }
        let _lock = self.lock_folder()?;
        // Looked for again: only the lock keeps the ones that are being made out of the lists.
        let mut loose = self.ledger.read(secret::loose)?;
        loose.extend(findings.orphaned);
        let items_deleted = u64::try_from(loose.len()).unwrap_or(u64::MAX);
        reconcile::delete(self, &loose)?;
        let removed = self.ledger.write(now, |tx| {
            let (audit, _) = facts::audit_secret(tx)?;
            let unowned = secret::unowned(tx, audit)?;
            unowned.iter().try_for_each(|row| secret::remove(tx, row.id))?;
            Ok::<_, LedgerError>((unowned.len(), tx.loosened()))
        })?;
        reconcile::delete(self, &removed.1)?;
        Ok(Mended { items_deleted, secrets_removed: u64::try_from(removed.0).unwrap_or(u64::MAX) })
    }

    fn unopenable(&self, backend: &Backend, rows: &[SecretRow]) -> Vec<Named> {
        let Backend::Sealed { key, .. } = backend else { return Vec::new() };
        let Ok(key) = self.vault_key(*key) else { return Vec::new() };
        let opens = |row: &&SecretRow| {
            let secret = SecretRef { id: row.id, kind: row.kind, label: &row.label };
            Sealed { key }.read(secret, row.sealed.as_deref()).is_ok()
        };
        rows.iter().filter(|row| !opens(row)).map(named).collect()
    }
}

/// Compares the keyring's items with the ledger's rows.
fn compare(findings: &mut Findings, backend: &Backend, rows: &[SecretRow], items: &BTreeSet<SecretId>) {
    let mut known: BTreeSet<SecretId> = findings.loose.iter().copied().collect();
    for row in rows.iter().filter(|row| row.sealed.is_none()) {
        known.insert(row.id);
        if !items.contains(&row.id) {
            findings.missing.push(named(row));
        }
    }
    if let Backend::Sealed { wrapped, .. } = backend
        && let Some(id) = wrapped.item
    {
        known.insert(id);
        if !items.contains(&id) {
            findings.missing.push(Named { id, label: "keycap: vault key (opens the whole vault)".into() });
        }
    }
    findings.orphaned = items.difference(&known).copied().collect();
}

fn named(row: &SecretRow) -> Named {
    Named { id: row.id, label: row.label.clone() }
}
