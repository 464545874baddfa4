use hmac::{Hmac, Mac};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};

use super::*;
use crate::capability::Capability;
use crate::key::StaticKey;
use crate::noise::{Pattern, protocol_name};
use crate::request::Request;
use crate::secret::Secret;
use crate::service::ServiceKeys;
use crate::time::{Clock, UnixSeconds};

const ROOT: [u8; 32] = [7; 32];

fn service() -> ServiceKeys {
    let mut roots = RootSecrets::new();
    roots.insert(3, RootSecret::from_secret(Secret::new(ROOT)));
    ServiceKeys::new(StaticKey::from_private(Secret::new([1; 32])), roots, None)
}

fn identity(byte: u8) -> StaticKey {
    StaticKey::from_private(Secret::new([byte; 32]))
}

fn least() -> Vec<Caveat> {
    vec![Caveat::Expires(UnixSeconds::new(100)), Caveat::Allow(vec![Rule::default()])]
}

fn minted(more: impl IntoIterator<Item = Caveat>) -> Capability {
    let caveats = Caveats::of(least().into_iter().chain(more)).unwrap();
    service().mint(3, BlockId::new([0; 8]), caveats, Vec::new()).unwrap()
}

/// HMAC-SHA256 as its own library has it, without keys prepared beforehand.
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[test]
fn keys_are_the_hmacs_of_the_specification() {
    let capability = minted([]).delegate(BlockId::new([1; 8]), Caveats::of([Caveat::MaxLinks(3)]).unwrap()).unwrap();
    let blocks = capability.chain().blocks();
    let ck_0 = hmac(&ROOT, &[b"keycap-1 mint\0", blocks[0].bytes()]);
    let ck_1 = hmac(&ck_0, &[b"keycap-1 link\0", blocks[1].bytes()]);
    assert_eq!(*capability.key().secret().expose(), ck_1);

    let derived = DerivedChain::derive(capability.chain().clone(), service().roots()).unwrap();
    assert_eq!(*derived.last().secret().expose(), ck_1);
    for (rid, key) in derived.rids().iter().zip([ck_0, ck_1]) {
        assert_eq!(rid.as_bytes()[..], hmac(&key, &[b"keycap-1 rid\0"])[..16]);
    }
    let protocol = protocol_name(Pattern::NKpsk2, crate::noise::Suite::AesGcm);
    assert_eq!(*capability.key().psk(protocol).expose(), hmac(&ck_1, &[b"keycap-1 psk\0", protocol.as_bytes()]));
    assert_eq!(*capability.key().export(b"label").expose(), hmac(&ck_1, &[b"keycap-1 export\0", b"label"]));
    assert_eq!(*capability.key().handoff_psk().expose(), hmac(&ck_1, &[b"keycap-1 handoff\0"]));
    assert_eq!(capability.key().rid(), derived.rids()[1]);
}

#[test]
fn the_psk_of_each_hand_off_is_that_of_the_block_before_it() {
    let holders = [identity(2), identity(3), identity(4)];
    let named = |at: usize| Caveats::of([Caveat::Holder(*holders[at].public())]).unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let first = minted([Caveat::Holder(*holders[0].public())]).hand_off(BlockId::new([1; 8]), named(1), &holders[0], &mut rng).unwrap();
    let between = first.delegate(BlockId::new([2; 8]), Caveats::none()).unwrap();
    let second = between.hand_off(BlockId::new([3; 8]), named(2), &holders[1], &mut rng).unwrap();
    let derived = DerivedChain::derive(second.chain().clone(), service().roots()).unwrap();
    let expected = [minted([Caveat::Holder(*holders[0].public())]).key().handoff_psk(), between.key().handoff_psk()];
    assert_eq!(derived.handoff_psks().len(), 2);
    assert!(derived.handoff_psks().iter().zip(&expected).all(|(one, other)| one.ct_eq(other)));
}

#[test]
fn a_ticket_s_prologue_covers_the_blocks_before_and_its_own_but_for_the_ticket() {
    let (alice, bob) = (identity(2), identity(3));
    let bound = minted([Caveat::Holder(*alice.public())]).delegate(BlockId::new([1; 8]), Caveats::none()).unwrap();
    let to_bob = Caveats::of([Caveat::Holder(*bob.public())]).unwrap();
    let handed = bound.hand_off(BlockId::new([2; 8]), to_bob, &alice, &mut StdRng::seed_from_u64(1)).unwrap();
    let (before, last) = handed.chain().blocks().split_at(2);
    let mut hash = Sha256::new();
    for block in before {
        hash.update([0, u8::try_from(block.bytes().len()).unwrap()]);
        hash.update(block.bytes());
    }
    let (covered, ticket) = last[0].bytes().split_at(last[0].bytes().len() - 50);
    assert_eq!((covered[0], &ticket[..2], &ticket[2..]), (0x84, &[0x58, 0x30][..], &last[0].ticket().unwrap()[..]));
    let prologue = [&b"keycap-1 handoff\0"[..], &hash.finalize(), covered].concat();
    assert_eq!(last[0].ticket_prologue(before), prologue);
}

#[test]
fn a_grant_stands_first_and_only_there() {
    let grant = minted([]).chain().blocks()[0].clone();
    let link = Block::link(BlockId::new([1; 8]), Caveats::none());
    assert_eq!(Chain::of_grant(link.clone()), Err(ChainError::Kind { block: 0 }));
    let chain = Chain::of_grant(grant.clone()).unwrap();
    assert_eq!(chain.with(grant.clone()), Err(ChainError::Kind { block: 1 }));
    assert_eq!(Block::parse_link(grant.bytes()), Err(ChainError::Kind { block: 1 }));
    assert_eq!(Block::parse_grant(link.bytes()), Err(ChainError::Kind { block: 0 }));
    let blocks = [grant.bytes(), link.bytes(), grant.bytes()];
    assert_eq!(Chain::of_encoded_blocks(blocks), Err(ChainError::Kind { block: 2 }));
}

#[test]
fn errors_name_the_block_and_what_is_wrong_in_it() {
    let two = minted([]).delegate(BlockId::new([1; 8]), Caveats::none()).unwrap();
    let parse = |link: &[u8]| Chain::of_encoded_blocks(two.chain().blocks().iter().map(Block::bytes).chain([link]));
    let link = |caveats: &[u8]| [&[0x83, 0x02, 0x48, 1, 1, 1, 1, 1, 1, 1, 1], caveats].concat();
    assert_eq!(parse(&link(&[0xa1, 0x05, 0x00])), Err(ChainError::Caveat { block: 2, error: CaveatError::Value { key: 5 } }));
    assert_eq!(parse(&link(&[0xa1, 0x05, 0x60])), Err(ChainError::Block { block: 2, error: CborError::UnexpectedType }));
    assert_eq!(parse(&link(&[0xa0, 0x00])), Err(ChainError::Block { block: 2, error: CborError::Trailing }));
    assert_eq!(parse(&[0x84, 0x05]), Err(ChainError::Kind { block: 2 }));
    let said = parse(&link(&[0xa1, 0x05, 0x00])).unwrap_err().to_string();
    assert_eq!(said, "block 2: the value of the caveat `patterns` is not allowed");
}

#[test]
fn what_descends_has_all_blocks_of_its_ancestor_and_at_least_one_more() {
    let parent = minted([]);
    let child = parent.delegate(BlockId::new([1; 8]), Caveats::none()).unwrap();
    let sibling = parent.delegate(BlockId::new([2; 8]), Caveats::none()).unwrap();
    let grandchild = child.delegate(BlockId::new([2; 8]), Caveats::none()).unwrap();
    let descends = |one: &Capability, other: &Capability| one.chain().descends_from(other.chain());
    assert!(descends(&child, &parent) && descends(&grandchild, &parent) && descends(&grandchild, &child));
    assert!(!descends(&parent, &parent) && !descends(&parent, &child));
    assert!(!descends(&grandchild, &sibling) && !descends(&sibling, &child));
    assert!(!descends(&child, &minted([Caveat::MaxLinks(1)])));
}

/// A session of a bearer at second 50, whose service knows no application.
fn clearing() -> Clearing<'static> {
    Clearing {
        clock: Clock::Sure(UnixSeconds::new(50)),
        purpose: Purpose::Session,
        pattern: Pattern::NKpsk2,
        remote_static: None,
        realm: None,
        app: &|_, _| false,
    }
}

#[test]
fn an_explanation_names_every_block_and_caveat_that_says_no() {
    let narrow = Caveats::of([Caveat::Expires(UnixSeconds::new(50)), Caveat::Realm("prod".into()), Caveat::Allow(Vec::new())]).unwrap();
    let capability = minted([]).delegate(BlockId::new([1; 8]), narrow).unwrap();
    let explanation = explain(capability.chain(), &clearing(), Some(&Request::stream("db")));
    let said: Vec<_> =
        explanation.findings.iter().map(|finding| (finding.block, finding.caveat.as_ref().map(Caveat::key), finding.refused)).collect();
    assert_eq!(
        said,
        [
            (0, Some(2), None),
            (0, Some(3), None),
            (1, Some(2), Some(Reason::Expired)),
            (1, Some(3), Some(Reason::NotAllowed)),
            (1, Some(8), Some(Reason::Realm)),
        ]
    );
    assert!(!explanation.allowed());
    assert_eq!(explanation.refusals().count(), 3);
    let without_request = explain(capability.chain(), &clearing(), None);
    assert_eq!(without_request.refusals().count(), 2, "no request, nothing to allow");
}

#[test]
fn an_explanation_says_what_belongs_to_no_caveat_as_well() {
    let over_xk = Clearing { pattern: Pattern::XKpsk3, ..clearing() };
    let explanation = explain(minted([]).chain(), &over_xk, None);
    let refusals: Vec<_> = explanation.refusals().collect();
    assert_eq!(refusals, [&Finding { block: 0, caveat: None, refused: Some(Reason::Pattern) }]);
    let for_control = Clearing { purpose: Purpose::Control, ..clearing() };
    let explanation = explain(minted([]).chain(), &for_control, None);
    let refusals: Vec<_> = explanation.refusals().collect();
    assert_eq!(refusals, [&Finding { block: 0, caveat: None, refused: Some(Reason::Purpose) }]);
}

#[test]
fn a_refusal_says_which_block_and_caveat() {
    let refusal = |caveat: Option<&str>| Refusal { block: 2, caveat: caveat.map(str::to_owned), reason: Reason::Expired };
    assert_eq!(refusal(Some("exp")).to_string(), "block 2, caveat `exp`: expired");
    assert_eq!(refusal(None).to_string(), "block 2: expired");
}

#[test]
fn debug_output_shows_no_key() {
    let capability = minted([]);
    let derived = DerivedChain::derive(capability.chain().clone(), service().roots()).unwrap();
    let shown = format!("{capability:?} {derived:?} {:?} {:?}", capability.key(), service().roots());
    assert!(!shown.contains(&hex::encode(ROOT)));
    let spelled = |key: &[u8]| key.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    for key in [&ROOT[..], capability.key().secret().expose()] {
        assert!(!shown.contains(&spelled(key)) && !shown.contains(&hex::encode(key)), "{shown}");
    }
    assert!(shown.contains("Secret<32>(..)"));
}
