//! A keyring in memory, for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use keycap_core::secret::SecretText;

use super::{Availability, ItemName, ItemStore, SecretError, SecretId, VaultId};

/// A keyring that lasts as long as the value, and can be told to fail.
#[derive(Debug, Default)]
pub struct MemoryItems {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<(VaultId, SecretId), (String, SecretText)>,
    failure: Option<SecretError>,
    calls_until_failure: u64,
}

impl MemoryItems {
    /// An empty keyring.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `calls` more calls pass and answers every later one with `failure`; `None` mends it.
    pub fn fail_after(&self, calls: u64, failure: Option<SecretError>) {
        let mut state = self.state();
        state.failure = failure;
        state.calls_until_failure = calls;
    }

    /// The label of an item.
    #[must_use]
    pub fn label(&self, vault: VaultId, id: SecretId) -> Option<String> {
        self.state().items.get(&(vault, id)).map(|(label, _)| label.clone())
    }

    /// How many items there are, of all vaults.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state().items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self) -> Result<MutexGuard<'_, State>, SecretError> {
        let mut state = self.state();
        match (&state.failure, state.calls_until_failure) {
            (Some(failure), 0) => Err(failure.clone()),
            (Some(_), _) => {
                state.calls_until_failure -= 1;
                Ok(state)
            }
            (None, _) => Ok(state),
        }
    }
}

impl ItemStore for MemoryItems {
    fn put(&self, name: &ItemName, value: SecretText) -> Result<(), SecretError> {
        self.call()?.items.insert((name.vault, name.id), (name.label.clone(), value));
        Ok(())
    }

    fn read(&self, name: &ItemName) -> Result<Option<SecretText>, SecretError> {
        Ok(self.call()?.items.get(&(name.vault, name.id)).map(|(_, value)| SecretText::new(value.expose().to_owned())))
    }

    fn delete(&self, vault: VaultId, id: SecretId) -> Result<bool, SecretError> {
        Ok(self.call()?.items.remove(&(vault, id)).is_some())
    }

    fn relabel(&self, name: &ItemName) -> Result<(), SecretError> {
        if let Some((label, _)) = self.call()?.items.get_mut(&(name.vault, name.id)) {
            name.label.clone_into(label);
        }
        Ok(())
    }

    fn list(&self, vault: VaultId) -> Result<Vec<SecretId>, SecretError> {
        Ok(self.call()?.items.keys().filter(|(of, _)| *of == vault).map(|(_, id)| *id).collect())
    }

    fn availability(&self) -> Result<Availability, SecretError> {
        match self.call() {
            Ok(_) => Ok(Availability::Ready),
            Err(SecretError::KeyringLocked) => Ok(Availability::Locked),
            Err(SecretError::NoCollection) => Ok(Availability::NoCollection),
            Err(error) => Err(error),
        }
    }
}
