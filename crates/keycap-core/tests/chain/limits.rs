//! Every structural limit, at it and one past it.

use keycap_core::capability::{Capability, CapabilityError, DelegateError, MAX_HINT_BYTES, MAX_HINTS};
use keycap_core::chain::{Block, BlockId, Caveat, Caveats, Chain, ChainError, MAX_BLOCKS, MAX_CHAIN_BYTES, MAX_HANDOFFS};
use keycap_core::key::{KeyCard, ServiceCard};

use crate::world::{handed_to, identity, minted, minted_with, narrowed};

/// Whether the capability and its chain read back as written.
fn reads_back(capability: &Capability) -> bool {
    let encoded = capability.encode().unwrap();
    let chain = Chain::parse(capability.chain().encoded()).unwrap();
    let read = Capability::parse(encoded.expose()).unwrap();
    chain == *capability.chain() && read.encode().unwrap().expose() == encoded.expose()
}

#[test]
fn a_chain_has_sixteen_blocks_and_no_more() {
    let full = (1..MAX_BLOCKS).fold(minted(), |capability, _| narrowed(&capability, []));
    assert_eq!(full.chain().blocks().len(), MAX_BLOCKS);
    assert!(reads_back(&full));
    let error = ChainError::Blocks { count: MAX_BLOCKS + 1 };
    assert_eq!(full.delegate(BlockId::new([9; 8]), Caveats::none()).err(), Some(DelegateError::Chain(error.clone())));
    // And when it is read: one block more, and the count before the blocks raised by one.
    let link = Block::link(BlockId::new([9; 8]), Caveats::none());
    let mut longer = [full.chain().encoded(), &[0x4c], link.bytes()].concat();
    longer[0] += 1;
    assert_eq!(Chain::parse(&longer), Err(error));
    assert_eq!(Chain::parse(&[0x80]), Err(ChainError::Blocks { count: 0 }));
    assert_eq!(Chain::of_encoded_blocks([]), Err(ChainError::Blocks { count: 0 }));
}

#[test]
fn a_chain_has_2048_bytes_and_no_more() {
    let of_length = |realm: usize| minted().delegate(BlockId::new([1; 8]), Caveats::of([Caveat::Realm("r".repeat(realm))]).unwrap());
    let spare = MAX_CHAIN_BYTES - of_length(300).unwrap().chain().encoded().len();
    let full = of_length(300 + spare).unwrap();
    assert_eq!(full.chain().encoded().len(), MAX_CHAIN_BYTES);
    assert!(reads_back(&full));
    let error = ChainError::TooLong { bytes: MAX_CHAIN_BYTES + 1 };
    assert_eq!(of_length(301 + spare).err(), Some(DelegateError::Chain(error.clone())));
    assert_eq!(Chain::parse(&[full.chain().encoded(), &[0]].concat()), Err(error));
}

#[test]
fn a_grant_too_long_for_any_chain_is_not_minted() {
    let caveats = [Caveat::Realm("r".repeat(MAX_CHAIN_BYTES)), Caveat::Allow(vec![]), Caveat::Expires(keycap_core::time::UnixSeconds::new(1))];
    let minted = crate::world::service().mint(0, BlockId::new([1; 8]), Caveats::of(caveats).unwrap(), Vec::new());
    assert!(matches!(minted, Err(ChainError::TooLong { .. })));
}

#[test]
fn a_chain_has_four_hand_offs_and_no_more() {
    let mut capability = minted_with([Caveat::Holder(*identity(10).public())]);
    for holder in 10..14 {
        capability = handed_to(&capability, &identity(holder), &identity(holder + 1));
    }
    assert_eq!(capability.chain().blocks().iter().filter(|block| block.ticket().is_some()).count(), MAX_HANDOFFS);
    assert!(reads_back(&capability));
    let to_one_more = Caveats::of([Caveat::Holder(*identity(15).public())]).unwrap();
    let refused = capability.hand_off(BlockId::new([9; 8]), to_one_more, &identity(14), &mut crate::world::rng());
    assert_eq!(refused.err(), Some(DelegateError::Chain(ChainError::TooManyHandoffs)));
    // And when it is read.
    let last = capability.chain().blocks().last().unwrap().bytes();
    let blocks = capability.chain().blocks().iter().map(Block::bytes).chain([last]);
    assert_eq!(Chain::of_encoded_blocks(blocks), Err(ChainError::TooManyHandoffs));
    let mut longer = [capability.chain().encoded(), &[0x58, u8::try_from(last.len()).unwrap()], last].concat();
    longer[0] += 1;
    assert_eq!(Chain::parse(&longer), Err(ChainError::TooManyHandoffs));
}

#[test]
fn a_caveat_nests_three_containers_of_its_own_and_no_more() {
    let link = |value: &[u8]| [&[0x83, 0x02, 0x48, 1, 1, 1, 1, 1, 1, 1, 1, 0xa1, 0x0c], value].concat();
    assert!(Block::parse_link(&link(&[0x81, 0xa1, 0x00, 0x81, 0x00])).is_ok());
    assert!(matches!(Block::parse_link(&link(&[0x81, 0xa1, 0x00, 0x81, 0x80])), Err(ChainError::Block { block: 1, .. })));
    let endless = link(&[0x81; 1_500]);
    assert!(Block::parse_link(&endless).is_err(), "and no stack is used up by many");
}

#[test]
fn hints_are_eight_of_255_bytes_and_no_more() {
    let with = |hints: Vec<String>| minted().with_hints(hints);
    assert!(reads_back(&with(vec!["h".repeat(MAX_HINT_BYTES); MAX_HINTS])));
    let too_many = with(vec!["h".into(); MAX_HINTS + 1]);
    let too_long = with(vec!["h".repeat(MAX_HINT_BYTES + 1)]);
    let too_long_in_bytes = with(vec!["é".repeat(MAX_HINT_BYTES / 2 + 1)]);
    for capability in [&too_many, &too_long, &too_long_in_bytes] {
        assert_eq!(capability.encode().err(), Some(CapabilityError::Hints));
        assert!(capability.to_text().is_err());
    }
    let card = |hints| ServiceCard { key: *identity(1).public(), hints };
    assert!(card(vec!["h".repeat(MAX_HINT_BYTES); MAX_HINTS]).encode().is_ok());
    assert_eq!(card(vec!["h".into(); MAX_HINTS + 1]).encode(), Err(CapabilityError::Hints));
    assert_eq!(card(vec!["h".repeat(MAX_HINT_BYTES + 1)]).encode(), Err(CapabilityError::Hints));
}

#[test]
fn the_name_on_a_card_has_255_bytes_and_no_more() {
    let card = |name: String| KeyCard { noise: *identity(1).public(), age: *identity(2).public(), name: Some(name) };
    let longest = card("n".repeat(MAX_HINT_BYTES));
    assert_eq!(KeyCard::parse(&longest.encode().unwrap()), Ok(longest));
    assert_eq!(card("n".repeat(MAX_HINT_BYTES + 1)).encode(), Err(CapabilityError::Hints));
}

#[test]
fn the_longest_capability_of_all_can_be_written_and_read() {
    let of_length = |realm: usize| minted().delegate(BlockId::new([1; 8]), Caveats::of([Caveat::Realm("r".repeat(realm))]).unwrap());
    let spare = MAX_CHAIN_BYTES - of_length(300).unwrap().chain().encoded().len();
    let longest = of_length(300 + spare).unwrap().with_hints(vec!["h".repeat(MAX_HINT_BYTES); MAX_HINTS]);
    // SPEC.md, section 15.
    assert_eq!(longest.encode().unwrap().len(), 4_175);
    let text = longest.to_text().unwrap();
    assert_eq!(text.expose().len(), 6_701);
    let keycap_core::text::Text::Capability(read) = keycap_core::text::Text::parse(text.expose()).unwrap() else { panic!("no capability") };
    assert_eq!(read.encode().unwrap().expose(), longest.encode().unwrap().expose());
}
