//! The primitives from aws-lc, which wipes its keys itself when it frees them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};

use super::TAG_LEN;
use crate::noise::pattern::Suite;
use crate::secret::Secret;

/// A private key inside aws-lc.
pub(super) struct Exchange(PrivateKey);

impl Exchange {
    pub(super) fn prepare(private: &Secret<32>) -> Option<(Self, [u8; 32])> {
        let key = PrivateKey::from_private_key(&X25519, private.expose()).ok()?;
        let public = key.compute_public_key().ok()?.as_ref().try_into().ok()?;
        Some((Self(key), public))
    }

    pub(super) fn agree(&self, peer: &[u8; 32]) -> Option<Secret<32>> {
        // aws-lc refuses an all-zero result itself.
        agreement::agree(&self.0, UnparsedPublicKey::new(&X25519, peer), (), |shared| Secret::from_slice(shared).ok_or(())).ok()
    }
}

/// An AEAD key inside aws-lc.
pub(super) struct Aead(LessSafeKey);

impl Aead {
    pub(super) fn new(suite: Suite, key: &[u8; 32]) -> Option<Self> {
        let algorithm = match suite {
            Suite::ChaChaPoly => &CHACHA20_POLY1305,
            Suite::AesGcm => &AES_256_GCM,
        };
        Some(Self(LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?)))
    }

    pub(super) fn seal_in_place(&self, nonce: &[u8; 12], associated: &[u8], text: &mut [u8]) -> Option<[u8; TAG_LEN]> {
        let tag = self.0.seal_in_place_separate_tag(Nonce::assume_unique_for_key(*nonce), Aad::from(associated), text).ok()?;
        tag.as_ref().try_into().ok()
    }

    pub(super) fn open_in_place(&self, nonce: &[u8; 12], associated: &[u8], text: &mut [u8], tag: &[u8; TAG_LEN]) -> Option<()> {
        self.0.open_in_place_separate_tag(Nonce::assume_unique_for_key(*nonce), Aad::from(associated), tag, text).ok().map(drop)
    }
}
