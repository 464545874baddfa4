//! keycap's own handshakes.

use std::hint::black_box;

use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveat, Caveats, RootSecret, RootSecrets, Rule};
use keycap_core::key::StaticKey;
use keycap_core::noise::hello::Hello;
use keycap_core::noise::{Initiator, Pattern, Responder, Suite};
use keycap_core::secret::Secret;
use keycap_core::service::ServiceKeys;
use keycap_core::time::UnixSeconds;
use rand::{CryptoRng, RngCore};

/// A service, a capability for it with a grant and one link, and what a connector sent once.
pub(crate) struct Session {
    pattern: Pattern,
    suite: Suite,
    service: ServiceKeys,
    capability: Capability,
    identity: StaticKey,
    hello: Vec<u8>,
    confirmation: Vec<u8>,
}

impl Session {
    pub(crate) fn new(pattern: Pattern, suite: Suite) -> Self {
        let mut roots = RootSecrets::new();
        roots.insert(0, RootSecret::from_secret(Secret::new([7; 32])));
        let service = ServiceKeys::new(StaticKey::from_private(Secret::new([1; 32])), roots, None);
        let identity = StaticKey::from_private(Secret::new([2; 32]));
        let rule = Rule { target: Some("db".into()), ..Rule::default() };
        let grant = [Caveat::Expires(UnixSeconds::new(2_000_000_000)), Caveat::Allow(vec![rule])];
        let holder = pattern.proves_initiator().then(|| Caveat::Holder(*identity.public()));
        let grant = Caveats::of(grant.into_iter().chain(holder)).unwrap();
        let capability = service.mint(0, BlockId::new([3; 8]), grant, Vec::new()).unwrap();
        let link = Caveats::of([Caveat::Expires(UnixSeconds::new(1_900_000_000))]).unwrap();
        let capability = capability.delegate(BlockId::new([4; 8]), link).unwrap();

        let (initiator, hello) = Initiator::start(&capability, pattern, suite, Some(&identity), &mut Drawn(4)).unwrap();
        let (_, message_2) = Responder::read_hello(&service, &hello, &mut Drawn(5)).unwrap();
        let (confirmation, _) = initiator.read_message_2(&message_2[2..]).unwrap();
        Self { pattern, suite, service, capability, identity, hello, confirmation }
    }

    /// The service's side of a recorded handshake: its randomness is the same each time, so that the confirmation fits.
    pub(crate) fn serve(&self) {
        let (responder, message_2) = Responder::read_hello(&self.service, black_box(&self.hello), &mut Drawn(5)).unwrap();
        black_box(message_2);
        let mut confirmation = [0; 64];
        let body = &mut confirmation[..self.confirmation.len() - 2];
        body.copy_from_slice(&self.confirmation[2..]);
        black_box(responder.read_confirmation(body).unwrap());
    }

    /// Both sides.
    pub(crate) fn meet(&self) {
        let (initiator, hello) = Initiator::start(&self.capability, self.pattern, self.suite, Some(&self.identity), &mut Drawn(4)).unwrap();
        let (responder, message_2) = Responder::read_hello(&self.service, &hello, &mut Drawn(5)).unwrap();
        let (mut confirmation, established) = initiator.read_message_2(&message_2[2..]).unwrap();
        black_box((established, responder.read_confirmation(&mut confirmation[2..]).unwrap()));
    }

    pub(crate) fn hello_without_tag(&self) -> Vec<u8> {
        let mut hello = self.hello.clone();
        hello[8] ^= 1;
        hello
    }

    /// From someone who knows the service's key and has no capability.
    pub(crate) fn hello_with_tag_alone(&self) -> Vec<u8> {
        let parsed = Hello::parse(&self.hello, self.service.hello_tag_key()).unwrap();
        let mut message = parsed.message.to_vec();
        *message.last_mut().unwrap() ^= 1;
        Hello { message: &message, ..parsed }.encode(self.service.hello_tag_key()).unwrap()
    }

    pub(crate) fn refuse(&self, hello: &[u8]) {
        assert!(Responder::read_hello(&self.service, black_box(hello), &mut Drawn(5)).is_err());
    }
}

/// Randomness that was drawn before: its cost depends on the generator and is not measured here.
struct Drawn(u8);

impl RngCore for Drawn {
    fn next_u32(&mut self) -> u32 {
        u32::from_ne_bytes([self.0; 4])
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_ne_bytes([self.0; 8])
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.fill(self.0);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand::Error> {
        dest.fill(self.0);
        Ok(())
    }
}

impl CryptoRng for Drawn {}
