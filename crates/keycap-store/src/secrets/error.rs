//! What can go wrong with secrets at rest.

/// Why a secret could not be put to rest, read or removed.
///
/// Nothing in here is a secret: the operating system's errors, which may hold some, are sorted and never kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// There is no keyring: no session bus, or nothing on it that keeps secrets.
    #[error("there is no keyring here: {reason}")]
    NoKeyring {
        /// What the system said.
        reason: String,
    },
    /// The keyring is there but has no collection to keep secrets in, so that it answers every question with "no such item".
    #[error("the keyring has no default collection, so nothing can be kept in it")]
    NoCollection,
    /// The keyring is locked, and there is no display on which it could ask for its password.
    #[error("the keyring is locked")]
    KeyringLocked,
    /// The keyring asked, and whoever was asked said no.
    #[error("the keyring asked for permission, and it was refused")]
    PromptDismissed,
    /// The keyring asked, and nobody answered.
    #[error("the keyring asked for permission, and nobody answered within {seconds} s")]
    PromptUnanswered {
        /// How long keycap waited.
        seconds: u64,
    },
    /// The keyring works, but this item is not in it any more.
    #[error("{label:?} has vanished from the keyring")]
    Vanished {
        /// The item's label.
        label: String,
    },
    /// The keyring has several items of this name, which keycap never makes.
    #[error("the keyring has more than one item for {label:?}")]
    Ambiguous {
        /// The item's label.
        label: String,
    },
    /// The keyring, or the ledger, holds something else than what keycap put there.
    #[error("{label:?} is not what keycap put there")]
    Damaged {
        /// The secret's label.
        label: String,
    },
    /// The keyring does not take such an item.
    #[error("the keyring refused {label:?}: {reason}")]
    Refused {
        /// The item's label.
        label: String,
        /// Why.
        reason: String,
    },
    /// The secret has more than [`super::MAX_SECRET_BYTES`] bytes.
    #[error("a secret has at most {} bytes, this one has {bytes}", super::MAX_SECRET_BYTES)]
    TooLong {
        /// How many it has.
        bytes: usize,
    },
    /// The keyring failed in some other way.
    #[error("the keyring failed: {reason}")]
    Failed {
        /// What it said.
        reason: String,
    },
}

impl SecretError {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoKeyring { .. } => "keyring-missing",
            Self::NoCollection => "keyring-without-collection",
            Self::KeyringLocked => "keyring-locked",
            Self::PromptDismissed => "keyring-refused",
            Self::PromptUnanswered { .. } => "keyring-unanswered",
            Self::Vanished { .. } => "secret-vanished",
            Self::Ambiguous { .. } => "secret-ambiguous",
            Self::Damaged { .. } => "secret-damaged",
            Self::Refused { .. } => "keyring-refused-item",
            Self::TooLong { .. } => "secret-too-long",
            Self::Failed { .. } => "keyring-failed",
        }
    }

    /// The way out, one sentence.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoKeyring { .. } => {
                "Start a keyring such as gnome-keyring in your session, or choose secrets sealed in the vault's own file (`keycap vault init --sealed`)."
            }
            Self::NoCollection => "Create a default keyring, for instance in Seahorse with File, New, Password Keyring, or log in once on the desktop.",
            Self::KeyringLocked => "Unlock the keyring, for instance by logging in on the desktop, and try again.",
            Self::PromptDismissed => "Try again and allow it when the keyring asks.",
            Self::PromptUnanswered { .. } => "Look for the keyring's window, which may be behind others, and try again.",
            Self::Vanished { .. } => "If it was deleted by mistake, restore it from a backup with `keycap vault restore`; `keycap doctor` lists all that are missing.",
            Self::Ambiguous { .. } => "Delete the copies that keycap did not make in the keyring's own program, then run `keycap doctor`.",
            Self::Damaged { .. } => "Restore it from a backup with `keycap vault restore`.",
            Self::Refused { .. } => "Keep the secrets sealed in the vault's own file instead: `keycap vault convert --sealed`.",
            Self::TooLong { .. } => "Shorten it.",
            Self::Failed { .. } => "Try again; if it stays so, restart the keyring and run `keycap doctor`.",
        }
        .into()
    }
}
