//! A service, its capabilities, and who uses them when.

use keycap_core::capability::Capability;
use keycap_core::chain::{
    BlockId, Caveat, Caveats, Chain, Clearing, DerivedChain, Purpose, Reason, Refusal, RevocationCheck, Rid, RootSecret, RootSecrets, Rule,
    VerifiedChain, explain,
};
use keycap_core::key::{PublicKey, StaticKey};
use keycap_core::noise::Pattern;
use keycap_core::request::Request;
use keycap_core::secret::Secret;
use keycap_core::service::ServiceKeys;
use keycap_core::time::{Clock, UnixSeconds};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// When the tests happen.
pub(crate) const NOW: u64 = 1_800_000_000;
/// When the least grant expires.
pub(crate) const END: u64 = 2_000_000_000;

/// A service with this byte as its private key and root secrets of the epochs 0 to 9.
pub(crate) fn service_of(byte: u8) -> ServiceKeys {
    let mut roots = RootSecrets::new();
    for epoch in 0..10_u8 {
        roots.insert(epoch.into(), RootSecret::from_secret(Secret::new([byte ^ epoch << 4; 32])));
    }
    ServiceKeys::new(StaticKey::from_private(Secret::new([byte; 32])), roots, None)
}

pub(crate) fn service() -> ServiceKeys {
    service_of(1)
}

pub(crate) fn identity(byte: u8) -> StaticKey {
    StaticKey::from_private(Secret::new([byte; 32]))
}

pub(crate) fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// Caveats and, where they lack them, the two that every grant has: until [`END`], for everything.
pub(crate) fn minted_with(caveats: impl IntoIterator<Item = Caveat>) -> Capability {
    minted_in(0, caveats)
}

pub(crate) fn minted_in(epoch: u32, caveats: impl IntoIterator<Item = Caveat>) -> Capability {
    let mut caveats: Vec<_> = caveats.into_iter().collect();
    for least in [Caveat::Expires(UnixSeconds::new(END)), Caveat::Allow(vec![Rule::default()])] {
        if caveats.iter().all(|caveat| caveat.key() != least.key()) {
            caveats.push(least);
        }
    }
    service().mint(epoch, BlockId::new([0; 8]), Caveats::of(caveats).unwrap(), Vec::new()).unwrap()
}

pub(crate) fn minted() -> Capability {
    minted_with([])
}

/// One link more; its id tells how many there are.
pub(crate) fn narrowed(capability: &Capability, caveats: impl IntoIterator<Item = Caveat>) -> Capability {
    let id = BlockId::new([u8::try_from(capability.chain().blocks().len()).unwrap(); 8]);
    capability.delegate(id, Caveats::of(caveats).unwrap()).unwrap()
}

pub(crate) fn handed_to(capability: &Capability, from: &StaticKey, to: &StaticKey) -> Capability {
    let id = BlockId::new([u8::try_from(capability.chain().blocks().len()).unwrap(); 8]);
    capability.hand_off(id, Caveats::of([Caveat::Holder(*to.public())]).unwrap(), from, &mut rng()).unwrap()
}

pub(crate) fn derived(chain: &Chain) -> DerivedChain {
    DerivedChain::derive(chain.clone(), service().roots()).unwrap()
}

/// How a capability is used.
#[derive(Clone)]
pub(crate) struct Use {
    pub(crate) clock: Clock,
    pub(crate) purpose: Purpose,
    pub(crate) pattern: Pattern,
    pub(crate) peer: Option<PublicKey>,
    pub(crate) realm: Option<&'static str>,
    pub(crate) apps: Vec<(&'static str, Vec<u8>)>,
    pub(crate) revoked: Vec<Rid>,
    pub(crate) min_epoch: u32,
}

impl RevocationCheck for Use {
    fn is_revoked(&self, rid: &Rid) -> bool {
        self.revoked.contains(rid)
    }

    fn min_epoch(&self) -> u32 {
        self.min_epoch
    }
}

impl Use {
    /// A session of nobody in particular.
    pub(crate) fn by_a_bearer() -> Self {
        Self {
            clock: Clock::Sure(UnixSeconds::new(NOW)),
            purpose: Purpose::Session,
            pattern: Pattern::NKpsk2,
            peer: None,
            realm: None,
            apps: Vec::new(),
            revoked: Vec::new(),
            min_epoch: 0,
        }
    }

    /// A session of whoever has this key.
    pub(crate) fn by(identity: &StaticKey) -> Self {
        Self { pattern: Pattern::XKpsk3, peer: Some(*identity.public()), ..Self::by_a_bearer() }
    }

    pub(crate) fn at(second: u64) -> Self {
        Self { clock: Clock::Sure(UnixSeconds::new(second)), ..Self::by_a_bearer() }
    }

    pub(crate) fn over(self, pattern: Pattern) -> Self {
        Self { pattern, ..self }
    }

    /// What the service says.
    pub(crate) fn clear(&self, chain: &Chain) -> Result<VerifiedChain, Refusal> {
        let app = |name: &str, value: &[u8]| self.apps.iter().any(|(known, accepted)| *known == name && accepted == value);
        let clearing = Clearing {
            clock: self.clock,
            purpose: self.purpose,
            pattern: self.pattern,
            remote_static: self.peer.as_ref(),
            realm: self.realm,
            app: &app,
        };
        let verdict = derived(chain).clear(service().static_key(), self, &clearing);
        // Whoever works it out offline must come to the same, but for what the service alone knows.
        let explained = explain(chain, &clearing, None);
        match &verdict {
            Ok(_) => assert!(explained.allowed(), "{explained:?}"),
            Err(refusal) if matches!(refusal.reason, Reason::Revoked | Reason::BadTicket) => {}
            Err(refusal) => {
                assert!(explained.refusals().any(|finding| finding.block == refusal.block && finding.refused == Some(refusal.reason)));
            }
        }
        verdict
    }

    /// Why it is refused, and by which block; `None` if it is not.
    pub(crate) fn refusal(&self, capability: &Capability) -> Option<(usize, Reason)> {
        self.clear(capability.chain()).err().map(|refusal| (refusal.block, refusal.reason))
    }

    /// Whether the request is allowed, and if not, by which block.
    pub(crate) fn ask(&self, capability: &Capability, request: &Request) -> Result<(), usize> {
        self.clear(capability.chain()).unwrap().check_request(request).map_err(|refusal| {
            assert_eq!((refusal.reason, refusal.caveat.as_deref()), (Reason::NotAllowed, Some("allow")));
            refusal.block
        })
    }
}
