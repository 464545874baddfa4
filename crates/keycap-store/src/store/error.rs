//! What can go wrong with a vault as a whole.

use std::path::PathBuf;

use crate::ledger::LedgerError;
use crate::secrets::SecretError;
use crate::unlock::UnlockError;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The ledger's file or rows.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The place where secrets rest.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Locking and unlocking.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// The vault is locked, or was not unlocked by this process, or was given another vault key since.
    #[error("the vault is locked")]
    Locked,
    /// There is a vault in the folder already.
    #[error("there is a vault in {} already", folder.display())]
    AlreadyAVault {
        /// The folder.
        folder: PathBuf,
    },
    /// A backup is taken into a vault that has just been created only.
    #[error("the vault is not empty")]
    NotEmpty,
    /// A backup lacks a part without which it cannot be taken in.
    #[error("the backup is incomplete: {what}")]
    IncompleteBackup {
        /// What is missing.
        what: &'static str,
    },
}

impl StoreError {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::Secret(error) => error.code(),
            Self::Unlock(error) => error.code(),
            Self::Locked => "vault-locked",
            Self::AlreadyAVault { .. } => "already-a-vault",
            Self::NotEmpty => "vault-not-empty",
            Self::IncompleteBackup { .. } => "backup-incomplete",
        }
    }

    /// The way out, one sentence.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Ledger(error) => error.hint(),
            Self::Secret(error) => error.hint(),
            Self::Unlock(error) => error.hint(),
            Self::Locked => "Unlock it with `keycap vault unlock`.".into(),
            Self::AlreadyAVault { .. } => "Use it, or name another folder.".into(),
            Self::NotEmpty => "Restore into a new folder.".into(),
            Self::IncompleteBackup { .. } => "Use another backup.".into(),
        }
    }
}
