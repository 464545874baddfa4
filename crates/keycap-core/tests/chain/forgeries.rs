//! Chains that were changed on the way: none of them has the key of the chain it was made from.

use keycap_core::capability::Capability;
use keycap_core::chain::{Block, Caveat, Caveats, Chain, Rid};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::world::{derived, handed_to, identity, minted_with, narrowed};

/// A chain of every kind of block and most kinds of caveats.
fn rich() -> Capability {
    let (alice, bob) = (identity(2), identity(3));
    let bound = narrowed(&minted_with([Caveat::MaxLinks(9)]), [Caveat::Holder(*alice.public()), Caveat::Realm("prod".into())]);
    narrowed(&handed_to(&bound, &alice, &bob), [Caveat::App { name: "tier".into(), value: vec![1, 2, 3] }, Caveat::MaxSession(60)])
}

/// The key and the last rid that the service derives.
fn key_of(chain: &Chain) -> ([u8; 32], Rid) {
    let derived = derived(chain);
    (*derived.last().secret().expose(), *derived.rids().last().unwrap())
}

/// The chain of other blocks, if it is one and its epoch is known.
fn chain_of<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> Option<Chain> {
    Chain::of_encoded_blocks(blocks.into_iter().map(Block::bytes)).ok().filter(|chain| chain.epoch() < 10)
}

fn assert_other(forged: Option<&Chain>, capability: &Capability) {
    let Some(forged) = forged else { return };
    assert_ne!(forged, capability.chain());
    let (key, rid) = key_of(forged);
    assert_ne!(key, *capability.key().secret().expose(), "{forged:?}");
    assert_ne!(rid, capability.key().rid(), "{forged:?}");
}

#[test]
fn the_service_derives_the_key_that_the_holder_has() {
    let capability = rich();
    assert_eq!(key_of(capability.chain()), (*capability.key().secret().expose(), capability.key().rid()));
}

#[test]
fn a_chain_with_any_bit_changed_has_another_key_if_it_parses_at_all() {
    let capability = rich();
    let mut parsed = 0;
    for bit in 0..capability.chain().encoded().len() * 8 {
        let mut edited = capability.chain().encoded().to_vec();
        edited[bit / 8] ^= 1 << (bit % 8);
        let forged = Chain::parse(&edited).ok().filter(|chain| chain.epoch() < 10);
        parsed += usize::from(forged.is_some());
        assert_other(forged.as_ref(), &capability);
    }
    assert!(parsed > 500, "most bits of ids, tickets and texts are free: only {parsed} parsed");
}

#[test]
fn a_chain_with_blocks_left_out_swapped_or_repeated_has_another_key() {
    let capability = rich();
    let blocks = capability.chain().blocks();
    for left_out in 0..blocks.len() {
        let rest = blocks.iter().enumerate().filter(|(place, _)| *place != left_out).map(|(_, block)| block);
        assert_other(chain_of(rest).as_ref(), &capability);
    }
    for length in 1..blocks.len() {
        assert_other(chain_of(&blocks[..length]).as_ref(), &capability);
    }
    for one in 0..blocks.len() {
        for other in one + 1..blocks.len() {
            let mut swapped = blocks.to_vec();
            swapped.swap(one, other);
            assert_other(chain_of(&swapped).as_ref(), &capability);
        }
        let mut repeated = blocks.to_vec();
        repeated.insert(one, blocks[one].clone());
        assert_other(chain_of(&repeated).as_ref(), &capability);
    }
}

#[test]
fn a_block_moved_to_another_chain_has_another_key() {
    let (one, other) = (narrowed(&minted_with([]), [Caveat::MaxSession(1)]), minted_with([Caveat::MaxSession(2)]));
    let moved = chain_of([&other.chain().blocks()[0], &one.chain().blocks()[1]]);
    assert_other(moved.as_ref(), &one);
}

#[test]
fn ten_thousand_mutated_chains_are_no_chain_or_another() {
    let capability = rich();
    let encoded = capability.chain().encoded();
    let mut rng = StdRng::seed_from_u64(2026);
    let mut parsed = 0;
    for _ in 0..10_000 {
        let mut mutated = encoded.to_vec();
        for _ in 0..rng.gen_range(1..=4) {
            let at = rng.gen_range(0..mutated.len());
            match rng.gen_range(0..5) {
                0 => mutated[at] = rng.r#gen(),
                1 => mutated[at] ^= 1 << rng.gen_range(0..8),
                2 if mutated.len() > 1 => drop(mutated.remove(at)),
                3 => mutated.truncate(at.max(1)),
                _ => mutated.insert(at, rng.r#gen()),
            }
        }
        if mutated == encoded {
            continue;
        }
        let Ok(forged) = Chain::parse(&mutated) else { continue };
        assert_eq!(forged.encoded(), mutated, "what parses is carried as it came");
        if forged.epoch() < 10 {
            parsed += 1;
            assert_other(Some(&forged), &capability);
        }
    }
    assert!(parsed > 100, "the mutations hardly ever reach the derivation: {parsed}");
}

proptest! {
    #[test]
    fn a_chain_with_a_link_appended_has_a_key_of_its_own(realm: String, id: [u8; 8]) {
        let capability = rich();
        let link = Block::link(keycap_core::chain::BlockId::new(id), Caveats::of([Caveat::Realm(realm)]).unwrap());
        let appended = capability.with_block(link.bytes());
        prop_assume!(appended.is_ok());
        let appended = appended.unwrap();
        assert_other(Some(appended.chain()), &capability);
        // Whoever has the key before it can work out the one after it; the other way is HMAC-SHA256 backwards.
        prop_assert!(appended.key().secret().ct_eq(capability.key().next(link.bytes()).secret()));
        prop_assert_eq!(key_of(appended.chain()).0, *appended.key().secret().expose());
    }

    #[test]
    fn psks_of_one_chain_have_nothing_in_common(label: Vec<u8>) {
        let key = rich();
        let name = "Noise_NKpsk2_25519_ChaChaPoly_SHA256";
        let all = [key.key().psk(name), key.key().handoff_psk(), key.key().export(&label), key.key().export(name.as_bytes()), key.key().secret().duplicate()];
        for (i, one) in all.iter().enumerate() {
            for (j, other) in all.iter().enumerate() {
                prop_assert!(i == j || !one.ct_eq(other) || (i.min(j), i.max(j)) == (2, 3) && label == name.as_bytes());
            }
        }
    }
}
