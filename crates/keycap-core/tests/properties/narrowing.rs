//! A child allows no more than its parent.

use std::cell::Cell;
use std::sync::LazyLock;

use keycap_core::capability::Capability;
use keycap_core::chain::{
    BlockId, Caveat, Caveats, Chain, Clearing, DerivedChain, Explanation, Purpose, Reason, Refusal, RevocationCheck, Rid, VerifiedChain, explain,
};
use keycap_core::control::ControlRequest;
use keycap_core::key::{PublicKey, StaticKey};
use keycap_core::noise::Pattern;
use keycap_core::request::{Request, RequestPath};
use keycap_core::secret::Secret;
use keycap_core::time::{Clock, UnixSeconds};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::strategies::{METHODS, NOW, SEGMENTS, SERVICE, TARGETS, close_caveats, of_a_grant, unique};

/// Whom a block names, if anyone: one of two keys.
fn named() -> impl Strategy<Value = Option<u8>> {
    option::weighted(0.25, 0..2_u8)
}

/// The key pairs of both.
static IDENTITIES: LazyLock<[StaticKey; 2]> = LazyLock::new(|| [2, 3].map(|byte| StaticKey::from_private(Secret::new([byte; 32]))));

fn identity(number: u8) -> &'static StaticKey {
    &IDENTITIES[usize::from(number)]
}

/// A block to come: its caveats, and the holder that it names.
type Step = (Vec<Caveat>, Option<u8>);

fn step() -> impl Strategy<Value = Step> {
    (close_caveats(), named())
}

/// The capability of these steps. A holder that follows another is handed to, by the one before it.
fn grown(steps: &[Step]) -> Capability {
    let mut rng = StdRng::seed_from_u64(1);
    let mut holder: Option<u8> = None;
    let (grant, links) = steps.split_first().unwrap();
    let with_holder = |(caveats, named): &Step| {
        let named = named.map(|number| Caveat::Holder(*identity(number).public()));
        unique(caveats.iter().cloned().chain(named).collect())
    };
    let mut capability = SERVICE.mint(0, BlockId::new([0; 8]), of_a_grant(&with_holder(grant)), Vec::new()).unwrap();
    holder = grant.1.or(holder);
    for (id, step) in (1..).zip(links) {
        let (id, caveats) = (BlockId::new([id; 8]), with_holder(step));
        capability = match (holder, step.1) {
            (Some(from), Some(_)) => capability.hand_off(id, caveats, identity(from), &mut rng).unwrap(),
            _ => capability.delegate(id, caveats).unwrap(),
        };
        holder = step.1.or(holder);
    }
    capability
}

/// When, how and for what a capability is used.
#[derive(Debug, Clone)]
struct Situation {
    clock: Clock,
    purpose: Purpose,
    pattern: Pattern,
    peer: Option<PublicKey>,
    realm: Option<&'static str>,
    cleared_app: (&'static str, u8),
    revoked: Option<Rid>,
    request: Request,
}

impl RevocationCheck for Situation {
    fn is_revoked(&self, rid: &Rid) -> bool {
        self.revoked == Some(*rid)
    }

    fn min_epoch(&self) -> u32 {
        0
    }
}

fn situation() -> impl Strategy<Value = Situation> {
    let clock = prop_oneof![9 => (NOW - 100..NOW + 100).prop_map(|second| Clock::Sure(UnixSeconds::new(second))), 1 => Just(Clock::Unsure)];
    let purpose = prop_oneof![3 => Just(Purpose::Session), 2 => select(Purpose::ALL.to_vec())];
    let peer = option::weighted(0.7, (0..2_u8).prop_map(|number| *identity(number).public()));
    let realm = option::weighted(0.8, select(vec!["prod", "lab"]));
    let path =
        option::weighted(0.7, vec(select(&SEGMENTS[..]), 0..4).prop_map(|segments| RequestPath::parse(&format!("/{}", segments.join("/"))).unwrap()));
    let method = option::weighted(0.7, select(&METHODS[..]).prop_map(str::to_owned));
    let request = (select(&TARGETS[..]), method, path).prop_map(|(target, method, path)| Request { target: target.to_owned(), method, path });
    let cleared_app = (select(vec!["tier", "team"]), 0..2_u8);
    (clock, purpose, select(Pattern::ALL.to_vec()), peer, realm, cleared_app, request).prop_map(
        |(clock, purpose, pattern, peer, realm, cleared_app, request)| Situation {
            clock,
            purpose,
            pattern,
            peer,
            realm,
            cleared_app,
            revoked: None,
            request,
        },
    )
}

impl Situation {
    fn with<T>(&self, look: impl FnOnce(&Clearing<'_>) -> T) -> T {
        let app = |name: &str, value: &[u8]| (name, value) == (self.cleared_app.0, &[self.cleared_app.1][..]);
        look(&Clearing {
            clock: self.clock,
            purpose: self.purpose,
            pattern: self.pattern,
            remote_static: self.peer.as_ref(),
            realm: self.realm,
            app: &app,
        })
    }

    fn clear(&self, chain: &Chain) -> Result<VerifiedChain, Refusal> {
        let derived = DerivedChain::derive(chain.clone(), SERVICE.roots()).unwrap();
        self.with(|clearing| derived.clear(SERVICE.static_key(), self, clearing))
    }

    /// Clears the chain and the request.
    fn allows(&self, chain: &Chain) -> Result<VerifiedChain, Refusal> {
        let verified = self.clear(chain)?;
        verified.check_request(&self.request).map(|()| verified)
    }

    fn explain(&self, chain: &Chain) -> Explanation {
        self.with(|clearing| explain(chain, clearing, Some(&self.request)))
    }
}

/// Runs a property on so many cases, and asserts that in enough of them it had something to say.
fn check<S: Strategy>(cases: u32, strategy: &S, enough: u32, property: impl Fn(S::Value) -> Result<bool, TestCaseError>) {
    let telling = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(strategy, |value| {
        telling.set(telling.get() + u32::from(property(value)?));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(telling.get() >= enough, "only {} of {cases} cases said anything", telling.get());
}

#[test]
fn what_a_child_allows_its_parent_allows_too() {
    // The child names no holder, so that both are used by the same peer in the same way.
    let strategy = (vec(step(), 1..4), close_caveats(), situation());
    check(2_000, &strategy, 50, |(steps, caveats, situation)| {
        let parent = grown(&steps);
        let child = grown(&[steps, vec![(caveats, None)]].concat());
        let (of_child, of_parent) = (situation.allows(child.chain()), situation.allows(parent.chain()));
        prop_assert!(of_child.is_err() || of_parent.is_ok(), "the parent is refused: {of_parent:?}");
        let (Ok(of_child), Ok(of_parent)) = (of_child, of_parent) else { return Ok(false) };
        // And what it allows, it allows for no longer and no oftener.
        prop_assert!(of_child.expires() <= of_parent.expires());
        let length = |verified: &VerifiedChain| verified.max_session_s().unwrap_or(u64::MAX);
        prop_assert!(length(&of_child) <= length(&of_parent));
        prop_assert!(of_child.max_concurrent().starts_with(of_parent.max_concurrent()));
        prop_assert!(of_child.rids().starts_with(of_parent.rids()));
        prop_assert_eq!(of_child.holder(), of_parent.holder());
        Ok(true)
    });
}

#[test]
fn what_a_parent_s_caveats_refuse_they_refuse_in_the_child_too() {
    // Whatever the child names: only who must prove itself, and over which patterns, can be another.
    let strategy = (vec(step(), 1..4), step(), situation());
    check(2_000, &strategy, 1_000, |(steps, last, situation)| {
        let parent = grown(&steps);
        let child = grown(&[steps, vec![last]].concat());
        let of_child: Vec<_> = situation.explain(child.chain()).refusals().cloned().collect();
        let mut said = false;
        for finding in situation.explain(parent.chain()).refusals() {
            let who = matches!(finding.refused, Some(Reason::WrongHolder | Reason::Pattern)) && !matches!(finding.caveat, Some(Caveat::Patterns(_)));
            prop_assert!(who || of_child.contains(finding), "{finding:?} is not among {of_child:?}");
            said |= !who;
        }
        Ok(said)
    });
}

#[test]
fn a_parent_s_revocation_is_its_child_s() {
    let strategy = (vec(step(), 1..4), close_caveats(), situation(), any::<prop::sample::Index>());
    check(500, &strategy, 500, |(steps, caveats, mut situation, which)| {
        let parent = grown(&steps);
        let child = grown(&[steps, vec![(caveats, None)]].concat());
        let derived = DerivedChain::derive(parent.chain().clone(), SERVICE.roots()).unwrap();
        situation.revoked = Some(derived.rids()[which.index(derived.rids().len())]);
        let refusals = [&parent, &child].map(|capability| situation.clear(capability.chain()).unwrap_err());
        prop_assert_eq!(&refusals[0], &refusals[1]);
        prop_assert_eq!(refusals[0].reason, Reason::Revoked);
        Ok(true)
    });
}

#[test]
fn what_a_child_may_ask_of_a_gateway_its_parent_may_ask_too() {
    let strategy = (vec(step(), 1..4), close_caveats(), situation());
    check(2_000, &strategy, 10, |(steps, caveats, situation)| {
        let (parent, child) = (grown(&steps), grown(&[steps, vec![(caveats, None)]].concat()));
        let (Ok(of_child), Ok(of_parent)) = (situation.clear(child.chain()), situation.clear(parent.chain())) else { return Ok(false) };
        let requests = [ControlRequest::Report, ControlRequest::Rotate, ControlRequest::Revoke(parent.chain().clone())];
        let mut allowed = false;
        for request in requests {
            prop_assert!(!request.may_be_made_by(&of_child) || request.may_be_made_by(&of_parent), "{request:?}");
            allowed |= request.may_be_made_by(&of_child);
        }
        Ok(allowed)
    });
}

#[test]
fn explaining_and_clearing_agree() {
    check(2_000, &(vec(step(), 1..5), situation()), 100, |(steps, situation)| {
        let capability = grown(&steps);
        let explained = situation.explain(capability.chain());
        let verdict = situation.allows(capability.chain());
        prop_assert_eq!(explained.allowed(), verdict.is_ok());
        let caveats: usize = capability.chain().blocks().iter().map(|block| block.caveats().iter().count()).sum();
        let of_caveats: Vec<_> = explained.findings.iter().filter(|finding| finding.caveat.is_some()).collect();
        prop_assert_eq!(of_caveats.len(), caveats, "each caveat has its finding");
        if let Err(refusal) = &verdict {
            let found = explained.refusals().find(|finding| finding.block == refusal.block && finding.refused == Some(refusal.reason));
            prop_assert!(found.is_some(), "{refusal:?} is not among {explained:?}");
        }
        Ok(verdict.is_ok())
    });
}

#[test]
fn the_order_of_blocks_does_not_widen_what_they_allow() {
    // Links without holders and counts, in two orders: the same situations are allowed.
    let uncounted = close_caveats().prop_map(|caveats| caveats.into_iter().filter(|caveat| !matches!(caveat, Caveat::MaxLinks(_))).collect());
    let strategy = (step(), vec(uncounted, 2..4), situation());
    check(1_000, &strategy, 25, |(grant, links, situation): (Step, Vec<Vec<Caveat>>, Situation)| {
        prop_assume!(!grant.0.iter().any(|caveat| matches!(caveat, Caveat::MaxLinks(_))));
        let of =
            |links: Vec<Vec<Caveat>>| grown(&std::iter::once(grant.clone()).chain(links.into_iter().map(|link| (link, None))).collect::<Vec<_>>());
        let reversed = links.iter().rev().cloned().collect();
        let (one, other) = (situation.allows(of(links).chain()), situation.allows(of(reversed).chain()));
        prop_assert_eq!(one.is_ok(), other.is_ok());
        Ok(one.is_ok())
    });
}

#[test]
fn a_link_without_caveats_allows_exactly_what_its_parent_does() {
    check(1_000, &(vec(step(), 1..4), situation()), 25, |(steps, situation)| {
        let parent = grown(&steps);
        prop_assume!(!parent.chain().blocks().iter().any(|block| block.caveats().iter().any(|caveat| matches!(caveat, Caveat::MaxLinks(_)))));
        let child = parent.delegate(BlockId::new([99; 8]), Caveats::none()).unwrap();
        let allowed = situation.allows(parent.chain()).is_ok();
        prop_assert_eq!(situation.allows(child.chain()).is_ok(), allowed);
        Ok(allowed)
    });
}
