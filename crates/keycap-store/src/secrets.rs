//! Secrets at rest: in the operating system's keyring, or sealed in the ledger.
//!
//! Which of the two is an explicit choice made when the vault is created, kept in the ledger and changed only by a conversion; neither ever
//! stands in for the other.

mod error;
mod item;
mod keyring;
#[cfg(any(test, feature = "memory"))]
mod memory;
mod os;
mod sealed;

use std::fmt;

use keycap_core::secret::SecretBytes;
use rand::RngCore;
use rand::rngs::OsRng;

pub use error::SecretError;
pub use item::{Availability, ItemName, ItemStore, probe};
#[cfg(any(test, feature = "memory"))]
pub use memory::MemoryItems;
pub use os::OsKeyring;

pub(crate) use item::probe_as;
pub(crate) use keyring::{Keyring, put as put_item, read as read_item};
pub(crate) use sealed::{Sealed, VaultKey, open as open_box, seal as seal_box};

/// Bytes of a secret, at most: with the text encoding of 4 for 3 it stays under the 2,560 bytes of an item on Windows.
pub const MAX_SECRET_BYTES: usize = 1_024;

macro_rules! random_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Draws one from the system's random numbers.
            #[must_use]
            pub fn generate() -> Self {
                let mut bytes = [0; 16];
                OsRng.fill_bytes(&mut bytes);
                Self(bytes)
            }

            /// Takes 16 bytes, as read from a ledger or a backup.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads 32 lower-case hex digits.
            #[must_use]
            pub fn parse(hex: &str) -> Option<Self> {
                let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
                let mut bytes = [0; 16];
                if pairs.len() != bytes.len() || !rest.is_empty() {
                    return None;
                }
                for (byte, pair) in bytes.iter_mut().zip(pairs) {
                    let digits = std::str::from_utf8(pair).ok().filter(|digits| !digits.starts_with('+'))?;
                    *byte = u8::from_str_radix(digits, 16).ok()?;
                }
                let id = Self(bytes);
                (id.to_string() == hex).then_some(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )*};
}

random_id! {
    /// The name of a secret, 16 random bytes; says nothing about it.
    SecretId;
    /// The name of a vault, 16 random bytes.
    VaultId;
}

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// The seed of a key.
    Key,
    /// The static private key of a service.
    Service,
    /// The root secret of an epoch of a service.
    Root,
    /// The chain key of a held capability.
    Capability,
    /// The key of the audit log.
    Audit,
}

impl SecretKind {
    /// `key`, `service`, `root`, `capability` or `audit`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Service => "service",
            Self::Root => "root",
            Self::Capability => "capability",
            Self::Audit => "audit",
        }
    }

    /// Reads what [`SecretKind::as_str`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Key, Self::Service, Self::Root, Self::Capability, Self::Audit].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A secret to be put to rest.
#[derive(Debug)]
pub struct NewSecret {
    /// Its id, which the rows that own it refer to.
    pub id: SecretId,
    /// What it is.
    pub kind: SecretKind,
    /// What people see in the keyring, such as `keycap: service billing-api (root, epoch 0)`; not secret.
    pub label: String,
    /// The secret, at most [`MAX_SECRET_BYTES`].
    pub bytes: SecretBytes,
}

/// A secret's name, kind and label, with which it is found again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretRef<'a> {
    pub(crate) id: SecretId,
    pub(crate) kind: SecretKind,
    pub(crate) label: &'a str,
}

impl NewSecret {
    pub(crate) fn reference(&self) -> SecretRef<'_> {
        SecretRef { id: self.id, kind: self.kind, label: &self.label }
    }
}

/// A place where secrets rest.
///
/// Two of them differ in where the bytes go: [`Sealed`] gives them back as a box that the ledger keeps in the secret's row, [`Keyring`] keeps
/// them outside. The store's writes and conversions treat both alike.
pub(crate) trait SecretStore {
    /// Puts a secret to rest. What the ledger has to keep of it: the sealed bytes, or nothing.
    fn put(&self, secret: SecretRef<'_>, bytes: &SecretBytes) -> Result<Option<Vec<u8>>, SecretError>;

    /// The secret's bytes, given what the ledger kept.
    fn read(&self, secret: SecretRef<'_>, kept: Option<&[u8]>) -> Result<SecretBytes, SecretError>;
}

/// Refuses what would not fit into every keyring.
pub(crate) fn check_length(bytes: &SecretBytes) -> Result<(), SecretError> {
    if bytes.len() > MAX_SECRET_BYTES {
        return Err(SecretError::TooLong { bytes: bytes.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_in_no_other_form() {
        let id = SecretId::from_bytes(*b"0123456789abcdef");
        assert_eq!(SecretId::parse(&id.to_string()), Some(id));
        for wrong in ["", "00", "3031323334353637383961626364656", "3031323334353637383961626364656g", "3031323334353637383961626364656F"] {
            assert_eq!(SecretId::parse(wrong), None, "{wrong}");
        }
        assert_eq!(SecretId::parse("+0313233343536373839616263646566"), None);
    }

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for kind in [SecretKind::Key, SecretKind::Service, SecretKind::Root, SecretKind::Capability, SecretKind::Audit] {
            assert_eq!(SecretKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(SecretKind::parse("Key"), None);
    }
}
