//! Where the secrets rest, and whether all of them are there.

use std::path::Path;

use keycap_store::secrets::Availability;
use keycap_store::unlock::{CREDENTIAL, UnlockKind, credentials_directory};
use keycap_store::{Findings, MANY_KEYRING_SECRETS, Named, Protection};

use super::{counted, finding, mendable, ok, permissions};
use crate::error::VaultError;
use crate::vault::Vault;
use crate::view::{DoctorFinding, Level};

pub(super) fn findings(vault: &Vault, store: &Findings) -> Result<Vec<DoctorFinding>, VaultError> {
    let place = vault.status()?.protection_text;
    let secrets = counted(usize::try_from(store.secrets).unwrap_or(usize::MAX), "secret");
    let mut findings = vec![ok("secrets", format!("{secrets}. {place}"))];
    findings.extend(keyring(store));
    findings.extend(unlocking(&store.protection, vault.folder()));
    if store.recommends_sealing() {
        findings.push(finding(
            Level::Warning,
            "many-keyring-secrets",
            format!("{secrets} are in the keyring, which rewrites all of them at each change; more than {MANY_KEYRING_SECRETS} make it slow."),
            Some("Move them into the ledger, under one key that stays in the keyring: `keycap vault convert --sealed keyring`.".into()),
        ));
    }
    findings.extend(lost(&store.missing, "secret-missing", "has vanished from the keyring"));
    findings.extend(lost(&store.damaged, "secret-damaged", "does not open any more"));
    if !store.loose.is_empty() {
        let what = format!("{} of the keyring still to be deleted: their secrets were removed.", counted(store.loose.len(), "item"));
        findings.push(mendable(Level::Note, "pending-removals", what));
    }
    if !store.orphaned.is_empty() {
        let what = format!("The keyring has {} of this vault that the ledger does not know.", counted(store.orphaned.len(), "item"));
        findings.push(mendable(Level::Warning, "keyring-orphans", what));
    }
    if !store.unowned.is_empty() {
        let labels: Vec<&str> = store.unowned.iter().map(|secret| secret.label.as_str()).collect();
        let what = format!("{} that nothing uses: {}.", counted(store.unowned.len(), "secret"), labels.join(", "));
        findings.push(mendable(Level::Warning, "unowned-secrets", what));
    }
    if vault.is_locked()? {
        findings.push(finding(
            Level::Note,
            "locked",
            "The vault is locked, so what needs its secrets was not looked at.",
            Some("End the lock with `keycap vault unlock`.".into()),
        ));
    }
    Ok(findings)
}

/// Whether the vault can do nothing without the keyring.
pub(super) fn needs_keyring(protection: &Protection) -> bool {
    match protection {
        Protection::Keyring | Protection::Sealed(UnlockKind::Keyring) => true,
        Protection::Sealed(UnlockKind::Passphrase | UnlockKind::Recipients | UnlockKind::Credential | UnlockKind::File(_)) => false,
    }
}

fn keyring(store: &Findings) -> Option<DoctorFinding> {
    Some(match store.keyring.as_ref()? {
        Ok(Availability::Ready) => ok("keyring", "The keyring answers."),
        Ok(Availability::Locked) => finding(
            Level::Note,
            "keyring-locked",
            "The keyring is locked; it will ask for its password when a secret is needed.",
            Some("Unlock it by logging in on the desktop, or in the keyring's own program.".into()),
        ),
        Ok(_) => {
            let error = keycap_store::secrets::SecretError::NoCollection;
            finding(Level::Problem, error.code(), format!("{}.", capital(&error.to_string())), Some(error.hint()))
        }
        Err(error) => finding(Level::Problem, error.code(), format!("{}.", capital(&error.to_string())), Some(error.hint())),
    })
}

/// What unlocks a sealed vault, as far as it can be seen without using it.
fn unlocking(protection: &Protection, folder: &Path) -> Vec<DoctorFinding> {
    match protection {
        Protection::Sealed(UnlockKind::File(path)) => key_file(path, folder),
        Protection::Sealed(UnlockKind::Credential) => {
            let there = credentials_directory().is_some_and(|directory| directory.join(CREDENTIAL).exists());
            vec![if there {
                ok("credential", format!("systemd hands over the credential {CREDENTIAL}."))
            } else {
                finding(
                    Level::Note,
                    "credential-elsewhere",
                    format!("This process is not the service to which systemd hands over {CREDENTIAL}, so it cannot unlock the vault."),
                    Some(format!("Run it in a unit with LoadCredentialEncrypted={CREDENTIAL}:…")),
                )
            }]
        }
        Protection::Keyring | Protection::Sealed(UnlockKind::Keyring | UnlockKind::Passphrase | UnlockKind::Recipients) => Vec::new(),
    }
}

fn key_file(path: &Path, folder: &Path) -> Vec<DoctorFinding> {
    let shown = path.display();
    if let Err(error) = std::fs::metadata(path) {
        let hint = "Put it back where it was; without it only a backup opens this vault.".to_owned();
        return vec![finding(Level::Problem, "key-file-missing", format!("The key file {shown} cannot be found: {error}."), Some(hint))];
    }
    let mut findings = Vec::new();
    match permissions::open_to_others(path) {
        Some(mode) => findings.push(finding(
            Level::Problem,
            "key-file-exposed",
            format!("The key file {shown} is open to other users (mode {mode:o})."),
            Some(format!("Close it with `chmod 400 '{shown}'`.")),
        )),
        None => findings.push(ok("key-file", format!("The key file {shown} is there."))),
    }
    let beside = |path: &Path| path.parent().and_then(|parent| parent.canonicalize().ok());
    if beside(path).is_some() && beside(path) == folder.canonicalize().ok() {
        findings.push(finding(
            Level::Warning,
            "key-file-beside-vault",
            "The key file lies in the vault's own folder: whoever copies the folder can open the vault.",
            Some("Keep it somewhere else: `keycap vault passwd --sealed file --key-file PATH` changes to one there.".into()),
        ));
    }
    findings
}

/// Secrets that only a backup has.
fn lost(secrets: &[Named], code: &'static str, how: &str) -> Vec<DoctorFinding> {
    let hint = || Some("Restore it from a backup with `keycap vault restore`, or remove what it belongs to.".to_owned());
    secrets.iter().map(|secret| finding(Level::Problem, code, format!("\"{}\" {how}.", secret.label), hint())).collect()
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
