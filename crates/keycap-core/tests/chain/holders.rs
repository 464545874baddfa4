//! Holders: which patterns and keys a chain asks for, and how it is handed on.

use keycap_core::capability::{Capability, DelegateError};
use keycap_core::chain::{BlockId, Caveat, Caveats, ChainError, Reason};
use keycap_core::key::StaticKey;
use keycap_core::noise::{Pattern, write_ticket};
use sha2::{Digest, Sha256};

use crate::world::{Use, handed_to, identity, minted, minted_with, narrowed, rng, service, service_of};

fn holder(identity: &StaticKey) -> Caveat {
    Caveat::Holder(*identity.public())
}

#[test]
fn who_may_use_which_chain_over_which_pattern_is_as_in_the_table() {
    let (alice, bob) = (identity(2), identity(3));
    let bound = minted_with([holder(&alice)]);
    for pattern in Pattern::ALL {
        let proves_nobody = matches!(pattern, Pattern::NKpsk2 | Pattern::Npsk0);
        let by_nobody = Use::by_a_bearer().over(pattern);
        let (by_alice, by_bob) = (Use::by(&alice).over(pattern), Use::by(&bob).over(pattern));
        // A bearer chain: the two that prove nobody, and Xpsk1, which shows a key and binds nothing.
        let refused = (!(proves_nobody || pattern == Pattern::Xpsk1)).then_some((0, Reason::Pattern));
        assert_eq!(by_nobody.refusal(&minted()), refused, "{pattern}");
        assert_eq!(by_alice.refusal(&minted()), refused, "{pattern}");
        // A bound chain: all the others, with that very key.
        if proves_nobody {
            assert_eq!(by_nobody.refusal(&bound), Some((0, Reason::Pattern)), "{pattern}");
        } else {
            assert_eq!(by_alice.refusal(&bound), None, "{pattern}");
            assert_eq!(by_bob.refusal(&bound), Some((0, Reason::WrongHolder)), "{pattern}");
            assert_eq!(by_nobody.refusal(&bound), Some((0, Reason::WrongHolder)), "{pattern}");
        }
    }
}

#[test]
fn a_link_may_name_the_first_holder_and_no_other() {
    let (alice, thief) = (identity(2), identity(66));
    let bound = narrowed(&minted(), [holder(&alice)]);
    assert_eq!(Use::by(&alice).refusal(&bound), None);
    assert_eq!(Use::by(&alice).refusal(&narrowed(&bound, [Caveat::MaxSession(1)])), None, "it may still narrow");
    for again in [&thief, &alice] {
        let caveats = Caveats::of([holder(again)]).unwrap();
        assert_eq!(bound.delegate(BlockId::new([9; 8]), caveats.clone()).err(), Some(DelegateError::Bound));
        // A thief does not ask.
        let forced = bound.with_block(keycap_core::chain::Block::link(BlockId::new([9; 8]), caveats).bytes()).unwrap();
        assert_eq!(Use::by(again).refusal(&forced), Some((2, Reason::Rebound)));
    }
}

#[test]
fn a_hand_off_is_accepted_from_end_to_end() {
    let (alice, bob, carol) = (identity(2), identity(3), identity(4));
    let first = handed_to(&minted_with([holder(&alice)]), &alice, &bob);
    assert_eq!(Use::by(&bob).refusal(&first), None);
    assert_eq!(Use::by(&alice).refusal(&first), Some((1, Reason::WrongHolder)));
    assert_eq!(Use::by(&bob).clear(first.chain()).unwrap().holder(), Some(bob.public()));
    let second = handed_to(&narrowed(&first, [Caveat::MaxSession(60)]), &bob, &carol);
    assert_eq!(Use::by(&carol).refusal(&second), None);
    assert_eq!(Use::by(&carol).refusal(&narrowed(&second, [])), None);
    for earlier in [&alice, &bob] {
        assert_eq!(Use::by(earlier).refusal(&second), Some((3, Reason::WrongHolder)));
    }
    assert_eq!(Use::by_a_bearer().refusal(&second), Some((3, Reason::Pattern)));
    let back = handed_to(&second, &carol, &alice);
    assert_eq!(Use::by(&alice).refusal(&back), None);
}

#[test]
fn only_the_holder_can_write_a_hand_off() {
    let (alice, bob) = (identity(2), identity(3));
    let to_bob = || Caveats::of([holder(&bob)]).unwrap();
    let hand_off = |capability: &Capability, caveats, by: &StaticKey| capability.hand_off(BlockId::new([9; 8]), caveats, by, &mut rng()).err();
    let bound = minted_with([holder(&alice)]);
    assert_eq!(hand_off(&minted(), to_bob(), &alice), Some(DelegateError::NotBound));
    assert_eq!(hand_off(&bound, to_bob(), &bob), Some(DelegateError::WrongHolder));
    let to_nobody = Some(DelegateError::Chain(ChainError::HandoffWithoutHolder { block: 1 }));
    assert_eq!(hand_off(&bound, Caveats::none(), &alice), to_nobody);
    assert_eq!(hand_off(&bound, to_bob(), &alice), None);
}

/// A hand-off block for the end of `capability` with any ticket.
fn handoff_block(caveats: &Caveats, ticket: &[u8]) -> Vec<u8> {
    let mut block = keycap_core::chain::Block::link(BlockId::new([9; 8]), caveats.clone()).bytes().to_vec();
    block[..2].copy_from_slice(&[0x84, 0x03]);
    [&block[..], &[0x58, 0x30], ticket].concat()
}

/// The ticket in the last block.
fn ticket_of(capability: &Capability) -> [u8; 48] {
    *capability.chain().blocks().last().unwrap().ticket().unwrap()
}

#[test]
fn a_ticket_counts_for_its_own_chain_holder_service_and_block_alone() {
    let (alice, bob, thief) = (identity(2), identity(3), identity(66));
    let bound = minted_with([holder(&alice)]);
    let to_bob = Caveats::of([holder(&bob)]).unwrap();
    let with_ticket = |caveats: &Caveats, ticket: &[u8]| bound.with_block(&handoff_block(caveats, ticket)).unwrap();
    let bad = Some((1, Reason::BadTicket));

    // As it should be, but under the id of the tests below.
    let honest = bound.hand_off(BlockId::new([9; 8]), to_bob.clone(), &alice, &mut rng()).unwrap();
    assert_eq!(with_ticket(&to_bob, &ticket_of(&honest)).chain(), honest.chain());
    assert_eq!(Use::by(&bob).refusal(&honest), None);

    // Of another chain of the same holder: a link more, a grant that differs, a block id that differs.
    for other in [narrowed(&bound, []), minted_with([holder(&alice), Caveat::MaxLinks(9)])] {
        let elsewhere = other.hand_off(BlockId::new([9; 8]), to_bob.clone(), &alice, &mut rng()).unwrap();
        assert_eq!(Use::by(&bob).refusal(&with_ticket(&to_bob, &ticket_of(&elsewhere))), bad);
    }
    let other_id = bound.hand_off(BlockId::new([8; 8]), to_bob.clone(), &alice, &mut rng()).unwrap();
    assert_eq!(Use::by(&bob).refusal(&with_ticket(&to_bob, &ticket_of(&other_id))), bad);
    // For another new holder, or with a caveat taken away or changed.
    let to_thief = Caveats::of([holder(&thief)]).unwrap();
    assert_eq!(Use::by(&thief).refusal(&with_ticket(&to_thief, &ticket_of(&honest))), bad);
    let narrow = Caveats::of([holder(&bob), Caveat::MaxSession(60)]).unwrap();
    let narrowing = bound.hand_off(BlockId::new([9; 8]), narrow, &alice, &mut rng()).unwrap();
    assert_eq!(Use::by(&bob).refusal(&with_ticket(&to_bob, &ticket_of(&narrowing))), bad);

    // Of another holder, for another service, and under another psk: made by hand, since the library refuses to.
    let beginning = handoff_block(&to_bob, &[0; 48]);
    let grant = bound.chain().blocks()[0].bytes();
    let blocks = [&u16::try_from(grant.len()).unwrap().to_be_bytes()[..], grant].concat();
    let prologue = [&b"keycap-1 handoff\0"[..], &Sha256::digest(blocks), &beginning[..beginning.len() - 50]].concat();
    let (service, other_service) = (service(), service_of(99));
    let psk = bound.key().handoff_psk();
    let by_hand = |from: &StaticKey, service, psk| with_ticket(&to_bob, &write_ticket(from, service, psk, &prologue, &mut rng()).unwrap());
    assert_eq!(Use::by(&bob).refusal(&by_hand(&alice, service.public(), &psk)), None);
    assert_eq!(Use::by(&bob).refusal(&by_hand(&thief, service.public(), &psk)), bad);
    assert_eq!(Use::by(&bob).refusal(&by_hand(&bob, service.public(), &psk)), bad);
    assert_eq!(Use::by(&bob).refusal(&by_hand(&alice, other_service.public(), &psk)), bad);
    assert_eq!(Use::by(&bob).refusal(&by_hand(&alice, service.public(), &minted().key().handoff_psk())), bad);
}

#[test]
fn every_flipped_bit_of_a_ticket_is_refused() {
    let (alice, bob) = (identity(2), identity(3));
    let honest = handed_to(&minted_with([holder(&alice)]), &alice, &bob);
    let block = honest.chain().blocks()[1].bytes().to_vec();
    for bit in 0..48 * 8 {
        let mut edited = block.clone();
        let first = edited.len() - 48;
        edited[first + bit / 8] ^= 1 << (bit % 8);
        let capability = minted_with([holder(&alice)]).with_block(&edited).unwrap();
        // X25519 takes no notice of the last bit of an ephemeral key; the hash of the handshake does.
        assert_eq!(Use::by(&bob).refusal(&capability), Some((1, Reason::BadTicket)), "bit {bit}");
    }
}

#[test]
fn a_hand_off_needs_an_earlier_holder() {
    let bob = identity(3);
    let from_nobody = minted().with_block(&handoff_block(&Caveats::of([holder(&bob)]).unwrap(), &[7; 48])).unwrap();
    assert_eq!(Use::by(&bob).refusal(&from_nobody), Some((1, Reason::NothingToHandOff)));
}

#[test]
fn tickets_are_looked_at_last() {
    let (alice, bob) = (identity(2), identity(3));
    let forged = minted_with([holder(&alice)]).with_block(&handoff_block(&Caveats::of([holder(&bob)]).unwrap(), &[7; 48])).unwrap();
    // An expired chain must not make the service compute exchanges.
    let late = Use { clock: Use::at(u64::MAX).clock, ..Use::by(&bob) };
    assert_eq!(late.refusal(&forged), Some((0, Reason::Expired)));
    assert_eq!(Use::by(&alice).refusal(&forged), Some((1, Reason::WrongHolder)));
    assert_eq!(Use::by(&bob).refusal(&forged), Some((1, Reason::BadTicket)));
}
