//! The operating system's keyring: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
//!
//! Every call runs on a thread of its own: a keyring that has to ask its user blocks until somebody answers, and the Secret Service client
//! panics inside an async runtime. A call that takes too long is given up; if the keyring does what it was asked after all, it is undone.

#[cfg_attr(target_os = "linux", path = "os/linux.rs")]
#[cfg_attr(target_os = "macos", path = "os/macos.rs")]
#[cfg_attr(target_os = "windows", path = "os/windows.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "macos", target_os = "windows")), path = "os/none.rs")]
mod platform;
mod worker;

use std::time::Duration;

use keycap_core::secret::SecretText;
use keyring_core::Error;
use keyring_core::error::PlatformError;
use zeroize::Zeroizing;

use super::{Availability, ItemName, ItemStore, SecretError, SecretId, VaultId};
use worker::Worker;

/// The operating system's keyring.
#[derive(Debug)]
pub struct OsKeyring {
    worker: Worker,
}

impl OsKeyring {
    /// Does nothing yet; the keyring is first asked when something is needed of it. A question that nobody answers is given up after
    /// `prompt_timeout`.
    #[must_use]
    pub fn new(prompt_timeout: Duration) -> Self {
        Self { worker: Worker::new(prompt_timeout) }
    }
}

impl ItemStore for OsKeyring {
    fn put(&self, name: &ItemName, value: SecretText) -> Result<(), SecretError> {
        let (item, undo) = (name.clone(), name.clone());
        self.worker.call_or_undo(
            move |connection| {
                connection.attempt(&item.label, |store| {
                    let entry = platform::entry(store, item.vault, item.id, Some(&item.label))?;
                    entry.set_secret(value.expose().as_bytes())?;
                    // For people and other programs only: a keyring that does not take descriptions keeps secrets as well.
                    let _ = platform::describe(&entry, &item);
                    Ok(())
                })
            },
            move |connection| connection.attempt(&undo.label, |store| platform::entry(store, undo.vault, undo.id, None)?.delete_credential()),
        )
    }

    fn read(&self, name: &ItemName) -> Result<Option<SecretText>, SecretError> {
        let name = name.clone();
        self.worker.call(move |connection| {
            let found = connection.attempt(&name.label, |store| match platform::entry(store, name.vault, name.id, None)?.get_secret() {
                Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
                Err(Error::NoEntry) => Ok(None),
                Err(error) => Err(error),
            })?;
            let Some(mut bytes) = found else { return Ok(None) };
            let text = String::from_utf8(std::mem::take(&mut bytes)).map_err(|error| {
                drop(Zeroizing::new(error.into_bytes()));
                SecretError::Damaged { label: name.label.clone() }
            })?;
            Ok(Some(SecretText::new(text)))
        })
    }

    fn delete(&self, vault: VaultId, id: SecretId) -> Result<bool, SecretError> {
        self.worker.call(move |connection| {
            connection.attempt("an item", |store| match platform::entry(store, vault, id, None)?.delete_credential() {
                Ok(()) => Ok(true),
                Err(Error::NoEntry) => Ok(false),
                Err(error) => Err(error),
            })
        })
    }

    fn relabel(&self, name: &ItemName) -> Result<(), SecretError> {
        let name = name.clone();
        self.worker.call(move |connection| {
            connection.attempt(&name.label, |store| platform::relabel(&platform::entry(store, name.vault, name.id, Some(&name.label))?, &name))
        })
    }

    fn list(&self, vault: VaultId) -> Result<Vec<SecretId>, SecretError> {
        self.worker.call(move |connection| connection.attempt("the vault's items", |store| platform::list(store, vault)))
    }

    fn availability(&self) -> Result<Availability, SecretError> {
        self.worker.call(|_| platform::availability())
    }
}

/// What all items of a vault have in common, by which they are found.
#[cfg_attr(
    not(any(target_os = "linux", target_os = "macos", target_os = "windows")),
    expect(dead_code, reason = "there is no keyring to find them in")
)]
fn service(vault: VaultId) -> String {
    format!("keycap/{vault}")
}

/// What is wrong, as far as one keyring's own errors tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only the Secret Service tells these apart"))]
enum Trouble {
    Locked,
    Dismissed,
    NoCollection,
    Unknown,
}

/// Sorts a keyring's error. Two kinds of them hold secret bytes, and a third may in its details: none of these is formatted, and none is kept.
fn sort(error: Error, label: &str) -> SecretError {
    let label = || label.to_owned();
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is open; what is not known is a failure")]
    match error {
        Error::NoStorageAccess(error) => sort_platform(&error, SecretError::KeyringLocked),
        Error::PlatformFailure(error) => sort_platform(&error, SecretError::Failed { reason: error.to_string() }),
        Error::NoEntry => SecretError::Vanished { label: label() },
        Error::Ambiguous(_) => SecretError::Ambiguous { label: label() },
        Error::TooLong(what, limit) => SecretError::Refused { label: label(), reason: format!("its {what} is longer than {limit}") },
        Error::Invalid(what, why) => SecretError::Refused { label: label(), reason: format!("{what} {why}") },
        Error::NotSupportedByStore(why) => SecretError::Refused { label: label(), reason: why },
        Error::BadEncoding(bytes) => {
            drop(Zeroizing::new(bytes));
            SecretError::Damaged { label: label() }
        }
        Error::BadDataFormat(bytes, _) => {
            drop(Zeroizing::new(bytes));
            SecretError::Damaged { label: label() }
        }
        Error::BadStoreFormat(why) => SecretError::Failed { reason: why },
        _ => SecretError::Failed { reason: "an error that this keycap does not know".into() },
    }
}

fn sort_platform(error: &PlatformError, unknown: SecretError) -> SecretError {
    match platform::trouble(error) {
        Trouble::Locked => SecretError::KeyringLocked,
        // Where nothing can be shown, the keyring's own prompter fails, which looks like a refusal.
        Trouble::Dismissed if !platform::can_ask() => SecretError::KeyringLocked,
        Trouble::Dismissed => SecretError::PromptDismissed,
        Trouble::NoCollection => SecretError::NoCollection,
        Trouble::Unknown => unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_that_carry_secrets_are_not_repeated() {
        let secret = b"c2VjcmV0".to_vec();
        let details = String::from_utf8(b"c2VjcmV0\xff".to_vec()).unwrap_err();
        for error in [Error::BadEncoding(secret.clone()), Error::BadDataFormat(secret.clone(), Box::new(details))] {
            let sorted = sort(error, "keycap: key me");
            assert_eq!(sorted.code(), "secret-damaged");
            let shown = format!("{sorted} {sorted:?} {}", sorted.hint());
            assert!(!shown.contains("c2VjcmV0") && !shown.contains("99, 50"), "{shown}");
        }
    }

    #[test]
    fn each_refusal_of_the_platform_keeps_its_reason() {
        let sorted = sort(Error::TooLong("secret".into(), 2560), "keycap: key me");
        assert_eq!(sorted.to_string(), "the keyring refused \"keycap: key me\": its secret is longer than 2560");
        assert_eq!(sort(Error::Ambiguous(Vec::new()), "x").code(), "secret-ambiguous");
        assert_eq!(sort(Error::NotSupportedByStore("no".into()), "x").code(), "keyring-refused-item");
    }
}
