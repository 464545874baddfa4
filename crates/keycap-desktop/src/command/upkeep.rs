//! Backups, restoring them, and the doctor.

use keycap_vault::view::{BackupView, DoctorFinding, MendView, RestoreDiff};
use keycap_vault::{Backup, OpenWith, RestoreMode, Vault};
use serde::Serialize;
use ts_rs::TS;

use super::exchange::{NOT_OPENED, Opening, ask_identity, ask_passphrase, opened_by, sealed_to};
use super::{Readers, read_file, write_file};
use crate::error::UiError;
use crate::host::Host;
use crate::person::Files;

/// Bytes of a backup, at most: one of a million grants has some 600 MB.
const MAX_BACKUP_BYTES: u64 = 2 << 30;

/// A backup that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct BackedUp {
    /// Where it is.
    pub file: String,
    /// What is in it.
    pub backup: BackupView,
}

/// A backup that was opened, and what it would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct OpenedBackup {
    /// Names it until it is restored or the vault is closed.
    pub handle: String,
    /// The file.
    pub file: String,
    /// What it would change.
    pub diff: RestoreDiff,
}

/// Backs up the vault into a file, sealed to a passphrase (no recipients) or to recipients.
pub(crate) async fn backup(host: &Host, recipients: Vec<String>) -> Result<BackedUp, UiError> {
    let text = "Whoever has the file and this passphrase has the whole vault. Keep them in different places.";
    let to = sealed_to(host, recipients, "A passphrase for the backup", text).await?;
    let file = host.ask_file("Save the backup", Files::New("keycap-backup.age".to_owned())).await?;
    host.desk
        .keep(move |vault| {
            let backup = vault.backup(&to)?;
            write_file(&file, backup.bytes(), Readers::Usual)?;
            vault.note_kept(&backup)?;
            Ok(BackedUp { file: file.display().to_string(), backup: backup.view().clone() })
        })
        .await
}

/// Opens a backup that the person chooses, and says what it would change.
pub(crate) async fn restore_choose(host: &Host) -> Result<OpenedBackup, UiError> {
    let file = host.ask_file("Restore a backup", Files::One).await?;
    let shown = file.display().to_string();
    let bytes = read_file(&file, MAX_BACKUP_BYTES)?;
    let ours = match opened_by(&file)? {
        Opening::Passphrase => Err(ask_passphrase(host).await?),
        Opening::Vault => {
            let bytes = bytes.clone();
            match host.desk.keep(move |vault| Ok(vault.read_backup(&bytes, &OpenWith::OwnKeys)?)).await {
                Ok(backup) => Ok(backup),
                Err(error) if error.code == NOT_OPENED => Err(ask_identity(host).await?),
                Err(error) => return Err(error),
            }
        }
    };
    let backup = match ours {
        Ok(backup) => backup,
        Err(with) => tokio::task::spawn_blocking(move || Backup::read(&bytes, &with)).await.map_err(|_| UiError::interrupted())??,
    };
    let (backup, diff) = host
        .desk
        .keep(move |vault: &mut Vault| {
            let diff = vault.restore_preview(&backup)?;
            Ok((backup, diff))
        })
        .await?;
    Ok(OpenedBackup { handle: host.shelf.keep_backup(backup), file: shown, diff })
}

/// Restores it: all that contradicts nothing, and what is named in `replace` where it does. The word `restore` has to be typed.
pub(crate) async fn restore(host: &Host, handle: String, replace: Vec<String>, typed: String) -> Result<RestoreDiff, UiError> {
    if typed != "restore" {
        return Err(UiError::not_confirmed("restore"));
    }
    let backup = host.shelf.take_backup(&handle)?;
    host.desk.keep(move |vault| Ok(vault.restore(backup, &RestoreMode::Replace(replace))?)).await
}

/// What is wrong with the vault, the keyring and the machine.
pub(crate) async fn doctor(host: &Host) -> Result<Vec<DoctorFinding>, UiError> {
    // It sees more of a vault that opens by itself; nobody is asked for anything so that it can look.
    match host.desk.keep(|vault| Ok(vault.doctor()?)).await {
        Err(error) if error.code == UiError::NEEDS_UNLOCK => host.desk.keep_public(|vault| Ok(vault.doctor()?)).await,
        looked => looked,
    }
}

/// Mends what can be mended without losing anything.
pub(crate) async fn mend(host: &Host) -> Result<MendView, UiError> {
    host.desk.keep(|vault| Ok(vault.mend()?)).await
}
