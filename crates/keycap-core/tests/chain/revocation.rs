//! Revocation: what an entry kills, and what it leaves alone.

use keycap_core::capability::Capability;
use keycap_core::chain::{Caveat, ChainError, DerivedChain, Reason, Rid, RootSecrets};
use keycap_core::noise::StatusCode;

use crate::world::{Use, derived, handed_to, identity, minted, minted_in, minted_with, narrowed};

/// A grant and all that descends from it, the grant first, each but the first a child of the one before.
fn family(generations: usize) -> Vec<Capability> {
    let mut family = vec![minted()];
    for _ in 1..generations {
        family.push(narrowed(family.last().unwrap(), []));
    }
    family
}

fn rids(capability: &Capability) -> Vec<Rid> {
    derived(capability.chain()).rids().to_vec()
}

#[test]
fn revoking_a_block_kills_everything_below_it_and_nothing_above() {
    let family = family(16);
    let all = rids(family.last().unwrap());
    for (revoked, rid) in all.iter().enumerate() {
        let usage = Use { revoked: vec![*rid], ..Use::by_a_bearer() };
        for (generation, capability) in family.iter().enumerate() {
            let refused = (generation >= revoked).then_some((revoked, Reason::Revoked));
            assert_eq!(usage.refusal(capability), refused, "generation {generation}, revoked {revoked}");
        }
    }
    assert_eq!(Reason::Revoked.status(), StatusCode::Revoked);
}

#[test]
fn siblings_and_strangers_live_on() {
    let parent = minted();
    let (one, other) = (narrowed(&parent, [Caveat::MaxSession(1)]), narrowed(&parent, [Caveat::MaxSession(2)]));
    let usage = Use { revoked: vec![rids(&one)[1]], ..Use::by_a_bearer() };
    assert_eq!(usage.refusal(&one), Some((1, Reason::Revoked)));
    assert_eq!(usage.refusal(&narrowed(&one, [])), Some((1, Reason::Revoked)));
    assert_eq!(usage.refusal(&other), None);
    assert_eq!(usage.refusal(&parent), None);
    assert_eq!(usage.refusal(&minted_with([Caveat::MaxLinks(3)])), None);
}

#[test]
fn the_same_caveats_under_another_id_can_be_revoked_alone() {
    let parent = minted();
    let link = |id| parent.delegate(keycap_core::chain::BlockId::new([id; 8]), keycap_core::chain::Caveats::none()).unwrap();
    let usage = Use { revoked: vec![rids(&link(1))[1]], ..Use::by_a_bearer() };
    assert_eq!(usage.refusal(&link(1)), Some((1, Reason::Revoked)));
    assert_eq!(usage.refusal(&link(2)), None);
}

#[test]
fn a_block_has_the_same_id_in_every_chain_it_begins() {
    let family = family(5);
    let all = rids(&family[4]);
    for capability in &family {
        let own = rids(capability);
        assert_eq!(own[..], all[..own.len()]);
        assert_eq!(own.last(), Some(&capability.key().rid()), "whoever holds it can work it out");
    }
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn a_hand_off_is_killed_with_what_it_descends_from() {
    let (alice, bob) = (identity(2), identity(3));
    let bound = minted_with([Caveat::Holder(*alice.public())]);
    let handed = handed_to(&bound, &alice, &bob);
    let grant_revoked = Use { revoked: vec![rids(&bound)[0]], ..Use::by(&bob) };
    assert_eq!(grant_revoked.refusal(&handed), Some((0, Reason::Revoked)));
    let handoff_revoked = vec![rids(&handed)[1]];
    assert_eq!(Use { revoked: handoff_revoked.clone(), ..Use::by(&bob) }.refusal(&handed), Some((1, Reason::Revoked)));
    assert_eq!(Use { revoked: handoff_revoked, ..Use::by(&alice) }.refusal(&bound), None);
}

#[test]
fn grants_of_an_epoch_before_the_least_are_revoked() {
    for (epoch, min_epoch) in [(0, 0), (0, 1), (3, 3), (3, 4), (9, 0), (9, u32::MAX)] {
        let usage = Use { min_epoch, ..Use::by_a_bearer() };
        let refused = (epoch < min_epoch).then_some((0, Reason::Revoked));
        let capability = minted_in(epoch, []);
        assert_eq!(usage.refusal(&capability), refused, "epoch {epoch}, least {min_epoch}");
        assert_eq!(usage.refusal(&narrowed(&capability, [])), refused);
    }
}

#[test]
fn revocation_is_told_before_everything_else() {
    let expired = narrowed(&minted(), [Caveat::Expires(keycap_core::time::UnixSeconds::new(1))]);
    let usage = Use { revoked: vec![rids(&expired)[1]], ..Use::by_a_bearer() };
    assert_eq!(usage.refusal(&expired), Some((1, Reason::Revoked)));
    let forged_holder = Use { revoked: vec![rids(&expired)[0]], ..Use::by(&identity(66)) };
    assert_eq!(forged_holder.refusal(&expired), Some((0, Reason::Revoked)));
}

#[test]
fn a_chain_of_an_epoch_whose_root_is_gone_cannot_be_derived() {
    let capability = minted_in(7, []);
    let error = DerivedChain::derive(capability.chain().clone(), &RootSecrets::new()).err();
    assert_eq!(error, Some(ChainError::UnknownEpoch { epoch: 7 }));
}

#[test]
fn a_grant_of_one_epoch_has_nothing_in_common_with_that_of_another() {
    // The same caveats and id: only the epoch, and with it the root, differ.
    let (one, other) = (minted_in(1, []), minted_in(2, []));
    assert!(!one.key().secret().ct_eq(other.key().secret()));
    assert_ne!(rids(&one), rids(&other));
}
