//! Where the secrets of a vault rest, as a person chooses it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keycap_vault::{ErrorClass, NoPrompts, SecretText, SecretsChoice, UnlockMethod, VaultError, credentials_directory, key_file};

use super::Failure;

/// Where the secrets rest.
#[derive(Debug)]
pub(crate) enum Place {
    /// Each as an item of its own in the system's keyring.
    Keyring,
    /// Sealed in the ledger, under a passphrase.
    Passphrase(SecretText),
    /// Sealed in the ledger, under one key in the system's keyring.
    KeyringKey,
    /// Sealed in the ledger, to age recipients.
    Recipients(Vec<String>),
    /// Sealed in the ledger, under the key in this file, which is made if it is not there.
    KeyFile(PathBuf),
    /// Sealed in the ledger, under a systemd credential.
    Credential,
}

impl Place {
    /// Lets `f` use it.
    ///
    /// # Errors
    /// What `f` fails with, or if what belongs to the place is not there and cannot be made.
    pub(crate) fn with<T>(&self, f: impl FnOnce(SecretsChoice<'_>) -> Result<T, VaultError>) -> Result<T, Failure> {
        match self {
            Self::Keyring => Ok(f(SecretsChoice::Keyring)?),
            Self::Passphrase(_) | Self::KeyringKey | Self::Recipients(_) | Self::KeyFile(_) | Self::Credential => {
                self.with_method(|method| f(SecretsChoice::Sealed(method)))
            }
        }
    }

    /// Lets `f` use what unlocks sealed secrets; in the keyring that is one key. A key file that was made for it goes away again if `f` fails.
    ///
    /// # Errors
    /// As [`Place::with`].
    pub(crate) fn with_method<T>(&self, f: impl FnOnce(UnlockMethod<'_>) -> Result<T, VaultError>) -> Result<T, Failure> {
        match self {
            Self::Keyring | Self::KeyringKey => Ok(f(UnlockMethod::Keyring)?),
            Self::Passphrase(passphrase) => Ok(f(UnlockMethod::Passphrase { passphrase, work_factor: None })?),
            Self::Recipients(recipients) => Ok(f(UnlockMethod::Recipients { recipients, prompts: Arc::new(NoPrompts) })?),
            Self::KeyFile(path) => with_key_file(path, || f(UnlockMethod::File { path })),
            Self::Credential => {
                let directory = credentials_directory().ok_or_else(|| Failure {
                    code: "no-credential",
                    class: ErrorClass::Failed,
                    message: "this process was given no systemd credentials".to_owned(),
                    hint: Some("run it in a unit with LoadCredentialEncrypted=keycap-vault-key:…".to_owned()),
                })?;
                Ok(f(UnlockMethod::Credential { directory: &directory })?)
            }
        }
    }
}

fn with_key_file<T>(path: &Path, f: impl FnOnce() -> Result<T, VaultError>) -> Result<T, Failure> {
    let made = path.symlink_metadata().is_err();
    if made {
        key_file::create(path).map_err(VaultError::from)?;
    }
    f().map_err(|error| {
        if made {
            drop(std::fs::remove_file(path));
        }
        error.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_that_was_made_for_nothing_is_taken_away_and_one_that_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let refuse = |_: UnlockMethod<'_>| Err::<(), _>(VaultError::NoFolder { why: "no".to_owned() });
        assert!(Place::KeyFile(path.clone()).with_method(refuse).is_err());
        assert!(!path.exists());
        Place::KeyFile(path.clone()).with_method(|_| Ok(())).unwrap();
        assert!(path.exists());
        assert!(Place::KeyFile(path.clone()).with_method(refuse).is_err());
        assert!(path.exists());
    }
}
