//! The primitives in Rust alone, for targets where C cannot be built.
//!
//! The ChaCha20-Poly1305 key and the X25519 private key are wiped on drop. The key schedule of aes-gcm is not: it lives on the heap, where
//! the zeroizing allocator of keycap's binaries wipes it.

use aes_gcm::Aes256Gcm;
use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use x25519_dalek::{PublicKey, StaticSecret};

use super::TAG_LEN;
use crate::noise::pattern::Suite;
use crate::secret::Secret;

/// A private key of x25519-dalek.
pub(super) struct Exchange(Box<StaticSecret>);

impl Exchange {
    #[expect(clippy::unnecessary_wraps, reason = "the aws-lc twin can fail")]
    pub(super) fn prepare(private: &Secret<32>) -> Option<(Self, [u8; 32])> {
        let key = Box::new(StaticSecret::from(*private.expose()));
        let public = PublicKey::from(&*key).to_bytes();
        Some((Self(key), public))
    }

    pub(super) fn agree(&self, peer: &[u8; 32]) -> Option<Secret<32>> {
        let shared = self.0.diffie_hellman(&PublicKey::from(*peer));
        shared.was_contributory().then(|| Secret::new(shared.to_bytes()))
    }
}

/// An AEAD key, expanded.
pub(super) enum Aead {
    ChaChaPoly(Box<ChaCha20Poly1305>),
    AesGcm(Box<Aes256Gcm>),
}

impl Aead {
    #[expect(clippy::unnecessary_wraps, reason = "the aws-lc twin can fail")]
    pub(super) fn new(suite: Suite, key: &[u8; 32]) -> Option<Self> {
        Some(match suite {
            Suite::ChaChaPoly => Self::ChaChaPoly(Box::new(ChaCha20Poly1305::new(key.into()))),
            Suite::AesGcm => Self::AesGcm(Box::new(Aes256Gcm::new(key.into()))),
        })
    }

    pub(super) fn seal_in_place(&self, nonce: &[u8; 12], associated: &[u8], text: &mut [u8]) -> Option<[u8; TAG_LEN]> {
        let tag = match self {
            Self::ChaChaPoly(aead) => aead.encrypt_in_place_detached(nonce.into(), associated, text),
            Self::AesGcm(aead) => aead.encrypt_in_place_detached(nonce.into(), associated, text),
        };
        tag.ok().map(Into::into)
    }

    pub(super) fn open_in_place(&self, nonce: &[u8; 12], associated: &[u8], text: &mut [u8], tag: &[u8; TAG_LEN]) -> Option<()> {
        match self {
            Self::ChaChaPoly(aead) => aead.decrypt_in_place_detached(nonce.into(), associated, text, tag.into()),
            Self::AesGcm(aead) => aead.decrypt_in_place_detached(nonce.into(), associated, text, tag.into()),
        }
        .ok()
    }
}
