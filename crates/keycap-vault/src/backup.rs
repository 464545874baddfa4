//! Backups: the whole vault, secrets included, in one age file; and taking one back, after seeing what that would change.
//!
//! A backup is sealed to a passphrase or to recipients of age, so that `age` and `rage` open it too; see `backup/format.rs` for what is inside.
//! It is written from one snapshot of the ledger, one line at a time, and read again right after it was written wherever this vault can open
//! it. Gateways, their sessions and their receipts are not in it: they are about processes of one machine.
#![expect(clippy::wildcard_enum_match_arm, reason = "the store may get more kinds of items; each match names those that it is about")]

mod check;
mod diff;
mod format;
mod line;
mod merge;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{BufReader, Write};
use std::path::Path;

use keycap_core::time::UnixSeconds;
use keycap_store::ledger::{Page, audit, key, meta};
use keycap_store::secrets::NewSecret;
use keycap_store::{Item, Options, SecretsChoice, Store};

use crate::environment::Environment;
use crate::error::VaultError;
use crate::sealing::{ExportTo, OpenWith, age_recipient, identities};
use crate::vault::Vault;
use crate::view::{BackupView, DiffLine, RestoreDiff};
use diff::{Fate, Step, steps};
use format::{Made, Writer, bad, kind};
use merge::Merge;

/// The setting that says when the vault was last backed up.
pub(crate) const LAST_BACKUP: &str = "backup.last";

/// A backup that was written: an age file, and what is in it.
pub struct SealedBackup {
    bytes: Vec<u8>,
    at: UnixSeconds,
    view: BackupView,
}

/// A backup that was opened and found consistent. It holds every secret of a vault; they are wiped when it is dropped.
pub struct Backup {
    made: Made,
    items: Vec<Item>,
}

/// What happens where a backup and the vault contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreMode {
    /// Nothing at all is restored.
    Merge,
    /// The backup wins for those that are named, as `key:laptop` or, where that says enough, `laptop`; the others stay as the vault has them.
    Replace(Vec<String>),
}

impl SealedBackup {
    /// The age file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is in it, and whether it was tested.
    #[must_use]
    pub fn view(&self) -> &BackupView {
        &self.view
    }
}

impl fmt::Debug for SealedBackup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedBackup").field("view", &self.view).finish_non_exhaustive()
    }
}

impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backup").field("made", &self.made).finish_non_exhaustive()
    }
}

impl Vault {
    /// Backs up the whole vault, and tests the result: where this vault can open it, it is opened, read and checked as [`Vault::read_backup`]
    /// does. Whoever keeps it says so with [`Vault::note_kept`].
    ///
    /// # Errors
    /// If the vault is locked, a secret cannot be read, or `to` names what is no recipient; [`VaultError::Backup`] if the test fails.
    pub fn backup(&mut self, to: &ExportTo) -> Result<SealedBackup, VaultError> {
        let at = self.now();
        let made = Made { vault: self.store.vault_id().to_string(), at };
        let (bytes, parts) = self.write_backup(&made, to)?;
        let tested = self.test_restore(&bytes, to, &parts)?;
        let sealed_to = match to {
            ExportTo::Passphrase(_) => "passphrase",
            ExportTo::Recipients(_) => "recipients",
        };
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let detail = serde_json::json!({ "sealed_to": sealed_to, "bytes": length, "tested": tested });
        self.change_with("vault.backup", "", detail, Vec::new(), |_| Ok(()))?;
        let untested_because = (!tested).then(|| "no key of this vault opens it; try it where the recipient's key is".to_owned());
        let warnings = if self.opens_only_itself(to)? {
            vec![
                "Only keys of this vault open it: should the vault be lost, nothing does. Seal it to a passphrase or to a key kept elsewhere.".into(),
            ]
        } else {
            Vec::new()
        };
        let view = BackupView { bytes: length, parts, tested, untested_because, warnings };
        Ok(SealedBackup { bytes, at, view })
    }

    /// Notes that a backup has come to rest where it is kept: from then on the vault counts as backed up.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn note_kept(&mut self, backup: &SealedBackup) -> Result<(), VaultError> {
        let (now, at) = (self.now(), backup.at.as_u64().to_string());
        self.store.write(now, Vec::new(), |tx| Ok(meta::set_text(tx, LAST_BACKUP, Some(&at))?))
    }

    /// When the last backup that was kept was made; `None` if there is none.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn last_backup(&self) -> Result<Option<UnixSeconds>, VaultError> {
        let text = self.store.read(|reading| Ok::<_, VaultError>(meta::text(reading, LAST_BACKUP)?))?;
        Ok(text.and_then(|text| text.parse().ok()).map(UnixSeconds::new))
    }

    /// Opens a backup, with any key of this vault too, and checks that it holds together.
    ///
    /// # Errors
    /// [`VaultError::Age`] if nothing at hand opens it; [`VaultError::Backup`] if it was changed, is of a newer keycap or not whole.
    pub fn read_backup(&self, sealed: &[u8], with: &OpenWith) -> Result<Backup, VaultError> {
        match with {
            OpenWith::OwnKeys => open(sealed, &self.own_identities()?)?.ok_or_else(not_ours),
            OpenWith::Passphrase(_) | OpenWith::Identities { .. } => Backup::read(sealed, with),
        }
    }

    /// What restoring would change here.
    ///
    /// # Errors
    /// If the ledger cannot be read; if the vault is locked and a secret has to be compared.
    pub fn restore_preview(&self, backup: &Backup) -> Result<RestoreDiff, VaultError> {
        if self.is_untouched()? {
            return Ok(backup.contents());
        }
        let steps = self.store.read(|reading| steps(self, reading, &backup.items))?;
        Ok(backup.view(&steps, &[]))
    }

    /// Takes in a backup, all of it in one transaction, and tells what has been done. Nothing that the vault has is deleted, and what it has
    /// revoked stays revoked.
    ///
    /// # Errors
    /// [`VaultError::BadRequest`] if there are conflicts and the mode refuses them, or names none that there is; if the vault is locked.
    pub fn restore(&mut self, backup: Backup, mode: &RestoreMode) -> Result<RestoreDiff, VaultError> {
        if self.is_untouched()? {
            return self.restore_whole(backup);
        }
        let steps = self.store.read(|reading| steps(self, reading, &backup.items))?;
        let replaced = settle(&steps, mode)?;
        let merge = Merge::new(&backup.items, &steps, |line| replaced.contains(&line.reference));
        let mut diff = backup.view(&steps, &replaced);
        diff.leave_out(&merge.skipped);
        let secrets = wanted(&backup.items, &merge.secrets);
        let detail = serde_json::json!({
            "vault": backup.made.vault, "made": backup.made.at.as_u64(), "added": diff.add.len(), "replaced": replaced,
        });
        let renamed = self.change_with("vault.restore", &backup.made.vault, detail, secrets, |tx| merge.carry_out(tx))?;
        let now = self.now();
        // All is restored by now; only what people see of the secrets in the keyring may lag behind.
        let stale = renamed.iter().filter(|(secret, label)| self.store.relabel(*secret, label, now).is_err()).count();
        if stale > 0 {
            diff.left_out.push(format!("The new names of {stale} secrets in the keyring, which did not take them."));
        }
        Ok(diff)
    }

    /// Makes a vault in `folder` that is what the backup holds, its log included.
    ///
    /// # Errors
    /// As [`Vault::create`]. Should only the last step fail, there is an empty vault in the folder, which takes in a backup whole.
    pub fn restore_new(
        folder: &Path,
        choice: SecretsChoice<'_>,
        environment: Environment,
        backup: Backup,
    ) -> Result<(Self, RestoreDiff), VaultError> {
        let store = Store::create(folder, choice, Options::default(), environment.now())?;
        let mut vault = Self { store, environment };
        let diff = vault.restore_whole(backup)?;
        Ok((vault, diff))
    }

    /// Takes in everything, the log too, into a vault in which nothing was done yet.
    fn restore_whole(&mut self, backup: Backup) -> Result<RestoreDiff, VaultError> {
        let diff = backup.contents();
        let Backup { made, items } = backup;
        self.store.import(self.now(), items)?;
        let detail = serde_json::json!({ "vault": made.vault, "made": made.at.as_u64(), "added": diff.add.len() });
        self.change_with("vault.restore", &made.vault, detail, Vec::new(), |tx| {
            Ok(meta::set_text(tx, LAST_BACKUP, Some(&made.at.as_u64().to_string()))?)
        })?;
        Ok(diff)
    }

    /// Whether nothing was done with this vault since it was made, not even written down in its log.
    fn is_untouched(&self) -> Result<bool, VaultError> {
        self.store.read(|reading| Ok(audit::count(reading, &audit::Filter::default())? == 0))
    }

    /// Writes a backup line by line into an age file; what it holds, by kind.
    fn write_backup(&self, made: &Made, to: &ExportTo) -> Result<(Vec<u8>, BTreeMap<String, u64>), VaultError> {
        let unsealed = |error: std::io::Error| bad(format!("the backup could not be sealed: {error}"));
        let mut parts = BTreeMap::new();
        let mut sealed = Vec::new();
        let mut writer = Writer::begin(self.encryptor(to)?.wrap_output(&mut sealed).map_err(unsealed)?, made)?;
        self.store.export(|item| {
            *parts.entry(kind(&item).to_owned()).or_default() += 1;
            writer.item(&item)
        })?;
        let mut sealing = writer.finish()?;
        sealing.flush().map_err(unsealed)?;
        sealing.finish().map_err(unsealed)?;
        Ok((sealed, parts))
    }

    /// Whether all recipients are keys whose private halves are in this vault.
    fn opens_only_itself(&self, to: &ExportTo) -> Result<bool, VaultError> {
        let ExportTo::Recipients(names) = to else { return Ok(false) };
        let own = self.store.read(|reading| Ok::<_, VaultError>(key::page(reading, None, Page::all())?))?;
        Ok(names.iter().all(|name| own.iter().any(|row| row.name == *name || age_recipient(&row.age) == *name)))
    }

    /// Opens what was just written, if it can be opened here, and compares what is in it with what should be. Whether it could be opened.
    fn test_restore(&self, sealed: &[u8], to: &ExportTo, parts: &BTreeMap<String, u64>) -> Result<bool, VaultError> {
        let backup = match to {
            ExportTo::Passphrase(passphrase) => {
                let identity = age::scrypt::Identity::new(passphrase.expose().to_owned().into());
                Some(open(sealed, &[Box::new(identity)])?.ok_or_else(|| bad("the backup that was just written does not open"))?)
            }
            ExportTo::Recipients(_) => open(sealed, &self.own_identities()?)?,
        };
        let Some(backup) = backup else { return Ok(false) };
        let mut found = BTreeMap::new();
        for item in &backup.items {
            *found.entry(kind(item).to_owned()).or_default() += 1_u64;
        }
        if found == *parts { Ok(true) } else { Err(bad("the backup that was just written does not read back as what it should hold")) }
    }
}

impl Backup {
    /// Opens a backup without a vault, and checks that it holds together.
    ///
    /// # Errors
    /// As [`Vault::read_backup`]. Without a vault there are no [`OpenWith::OwnKeys`] that could open it.
    pub fn read(sealed: &[u8], with: &OpenWith) -> Result<Self, VaultError> {
        let identities = identities(with)?.ok_or_else(not_ours)?;
        open(sealed, &identities)?.ok_or_else(not_ours)
    }

    /// When it was made.
    #[must_use]
    pub fn made(&self) -> UnixSeconds {
        self.made.at
    }

    /// Everything in it, as what restoring would add where there is nothing yet.
    #[must_use]
    pub fn contents(&self) -> RestoreDiff {
        let mut services = BTreeMap::new();
        let mut add = Vec::new();
        for item in &self.items {
            let short = |rid: &keycap_core::chain::Rid| rid.to_string().chars().take(12).collect::<String>();
            let service = |id| services.get(&id).cloned().unwrap_or_default();
            let (name, reference) = match item {
                Item::Key(row) => (row.name.clone(), row.name.clone()),
                Item::Card(row) => (row.name.clone(), row.name.clone()),
                Item::Service(row) => {
                    services.insert(row.id, row.name.clone());
                    (row.name.clone(), row.name.clone())
                }
                Item::Grant(row) if row.name.is_empty() => (format!("{}/{}", service(row.service), short(&row.rid)), short(&row.rid)),
                Item::Grant(row) => (format!("{}/{}", service(row.service), row.name), short(&row.rid)),
                Item::Revocation(row) => (format!("{}/{}", service(row.entry.service), short(&row.entry.rid)), short(&row.entry.rid)),
                Item::Capability(row) => (row.held.name.clone(), row.held.name.clone()),
                _ => continue,
            };
            let kind = kind(item);
            add.push(DiffLine { kind, name, reference: format!("{kind}:{reference}"), why: None, replaceable: false });
        }
        RestoreDiff {
            vault: self.made.vault.clone(),
            made: self.made.at.as_u64(),
            add,
            replaced: Vec::new(),
            keep: Vec::new(),
            conflict: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// The steps, sorted for a person.
    fn view(&self, steps: &[Step], replaced: &[String]) -> RestoreDiff {
        let lines = |wanted: &dyn Fn(&Step) -> bool| steps.iter().filter(|step| wanted(step)).map(|step| step.line.clone()).collect::<Vec<_>>();
        let is_replaced = |step: &Step| replaced.contains(&step.line.reference);
        let log_rows = self.items.iter().filter(|item| matches!(item, Item::Audit(..))).count();
        RestoreDiff {
            vault: self.made.vault.clone(),
            made: self.made.at.as_u64(),
            add: lines(&|step| step.fate == Fate::Add),
            replaced: lines(&is_replaced),
            keep: lines(&|step| step.fate == Fate::Keep),
            conflict: lines(&|step| step.fate.is_conflict() && !is_replaced(step)),
            left_out: vec![format!("The backup's log of {log_rows} rows: this vault goes on with its own.")],
        }
    }
}

impl RestoreDiff {
    /// Takes out of what is added what stays out with something else.
    fn leave_out(&mut self, skipped: &[DiffLine]) {
        if skipped.is_empty() {
            return;
        }
        self.add.retain(|line| !skipped.contains(line));
        let names: Vec<&str> = skipped.iter().take(5).map(|line| line.name.as_str()).collect();
        let more = if skipped.len() > names.len() { ", …" } else { "" };
        self.left_out.push(format!("{} things of what stays as it is here: {}{more}.", skipped.len(), names.join(", ")));
    }
}

fn not_ours() -> VaultError {
    VaultError::Age { what: "opening the backup", why: "the passphrase or keys at hand do not fit".into() }
}

/// `None` if none of the identities opens it.
fn open(sealed: &[u8], identities: &[Box<dyn age::Identity>]) -> Result<Option<Backup>, VaultError> {
    let no_age_file = |error: age::DecryptError| bad(format!("this is no backup, or a damaged one: {error}"));
    let decryptor = age::Decryptor::new_buffered(age::armor::ArmoredReader::new(sealed)).map_err(no_age_file)?;
    let opened = match decryptor.decrypt(identities.iter().map(Box::as_ref)) {
        Ok(opened) => opened,
        Err(age::DecryptError::NoMatchingKeys | age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed) => return Ok(None),
        Err(error) => return Err(bad(format!("the backup is damaged or was changed: {error}"))),
    };
    let (made, items) = format::read(BufReader::new(opened))?;
    check::check(&items)?;
    Ok(Some(Backup { made, items }))
}

/// The references of the conflicts that are settled in the backup's favour.
fn settle(steps: &[Step], mode: &RestoreMode) -> Result<Vec<String>, VaultError> {
    let conflicts: Vec<&DiffLine> = steps.iter().filter(|step| step.fate.is_conflict()).map(|step| &step.line).collect();
    match mode {
        RestoreMode::Merge if conflicts.is_empty() => Ok(Vec::new()),
        RestoreMode::Merge => {
            let named: Vec<&str> = conflicts.iter().take(5).map(|line| line.reference.as_str()).collect();
            let more = if conflicts.len() > named.len() { ", …" } else { "" };
            Err(VaultError::BadRequest {
                why: format!("the backup contradicts this vault: {}{more}", named.join(", ")),
                hint: "name with --replace those in which the backup is right, or restore into a new folder".into(),
            })
        }
        RestoreMode::Replace(names) => {
            let mut settled = BTreeSet::new();
            for name in names {
                let matching: Vec<_> = conflicts.iter().filter(|line| line.reference == *name || line.name == *name).collect();
                match matching.as_slice() {
                    [one] if one.replaceable => drop(settled.insert(one.reference.clone())),
                    [one] => {
                        let (why, hint) = (format!("`{name}` cannot be replaced: {}", one.why.as_deref().unwrap_or_default()), String::new());
                        return Err(VaultError::BadRequest { why, hint });
                    }
                    [] => return Err(VaultError::NotFound { what: "conflict", name: name.clone() }),
                    several => {
                        let candidates = several.iter().map(|line| line.reference.clone()).collect();
                        return Err(VaultError::Ambiguous { name: name.clone(), candidates });
                    }
                }
            }
            Ok(settled.into_iter().collect())
        }
    }
}

/// Copies of the secrets that a merge takes in; the backup's own are wiped with it.
fn wanted(items: &[Item], ids: &BTreeSet<keycap_store::secrets::SecretId>) -> Vec<NewSecret> {
    let mut secrets = Vec::with_capacity(ids.len());
    for item in items {
        if let Item::Secret(secret) = item
            && ids.contains(&secret.id)
        {
            let mut bytes = keycap_core::secret::SecretBytes::with_capacity(secret.bytes.len());
            bytes.push_slice(secret.bytes.expose());
            secrets.push(NewSecret { id: secret.id, kind: secret.kind, label: secret.label.clone(), bytes });
        }
    }
    secrets
}

#[cfg(test)]
mod tests;
