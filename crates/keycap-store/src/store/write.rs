//! Writing: the caller's rows and the secrets that belong to them, together or not at all.

use keycap_core::time::UnixSeconds;

use super::facts::{self, Backend};
use super::{Failure, Store, StoreError, reconcile};
use crate::ledger::secret::{self, SecretRow};
use crate::ledger::{LedgerError, Tx};
use crate::secrets::{NewSecret, Sealed, SecretId, SecretStore, check_length};

/// A secret that is at rest, and what the ledger is to keep of it.
struct Rested<'a> {
    secret: &'a NewSecret,
    sealed: Option<Vec<u8>>,
}

impl Store {
    /// Puts `new_secrets` to rest and runs `f`, which makes the rows that own them: all of it happens, or nothing. Secrets whose owners `f`
    /// removes are removed with them.
    ///
    /// Without new secrets this is one transaction of the ledger, in an unlocked vault or not.
    ///
    /// # Errors
    /// What `f` returns; [`StoreError::Locked`] with new secrets in a vault that is locked; when the keyring or the ledger does not take what
    /// has to be written. In each case nothing has changed.
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        now: UnixSeconds,
        new_secrets: Vec<NewSecret>,
        f: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        for secret in &new_secrets {
            check_length(&secret.bytes).map_err(StoreError::from)?;
        }
        if new_secrets.is_empty() {
            return self.commit(now, |tx| f(tx).map_err(Failure::Caller)).map_err(Failure::into_caller);
        }
        self.refuse_locked()?;
        let mut f = Some(f);
        loop {
            let result = match self.ledger.read(facts::backend).map_err(StoreError::from)? {
                Backend::Sealed { .. } => self.write_sealed(now, &new_secrets, &mut f),
                Backend::Keyring => self.write_keyring(now, &new_secrets, &mut f),
            };
            match result {
                Ok(Some(value)) => return Ok(value),
                // Another process has converted the vault in the meantime.
                Ok(None) => {}
                Err(failure) => return Err(failure.into_caller()),
            }
        }
    }

    /// Changes what people see of a secret in the keyring, and in the ledger's list.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchRow`]; when the keyring or the ledger cannot be written.
    pub fn relabel(&mut self, id: SecretId, label: &str, now: UnixSeconds) -> Result<(), StoreError> {
        let row = self.ledger.read(|reading| secret::by_id(reading, id))?.ok_or(LedgerError::NoSuchRow { what: "secret" })?;
        if row.sealed.is_none() {
            let name = self.keyring().name(crate::secrets::SecretRef { id, kind: row.kind, label });
            self.items.relabel(&name)?;
        }
        Ok(self.ledger.write(now, |tx| secret::set_label(tx, id, label))?)
    }

    /// One transaction, and afterwards the deletion of the keyring items that it has left. Should that fail, they stay listed.
    pub(super) fn commit<T, E: From<LedgerError>>(&mut self, now: UnixSeconds, f: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let (value, loosened) = self.ledger.write(now, |tx| Ok::<_, E>((f(tx)?, tx.loosened())))?;
        if !loosened.is_empty() {
            // The removal is done; only the tidying is left, and `Store::loose_items` tells of it.
            let _ = reconcile::delete(self, &loosened);
        }
        Ok(value)
    }

    /// Everything in one transaction; `None`, without having called `f`, if the secrets do not rest sealed any more.
    fn write_sealed<T, E, F>(&mut self, now: UnixSeconds, new: &[NewSecret], f: &mut Option<F>) -> Result<Option<T>, Failure<E>>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E>,
    {
        let known = self.key.take();
        let result = self.commit(now, |tx| {
            let Some((id, _)) = facts::sealed(tx)? else { return Ok(None) };
            let Some((_, key)) = known.as_ref().filter(|(known, _)| *known == id) else {
                return Err(StoreError::Locked.into());
            };
            let rested = rest(&Sealed { key }, new)?;
            enter(tx, &rested)?;
            f.take().map(|f| f(tx).map_err(Failure::Caller)).transpose()
        });
        self.key = known;
        result
    }

    /// The items first, then everything in one transaction; `None`, without having called `f`, if the secrets do not rest in the keyring any more.
    fn write_keyring<T, E, F>(&mut self, now: UnixSeconds, new: &[NewSecret], f: &mut Option<F>) -> Result<Option<T>, Failure<E>>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E>,
    {
        let _lock = self.lock_folder()?;
        // Nobody converts the vault while the folder is locked.
        if self.ledger.read(facts::backend)? != Backend::Keyring {
            return Ok(None);
        }
        reconcile::leftovers(self)?;
        self.ledger.write(now, |tx| new.iter().try_for_each(|secret| secret::loosen(tx, secret.id)))?;
        let result = rest(&self.keyring(), new).map_err(Failure::from).and_then(|rested| {
            self.commit(now, |tx| {
                enter(tx, &rested)?;
                rested.iter().try_for_each(|rested| secret::fasten(tx, rested.secret.id))?;
                f.take().map(|f| f(tx).map_err(Failure::Caller)).transpose()
            })
        });
        if result.is_err() {
            // Should this fail too, the items stay listed as loose.
            let ids: Vec<_> = new.iter().map(|secret| secret.id).collect();
            let _ = reconcile::delete(self, &ids);
        }
        result
    }
}

/// Puts secrets to rest, in order.
fn rest<'a>(place: &impl SecretStore, new: &'a [NewSecret]) -> Result<Vec<Rested<'a>>, StoreError> {
    new.iter().map(|secret| Ok(Rested { secret, sealed: place.put(secret.reference(), &secret.bytes)? })).collect()
}

/// Adds the rows of secrets that are at rest.
fn enter(tx: &Tx<'_>, rested: &[Rested<'_>]) -> Result<(), LedgerError> {
    rested.iter().try_for_each(|Rested { secret, sealed }| {
        secret::insert(tx, &SecretRow { id: secret.id, kind: secret.kind, label: secret.label.clone(), sealed: sealed.clone(), created: tx.now() })
    })
}
