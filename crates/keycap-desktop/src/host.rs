//! What every command works with.

use std::path::PathBuf;
use std::sync::Arc;

use keycap_vault::SecretText;
use tokio::sync::Notify;

use crate::desk::Desk;
use crate::error::UiError;
use crate::lines::Lines;
use crate::notice::Notices;
use crate::person::{AskFiles, AskPassphrase, Files, Person};
use crate::shelf::Shelf;
use crate::tasks::Tasks;

/// The host of one window.
pub(crate) struct Host {
    pub(crate) desk: Desk,
    pub(crate) shelf: Shelf,
    pub(crate) lines: Lines,
    pub(crate) tasks: Tasks,
    pub(crate) person: Arc<dyn Person>,
    pub(crate) notices: Notices,
    /// Wakes whoever looks for what is to be told.
    pub(crate) changed: Notify,
}

impl Host {
    /// Asks for one file.
    ///
    /// # Errors
    /// If the person leaves.
    pub(crate) async fn ask_file(&self, title: &'static str, what: Files) -> Result<PathBuf, UiError> {
        self.person.files(AskFiles { title, what }).await.into_iter().next().ok_or_else(UiError::cancelled)
    }

    /// Asks for a passphrase.
    ///
    /// # Errors
    /// If the person leaves.
    pub(crate) async fn ask_passphrase(&self, ask: AskPassphrase) -> Result<SecretText, UiError> {
        self.person.passphrase(ask).await.ok_or_else(UiError::cancelled)
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("desk", &self.desk).finish_non_exhaustive()
    }
}
