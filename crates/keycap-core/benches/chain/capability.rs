//! keycap's own.

use std::hint::black_box;

use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveat, Caveats, Chain, Clearing, DerivedChain, Purpose, RevocationCheck, Rid, RootSecret, RootSecrets, Rule};
use keycap_core::key::StaticKey;
use keycap_core::noise::Pattern;
use keycap_core::request::Request;
use keycap_core::secret::Secret;
use keycap_core::service::ServiceKeys;
use keycap_core::time::{Clock, UnixSeconds};

use crate::{END, NOW, TARGET};

pub(crate) struct Issuer(ServiceKeys);

impl Issuer {
    pub(crate) fn new() -> Self {
        let mut roots = RootSecrets::new();
        roots.insert(0, RootSecret::from_secret(Secret::new([7; 32])));
        Self(ServiceKeys::new(StaticKey::from_private(Secret::new([1; 32])), roots, None))
    }

    pub(crate) fn mint(&self) -> Capability {
        let rule = Rule { target: Some(black_box(TARGET).to_owned()), ..Rule::default() };
        let caveats = Caveats::of([expires(END), Caveat::Allow(vec![rule])]).unwrap();
        self.0.mint(0, BlockId::new([3; 8]), caveats, Vec::new()).unwrap()
    }
}

fn expires(second: u32) -> Caveat {
    Caveat::Expires(UnixSeconds::new(black_box(second).into()))
}

pub(crate) fn delegate(capability: &Capability, links: usize) -> Capability {
    let link = |parent: &Capability, second: u32| parent.delegate(BlockId::new([4; 8]), Caveats::of([expires(second)]).unwrap()).unwrap();
    let mut seconds = (0..END).rev().take(links);
    let Some(first) = seconds.next() else { return capability.delegate(BlockId::new([4; 8]), Caveats::none()).unwrap() };
    seconds.fold(link(capability, first), |capability, second| link(&capability, second))
}

/// A chain as it came in, and the service that checks it.
pub(crate) struct Checked {
    issuer: Issuer,
    encoded: Vec<u8>,
    request: Request,
}

/// Nothing is revoked.
struct NoRevocations;

impl RevocationCheck for NoRevocations {
    fn is_revoked(&self, rid: &Rid) -> bool {
        black_box(rid);
        false
    }

    fn min_epoch(&self) -> u32 {
        0
    }
}

impl Checked {
    pub(crate) fn new(links: usize) -> Self {
        let issuer = Issuer::new();
        let minted = issuer.mint();
        let capability = if links == 0 { minted } else { delegate(&minted, links) };
        Self { issuer, encoded: capability.chain().encoded().to_vec(), request: Request::stream(TARGET) }
    }

    pub(crate) fn check(&self) {
        let chain = Chain::parse(black_box(&self.encoded)).unwrap();
        let derived = DerivedChain::derive(chain, self.issuer.0.roots()).unwrap();
        let clearing = Clearing {
            clock: Clock::Sure(UnixSeconds::new(black_box(NOW).into())),
            purpose: Purpose::Session,
            pattern: Pattern::NKpsk2,
            remote_static: None,
            realm: None,
            app: &|_, _| false,
        };
        let verified = derived.clear(self.issuer.0.static_key(), &NoRevocations, &clearing).unwrap();
        verified.check_request(black_box(&self.request)).unwrap();
        black_box((derived, verified));
    }

    pub(crate) fn bytes(&self) -> usize {
        self.encoded.len()
    }
}
