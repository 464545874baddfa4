//! Whether the ledger is whole and current: damage, the audit log, backups, what has expired, gateways that are gone.

use keycap_core::time::UnixSeconds;
use keycap_store::Findings;
use keycap_store::ledger::{Page, audit, capability, grant};

use super::{counted, finding, mendable, ok};
use crate::error::{ErrorClass, VaultError};
use crate::live::dead_gateways;
use crate::vault::Vault;
use crate::view::{DoctorFinding, Level};

/// Days after which a backup counts as old.
const OLD_BACKUP_DAYS: u64 = 30;
const DAY_S: u64 = 86_400;
/// Expired grants that are counted, at most: a service may have hundreds of thousands.
const COUNTED_GRANTS: u32 = 1_000;

pub(super) fn findings(vault: &Vault, store: &Findings) -> Result<Vec<DoctorFinding>, VaultError> {
    let mut findings = damage(store);
    findings.push(log(vault)?);
    findings.extend(backup(vault)?);
    findings.extend(expired(vault)?);
    findings.extend(gateways(vault)?);
    Ok(findings)
}

/// When the newest row of the log was written.
pub(super) fn newest_row(vault: &Vault) -> Result<Option<UnixSeconds>, VaultError> {
    let newest = vault.store.read(|reading| Ok::<_, VaultError>(audit::page(reading, &audit::Filter::default(), Page::first(1))?))?;
    Ok(newest.first().map(|row| row.entry.time))
}

fn damage(store: &Findings) -> Vec<DoctorFinding> {
    if store.damage.is_empty() {
        return vec![ok("ledger", "The ledger's file is whole.")];
    }
    let hint = || Some("Keep a copy of the folder, then restore the last backup into a new one with `keycap vault restore`.".to_owned());
    store.damage.iter().map(|what| finding(Level::Problem, "ledger-damaged", format!("The ledger's file is damaged: {what}."), hint())).collect()
}

fn log(vault: &Vault) -> Result<DoctorFinding, VaultError> {
    let verified = match vault.verify_log() {
        Ok(verified) => verified,
        Err(error) if error.class() == ErrorClass::Locked => {
            let hint = Some("Unlock the vault and look again.".to_owned());
            return Ok(finding(Level::Note, "log-unverified", "The log was not verified: its key is one of the vault's secrets.", hint));
        }
        // The keyring does not give the key: a finding of its own.
        Err(error @ VaultError::Store(_)) => {
            let what = format!("The log was not verified: {error}.");
            return Ok(finding(Level::Warning, "log-unverified", what, error.hint()));
        }
        Err(error) => return Err(error),
    };
    Ok(match verified.first_fault {
        None => ok("log", format!("The log of {} rows is as keycap wrote it.", verified.rows)),
        Some(fault) => DoctorFinding {
            hint: Some(
                "Something else than keycap has changed it; compare with a backup. `keycap doctor --mend` lets keycap write again if it refuses to."
                    .into(),
            ),
            ..mendable(Level::Problem, "log-changed", format!("The log was changed: {}.", fault.what))
        },
    })
}

fn backup(vault: &Vault) -> Result<Option<DoctorFinding>, VaultError> {
    let status = vault.status()?;
    if status.keys + status.services + status.capabilities == 0 {
        return Ok(None);
    }
    let hint = Some("Make one with `keycap vault backup --output FILE`, and keep it somewhere else.".to_owned());
    Ok(Some(match vault.last_backup()? {
        None => finding(Level::Warning, "no-backup", "There is no backup of this vault.", hint),
        Some(at) => {
            let days = vault.now().since(at) / DAY_S;
            let age = if days == 0 { "less than a day".into() } else { counted(usize::try_from(days).unwrap_or(usize::MAX), "day") };
            let ago = format!("The last backup is {age} old.");
            if days > OLD_BACKUP_DAYS { finding(Level::Warning, "old-backup", ago, hint) } else { ok("backup", ago) }
        }
    }))
}

fn expired(vault: &Vault) -> Result<Vec<DoctorFinding>, VaultError> {
    let now = vault.now();
    let (capabilities, grants) = vault.store.read(|reading| {
        let held = capability::page(reading, None, Page::all())?;
        let expired: Vec<String> = held.into_iter().filter(|row| row.held.expires.is_some_and(|at| at <= now)).map(|row| row.held.name).collect();
        let grants = grant::expiring(reading, UnixSeconds::new(0), now, Page::first(COUNTED_GRANTS + 1))?;
        Ok::<_, VaultError>((expired, u32::try_from(grants.len()).unwrap_or(u32::MAX)))
    })?;
    let mut findings = Vec::new();
    if !capabilities.is_empty() {
        let what = format!("Of the capabilities that you hold, {} expired: {}.", capabilities.len(), capabilities.join(", "));
        let hint = "Ask whoever gave you such a one for another.".to_owned();
        findings.push(finding(Level::Note, "expired-capabilities", what, Some(hint)));
    }
    if grants > 0 {
        let number = if grants > COUNTED_GRANTS {
            format!("More than {COUNTED_GRANTS} grants")
        } else {
            counted(usize::try_from(grants).unwrap_or(usize::MAX), "grant")
        };
        let verb = if grants == 1 { "has" } else { "have" };
        let hint = "They open nothing, and stay listed; mint anew for whoever still needs one.".to_owned();
        findings.push(finding(Level::Note, "expired-grants", format!("{number} {verb} expired."), Some(hint)));
    }
    Ok(findings)
}

fn gateways(vault: &Vault) -> Result<Vec<DoctorFinding>, VaultError> {
    let dead = vault.store.read(dead_gateways)?;
    let mut findings: Vec<DoctorFinding> = dead
        .iter()
        .map(|row| {
            let what = format!("Gateway {} on {} ended without saying so: process {} is gone.", row.id, row.run.listen, row.run.pid);
            mendable(Level::Warning, "gateway-gone", what)
        })
        .collect();
    let is_dead = |id: u64| dead.iter().any(|row| u64::try_from(row.id.as_i64()) == Ok(id));
    for gateway in vault.gateways(None)?.into_iter().filter(|gateway| !gateway.alive && !is_dead(gateway.id)) {
        findings.push(finding(
            Level::Warning,
            "gateway-silent",
            format!("The gateway for {} on {} has not been heard for a while; revocations may not reach it.", gateway.service, gateway.listen),
            Some(format!("Look at process {} on {}, and start it again.", gateway.pid, gateway.host)),
        ));
    }
    Ok(findings)
}
