//! Where the secrets of a vault rest, with all that the choice takes.

use std::path::PathBuf;
use std::sync::Arc;

use keycap_vault::{NoPrompts, SecretText, SecretsChoice, UnlockMethod, VaultError, credentials_directory};

use crate::error::UiError;

/// Where the secrets rest.
#[derive(Debug)]
pub(crate) enum Place {
    /// Each as an item of its own in the system's keyring.
    Keyring,
    /// In the ledger, sealed under a passphrase.
    Passphrase(SecretText),
    /// In the ledger, sealed under one key in the system's keyring.
    KeyringKey,
    /// In the ledger, sealed to these age recipients.
    Recipients(Vec<String>),
    /// In the ledger, sealed under the key in this file.
    KeyFile(PathBuf),
    /// In the ledger, sealed under a systemd credential.
    Credential,
}

impl Place {
    /// Lets `f` put secrets there.
    ///
    /// # Errors
    /// What `f` fails with, or if there is no such credential.
    pub(crate) fn with_choice<T>(&self, f: impl FnOnce(SecretsChoice<'_>) -> Result<T, VaultError>) -> Result<T, UiError> {
        match self {
            Self::Keyring => Ok(f(SecretsChoice::Keyring)?),
            Self::Passphrase(_) | Self::KeyringKey | Self::Recipients(_) | Self::KeyFile(_) | Self::Credential => {
                self.with_method(|method| f(SecretsChoice::Sealed(method)))
            }
        }
    }

    /// Lets `f` seal them so that this opens them; in the keyring that is one key.
    ///
    /// # Errors
    /// As [`Place::with_choice`].
    pub(crate) fn with_method<T>(&self, f: impl FnOnce(UnlockMethod<'_>) -> Result<T, VaultError>) -> Result<T, UiError> {
        match self {
            Self::Keyring | Self::KeyringKey => Ok(f(UnlockMethod::Keyring)?),
            Self::Passphrase(passphrase) => Ok(f(UnlockMethod::Passphrase { passphrase, work_factor: None })?),
            Self::Recipients(recipients) => Ok(f(UnlockMethod::Recipients { recipients, prompts: Arc::new(NoPrompts) })?),
            Self::KeyFile(path) => Ok(f(UnlockMethod::File { path })?),
            Self::Credential => {
                let directory = credentials_directory().ok_or_else(|| {
                    UiError::new("no-credential", "This process was given no systemd credentials.")
                        .hint("Run it in a unit with LoadCredentialEncrypted=keycap-vault-key:…")
                })?;
                Ok(f(UnlockMethod::Credential { directory: &directory })?)
            }
        }
    }
}
