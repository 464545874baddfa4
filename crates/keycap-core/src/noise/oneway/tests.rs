use proptest::prelude::*;
use snow::Builder;

use super::*;
use crate::noise::fixtures::{Fixed, HighBit, capability, static_key};
use crate::noise::resolver::Resolver;

const PROLOGUE: &[u8] = b"prologue";

fn psk() -> Secret<32> {
    Secret::new([9; 32])
}

fn opened(result: Result<Opened, OneWayError>) -> Result<(Vec<u8>, Option<PublicKey>), OneWayError> {
    result.map(|opened| (opened.payload.expose().to_vec(), opened.sender))
}

#[test]
fn all_six_patterns_open_with_the_sender_they_prove() {
    let (sender, reader) = (static_key(1), static_key(2));
    let public = *sender.public();
    for psk in [None, Some(psk())] {
        let cases = [
            (Sender::Anonymous, Expected::Anonymous, 48, None),
            (Sender::Shown(&sender), Expected::Shown, 96, Some(public)),
            (Sender::Known(&sender), Expected::Known(&public), 48, Some(public)),
        ];
        for (from, expected, overhead, proven) in cases {
            let message = seal(from, reader.public(), psk.as_ref(), PROLOGUE, b"payload", &mut Fixed(4)).unwrap();
            assert_eq!(message.len(), overhead + 7);
            let result = opened(open(expected, &reader, psk.as_ref(), PROLOGUE, &message));
            assert_eq!(result, Ok((b"payload".to_vec(), proven)));
        }
    }
}

#[test]
fn nothing_opens_with_another_reader_psk_prologue_or_sender() {
    let (sender, reader, other) = (static_key(1), static_key(2), static_key(3));
    let message = seal(Sender::Known(&sender), reader.public(), Some(&psk()), PROLOGUE, b"payload", &mut Fixed(4)).unwrap();
    let known = Expected::Known(sender.public());
    let refused = |result: Result<Opened, OneWayError>| opened(result) == Err(OneWayError::Unauthentic);
    assert!(open(known, &reader, Some(&psk()), PROLOGUE, &message).is_ok());
    assert!(refused(open(known, &other, Some(&psk()), PROLOGUE, &message)));
    assert!(refused(open(known, &reader, Some(&Secret::new([8; 32])), PROLOGUE, &message)));
    assert!(refused(open(known, &reader, None, PROLOGUE, &message)));
    assert!(refused(open(known, &reader, Some(&psk()), b"another", &message)));
    assert!(refused(open(Expected::Known(other.public()), &reader, Some(&psk()), PROLOGUE, &message)));
    assert!(refused(open(Expected::Anonymous, &reader, Some(&psk()), PROLOGUE, &message)));
}

#[test]
fn every_flipped_byte_is_refused() {
    let (sender, reader) = (static_key(1), static_key(2));
    let message = seal(Sender::Shown(&sender), reader.public(), Some(&psk()), PROLOGUE, b"payload", &mut Fixed(4)).unwrap();
    for at in 0..message.len() {
        let mut flipped = message.clone();
        flipped[at] ^= 0x10;
        assert_eq!(opened(open(Expected::Shown, &reader, Some(&psk()), PROLOGUE, &flipped)), Err(OneWayError::Unauthentic), "byte {at}");
    }
}

#[test]
fn messages_shorter_than_their_overhead_or_longer_than_noise_allows_are_refused() {
    let reader = static_key(2);
    let open_n = |length| opened(open(Expected::Anonymous, &reader, None, PROLOGUE, &vec![9; length]));
    for length in [0, 47, 65_536] {
        assert_eq!(open_n(length), Err(OneWayError::Length { actual: length }));
    }
    assert_eq!(opened(open(Expected::Shown, &reader, None, PROLOGUE, &[9; 95])), Err(OneWayError::Length { actual: 95 }));
    assert_eq!(open_n(65_535), Err(OneWayError::Unauthentic));
    let seal_n = |length| seal(Sender::Anonymous, reader.public(), None, PROLOGUE, &vec![0; length], &mut Fixed(4));
    assert_eq!(seal_n(65_535 - 48).map(|message| message.len()), Ok(65_535));
    assert_eq!(seal_n(65_536 - 48), Err(OneWayError::Length { actual: 65_536 }));
}

#[test]
fn an_ephemeral_key_of_low_order_is_refused() {
    let reader = static_key(2);
    let mut message = seal(Sender::Anonymous, reader.public(), None, PROLOGUE, b"", &mut Fixed(4)).unwrap();
    message[..32].fill(0);
    assert_eq!(opened(open(Expected::Anonymous, &reader, None, PROLOGUE, &message)), Err(OneWayError::Unauthentic));
}

#[test]
fn a_sender_s_key_that_is_not_canonical_is_refused_although_the_message_opens() {
    let (sender, reader) = (static_key(1), static_key(2));
    let resolver = HighBit(Resolver::new(Some(Secret::new([4; 32])), None));
    let mut state = Builder::with_resolver("Noise_X_25519_ChaChaPoly_SHA256".parse().unwrap(), Box::new(resolver))
        .local_private_key(sender.private().expose())
        .and_then(|builder| builder.remote_public_key(reader.public().as_bytes()))
        .and_then(|builder| builder.prologue(PROLOGUE))
        .and_then(Builder::build_initiator)
        .unwrap();
    let mut message = [0; 96];
    assert_eq!(state.write_message(&[], &mut message), Ok(96));
    let result = opened(open(Expected::Shown, &reader, None, PROLOGUE, &message));
    assert_eq!(result, Err(OneWayError::Sender(KeyError::NotCanonical)));
}

#[test]
fn a_locator_opens_for_its_service_alone() {
    let (service, other) = (static_key(1), static_key(2));
    let capability = capability(None);
    let locator = seal_locator(service.public(), capability.chain(), &mut Fixed(4)).unwrap();
    assert_eq!(locator.len(), 48 + padding::padded_len(capability.chain().encoded().len()));
    assert_eq!(open_locator(&service, &locator).as_ref(), Ok(capability.chain()));
    assert_eq!(open_locator(&other, &locator), Err(OneWayError::Unauthentic));
}

#[test]
fn locators_differ_although_their_chain_is_the_same() {
    let (service, capability) = (static_key(1), capability(None));
    let sealed = |byte| seal_locator(service.public(), capability.chain(), &mut Fixed(byte)).unwrap();
    assert_ne!(sealed(4), sealed(5));
}

#[test]
fn a_locator_of_a_length_that_none_has_is_refused_unopened() {
    let service = static_key(1);
    for length in [0, 47, 48, 111, 113, 175, 2_161, 48 + 2_112 + 64] {
        assert_eq!(open_locator(&service, &vec![9; length]), Err(OneWayError::Length { actual: length }));
    }
    for length in [112, 176, 2_160] {
        assert_eq!(open_locator(&service, &vec![9; length]), Err(OneWayError::Unauthentic));
    }
}

#[test]
fn what_is_sealed_like_a_locator_and_holds_no_chain_is_refused() {
    let service = static_key(1);
    let sealed = |payload: &[u8]| seal(Sender::Anonymous, service.public(), None, label::LOCATOR, payload, &mut Fixed(4)).unwrap();
    let mut padded = padding::pad(capability(None).chain().encoded()).unwrap();
    assert!(open_locator(&service, &sealed(&padded)).is_ok());
    *padded.last_mut().unwrap() = 1;
    assert_eq!(open_locator(&service, &sealed(&padded)), Err(OneWayError::Padding(PaddingError::NotZero)));
    let chain = open_locator(&service, &sealed(&padding::pad(b"no chain").unwrap()));
    assert!(matches!(chain, Err(OneWayError::Chain(_))), "{chain:?}");
}

#[test]
fn a_ticket_is_verified_for_its_holder_psk_and_prologue_alone() {
    let (holder, service, other) = (static_key(1), static_key(2), static_key(3));
    let ticket = write_ticket(&holder, service.public(), &psk(), PROLOGUE, &mut Fixed(4)).unwrap();
    let verify = |holder: &StaticKey, psk: [u8; 32], prologue: &[u8], ticket: &[u8; TICKET_LEN]| {
        verify_ticket(&service, holder.public(), &Secret::new(psk), prologue, ticket)
    };
    assert_eq!(verify(&holder, [9; 32], PROLOGUE, &ticket), Ok(()));
    assert_eq!(verify(&other, [9; 32], PROLOGUE, &ticket), Err(OneWayError::Unauthentic));
    assert_eq!(verify(&holder, [8; 32], PROLOGUE, &ticket), Err(OneWayError::Unauthentic));
    assert_eq!(verify(&holder, [9; 32], b"another block", &ticket), Err(OneWayError::Unauthentic));
    for at in 0..TICKET_LEN {
        let mut flipped = ticket;
        flipped[at] ^= 1;
        assert_eq!(verify(&holder, [9; 32], PROLOGUE, &flipped), Err(OneWayError::Unauthentic), "byte {at}");
    }
}

#[test]
fn the_ticket_of_the_worked_example_comes_out() {
    // SPEC.md, section 21.
    let key = |byte| crate::key::Key::from_seed(Secret::new([byte; 32])).derive_noise();
    let service = StaticKey::from_private(Secret::filled_by(|bytes| {
        for (byte, value) in bytes.iter_mut().zip(0x20..) {
            *byte = value;
        }
    }));
    let hpsk = hex::decode("70ee91074c1f56ff4dc2b8d80bbf9ee3c0593a8af8af8dab9b3c886518a3e864").unwrap();
    let block_0 = hex::decode(concat!(
        "840100480001020304050607a3021a773594000381a100626462045820bfef3443894e8ed85faeec9c9b7520e6ba9117",
        "dbf582830a61d64759d66ef47c"
    ));
    let before_ticket = hex::decode("84034818191a1b1c1d1e1fa1045820996a6fcc9861b8ed4ad188065c7b88e22e834addea96d709e6d64f94725ea76d");
    let block_0 = block_0.unwrap();
    let length = u16::try_from(block_0.len()).unwrap().to_be_bytes();
    let hash = <sha2::Sha256 as sha2::Digest>::digest([&length[..], &block_0].concat());
    let prologue = [label::HANDOFF, &hash, &before_ticket.unwrap()].concat();
    let ticket = write_ticket(&key(0xaa), service.public(), &Secret::from_slice(&hpsk).unwrap(), &prologue, &mut Fixed(0x40)).unwrap();
    assert_eq!(hex::encode(ticket), "d7b5e81d336e578b13b8d706e82d061e3038c96bce66cdcf50d566b96ddbba100281ef38ae3f79e3a356e755a486fb65");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_sealed_opens(payload: Vec<u8>, prologue: Vec<u8>, psk: Option<[u8; 32]>, ephemeral: u8) {
        let (sender, reader, psk) = (static_key(1), static_key(2), psk.map(Secret::new));
        let message = seal(Sender::Shown(&sender), reader.public(), psk.as_ref(), &prologue, &payload, &mut Fixed(ephemeral)).unwrap();
        let result = opened(open(Expected::Shown, &reader, psk.as_ref(), &prologue, &message));
        prop_assert_eq!(result, Ok((payload, Some(*sender.public()))));
    }
}
