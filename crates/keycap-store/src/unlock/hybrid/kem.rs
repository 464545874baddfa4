//! The KEM MLKEM768-X25519, also called X-Wing (draft-ietf-hpke-pq §4, draft-connolly-cfrg-xwing-kem §5).
//!
//! ```text
//! SHAKE256(seed, 96)    d(32) || z(32): ML-KEM-768's key pair, FIPS 203 algorithm 16; then X25519's private key(32)
//! public key            ML-KEM-768 encapsulation key(1,184) || X25519 public key(32)
//! encapsulated key      ML-KEM-768 ciphertext(1,088) || X25519 share(32)
//! shared secret         SHA3-256(ML-KEM secret || X25519 secret || X25519 share || X25519 public key || "\.//^\")
//! ```
//!
//! It holds as long as one of the two does. The `ml-kem` and `sha3` here are those that the `age` crate has for its tagged recipients.

use keycap_core::secret::Secret;
use ml_kem::kem::{Decapsulate, Encapsulate};
use ml_kem::{B32, Ciphertext, Encoded, EncodedSizeUser, KemCore, MlKem768};
use rand::{CryptoRng, RngCore};
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Digest, Sha3_256, Shake256};
use x25519_dalek::{PublicKey as ClassicPublic, StaticSecret};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a public key.
pub(super) const PUBLIC_BYTES: usize = PQ_PUBLIC_BYTES + 32;
/// Bytes of an encapsulated key.
pub(super) const ENCAPSULATED_BYTES: usize = PQ_CIPHERTEXT_BYTES + 32;
const PQ_PUBLIC_BYTES: usize = 1_184;
const PQ_CIPHERTEXT_BYTES: usize = 1_088;
const LABEL: &[u8] = br"\.//^\";

type Encapsulation = <MlKem768 as KemCore>::EncapsulationKey;
type Decapsulation = <MlKem768 as KemCore>::DecapsulationKey;

/// The public half: 1,216 bytes, checked.
#[derive(Clone, PartialEq)]
pub(super) struct PublicKey {
    pq: Encapsulation,
    classic: ClassicPublic,
}

/// The private half, expanded from its seed. Both keys wipe themselves.
pub(super) struct PrivateKey {
    pq: Decapsulation,
    classic: StaticSecret,
}

impl PublicKey {
    /// Reads a public key; `None` unless it has 1,216 bytes, ML-KEM's part is reduced (FIPS 203 §7.2) and X25519's is canonical and not of low
    /// order.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (pq, classic) = bytes.split_at_checked(PQ_PUBLIC_BYTES)?;
        let encoded = Encoded::<Encapsulation>::try_from(pq).ok()?;
        let pq = Encapsulation::from_bytes(&encoded);
        if pq.as_bytes() != encoded {
            return None;
        }
        let classic = keycap_core::key::PublicKey::parse_slice(classic).ok()?;
        Some(Self { pq, classic: ClassicPublic::from(*classic.as_bytes()) })
    }

    /// The public key as 1,216 bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [self.pq.as_bytes().as_slice(), self.classic.as_bytes()].concat()
    }

    /// Makes a shared secret and the encapsulated key from which the private half gets it back; `None` for an X25519 key of low order.
    pub(super) fn encapsulate(&self, rng: &mut (impl CryptoRng + RngCore)) -> Option<(Secret<32>, Vec<u8>)> {
        let (ciphertext, mut pq) = self.pq.encapsulate(rng).ok()?;
        let ephemeral = StaticSecret::random_from_rng(rng);
        let share = ClassicPublic::from(&ephemeral);
        let classic = ephemeral.diffie_hellman(&self.classic);
        let shared = classic.was_contributory().then(|| combine(&pq, classic.as_bytes(), &share, &self.classic));
        pq.as_mut_slice().zeroize();
        Some((shared?, [ciphertext.as_slice(), share.as_bytes()].concat()))
    }
}

impl PrivateKey {
    /// Derives both keys of a seed.
    pub(super) fn derive(seed: &Secret<32>) -> Self {
        let mut expanded = Shake256::default().chain(seed.expose()).finalize_xof();
        let mut read = || {
            let mut bytes = Zeroizing::new([0; 32]);
            expanded.read(bytes.as_mut_slice());
            bytes
        };
        let (d, z, classic) = (read(), read(), read());
        let (mut d, mut z) = (B32::from(*d), B32::from(*z));
        let (pq, _) = MlKem768::generate_deterministic(&d, &z);
        d.as_mut_slice().zeroize();
        z.as_mut_slice().zeroize();
        Self { pq, classic: StaticSecret::from(*classic) }
    }

    pub(super) fn public(&self) -> PublicKey {
        PublicKey { pq: self.pq.encapsulation_key().clone(), classic: ClassicPublic::from(&self.classic) }
    }

    /// Gets a shared secret back; `None` for an X25519 share of low order. One that was made for another key gives another secret.
    pub(super) fn decapsulate(&self, encapsulated: &[u8; ENCAPSULATED_BYTES]) -> Option<Secret<32>> {
        let (ciphertext, share) = encapsulated.split_at_checked(PQ_CIPHERTEXT_BYTES)?;
        let ciphertext = Ciphertext::<MlKem768>::try_from(ciphertext).ok()?;
        let share = ClassicPublic::from(<[u8; 32]>::try_from(share).ok()?);
        let classic = self.classic.diffie_hellman(&share);
        if !classic.was_contributory() {
            return None;
        }
        let mut pq = self.pq.decapsulate(&ciphertext).ok()?;
        let shared = combine(&pq, classic.as_bytes(), &share, &ClassicPublic::from(&self.classic));
        pq.as_mut_slice().zeroize();
        Some(shared)
    }
}

fn combine(pq: &[u8], classic: &[u8; 32], share: &ClassicPublic, public: &ClassicPublic) -> Secret<32> {
    let hash = Sha3_256::new().chain_update(pq).chain_update(classic).chain_update(share.as_bytes()).chain_update(public.as_bytes());
    Secret::new(hash.chain_update(LABEL).finalize().into())
}
