//! What several tests of this module need: randomness that is not random, capabilities, and a peer whose static key is not canonical.

use rand_core::{CryptoRng, RngCore};
use snow::Error;
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::CryptoResolver;
use snow::types::{Cipher, Dh, Hash, Random};

use super::resolver::Resolver;
use crate::capability::Capability;
use crate::chain::{BlockId, Caveat, Caveats, RootSecret, RootSecrets, Rule};
use crate::key::{PublicKey, StaticKey};
use crate::secret::Secret;
use crate::service::ServiceKeys;
use crate::time::UnixSeconds;

/// Draws the same byte for ever.
pub(crate) struct Fixed(pub(crate) u8);

impl RngCore for Fixed {
    fn next_u32(&mut self) -> u32 {
        u32::from_ne_bytes([self.0; 4])
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_ne_bytes([self.0; 8])
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.fill(self.0);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Fixed {}

/// The key pair with 32 times this byte as its private half.
pub(crate) fn static_key(byte: u8) -> StaticKey {
    StaticKey::from_private(Secret::new([byte; 32]))
}

/// A service with a root of epoch 0.
pub(crate) fn service() -> ServiceKeys {
    let mut roots = RootSecrets::new();
    roots.insert(0, RootSecret::from_secret(Secret::new([7; 32])));
    ServiceKeys::new(static_key(1), roots, None)
}

/// A capability of that service, bound to `holder` if there is one.
pub(crate) fn capability(holder: Option<&PublicKey>) -> Capability {
    let caveats = [Caveat::Expires(UnixSeconds::new(2_000_000_000)), Caveat::Allow(vec![Rule::default()])];
    let caveats = caveats.into_iter().chain(holder.copied().map(Caveat::Holder));
    service().mint(0, BlockId::new([3; 8]), Caveats::of(caveats).unwrap(), Vec::new()).unwrap()
}

/// Primitives of a peer that sets the unused high bit of its static public key. X25519 ignores the bit, so that handshakes succeed; only
/// a check of the key itself can find it.
pub(super) struct HighBit(pub(super) Resolver);

impl CryptoResolver for HighBit {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        self.0.resolve_rng()
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        Some(Box::new(HighBitDh { inner: self.0.resolve_dh(choice)?, public: Vec::new() }))
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        self.0.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        self.0.resolve_cipher(choice)
    }
}

struct HighBitDh {
    inner: Box<dyn Dh>,
    public: Vec<u8>,
}

impl Dh for HighBitDh {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn pub_len(&self) -> usize {
        self.inner.pub_len()
    }

    fn priv_len(&self) -> usize {
        self.inner.priv_len()
    }

    fn set(&mut self, privkey: &[u8]) {
        self.inner.set(privkey);
        self.public = self.inner.pubkey().to_vec();
        self.public[31] |= 0x80;
    }

    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), Error> {
        self.inner.generate(rng)
    }

    fn pubkey(&self) -> &[u8] {
        if self.public.is_empty() { self.inner.pubkey() } else { &self.public }
    }

    fn privkey(&self) -> &[u8] {
        self.inner.privkey()
    }

    fn dh(&self, pubkey: &[u8], out: &mut [u8]) -> Result<(), Error> {
        self.inner.dh(pubkey, out)
    }
}
