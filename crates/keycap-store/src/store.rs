//! The store: a vault's folder, with its ledger and its secrets as one.
//!
//! *Invariants*, also after `kill -9` at any point: a secret's row exists exactly when the secret is at rest and something owns it (or it is the
//! audit key); every keyring item of the vault is either that of a row or listed as loose, and loose items are deleted by the next process that
//! finds nobody else at work. So a write with secrets in the keyring is three steps, each of them whole: list the new items as loose; make
//! them; in one transaction add the rows, take the items off the list, and do what the caller wants done. A removal is two: in one transaction
//! remove the rows and list the items as loose; delete the items.
//!
//! With sealed secrets everything is one transaction, and nothing is ever loose.

mod backup;
mod convert;
mod create;
mod doctor;
mod error;
mod facts;
mod reconcile;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keycap_core::secret::{Secret, SecretBytes};
use keycap_core::time::UnixSeconds;

use crate::ledger::audit::AuditKey;
use crate::ledger::{Ledger, LedgerError, Reading, folder, secret};
use crate::secrets::{ItemStore, Keyring, OsKeyring, Sealed, SecretError, SecretId, SecretRef, SecretStore, VaultId, VaultKey};
use crate::unlock::{self, Unlock, UnlockKind, UnlockMethod};
use facts::{Backend, KeyId};

pub use backup::Item;
pub use convert::Progress;
pub use doctor::{Findings, MANY_KEYRING_SECRETS, Mended, Named};
pub use error::StoreError;

/// How a store works with what is around it.
#[derive(Clone)]
pub struct Options {
    /// How long to wait for someone to answer the keyring's question.
    pub prompt_timeout: Duration,
    /// How long to wait for other processes.
    pub busy_timeout: Duration,
    /// The keyring; `None` for the operating system's.
    pub items: Option<Arc<dyn ItemStore>>,
}

impl Default for Options {
    /// A minute for people, ten seconds for processes, the operating system's keyring.
    fn default() -> Self {
        Self { prompt_timeout: Duration::from_secs(60), busy_timeout: Duration::from_secs(10), items: None }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Options {{ prompt_timeout: {:?}, busy_timeout: {:?}, .. }}", self.prompt_timeout, self.busy_timeout)
    }
}

/// Where a vault's secrets are to rest.
#[derive(Debug, Clone)]
pub enum SecretsChoice<'a> {
    /// Each as an item of its own in the operating system's keyring.
    Keyring,
    /// Sealed in the ledger, under a vault key that is kept in this way.
    Sealed(UnlockMethod<'a>),
}

/// Where a vault's secrets rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// In the operating system's keyring.
    Keyring,
    /// Sealed in the ledger, under a vault key that is kept in this way.
    Sealed(UnlockKind),
}

/// An open vault: its ledger, and the way to its secrets.
pub struct Store {
    ledger: Ledger,
    folder: PathBuf,
    vault: VaultId,
    items: Arc<dyn ItemStore>,
    busy_timeout: Duration,
    /// The vault key, with the id under which the ledger knows it: a conversion by another process makes another.
    key: Option<(KeyId, VaultKey)>,
}

impl Store {
    /// Makes a vault in `folder`, which is made too if it is not there, and opens it unlocked. Until it is whole there is no ledger: whatever
    /// a process that died here left is cleared away by the next one.
    ///
    /// # Errors
    /// [`StoreError::AlreadyAVault`]; [`LedgerError::Exposed`] if the folder is there and open to others; when the secrets' place or the folder
    /// does not take what has to be written.
    pub fn create(folder: &Path, choice: SecretsChoice<'_>, options: Options, now: UnixSeconds) -> Result<Self, StoreError> {
        create::create(folder, &choice, options, now)
    }

    /// Opens the vault in `folder`, without unlocking it and without asking anybody anything. What a process that died in the middle of
    /// something has left in the keyring is cleared away if nobody else is at work and the keyring is open; otherwise later.
    ///
    /// # Errors
    /// When there is no ledger, or it cannot be read.
    pub fn open(folder: &Path, options: Options) -> Result<Self, StoreError> {
        let path = folder.join(folder::LEDGER);
        std::fs::metadata(&path).map_err(|error| LedgerError::of_io(&path, error))?;
        folder::refuse_exposed(folder)?;
        let ledger = Ledger::open(&path, options.busy_timeout)?;
        let vault = ledger.read(facts::vault)?;
        let mut store = Self { ledger, folder: folder.to_owned(), vault, items: keyring_of(&options), busy_timeout: options.busy_timeout, key: None };
        reconcile::at_open(&mut store)?;
        Ok(store)
    }

    /// Whether there is a vault in `folder`.
    #[must_use]
    pub fn exists(folder: &Path) -> bool {
        folder.join(folder::LEDGER).exists()
    }

    /// The vault's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The vault's id.
    #[must_use]
    pub fn vault_id(&self) -> VaultId {
        self.vault
    }

    /// Where the secrets rest, as the ledger says now.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn protection(&self) -> Result<Protection, StoreError> {
        Ok(match self.ledger.read(facts::backend)? {
            Backend::Keyring => Protection::Keyring,
            Backend::Sealed { wrapped, .. } => Protection::Sealed(wrapped.kind),
        })
    }

    /// Gets at the secrets: for sealed ones gets the vault key back, for those in the keyring reads one. Does not take the flag of
    /// [`Store::set_locked`] away.
    ///
    /// # Errors
    /// When `with` is not the vault's method, or not what opens it; when the keyring does not answer.
    pub fn unlock(&mut self, with: &Unlock<'_>) -> Result<(), StoreError> {
        match self.ledger.read(facts::backend)? {
            Backend::Keyring if matches!(with, Unlock::Keyring) => {
                let (id, row) = self.ledger.read(facts::audit_secret)?;
                self.read_item(SecretRef { id, kind: row.kind, label: &row.label })?;
                reconcile::now(self)?;
                Ok(())
            }
            Backend::Keyring => Err(unlock::UnlockError::OtherMethod { needs: UnlockKind::Keyring }.into()),
            Backend::Sealed { key, wrapped } => {
                self.key = Some((key, unlock::unwrap(self.vault, &wrapped, with, self.items.as_ref())?));
                Ok(())
            }
        }
    }

    /// Whether this process can read secrets without being given anything more: the vault key is here, or none is needed.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn is_unlocked(&self) -> Result<bool, StoreError> {
        if self.is_locked()? {
            return Ok(false);
        }
        Ok(match self.ledger.read(facts::backend)? {
            Backend::Keyring => true,
            Backend::Sealed { key, .. } => self.key.as_ref().is_some_and(|(id, _)| *id == key),
        })
    }

    /// Wipes this process' copy of the vault key.
    pub fn forget(&mut self) {
        self.key = None;
    }

    /// Whether someone has locked the vault: no process reads or adds a secret then.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn is_locked(&self) -> Result<bool, StoreError> {
        Ok(self.ledger.read(facts::locked)?)
    }

    /// Locks the vault for all processes, or takes that back. A promise among programs, not a seal: whoever can read the keyring, or knows the
    /// passphrase, can read the secrets. Locking wipes this process' copy of the vault key; other processes refuse from their next access on.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn set_locked(&mut self, locked: bool, now: UnixSeconds) -> Result<(), StoreError> {
        self.ledger.write(now, |tx| facts::set_locked(tx, locked))?;
        if locked {
            self.forget();
        }
        Ok(())
    }

    /// Runs `f` over one consistent snapshot of the ledger.
    ///
    /// # Errors
    /// What `f` returns; when the ledger cannot be read.
    pub fn read<T, E: From<StoreError>>(&self, f: impl FnOnce(&Reading<'_>) -> Result<T, E>) -> Result<T, E> {
        self.ledger.read(|reading| f(reading).map_err(Failure::Caller)).map_err(Failure::into_caller)
    }

    /// The bytes of a secret.
    ///
    /// # Errors
    /// [`StoreError::Locked`] before [`Store::unlock`] and while the vault is locked; [`LedgerError::NoSuchRow`] if there is no such secret;
    /// when the keyring does not give it.
    pub fn secret(&self, id: SecretId) -> Result<SecretBytes, StoreError> {
        self.refuse_locked()?;
        match self.try_secret(id) {
            // Another process may have converted the vault, or removed the secret, between the row and the item.
            Err(StoreError::Secret(SecretError::Vanished { .. })) => self.try_secret(id),
            result => result,
        }
    }

    /// The key of the audit log.
    ///
    /// # Errors
    /// As [`Store::secret`].
    pub fn audit_key(&self) -> Result<AuditKey, StoreError> {
        let (id, row) = self.ledger.read(facts::audit_secret)?;
        let bytes = self.secret(id)?;
        let key = Secret::from_slice(bytes.expose()).ok_or(SecretError::Damaged { label: row.label })?;
        Ok(AuditKey::new(key))
    }

    /// A number that differs from an earlier one if anything was committed in between, by this or any other process. Takes microseconds.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn change_counter(&self) -> Result<u64, StoreError> {
        Ok(self.ledger.change_counter()?)
    }

    /// How many keyring items still have to be deleted: of removed secrets whose keyring was locked, or left by a process that died.
    /// [`Store::mend`], unlocking, and any later write with secrets do it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn loose_items(&self) -> Result<u64, StoreError> {
        Ok(self.ledger.read(|reading| secret::loose(reading).map(|loose| u64::try_from(loose.len()).unwrap_or(u64::MAX)))?)
    }

    fn try_secret(&self, id: SecretId) -> Result<SecretBytes, StoreError> {
        let row = self.ledger.read(|reading| secret::by_id(reading, id))?.ok_or(LedgerError::NoSuchRow { what: "secret" })?;
        let reference = SecretRef { id, kind: row.kind, label: &row.label };
        match &row.sealed {
            None => self.read_item(reference),
            Some(sealed) => {
                let (key, _) = self.ledger.read(facts::sealed)?.ok_or(StoreError::Locked)?;
                Ok(Sealed { key: self.vault_key(key)? }.read(reference, Some(sealed))?)
            }
        }
    }

    fn read_item(&self, secret: SecretRef<'_>) -> Result<SecretBytes, StoreError> {
        Ok(self.keyring().read(secret, None)?)
    }

    fn keyring(&self) -> Keyring<'_> {
        Keyring { items: self.items.as_ref(), vault: self.vault }
    }

    /// This process' copy of the vault key, if it is the one that the ledger's secrets are sealed under now.
    fn vault_key(&self, id: KeyId) -> Result<&VaultKey, StoreError> {
        self.key.as_ref().filter(|(known, _)| *known == id).map(|(_, key)| key).ok_or(StoreError::Locked)
    }

    fn refuse_locked(&self) -> Result<(), StoreError> {
        if self.is_locked()? { Err(StoreError::Locked) } else { Ok(()) }
    }

    fn lock_folder(&self) -> Result<folder::Lock, StoreError> {
        Ok(folder::Lock::take(&self.folder, self.busy_timeout)?)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.folder.display())
    }
}

/// What a transaction ended with: the ledger's failure, the store's, or the caller's.
enum Failure<E> {
    Store(StoreError),
    Caller(E),
}

impl<E: From<StoreError>> Failure<E> {
    fn into_caller(self) -> E {
        match self {
            Self::Store(error) => error.into(),
            Self::Caller(error) => error,
        }
    }
}

impl<E> From<LedgerError> for Failure<E> {
    fn from(error: LedgerError) -> Self {
        Self::Store(error.into())
    }
}

impl<E> From<StoreError> for Failure<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn keyring_of(options: &Options) -> Arc<dyn ItemStore> {
    match &options.items {
        Some(items) => Arc::clone(items),
        None => Arc::new(OsKeyring::new(options.prompt_timeout)),
    }
}
