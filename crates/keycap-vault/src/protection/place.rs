//! Where the secrets of a vault rest, as a person chooses it, with all that the choice takes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keycap_core::secret::SecretText;
use keycap_store::SecretsChoice;
use keycap_store::unlock::{Prompts, UnlockMethod, credentials_directory, file};

use crate::error::VaultError;

/// Where the secrets rest.
#[derive(Debug)]
pub enum SecretsPlace {
    /// Each as an item of its own in the system's keyring.
    Keyring,
    /// Sealed in the ledger, under a passphrase.
    Passphrase(SecretText),
    /// Sealed in the ledger, under one key in the system's keyring.
    KeyringKey,
    /// Sealed in the ledger, to age recipients.
    Recipients(Vec<String>),
    /// Sealed in the ledger, under a key in this file, which is not there yet: see [`SecretsPlace::key_file`].
    NewKeyFile(PathBuf),
    /// Sealed in the ledger, under the key in this file.
    KeyFile(PathBuf),
    /// Sealed in the ledger, under a systemd credential.
    Credential,
}

impl SecretsPlace {
    /// Under the key in this file, which is made when it is needed if nothing is there now.
    #[must_use]
    pub fn key_file(path: PathBuf) -> Self {
        if path.symlink_metadata().is_ok() { Self::KeyFile(path) } else { Self::NewKeyFile(path) }
    }

    /// Lets `f` put secrets there. Plugins of age recipients talk to `prompts`.
    ///
    /// # Errors
    /// What `f` fails with; otherwise as [`SecretsPlace::with_method`].
    pub fn with_choice<T, E: From<VaultError>>(&self, prompts: Arc<dyn Prompts>, f: impl FnOnce(SecretsChoice<'_>) -> Result<T, E>) -> Result<T, E> {
        match self {
            Self::Keyring => f(SecretsChoice::Keyring),
            Self::Passphrase(_) | Self::KeyringKey | Self::Recipients(_) | Self::NewKeyFile(_) | Self::KeyFile(_) | Self::Credential => {
                self.with_method(prompts, |method| f(SecretsChoice::Sealed(method)))
            }
        }
    }

    /// Lets `f` seal them so that this opens them; in the keyring that is one key. A key file that was made for it goes away again if `f` fails:
    /// nothing is sealed under its key then.
    ///
    /// # Errors
    /// What `f` fails with; [`VaultError::NoCredential`], or if a key file cannot be made.
    pub fn with_method<T, E: From<VaultError>>(&self, prompts: Arc<dyn Prompts>, f: impl FnOnce(UnlockMethod<'_>) -> Result<T, E>) -> Result<T, E> {
        match self {
            Self::Keyring | Self::KeyringKey => f(UnlockMethod::Keyring),
            Self::Passphrase(passphrase) => f(UnlockMethod::Passphrase { passphrase, work_factor: None }),
            Self::Recipients(recipients) => f(UnlockMethod::Recipients { recipients, prompts }),
            Self::NewKeyFile(path) => with_new_file(path, || f(UnlockMethod::File { path })),
            Self::KeyFile(path) => f(UnlockMethod::File { path }),
            Self::Credential => {
                let directory = credentials_directory().ok_or(VaultError::NoCredential)?;
                f(UnlockMethod::Credential { directory: &directory })
            }
        }
    }
}

fn with_new_file<T, E: From<VaultError>>(path: &Path, f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    file::create(path).map_err(VaultError::from)?;
    // What could not be taken away again is a key under which nothing is sealed; why it was made for nothing is worth more.
    f().inspect_err(|_| drop(std::fs::remove_file(path)))
}

#[cfg(test)]
mod tests {
    use keycap_store::unlock::NoPrompts;

    use super::*;

    fn done(_: UnlockMethod<'_>) -> Result<(), VaultError> {
        Ok(())
    }

    fn refuse(_: UnlockMethod<'_>) -> Result<(), VaultError> {
        Err(VaultError::NoFolder { why: "no".to_owned() })
    }

    fn with(place: &SecretsPlace, f: impl FnOnce(UnlockMethod<'_>) -> Result<(), VaultError>) -> Result<(), VaultError> {
        place.with_method(Arc::new(NoPrompts), f)
    }

    #[test]
    fn a_key_file_that_was_made_for_nothing_is_taken_away_and_one_that_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert_eq!(with(&SecretsPlace::key_file(path.clone()), refuse).unwrap_err().code(), "no-folder");
        assert!(!path.exists());
        with(&SecretsPlace::key_file(path.clone()), done).unwrap();
        assert!(path.exists());
        assert_eq!(with(&SecretsPlace::key_file(path.clone()), refuse).unwrap_err().code(), "no-folder");
        assert!(path.exists());
    }

    #[test]
    fn a_file_that_is_there_is_never_written_over_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "something else").unwrap();
        assert_eq!(with(&SecretsPlace::NewKeyFile(path.clone()), done).unwrap_err().code(), "key-file-unreadable");
        assert_eq!(std::fs::read(&path).unwrap(), b"something else");
        assert!(matches!(SecretsPlace::key_file(path), SecretsPlace::KeyFile(_)));
    }

    #[test]
    fn a_key_file_that_cannot_be_made_is_the_failure_and_nothing_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let place = SecretsPlace::key_file(folder.path().join("missing/key"));
        assert_eq!(with(&place, |_| unreachable!("there is no key")).unwrap_err().code(), "key-file-unreadable");
    }
}
