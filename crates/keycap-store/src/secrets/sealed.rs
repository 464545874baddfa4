//! Secrets as rows of the ledger, sealed under the vault key.
//!
//! ```text
//! sealed = nonce(24, random) || XChaCha20-Poly1305(vault key, nonce, "keycap-store 1 sealed secret" 00 || id(16) || kind, secret)
//! ```
//!
//! *Adversary*: someone with the ledger's file, now or from a backup, without the vault key. They learn how long a secret is and what kind it
//! has. A sealed secret moved to another row or kind does not open. *Not prevented*: putting back an older sealed secret of the same id; ids
//! are not reused, so that this only undoes a removal.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use keycap_core::secret::{Secret, SecretBytes};
use rand::RngCore;
use rand::rngs::OsRng;

use super::{SecretError, SecretRef, SecretStore, check_length};
use crate::label;

/// The key under which a vault's secrets are sealed, 32 random bytes.
pub(crate) type VaultKey = Secret<32>;

/// The secrets of one vault under its vault key.
#[derive(Debug)]
pub(crate) struct Sealed<'a> {
    pub(crate) key: &'a VaultKey,
}

impl SecretStore for Sealed<'_> {
    fn put(&self, secret: SecretRef<'_>, bytes: &SecretBytes) -> Result<Option<Vec<u8>>, SecretError> {
        check_length(bytes)?;
        seal(self.key, &associated(secret), bytes.expose()).map(Some)
    }

    fn read(&self, secret: SecretRef<'_>, kept: Option<&[u8]>) -> Result<SecretBytes, SecretError> {
        kept.and_then(|sealed| open(self.key, &associated(secret), sealed)).ok_or_else(|| SecretError::Damaged { label: secret.label.into() })
    }
}

/// Seals `bytes` under `key`.
pub(crate) fn seal(key: &Secret<32>, associated: &[u8], bytes: &[u8]) -> Result<Vec<u8>, SecretError> {
    let mut nonce = [0; 24];
    OsRng.fill_bytes(&mut nonce);
    let sealed = XChaCha20Poly1305::new(key.expose().into())
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: bytes, aad: associated })
        // XChaCha20 takes 256 GiB.
        .map_err(|_| SecretError::TooLong { bytes: bytes.len() })?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens what [`seal`] gave; `None` if the key or the associated data is another, or a bit has changed.
pub(crate) fn open(key: &Secret<32>, associated: &[u8], sealed: &[u8]) -> Option<SecretBytes> {
    let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
    let bytes = XChaCha20Poly1305::new(key.expose().into()).decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: associated }).ok()?;
    Some(SecretBytes::new(bytes))
}

fn associated(secret: SecretRef<'_>) -> Vec<u8> {
    [label::SEALED, secret.id.as_bytes(), secret.kind.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::super::{SecretId, SecretKind};
    use super::*;

    #[test]
    fn a_sealed_secret_opens_only_as_what_it_is() {
        let (key, other) = (VaultKey::new([1; 32]), VaultKey::new([2; 32]));
        let secret = SecretRef { id: SecretId::from_bytes([7; 16]), kind: SecretKind::Root, label: "root" };
        let sealed = Sealed { key: &key }.put(secret, &SecretBytes::new(vec![9; 32])).unwrap().unwrap();
        assert_eq!(Sealed { key: &key }.read(secret, Some(&sealed)).unwrap().expose(), [9; 32]);

        assert!(Sealed { key: &other }.read(secret, Some(&sealed)).is_err(), "another key");
        let moved = SecretRef { id: SecretId::from_bytes([8; 16]), ..secret };
        assert!(Sealed { key: &key }.read(moved, Some(&sealed)).is_err(), "another row");
        let renamed = SecretRef { kind: SecretKind::Key, ..secret };
        assert!(Sealed { key: &key }.read(renamed, Some(&sealed)).is_err(), "another kind");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(Sealed { key: &key }.read(secret, Some(&changed)).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(Sealed { key: &key }.read(secret, Some(&sealed[..length])).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn sealing_twice_never_gives_the_same() {
        let key = VaultKey::new([1; 32]);
        let secret = SecretRef { id: SecretId::from_bytes([7; 16]), kind: SecretKind::Root, label: "root" };
        let bytes = SecretBytes::new(vec![9; 32]);
        assert_ne!(Sealed { key: &key }.put(secret, &bytes).unwrap(), Sealed { key: &key }.put(secret, &bytes).unwrap());
    }
}
