//! Unlocking a sealed vault: how the vault key is kept, and how it is got back.
//!
//! The vault key is 32 random bytes under which every secret is sealed. What the ledger keeps of it depends on the method:
//!
//! ```text
//! passphrase, recipients     an age file of vault id(16) || vault key(32): age's scrypt recipient, or any others
//! keyring, credential, file  nonce(24) || XChaCha20-Poly1305(wrapping key, nonce, "keycap-store 1 vault key" 00 || vault id || method, vault key)
//! ```
//!
//! The wrapping key, 32 bytes, is in the operating system's keyring, in a systemd credential or in a file. Changing the method wraps the same
//! vault key anew; whoever has copied both an old wrapping and what opens it still has the vault key.

mod age;
mod error;
pub mod file;
pub mod hybrid;
mod identity_file;
mod prompts;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keycap_core::secret::{Secret, SecretBytes, SecretText};
use rand::rngs::OsRng;

use crate::label;
use crate::secrets::{ItemName, ItemStore, SecretId, VaultId, VaultKey, open_box, put_item, read_item, seal_box};

pub use error::UnlockError;
pub use prompts::{NoPrompts, Prompts};

/// The name under which systemd hands over the wrapping key: `LoadCredentialEncrypted=keycap-vault-key:…`.
pub const CREDENTIAL: &str = "keycap-vault-key";

/// How a vault key is to be kept.
#[derive(Clone)]
pub enum UnlockMethod<'a> {
    /// The operating system's keyring holds the wrapping key.
    Keyring,
    /// Someone knows a passphrase.
    Passphrase {
        /// The passphrase.
        passphrase: &'a SecretText,
        /// The base-2 logarithm of scrypt's cost, 1 to 63; `None` lets age choose one that takes about a second here.
        work_factor: Option<u8>,
    },
    /// Someone has an identity of age: native, SSH, or hardware through a plugin.
    Recipients {
        /// The recipients, as age and rage take them; any one of them opens the vault.
        recipients: &'a [String],
        /// Whom plugins talk to.
        prompts: Arc<dyn Prompts>,
    },
    /// systemd hands over the wrapping key, 32 bytes or their base64, as [`CREDENTIAL`].
    Credential {
        /// The folder of the credentials: [`credentials_directory`].
        directory: &'a Path,
    },
    /// A file, closed to others, holds the wrapping key, 32 bytes or their base64: see [`file::create`].
    File {
        /// The file; the ledger remembers where it is.
        path: &'a Path,
    },
}

/// Reads recipients as age and rage take them: `age1…` of every kind, post-quantum ones and plugins included, and SSH public keys. Plugins
/// talk to `prompts`.
///
/// # Errors
/// [`UnlockError::Recipient`] for the first that is none.
pub fn recipients(texts: &[String], prompts: Arc<dyn Prompts>) -> Result<Vec<Box<dyn ::age::Recipient + Send>>, UnlockError> {
    age::parse_recipients(texts, prompts)
}

/// Reads identity files as age and rage take them: encrypted ones too, and SSH private keys. Plugins and passphrases go through `prompts`.
///
/// # Errors
/// [`UnlockError::Identity`] for the first that is none.
pub fn identities(files: &[PathBuf], prompts: &Arc<dyn Prompts>) -> Result<Vec<Box<dyn ::age::Identity>>, UnlockError> {
    age::read_all_identities(files, prompts)
}

impl fmt::Debug for UnlockMethod<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnlockMethod::{:?}", self.kind())
    }
}

impl UnlockMethod<'_> {
    /// The method without what belongs to it.
    #[must_use]
    pub fn kind(&self) -> UnlockKind {
        match self {
            Self::Keyring => UnlockKind::Keyring,
            Self::Passphrase { .. } => UnlockKind::Passphrase,
            Self::Recipients { .. } => UnlockKind::Recipients,
            Self::Credential { .. } => UnlockKind::Credential,
            Self::File { path } => UnlockKind::File(path.to_path_buf()),
        }
    }
}

/// How a vault key is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnlockKind {
    /// The operating system's keyring.
    Keyring,
    /// A passphrase.
    Passphrase,
    /// Identities of age.
    Recipients,
    /// A systemd credential.
    Credential,
    /// This file.
    File(PathBuf),
}

impl UnlockKind {
    /// `keyring`, `passphrase`, `recipients`, `credential` or `file`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Passphrase => "passphrase",
            Self::Recipients => "recipients",
            Self::Credential => "credential",
            Self::File(_) => "file",
        }
    }
}

/// What a vault is unlocked with.
#[derive(Clone)]
pub enum Unlock<'a> {
    /// The operating system's keyring, which may ask.
    Keyring,
    /// A passphrase.
    Passphrase(&'a SecretText),
    /// Identities of age, in the forms that age and rage take: identity files, encrypted ones too, and SSH private keys.
    Identities {
        /// The files.
        files: &'a [PathBuf],
        /// Whom plugins talk to, and who is asked for an encrypted file's passphrase.
        prompts: Arc<dyn Prompts>,
    },
    /// The systemd credential in this folder.
    Credential {
        /// The folder of the credentials: [`credentials_directory`].
        directory: &'a Path,
    },
    /// The file that the ledger remembers.
    File,
}

impl fmt::Debug for Unlock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unlock::{}", self.method())
    }
}

impl Unlock<'_> {
    fn method(&self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Passphrase(_) => "passphrase",
            Self::Identities { .. } => "recipients",
            Self::Credential { .. } => "credential",
            Self::File => "file",
        }
    }
}

/// The folder in which systemd puts a service's credentials: `$CREDENTIALS_DIRECTORY`; `None` if the process is no such service.
#[must_use]
pub fn credentials_directory() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").filter(|directory| !directory.is_empty()).map(PathBuf::from)
}

/// A vault key as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrapped {
    pub(crate) kind: UnlockKind,
    pub(crate) bytes: Vec<u8>,
    /// The keyring item that holds the wrapping key, for [`UnlockKind::Keyring`].
    pub(crate) item: Option<SecretId>,
}

/// The keyring item of a wrapping key.
pub(crate) fn item_name(vault: VaultId, id: SecretId) -> ItemName {
    ItemName { vault, id, kind: "vault-key".into(), label: "keycap: vault key (opens the whole vault)".into() }
}

/// Wraps a vault key. With the keyring method the wrapping key becomes the item `item`, which must be listed as loose until the wrapping is in
/// the ledger.
pub(crate) fn wrap(vault: VaultId, key: &VaultKey, method: &UnlockMethod<'_>, items: &dyn ItemStore, item: SecretId) -> Result<Wrapped, UnlockError> {
    let kind = method.kind();
    let bytes = match method {
        UnlockMethod::Keyring => {
            let wrapping = Secret::generate(&mut OsRng);
            let bytes = seal_box(&wrapping, &associated(vault, &kind), key.expose())?;
            put_item(items, &item_name(vault, item), &SecretBytes::new(wrapping.expose().to_vec()))?;
            return Ok(Wrapped { kind, bytes, item: Some(item) });
        }
        UnlockMethod::Passphrase { passphrase, work_factor } => age::wrap_for_passphrase(&payload(vault, key), passphrase, *work_factor)?,
        UnlockMethod::Recipients { recipients, prompts } => age::wrap_for_recipients(&payload(vault, key), recipients, Arc::clone(prompts))?,
        UnlockMethod::Credential { directory } => seal_box(&file::read(&directory.join(CREDENTIAL))?, &associated(vault, &kind), key.expose())?,
        UnlockMethod::File { path } => {
            file::refuse_exposed(path)?;
            seal_box(&file::read(path)?, &associated(vault, &kind), key.expose())?
        }
    };
    Ok(Wrapped { kind, bytes, item: None })
}

/// Gets a vault key back.
pub(crate) fn unwrap(vault: VaultId, wrapped: &Wrapped, with: &Unlock<'_>, items: &dyn ItemStore) -> Result<VaultKey, UnlockError> {
    let Wrapped { kind, bytes, item } = wrapped;
    let associated = associated(vault, kind);
    match (kind, with) {
        (UnlockKind::Keyring, Unlock::Keyring) => {
            let item = item.ok_or(UnlockError::Damaged)?;
            let wrapping = read_item(items, &item_name(vault, item))?;
            let wrapping = Secret::from_slice(wrapping.expose()).ok_or(UnlockError::WrongKey { place: "the keyring's item".into() })?;
            open_vault_key(&wrapping, &associated, bytes, "the keyring's item")
        }
        (UnlockKind::Passphrase, Unlock::Passphrase(passphrase)) => key_of(vault, &age::unwrap_with_passphrase(bytes, passphrase)?),
        (UnlockKind::Recipients, Unlock::Identities { files, prompts }) => key_of(vault, &age::unwrap_with_identities(bytes, files, prompts)?),
        (UnlockKind::Credential, Unlock::Credential { directory }) => {
            let path = directory.join(CREDENTIAL);
            open_vault_key(&file::read(&path)?, &associated, bytes, &path.display().to_string())
        }
        (UnlockKind::File(path), Unlock::File) => {
            file::refuse_exposed(path)?;
            open_vault_key(&file::read(path)?, &associated, bytes, &path.display().to_string())
        }
        _ => Err(UnlockError::OtherMethod { needs: kind.clone() }),
    }
}

fn open_vault_key(wrapping: &Secret<32>, associated: &[u8], bytes: &[u8], place: &str) -> Result<VaultKey, UnlockError> {
    let key = open_box(wrapping, associated, bytes).ok_or_else(|| UnlockError::WrongKey { place: place.to_owned() })?;
    VaultKey::from_slice(key.expose()).ok_or(UnlockError::Damaged)
}

fn associated(vault: VaultId, kind: &UnlockKind) -> Vec<u8> {
    [label::VAULT_KEY, vault.as_bytes(), kind.as_str().as_bytes()].concat()
}

/// What an age file holds: the vault's id goes along, so that another vault's file is not taken for this one's.
fn payload(vault: VaultId, key: &VaultKey) -> SecretBytes {
    let mut bytes = SecretBytes::with_capacity(48);
    bytes.push_slice(vault.as_bytes());
    bytes.push_slice(key.expose());
    bytes
}

fn key_of(vault: VaultId, payload: &SecretBytes) -> Result<VaultKey, UnlockError> {
    let (id, key) = payload.expose().split_first_chunk::<16>().ok_or(UnlockError::Damaged)?;
    if id != vault.as_bytes() {
        return Err(UnlockError::WrongKey { place: "the age file in the ledger".into() });
    }
    VaultKey::from_slice(key).ok_or(UnlockError::Damaged)
}

#[cfg(test)]
mod tests;
