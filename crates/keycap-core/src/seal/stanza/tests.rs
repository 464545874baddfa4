use proptest::prelude::*;

use super::*;
use crate::noise::fixtures::{Fixed, capability, service, static_key};

const NONE: [&str; 0] = [];

fn file_key() -> FileKey {
    Secret::new(*b"sixteen bytes...")
}

/// One of each, to the service or to the key 2, from the key 3.
fn samples() -> Vec<Stanza> {
    let (sender, reader) = (static_key(3), static_key(2));
    let (bearer, bound) = (capability(None), capability(Some(sender.public())));
    let to_capability = |capability: &Capability, sender| Stanza::seal_to_capability(&file_key(), capability, sender, &mut Fixed(4)).unwrap();
    let to_key = |sender| Stanza::seal_to_key(&file_key(), reader.public(), sender, &mut Fixed(4)).unwrap();
    vec![
        to_capability(&bearer, Sender::Anonymous),
        to_capability(&bearer, Sender::Shown(&sender)),
        to_capability(&bound, Sender::Known(&sender)),
        to_key(Sender::Anonymous),
        to_key(Sender::Shown(&sender)),
        to_key(Sender::Known(&sender)),
    ]
}

#[test]
fn all_six_come_back_from_a_header_as_they_were_written() {
    for (stanza, kind) in samples().into_iter().zip(StanzaKind::ALL) {
        assert_eq!(stanza.kind(), kind);
        assert_eq!(Stanza::parse(kind.name(), &stanza.arguments(), stanza.body()), Ok(Some(stanza)));
    }
}

#[test]
fn all_six_open_with_the_sender_that_they_prove() {
    let sender = *static_key(3).public();
    for stanza in samples() {
        let proven = stanza.kind().proves_sender().then_some(sender);
        let as_key = stanza.open_as_key(&static_key(2), &[*static_key(9).public(), sender]).unwrap();
        let as_service = stanza.open_as_service(&service()).unwrap();
        assert_eq!((as_key.is_some(), as_service.is_some()), (stanza.kind().pattern().is_none(), stanza.kind().pattern().is_some()));
        let file_key_and_sender =
            as_key.map(|opened| (opened.file_key, opened.sender)).or_else(|| as_service.map(|proven| (proven.content, proven.sender)));
        let (opened, shown) = file_key_and_sender.unwrap();
        assert!(opened.ct_eq(&file_key()));
        assert_eq!(shown, proven, "{:?}", stanza.kind());
    }
}

#[test]
fn a_stanza_to_somebody_else_is_no_error() {
    for stanza in samples() {
        assert!(stanza.open_as_key(&static_key(5), &[*static_key(3).public()]).unwrap().is_none());
        let other = ServiceKeys::new(static_key(5), crate::chain::RootSecrets::new(), None);
        assert!(stanza.open_as_service(&other).unwrap().is_none());
    }
}

#[test]
fn a_sender_beyond_the_64th_card_is_not_found() {
    let stanza = samples().pop().unwrap();
    let mut known: Vec<PublicKey> = (100..164).map(|byte| *static_key(byte).public()).collect();
    let sender = *static_key(3).public();
    known[63] = sender;
    assert!(stanza.open_as_key(&static_key(2), &known).unwrap().is_some());
    known.insert(0, *static_key(99).public());
    assert!(stanza.open_as_key(&static_key(2), &known).unwrap().is_none());
}

#[test]
fn what_is_malformed_is_refused_before_anything_is_decrypted() {
    for stanza in samples() {
        let (kind, arguments) = (stanza.kind(), stanza.arguments());
        let more = [&arguments[..], &["x".to_owned()]].concat();
        assert_eq!(Stanza::parse(kind.name(), &more, stanza.body()), Err(StanzaError::Arguments { kind, actual: more.len() }));
        for body in [&stanza.body()[1..], &[stanza.body(), &[0]].concat(), &[]] {
            assert_eq!(Stanza::parse(kind.name(), &arguments, body), Err(StanzaError::Body { kind, actual: body.len() }));
        }
        let Some(argument) = arguments.first() else { continue };
        assert_eq!(Stanza::parse(kind.name(), &NONE, stanza.body()), Err(StanzaError::Arguments { kind, actual: 0 }));
        let padded = format!("{argument}=");
        let short = argument[4..].to_owned();
        let url_safe = argument.replacen(['+', '/'], "-", 1);
        for argument in [padded, short, url_safe, String::new(), "A".repeat(2_884)] {
            assert_eq!(Stanza::parse(kind.name(), &[argument], stanza.body()), Err(StanzaError::Locator { kind }));
        }
    }
    assert_eq!(Stanza::parse("X25519", &["x"], &[0; 32]), Ok(None));
    assert_eq!(Stanza::parse("keycap1-n", &NONE, &[0; 64]), Ok(None));
}

#[test]
fn a_body_under_another_name_or_locator_opens_for_nobody() {
    let [anonymous, _, known, ..] = &samples()[..] else { panic!("six stanzas") };
    // Npsk0 and Kpsk0 have bodies of the same length.
    let renamed = Stanza { kind: StanzaKind::Kpsk0, ..anonymous.clone() };
    assert_eq!(renamed.open_as_service(&service()).map(drop), Err(StanzaError::Forged));
    let swapped = Stanza { locator: known.locator.clone(), ..anonymous.clone() };
    assert_eq!(swapped.open_as_service(&service()).map(drop), Err(StanzaError::Forged));
}

#[test]
fn a_closed_epoch_is_named_to_the_service_alone() {
    let stanza = samples().remove(0);
    let closed = ServiceKeys::new(static_key(1), crate::chain::RootSecrets::new(), None);
    assert_eq!(stanza.open_as_service(&closed).map(drop), Err(StanzaError::Chain(ChainError::UnknownEpoch { epoch: 0 })));
}

proptest! {
    #[test]
    fn what_is_read_is_written_as_it_came(kind in 0_usize..6, argument in "[A-Za-z0-9+/=]{0,300}", body in proptest::collection::vec(any::<u8>(), 64..=112)) {
        let kind = StanzaKind::ALL[kind];
        let arguments = if kind.pattern().is_some() { vec![argument] } else { vec![] };
        let body = &body[..kind.body_len().min(body.len())];
        if let Ok(Some(stanza)) = Stanza::parse(kind.name(), &arguments, body) {
            prop_assert_eq!(stanza.arguments(), arguments);
            prop_assert_eq!(stanza.body(), body);
        }
    }

    #[test]
    fn every_flipped_bit_of_a_body_or_locator_is_refused(which in 0_usize..6, place: prop::sample::Index, bit in 0..8) {
        let mut stanza = samples().swap_remove(which);
        let locator_len = stanza.locator.as_ref().map_or(0, Vec::len);
        let at = place.index(locator_len + stanza.body.len());
        let bytes = match (&mut stanza.locator, at.checked_sub(locator_len)) {
            (_, Some(at)) => &mut stanza.body[at],
            (Some(locator), None) => &mut locator[at],
            (None, None) => unreachable!(),
        };
        *bytes ^= 1_u8 << bit;
        prop_assert!(!matches!(stanza.open_as_key(&static_key(2), &[*static_key(3).public()]), Ok(Some(_))));
        prop_assert!(!matches!(stanza.open_as_service(&service()), Ok(Some(_))));
    }
}
