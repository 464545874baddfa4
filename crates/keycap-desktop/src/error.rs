//! What the window is told when something was not done.

use keycap_gateway::{ConnectorError, GatewayError, ListenError};
use keycap_vault::clipboard::ClipboardError;
use keycap_vault::{ErrorClass, VaultError};
use serde::Serialize;
use ts_rs::TS;

/// Why something was not done: nothing of it has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct UiError {
    /// A stable name, in kebab-case.
    pub code: String,
    /// What went wrong, in a sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl UiError {
    /// The vault is locked, for this window or for all processes.
    pub(crate) const LOCKED: &'static str = "vault-locked";
    /// A person has to type or choose something before the secrets can be had.
    pub(crate) const NEEDS_UNLOCK: &'static str = "needs-unlock";
    /// There is no vault.
    pub(crate) const NO_VAULT: &'static str = "no-vault";
    /// The person left a dialog without an answer.
    pub(crate) const CANCELLED: &'static str = "cancelled";

    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), hint: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn locked() -> Self {
        Self::new(Self::LOCKED, "The vault is locked.").hint("Unlock it first.")
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(Self::CANCELLED, "Nothing was done.")
    }

    pub(crate) fn no_vault() -> Self {
        Self::new(Self::NO_VAULT, "There is no vault yet.").hint("Create one first.")
    }

    /// The window was closed, or a thread ended, while something was under way.
    pub(crate) fn interrupted() -> Self {
        Self::new("interrupted", "keycap is closing; this was not done.")
    }

    /// Because what was confirmed is not what is there any more.
    pub(crate) fn changed_meanwhile(name: &str) -> Self {
        Self::new("changed-meanwhile", format!("`{name}` is not what it was when you were asked.")).hint("Another process changed it; look again.")
    }

    /// Because something else was typed than the name that confirms.
    pub(crate) fn not_confirmed(name: &str) -> Self {
        Self::new("confirm-differs", format!("What was typed is not `{name}`.")).hint("Type the name as it is shown.")
    }

    /// Because a handle stands for nothing any more.
    pub(crate) fn gone(what: &str) -> Self {
        Self::new("gone", format!("The {what} is not there any more.")).hint("Begin again.")
    }
}

impl From<VaultError> for UiError {
    fn from(error: VaultError) -> Self {
        // What a locked keyring or a wrong passphrase says is worth more than that it is locked.
        let code = if error.class() == ErrorClass::Locked && error.code() == Self::LOCKED { Self::LOCKED } else { error.code() };
        Self { code: code.to_owned(), message: sentence(&error.to_string()), hint: error.hint().map(|hint| sentence(&hint)) }
    }
}

impl From<GatewayError> for UiError {
    fn from(error: GatewayError) -> Self {
        if let GatewayError::Vault(error) = error {
            return error.into();
        }
        Self::new("gateway", sentence(&error.to_string()))
    }
}

impl From<ConnectorError> for UiError {
    fn from(error: ConnectorError) -> Self {
        Self::new("connector", sentence(&error.to_string()))
    }
}

impl From<ListenError> for UiError {
    fn from(error: ListenError) -> Self {
        Self::new("listen", sentence(&error.to_string()))
    }
}

impl From<ClipboardError> for UiError {
    fn from(error: ClipboardError) -> Self {
        Self::new("clipboard", sentence(&error.to_string()))
    }
}

/// As a window shows it: with a capital in front and a full stop behind.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut shown: String = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    if !shown.ends_with(['.', '!', '?', ')', '`']) {
        shown.push('.');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_vault_says_becomes_a_sentence() {
        let error = UiError::from(VaultError::NotFound { what: "grant", name: "alice".into() });
        assert!(error.message.starts_with(char::is_uppercase) && error.message.ends_with(['.', '`']), "{}", error.message);
        assert_eq!(error.code, "not-found");
    }
}
