//! A service and a capability that are the same in every run, so that an input that was found stays what it is.

use hmac::{Hmac, Mac};
use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveat, Caveats, RevocationCheck, Rid, RootSecret, RootSecrets, Rule};
use keycap_core::key::StaticKey;
use keycap_core::noise::{Confirmed, Established, Initiator, Pattern, Responder, Suite};
use keycap_core::secret::Secret;
use keycap_core::service::ServiceKeys;
use keycap_core::time::UnixSeconds;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};

/// The service, a bearer capability for it, and randomness from a fixed seed.
#[derive(Debug)]
pub struct World {
    /// The service: its static key is 32 times 1, the root of epoch 0 is 32 times 2, its realm is `lab`.
    pub service: ServiceKeys,
    /// For target `db`, valid until 2033.
    pub capability: Capability,
    /// What stands in for the operating system's randomness.
    pub rng: StdRng,
}

impl World {
    /// Makes it.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "there is nothing default about it")]
    pub fn new() -> Self {
        let mut roots = RootSecrets::new();
        roots.insert(0, RootSecret::from_secret(Secret::new([2; 32])));
        let service = ServiceKeys::new(StaticKey::from_private(Secret::new([1; 32])), roots, Some("lab".into()));
        let rule = Rule { target: Some("db".into()), ..Rule::default() };
        let caveats = Caveats::of([Caveat::Expires(UnixSeconds::new(2_000_000_000)), Caveat::Allow(vec![rule])]).unwrap();
        let capability = service.mint(0, BlockId::new([3; 8]), caveats, vec![]).unwrap();
        Self { service, capability, rng: StdRng::seed_from_u64(4) }
    }

    /// A key pair to which stanzas are sealed, and which seals some: 32 times 5.
    #[must_use]
    pub fn key() -> StaticKey {
        StaticKey::from_private(Secret::new([5; 32]))
    }

    /// A session over NKpsk2: what the connector has, and what the service has.
    #[must_use]
    pub fn session(&mut self, suite: Suite) -> (Established, Confirmed) {
        let (initiator, hello) = Initiator::start(&self.capability, Pattern::NKpsk2, suite, None, &mut self.rng).unwrap();
        let (responder, message_2) = Responder::read_hello(&self.service, &hello, &mut self.rng).unwrap();
        let (mut confirmation, connector) = initiator.read_message_2(&message_2[2..]).unwrap();
        (connector, responder.read_confirmation(&mut confirmation[2..]).unwrap())
    }

    /// `hello` with its length field and its tag put right; itself, if it is too short to have them.
    #[must_use]
    pub fn retagged(&self, hello: &[u8]) -> Vec<u8> {
        let mut hello = hello.to_vec();
        let Some(body) = hello.len().checked_sub(26).and_then(|length| u16::try_from(length).ok()) else { return hello };
        hello[24..26].copy_from_slice(&body.to_be_bytes());
        let key = Sha256::new().chain_update(keycap_core::label::HELLO).chain_update(self.service.public().as_bytes()).finalize();
        let tag = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(&hello[..8]).chain_update(&hello[24..]).finalize();
        hello[8..24].copy_from_slice(&tag.into_bytes()[..16]);
        hello
    }
}

/// The file key in every sample.
pub const FILE_KEY: [u8; 16] = *b"YELLOW SUBMARINE";

/// Nothing is revoked.
#[derive(Debug)]
pub struct NoRevocations;

impl RevocationCheck for NoRevocations {
    fn is_revoked(&self, _: &Rid) -> bool {
        false
    }

    fn min_epoch(&self) -> u32 {
        0
    }
}
