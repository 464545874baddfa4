//! With what files are opened.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use age::secrecy::{ExposeSecret, SecretString};
use age::{DecryptError, Identity};
use age_core::format::{FileKey as AgeFileKey, Stanza as AgeStanza};
use keycap_core::seal::file::{FileKey, Header};
use keycap_core::secret::{Secret, SecretText};
use keycap_store::unlock::Prompts;

use super::{FileError, head};
use crate::error::VaultError;
use crate::opener::{self, Leave, Opener};

/// Times that a passphrase is asked for.
const TRIES: u32 = 3;

/// Everything at hand that may open a file: what was named first, then the vault.
#[derive(Default)]
pub struct Identities {
    named: Vec<Box<dyn Identity>>,
    opener: Option<Opener>,
}

impl Identities {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of the age crate, and no vault.
    #[must_use]
    pub fn of(named: Vec<Box<dyn Identity>>) -> Self {
        Self { named, opener: None }
    }

    /// Adds one of the age crate.
    #[must_use]
    pub fn with(mut self, identity: Box<dyn Identity>) -> Self {
        self.named.push(identity);
        self
    }

    /// Adds identity files; plugins and files that are themselves sealed ask through the prompts.
    ///
    /// # Errors
    /// If one of them is none.
    pub fn with_files(mut self, files: &[PathBuf], prompts: &Arc<dyn Prompts>) -> Result<Self, VaultError> {
        self.named.extend(keycap_store::unlock::identities(files, prompts)?);
        Ok(self)
    }

    /// Adds a passphrase.
    #[must_use]
    pub fn with_passphrase(self, passphrase: &SecretText) -> Self {
        self.with(Box::new(age::scrypt::Identity::new(SecretString::from(passphrase.expose().to_owned()))))
    }

    /// Asks for a passphrase when a file turns out to be sealed under one; what opened one file is tried on the next.
    #[must_use]
    pub fn with_asked_passphrase(self, prompts: Arc<dyn Prompts>) -> Self {
        self.with(Box::new(AskedPassphrase { prompts, known: Mutex::new(None) }))
    }

    /// Adds the vault's keys and services.
    #[must_use]
    pub fn with_vault(self, opener: Opener) -> Self {
        Self { opener: Some(opener), ..self }
    }

    /// The file key from the first that fits, and what the vault says of it, if it was the vault.
    pub(super) fn unwrap(&self, header: &Header) -> Result<(FileKey, Option<opener::Outcome>), FileError> {
        let stanzas: Vec<AgeStanza> = header.stanzas().iter().map(head::to_age).collect();
        if let Some(unwrapped) = self.named.iter().find_map(|identity| identity.unwrap_stanzas(&stanzas)) {
            return Ok((file_key(unwrapped.map_err(|error| head::decrypt_error(error, header))?), None));
        }
        let Some(opener) = &self.opener else { return Err(FileError::NoMatch) };
        let file = opener.file();
        let unwrapped = file.unwrap_stanzas(&stanzas).ok_or(FileError::NoMatch)?;
        let outcome = file.outcome();
        match unwrapped {
            Ok(unwrapped) => Ok((file_key(unwrapped), outcome)),
            Err(error) => Err(match outcome.and_then(|outcome| outcome.leave) {
                Some((_, Leave::Lapsed { refusal })) => FileError::Refused { refusal, lapsed: true },
                Some((_, Leave::Refused { refusal })) => FileError::Refused { refusal, lapsed: false },
                Some((_, Leave::Given | Leave::Withheld { .. })) | None => head::decrypt_error(error, header),
            }),
        }
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities").field("named", &self.named.len()).field("opener", &self.opener).finish()
    }
}

fn file_key(unwrapped: AgeFileKey) -> FileKey {
    Secret::filled_by(|bytes| bytes.copy_from_slice(unwrapped.expose_secret()))
}

/// A passphrase that is asked for when it is needed.
struct AskedPassphrase {
    prompts: Arc<dyn Prompts>,
    known: Mutex<Option<SecretString>>,
}

impl Identity for AskedPassphrase {
    fn unwrap_stanza(&self, stanza: &AgeStanza) -> Option<Result<AgeFileKey, DecryptError>> {
        if stanza.tag != head::SCRYPT {
            return None;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(passphrase) = known.as_ref()
            && let Some(Ok(file_key)) = with(passphrase, stanza)
        {
            return Some(Ok(file_key));
        }
        let mut last = None;
        for attempt in 0..TRIES {
            if attempt > 0 {
                self.prompts.message("That is not the passphrase.");
            }
            let Some(passphrase) = self.prompts.passphrase("The file's passphrase:") else { return last };
            let passphrase = SecretString::from(passphrase.expose().to_owned());
            match with(&passphrase, stanza) {
                Some(Ok(file_key)) => {
                    *known = Some(passphrase);
                    return Some(Ok(file_key));
                }
                Some(Err(error @ DecryptError::DecryptionFailed)) => last = Some(Err(error)),
                other => return other,
            }
        }
        last
    }
}

fn with(passphrase: &SecretString, stanza: &AgeStanza) -> Option<Result<AgeFileKey, DecryptError>> {
    age::scrypt::Identity::new(SecretString::from(passphrase.expose_secret().to_owned())).unwrap_stanza(stanza)
}
