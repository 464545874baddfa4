//! Identity files in the forms that age and rage take: lines of identities, the same sealed to a passphrase, and SSH private keys.

use std::cell::OnceCell;
use std::fmt;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use age::armor::ArmoredReader;
use age::{Callbacks as _, DecryptError, Decryptor, Identity, IdentityFile, scrypt, ssh};
use age_core::format::{FileKey, Stanza};
use zeroize::Zeroizing;

use super::UnlockError;
use super::hybrid;
use super::prompts::Callbacks;

/// age's own limit for identity files.
const MAX_BYTES: u64 = 1 << 24;

/// Reads an identity file. One that is sealed to a passphrase is opened when an identity is first needed.
pub(super) fn read(path: &Path, callbacks: &Callbacks) -> Result<Vec<Box<dyn Identity>>, UnlockError> {
    let refuse = |reason: String| UnlockError::Identity { path: path.to_owned(), reason };
    let mut bytes = Zeroizing::new(Vec::new());
    let file = std::fs::File::open(path).map_err(|error| refuse(error.to_string()))?;
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|error| refuse(error.to_string()))?;

    match Decryptor::new_buffered(ArmoredReader::new(bytes.as_slice())) {
        Ok(file) if file.is_scrypt() => {
            return Ok(vec![Box::new(SealedFile { path: path.to_owned(), bytes, callbacks: callbacks.clone(), opened: OnceCell::new() })]);
        }
        Ok(_) => return Err(refuse("it is encrypted, but not to a passphrase".into())),
        Err(_) => {}
    }
    match ssh::Identity::from_buffer(bytes.as_slice(), Some(path.display().to_string())) {
        Ok(ssh::Identity::Unsupported(_)) => return Err(refuse("age does not take SSH keys of this kind".into())),
        Ok(identity) => return Ok(vec![Box::new(identity.with_callbacks(callbacks.clone()))]),
        Err(_) => {}
    }
    parse_lines(&bytes, callbacks).map_err(refuse)
}

/// Reads lines of identities: native, post-quantum, and those of plugins; blank lines and comments between them.
fn parse_lines(bytes: &[u8], callbacks: &Callbacks) -> Result<Vec<Box<dyn Identity>>, String> {
    let mut identities: Vec<Box<dyn Identity>> = Vec::new();
    // What age reads itself, with an empty line for every other, so that its errors name the right one.
    let mut rest = Zeroizing::new(Vec::with_capacity(bytes.len().saturating_add(1)));
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if line.starts_with(hybrid::IDENTITY_PREFIX.as_bytes()) {
            let text = str::from_utf8(line).map_err(|error| error.to_string())?;
            let broken = |error: hybrid::HybridError| format!("line {number} begins like a post-quantum identity, but {error}");
            let identity: hybrid::Identity = text.trim_end().parse().map_err(broken)?;
            identities.push(Box::new(identity));
        } else {
            rest.extend_from_slice(line);
        }
        rest.push(b'\n');
    }
    let file = IdentityFile::from_buffer(rest.as_slice()).map_err(|error| error.to_string())?;
    let others = file.with_callbacks(callbacks.clone()).into_identities().map_err(|error| error.to_string())?;
    identities.extend(others.into_iter().map(|identity| -> Box<dyn Identity> { identity }));
    Ok(identities)
}

/// An identity file that is sealed to a passphrase. It asks once, when a file is first opened with it.
///
/// The `age` crate has the same, but it does not read post-quantum identities in it.
struct SealedFile {
    path: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
    callbacks: Callbacks,
    opened: OnceCell<Result<Vec<Box<dyn Identity>>, DecryptError>>,
}

impl SealedFile {
    fn open(&self) -> Result<Vec<Box<dyn Identity>>, DecryptError> {
        let question = format!("Passphrase of the identity file {}", self.path.display());
        let passphrase = self.callbacks.request_passphrase(&question).ok_or(DecryptError::KeyDecryptionFailed)?;
        let with: Box<dyn Identity> = Box::new(scrypt::Identity::new(passphrase));
        let decryptor = Decryptor::new_buffered(ArmoredReader::new(Cursor::new(self.bytes.as_slice())))?;
        let reader = decryptor.decrypt(std::iter::once(with.as_ref())).map_err(|error| {
            // The only stanza there is did not open.
            if matches!(error, DecryptError::DecryptionFailed) { DecryptError::KeyDecryptionFailed } else { error }
        })?;
        let mut lines = Zeroizing::new(Vec::with_capacity(self.bytes.len()));
        reader.take(MAX_BYTES).read_to_end(&mut lines)?;
        parse_lines(&lines, &self.callbacks).map_err(|reason| DecryptError::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, reason)))
    }

    fn try_each(&self, unwrap: impl Fn(&dyn Identity) -> Option<Result<FileKey, DecryptError>>) -> Option<Result<FileKey, DecryptError>> {
        let asked = self.opened.get().is_none();
        match self.opened.get_or_init(|| self.open()) {
            Ok(identities) => {
                let found = identities.iter().find_map(|identity| unwrap(identity.as_ref()));
                if asked && found.is_none() {
                    self.callbacks.display_message(&format!("No identity in {} fits this file.", self.path.display()));
                }
                found
            }
            Err(error) => Some(Err(error.clone())),
        }
    }
}

impl fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedFile({:?}, ..)", self.path)
    }
}

impl Identity for SealedFile {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.try_each(|identity| identity.unwrap_stanza(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        self.try_each(|identity| identity.unwrap_stanzas(stanzas))
    }
}
