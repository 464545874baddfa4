//! What is done to the vault as a whole: what unlocks it, where its secrets rest, and what a backup brings back.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use keycap_vault::view::RestoreDiff;
use keycap_vault::{Backup, NoPrompts, OpenWith, RestoreMode, SecretsPlace, Vault, VaultError};

use super::Failure;
use super::setup::MOST_BACKUP;
use crate::file;
use crate::task::{Job, TaskHandle, TaskNews, Unit};

/// Something that is done to the vault as a whole.
#[derive(Debug)]
pub(crate) enum Upkeep {
    /// Changes what unlocks sealed secrets.
    Unlocking(SecretsPlace),
    /// Opens a backup, and says what restoring it would change.
    Compare { file: PathBuf, with: OpenWith },
    /// Says once more what restoring a backup would change: the vault is not what it was.
    CompareAgain(OpenedBackup),
    /// Takes in a backup; it is used up by that.
    Restore { backup: OpenedBackup, mode: RestoreMode },
}

/// What the vault answers.
#[derive(Debug)]
pub(crate) enum Kept {
    /// What unlocks it was changed; this is where the secrets rest now.
    Unlocking(String),
    /// A backup was opened.
    Compared { backup: OpenedBackup, diff: Box<RestoreDiff> },
    /// A backup was taken in.
    Restored(Box<RestoreDiff>),
}

/// A backup that was opened, to be passed on and never looked into: it holds every secret of a vault, and wipes them when it goes.
#[derive(Debug)]
pub(crate) struct OpenedBackup(Mutex<Option<Backup>>);

impl OpenedBackup {
    fn new(backup: Backup) -> Self {
        Self(Mutex::new(Some(backup)))
    }

    /// Takes it out, once.
    fn taken(&self) -> Result<Backup, Failure> {
        let backup = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        backup.ok_or_else(|| VaultError::BadRequest { why: "the backup was used up".to_owned(), hint: "open it again".to_owned() }.into())
    }
}

impl Upkeep {
    /// Does it.
    ///
    /// # Errors
    /// Whatever the vault or a file says.
    pub(super) fn run(&self, vault: &mut Vault) -> Result<Kept, Failure> {
        Ok(match self {
            Self::Unlocking(place) => {
                place.with_method(Arc::new(NoPrompts), |method| vault.change_unlocking(&method))?;
                Kept::Unlocking(vault.status()?.protection_text)
            }
            Self::Compare { file, with } => {
                let sealed = file::read(file, MOST_BACKUP)?;
                compared(vault, vault.read_backup(sealed.expose(), with)?)?
            }
            Self::CompareAgain(backup) => compared(vault, backup.taken()?)?,
            Self::Restore { backup, mode } => Kept::Restored(Box::new(vault.restore(backup.taken()?, mode)?)),
        })
    }
}

fn compared(vault: &Vault, backup: Backup) -> Result<Kept, Failure> {
    let diff = Box::new(vault.restore_preview(&backup)?);
    Ok(Kept::Compared { backup: OpenedBackup::new(backup), diff })
}

/// Moving all secrets, as a task: a keyring takes its time for each. Interrupted, they are where they were; there is no half way to stop at.
#[derive(Debug)]
pub(crate) struct Convert {
    pub(crate) vault: Vault,
    pub(crate) place: SecretsPlace,
}

impl Job for Convert {
    fn run(self: Box<Self>, task: &TaskHandle) -> Result<String, Failure> {
        let Self { mut vault, place } = *self;
        task.tell(TaskNews::Says("moving the secrets".to_owned()));
        let mut progress = |done, of| task.tell(TaskNews::Progress { done, whole: Some(of), unit: Unit::Items });
        place.with_choice(Arc::new(NoPrompts), |choice| vault.convert(&choice, &mut progress))?;
        Ok(vault.status()?.protection_text)
    }
}
