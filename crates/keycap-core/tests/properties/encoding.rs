//! What is written is read back, and what is read is what would have been written.

use keycap_core::capability::Capability;
use keycap_core::chain::{Block, BlockId, BlockKind, Chain, ChainKey, DerivedChain};
use keycap_core::control::ControlRequest;
use keycap_core::key::{Key, KeyCard, ServiceCard};
use keycap_core::noise::padding;
use keycap_core::request::RequestPath;
use keycap_core::secret::Secret;
use keycap_core::text::Text;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::strategies::{SERVICE, capability, caveats, of_a_grant, public_key};

/// What says the same as a capability.
fn parts(capability: &Capability) -> (Vec<u8>, &Chain, [u8; 32], &[String]) {
    (capability.service().as_bytes().to_vec(), capability.chain(), *capability.key().secret().expose(), capability.hints())
}

proptest! {
    #[test]
    fn a_link_of_any_caveats_reads_back(id: [u8; 8], caveats in caveats()) {
        let link = Block::link(BlockId::new(id), caveats.clone());
        prop_assert_eq!((link.kind(), link.id(), link.caveats()), (BlockKind::Link, BlockId::new(id), &caveats));
        let read = Block::parse_link(link.bytes()).unwrap();
        prop_assert_eq!(read, link);
    }

    #[test]
    fn a_grant_of_any_caveats_reads_back(epoch: u32, id: [u8; 8], caveats in caveats()) {
        let caveats = of_a_grant(&caveats);
        let grant = Block::grant(epoch, BlockId::new(id), caveats.clone()).unwrap();
        if let Ok(chain) = Chain::of_encoded_blocks([grant.bytes()]) {
            prop_assert_eq!(chain.blocks(), std::slice::from_ref(&grant));
            prop_assert_eq!(chain.epoch(), epoch);
            prop_assert_eq!(chain.expires(), caveats.expires());
            prop_assert_eq!(chain.holder(), caveats.holder());
        }
    }

    #[test]
    fn a_chain_reads_back(capability in capability()) {
        let chain = capability.chain();
        prop_assert_eq!(&Chain::parse(chain.encoded()).unwrap(), chain);
        prop_assert_eq!(&Chain::of_encoded_blocks(chain.blocks().iter().map(Block::bytes)).unwrap(), chain);
        let padded = padding::pad(chain.encoded()).unwrap();
        prop_assert_eq!(padding::unpad(&padded).unwrap(), chain.encoded());
        let request = ControlRequest::Revoke(chain.clone());
        prop_assert_eq!(ControlRequest::parse(&request.encode()).unwrap(), request);
    }

    #[test]
    fn a_capability_reads_back_from_bytes_and_from_text_in_either_case(capability in capability()) {
        let read = Capability::parse(capability.encode().unwrap().expose()).unwrap();
        prop_assert_eq!(parts(&read), parts(&capability));
        let text = capability.to_text().unwrap();
        prop_assert!(text.expose().starts_with("KEYCAP-SECRET-1"));
        let forms = [text.expose().to_owned(), text.expose().to_lowercase(), capability.to_qr_payload().unwrap().expose().to_owned()];
        for form in forms {
            let Text::Capability(read) = Text::parse(&form).unwrap() else { panic!("{form} is no capability") };
            prop_assert_eq!(parts(&read), parts(&capability));
        }
    }

    #[test]
    fn the_service_derives_what_the_holder_has(capability in capability()) {
        let derived = DerivedChain::derive(capability.chain().clone(), SERVICE.roots()).unwrap();
        prop_assert!(derived.last().secret().ct_eq(capability.key().secret()));
        prop_assert_eq!(derived.rids().last().copied(), Some(capability.key().rid()));
        prop_assert_eq!(derived.rids().len(), capability.chain().blocks().len());
    }

    #[test]
    fn a_grant_is_minted_again_from_its_bytes(capability in capability()) {
        let grant = capability.chain().blocks()[0].bytes();
        let again = SERVICE.remint(grant, Vec::new()).unwrap();
        prop_assert_eq!(again.chain().blocks()[0].bytes(), grant);
        let mut link_by_link: ChainKey = again.key().duplicate();
        for block in &capability.chain().blocks()[1..] {
            link_by_link = link_by_link.next(block.bytes());
        }
        prop_assert!(link_by_link.secret().ct_eq(capability.key().secret()));
    }

    #[test]
    fn a_key_card_reads_back(seed: [u8; 32], name in option::of("\\PC{0,60}")) {
        let card = Key::from_seed(Secret::new(seed)).card(name);
        prop_assert_eq!(&KeyCard::parse(&card.encode().unwrap()).unwrap(), &card);
        let text = card.to_text().unwrap();
        for form in [text.to_uppercase(), format!("KEYCAP:{}", text.to_uppercase()), text] {
            let Text::KeyCard(read) = Text::parse(&form).unwrap() else { panic!("{form} is no key card") };
            prop_assert_eq!(&read, &card);
        }
    }

    #[test]
    fn a_service_card_reads_back(key in public_key(), hints in vec("\\PC{0,60}", 0..=8)) {
        let card = ServiceCard { key, hints };
        prop_assert_eq!(&ServiceCard::parse(&card.encode().unwrap()).unwrap(), &card);
        let text = card.to_text().unwrap();
        for form in [text.to_uppercase(), format!("keycap:{text}"), text] {
            let Text::ServiceCard(read) = Text::parse(&form).unwrap() else { panic!("{form} is no service card") };
            prop_assert_eq!(&read, &card);
        }
    }

    #[test]
    fn white_space_anywhere_in_a_text_changes_nothing(capability in capability(), places in vec((any::<prop::sample::Index>(), "[ \t\r\n\u{a0}\u{2003}]{1,3}"), 0..6)) {
        let text = capability.to_text().unwrap();
        let mut spaced = text.expose().to_owned();
        for (place, space) in places {
            let at = place.index(spaced.chars().count());
            let at = spaced.char_indices().nth(at).unwrap().0;
            spaced.insert_str(at, &space);
        }
        let Text::Capability(read) = Text::parse(&spaced).unwrap() else { panic!("no capability") };
        prop_assert_eq!(parts(&read), parts(&capability));
    }

    #[test]
    fn bytes_of_a_capability_that_were_changed_are_refused_or_say_something_else(capability in capability(), at: prop::sample::Index, bit in 0..8_u8) {
        let encoded = capability.encode().unwrap();
        let mut changed = encoded.expose().to_vec();
        changed[at.index(encoded.len())] ^= 1 << bit;
        if let Ok(read) = Capability::parse(&changed) {
            let again = read.encode().unwrap();
            prop_assert_eq!(again.expose(), &changed[..]);
            prop_assert_ne!(parts(&read), parts(&capability));
        }
    }

    #[test]
    fn a_path_of_any_segments_reads_back_percent_encoded(segments in vec("[^/\0]{1,8}", 0..5), slash: bool) {
        prop_assume!(segments.iter().all(|segment| segment != "." && segment != ".."));
        let encoded: String = segments.iter().map(|segment| format!("/{}", segment.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>())).collect();
        let path = if slash || segments.is_empty() { format!("{encoded}/") } else { encoded };
        let read = RequestPath::parse(&path).unwrap();
        prop_assert_eq!(read.segments(), &segments[..]);
    }

    #[test]
    fn a_path_that_is_read_has_no_segment_with_two_meanings(path in "/[a-c./%2ef0+?]{0,12}") {
        if let Ok(read) = RequestPath::parse(&path) {
            for segment in read.segments() {
                prop_assert!(!segment.is_empty() && segment != "." && segment != ".." && !segment.contains(['/', '\0']), "{path}");
            }
        }
    }
}
