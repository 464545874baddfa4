//! Vaults to test with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keycap_core::chain::Rid;
use keycap_core::key::PublicKey;
use keycap_core::secret::SecretBytes;
use keycap_core::time::UnixSeconds;
use keycap_store::ledger::grant::{Link, NewGrant, Origin};
use keycap_store::ledger::id::ServiceId;
use keycap_store::ledger::key::NewKey;
use keycap_store::ledger::service::{self, NewService, Terms};
use keycap_store::ledger::{Reading, Tx};
use keycap_store::secrets::{MemoryItems, NewSecret, SecretId, SecretKind};
use keycap_store::unlock::{self, Unlock, UnlockMethod};
use keycap_store::{Options, SecretsChoice, Store, StoreError};
use tempfile::TempDir;

/// When everything happens.
pub(crate) const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);

/// A vault in a folder of its own.
pub(crate) struct Vault {
    pub(crate) store: Store,
    pub(crate) items: Arc<MemoryItems>,
    pub(crate) folder: TempDir,
}

/// A vault whose secrets rest in a keyring in memory.
pub(crate) fn in_keyring() -> Vault {
    let (folder, items) = (tempfile::tempdir().unwrap(), Arc::new(MemoryItems::new()));
    let store = Store::create(&vault_folder(&folder), SecretsChoice::Keyring, options(&items), NOW).unwrap();
    Vault { store, items, folder }
}

/// A vault whose secrets rest sealed, under a key file beside the vault's folder.
pub(crate) fn sealed() -> Vault {
    let (folder, items) = (tempfile::tempdir().unwrap(), Arc::new(MemoryItems::new()));
    let store = create_sealed(folder.path(), &items).unwrap();
    Vault { store, items, folder }
}

/// Makes a sealed vault in a folder within `folder`, with a key file beside it unless there is one.
pub(crate) fn create_sealed(folder: &Path, items: &Arc<MemoryItems>) -> Result<Store, StoreError> {
    let key = key_file(folder);
    if !key.exists() {
        unlock::file::create(&key).unwrap();
    }
    Store::create(&folder.join("vault"), SecretsChoice::Sealed(UnlockMethod::File { path: &key }), options(items), NOW)
}

/// Opens the sealed vault in a folder within `folder`, and unlocks it.
pub(crate) fn open_sealed(folder: &Path) -> Result<Store, StoreError> {
    let mut store = Store::open(&folder.join("vault"), options(&Arc::default()))?;
    store.unlock(&Unlock::File)?;
    Ok(store)
}

impl Vault {
    /// Another opening of the same vault, as by another process: it knows no vault key.
    pub(crate) fn reopened(&self) -> Store {
        Store::open(&vault_folder(&self.folder), options(&self.items)).unwrap()
    }
}

pub(crate) fn vault_folder(folder: &TempDir) -> PathBuf {
    folder.path().join("vault")
}

pub(crate) fn key_file(folder: &Path) -> PathBuf {
    folder.join("vault-key")
}

/// Patience that is short enough for tests.
pub(crate) fn options(items: &Arc<MemoryItems>) -> Options {
    let items: Arc<MemoryItems> = Arc::clone(items);
    Options { prompt_timeout: Duration::from_secs(20), busy_timeout: Duration::from_secs(10), items: Some(items) }
}

/// A public key that belongs to nobody; another one for each number.
pub(crate) fn public(number: u64) -> PublicKey {
    let mut bytes = [9; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    PublicKey::parse(bytes).unwrap()
}

pub(crate) fn rid(number: u64) -> Rid {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Rid::from_bytes(bytes)
}

pub(crate) fn new_secret(kind: SecretKind, fill: u8) -> NewSecret {
    NewSecret { id: SecretId::generate(), kind, label: format!("keycap: test secret {fill}"), bytes: SecretBytes::new(vec![fill; 32]) }
}

pub(crate) fn new_key(name: &str, number: u64, secret: SecretId) -> NewKey {
    NewKey { name: name.into(), noise: public(2 * number), age: public(2 * number + 1), secret, note: String::new(), created: NOW }
}

/// A service that is known by its card only.
pub(crate) fn new_service(name: &str, number: u64) -> NewService {
    NewService {
        name: name.into(),
        public: public(number),
        secret: None,
        terms: Terms { realm: None, epoch: 0, min_epoch: 0, hints: vec!["127.0.0.1:1".into()] },
        note: String::new(),
        created: NOW,
    }
}

pub(crate) fn new_grant(service: ServiceId, number: u64, parent: Option<Rid>, name: &str) -> NewGrant {
    NewGrant {
        rid: rid(number),
        service,
        parent,
        name: name.into(),
        link: Link {
            block: vec![0x84; 60],
            epoch: 0,
            holder: None,
            created: NOW,
            expires: Some(NOW.plus(3_600 + number)),
            origin: if parent.is_some() { Origin::Met } else { Origin::Minted },
            shared: None,
        },
    }
}

/// Writes without new secrets.
pub(crate) fn write<T>(store: &mut Store, f: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>) -> T {
    store.write(NOW, Vec::new(), f).unwrap()
}

pub(crate) fn read<T>(store: &Store, f: impl FnOnce(&Reading<'_>) -> Result<T, StoreError>) -> T {
    store.read(f).unwrap()
}

/// A service to hang grants on.
pub(crate) fn add_service(store: &mut Store, name: &str, number: u64) -> ServiceId {
    write(store, |tx| Ok(service::insert(tx, &new_service(name, number))?))
}
