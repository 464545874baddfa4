//! X25519 keys: checked public keys, static key pairs, the keys of people, machines and roles, and the cards that make them known.
//!
//! A *key* is one 32-byte seed. HKDF-SHA256 (RFC 5869, no salt) derives two X25519 private keys from it, one for Noise and one for age:
//! two purposes, two keys, one thing to name, back up and lose.

use std::fmt;
use std::sync::{Arc, OnceLock};

use hkdf::Hkdf;
use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::label;
use crate::noise::primitives::PreparedKey;
use crate::secret::Secret;

/// Why 32 bytes are no public key that keycap accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The number is not below 2^255 − 19, or the unused high bit is set.
    #[error("the public key is not in canonical form")]
    NotCanonical,
    /// The point has low order: every exchange with it gives a result that anyone can compute.
    #[error("the public key is a low-order point, which no honest key pair has")]
    LowOrder,
    /// There are not exactly 32 bytes.
    #[error("a public key has 32 bytes, this one has {actual}")]
    Length {
        /// How many bytes there were.
        actual: usize,
    },
}

/// An X25519 public key of 32 bytes, checked: canonical and not of low order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

/// The five canonical u-coordinates whose order divides 8, little-endian: 0, 1, p − 1 and the two of order 8 (RFC 7748 §6.1, and
/// the list that libsodium refuses).
const LOW_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1,
        0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e,
        0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
];

/// p = 2^255 − 19, little-endian.
const P: [u8; 32] = [
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
];

impl PublicKey {
    /// Checks 32 bytes.
    ///
    /// # Errors
    /// [`KeyError::NotCanonical`] if the high bit is set or the value is at least p, [`KeyError::LowOrder`] for one of the five
    /// points of low order.
    pub fn parse(bytes: [u8; 32]) -> Result<Self, KeyError> {
        // Public values: comparing from the most significant byte down may stop early.
        if bytes.iter().rev().cmp(P.iter().rev()) != std::cmp::Ordering::Less {
            return Err(KeyError::NotCanonical);
        }
        if LOW_ORDER.contains(&bytes) {
            return Err(KeyError::LowOrder);
        }
        Ok(Self(bytes))
    }

    /// Checks a slice.
    ///
    /// # Errors
    /// As [`PublicKey::parse`], and [`KeyError::Length`] unless there are exactly 32 bytes.
    pub fn parse_slice(bytes: &[u8]) -> Result<Self, KeyError> {
        let array = bytes.try_into().map_err(|_| KeyError::Length { actual: bytes.len() })?;
        Self::parse(array)
    }

    /// The 32 bytes, little-endian u-coordinate.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key's fingerprint, `H("keycap-1 kid" 00 || key)`.
    #[must_use]
    pub fn kid(&self) -> Kid {
        Kid(Sha256::new().chain_update(label::KID).chain_update(self.0).finalize().into())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.kid().short())
    }
}

/// A public key's fingerprint: 32 bytes of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kid([u8; 32]);

impl Kid {
    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 8 bytes in lower-case hex, in groups of four digits: `ab12-cd34-ef56-7890`.
    #[must_use]
    pub fn short(&self) -> String {
        groups(self.0.get(..8).unwrap_or_default())
    }

    /// All 32 bytes in lower-case hex, in groups of four digits.
    #[must_use]
    pub fn full(&self) -> String {
        groups(&self.0)
    }

    /// The DNS label: `k`, then the first 20 bytes in lower-case base32 (RFC 4648 §6) without padding; 33 characters.
    #[must_use]
    pub fn dns_label(&self) -> String {
        const ALPHABET: [char; 32] = [
            'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '2',
            '3', '4', '5', '6', '7',
        ];
        let mut text = String::with_capacity(33);
        text.push('k');
        // 20 bytes are 160 bits: four times five bytes, each eight symbols of five bits.
        for five in self.0.get(..20).unwrap_or_default().chunks_exact(5) {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for place in (0..8).rev() {
                let symbol = usize::try_from(bits >> (5 * place) & 31).unwrap_or_default();
                text.extend(ALPHABET.get(symbol));
            }
        }
        text
    }
}

fn groups(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 5 / 2);
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 && i % 2 == 0 {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kid({})", self.short())
    }
}

/// An X25519 key pair that is used with Noise only; it never signs.
pub struct StaticKey {
    private: Secret<32>,
    public: PublicKey,
    /// The same key where the handshakes' primitives want it, from the first handshake on.
    prepared: OnceLock<Arc<PreparedKey>>,
}

impl StaticKey {
    /// Draws a new key pair.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        Self::from_private(Secret::generate(rng))
    }

    /// Takes a private key; the public key is computed.
    #[must_use]
    pub fn from_private(private: Secret<32>) -> Self {
        let scalar = x25519_dalek::StaticSecret::from(*private.expose());
        // A multiple of the base point by a clamped scalar is canonical and in the prime-order subgroup.
        let public = PublicKey(x25519_dalek::PublicKey::from(&scalar).to_bytes());
        Self { private, public, prepared: OnceLock::new() }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The private half: 32 bytes, clamped where they are used.
    #[must_use]
    pub fn private(&self) -> &Secret<32> {
        &self.private
    }

    /// A second copy, as secret as the first.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self { private: self.private.duplicate(), public: self.public, prepared: self.prepared.clone() }
    }

    /// The key in the form in which an exchange is fastest, made once and then shared. `None` if the library below is out of memory.
    pub(crate) fn prepared(&self) -> Option<Arc<PreparedKey>> {
        if let Some(prepared) = self.prepared.get() {
            return Some(Arc::clone(prepared));
        }
        let prepared = Arc::new(PreparedKey::from_private(self.private.duplicate())?);
        Some(Arc::clone(self.prepared.get_or_init(|| prepared)))
    }
}

impl fmt::Debug for StaticKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A key of a person, machine or role: one seed of 32 bytes, from which the Noise and the age key pair come.
#[derive(Debug)]
pub struct Key {
    seed: Secret<32>,
}

impl Key {
    /// Draws a new seed.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        Self { seed: Secret::generate(rng) }
    }

    /// Takes a seed.
    #[must_use]
    pub fn from_seed(seed: Secret<32>) -> Self {
        Self { seed }
    }

    /// The seed: the whole key.
    #[must_use]
    pub fn seed(&self) -> &Secret<32> {
        &self.seed
    }

    /// The Noise static key pair, `HKDF(seed, "keycap-1 noise" 00)`.
    #[must_use]
    pub fn derive_noise(&self) -> StaticKey {
        StaticKey::from_private(self.derive(label::KEY_NOISE))
    }

    /// The age X25519 key pair, `HKDF(seed, "keycap-1 age" 00)`.
    #[must_use]
    pub fn derive_age(&self) -> StaticKey {
        StaticKey::from_private(self.derive(label::KEY_AGE))
    }

    fn derive(&self, info: &[u8]) -> Secret<32> {
        Secret::filled_by(|out| {
            // Expanding 32 bytes cannot fail: HKDF-SHA256 gives up to 8,160.
            let _ = Hkdf::<Sha256>::new(None, self.seed.expose()).expand(info, out);
        })
    }

    /// The public half, to give to others, under `name` if there is one.
    #[must_use]
    pub fn card(&self, name: Option<String>) -> KeyCard {
        KeyCard { noise: *self.derive_noise().public(), age: *self.derive_age().public(), name }
    }
}

/// The public half of a key: both public keys, and the name its owner gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCard {
    /// The Noise static public key: what a `holder` caveat names.
    pub noise: PublicKey,
    /// The age X25519 public key: what `age1…` spells.
    pub age: PublicKey,
    /// The owner's own name for it, at most 255 bytes: a hint, proven by nothing.
    pub name: Option<String>,
}

/// What one needs to know of a service to recognise it: its public key, and hints where it may be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCard {
    /// The service's static public key S.
    pub key: PublicKey,
    /// At most 8 texts of at most 255 bytes, such as `host:port`; never trusted.
    pub hints: Vec<String>,
}

/// Whether two byte strings are equal, in constant time for equal lengths.
#[must_use]
pub(crate) fn ct_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_from_p_up_and_the_high_bit_are_refused() {
        assert_eq!(PublicKey::parse(P), Err(KeyError::NotCanonical));
        let mut above = P;
        above[0] += 1;
        assert_eq!(PublicKey::parse(above), Err(KeyError::NotCanonical));
        let mut high_bit = [9; 32];
        high_bit[31] = 0x80;
        assert_eq!(PublicKey::parse(high_bit), Err(KeyError::NotCanonical));
        let mut below = P;
        below[0] -= 2;
        assert!(PublicKey::parse(below).is_ok());
    }

    #[test]
    fn every_low_order_point_is_refused_and_really_gives_zero() {
        let scalar = x25519_dalek::StaticSecret::from([0x42; 32]);
        for point in LOW_ORDER {
            assert_eq!(PublicKey::parse(point), Err(KeyError::LowOrder));
            let shared = scalar.diffie_hellman(&x25519_dalek::PublicKey::from(point));
            assert_eq!(shared.to_bytes(), [0; 32]);
        }
    }

    #[test]
    fn the_two_keys_of_a_seed_differ() {
        let key = Key::from_seed(Secret::new([1; 32]));
        assert_ne!(key.derive_noise().public(), key.derive_age().public());
    }

    #[test]
    fn a_fingerprint_has_its_three_forms() {
        let kid = StaticKey::from_private(Secret::new([5; 32])).public().kid();
        assert_eq!(kid.short().len(), 19);
        assert!(kid.full().starts_with(&kid.short()));
        assert_eq!(kid.dns_label().len(), 33);
        assert!(kid.dns_label().starts_with('k'));
    }
}
