//! Whole handshakes between a connector and a service, as honest as they come, and what the network can do to them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, its own functions included"
)]

use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveat, Caveats, ChainError, RootSecret, RootSecrets, Rule};
use keycap_core::key::StaticKey;
use keycap_core::noise::frame::ciphertext_len;
use keycap_core::noise::hello::Hello;
use keycap_core::noise::{
    Confirmed, Established, FrameError, FrameType, HandshakeError, HelloError, HelloTagKey, Initiator, Pattern, Responder, Suite,
};
use keycap_core::secret::Secret;
use keycap_core::service::ServiceKeys;
use keycap_core::time::UnixSeconds;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{CryptoRng, RngCore, SeedableRng};

const SESSIONS: [Pattern; 4] = [Pattern::NKpsk2, Pattern::XKpsk3, Pattern::IKpsk2, Pattern::KKpsk2];

/// Randomness that must not be asked for.
struct Untouched;

impl RngCore for Untouched {
    fn next_u32(&mut self) -> u32 {
        panic!("randomness was drawn")
    }

    fn next_u64(&mut self) -> u64 {
        panic!("randomness was drawn")
    }

    fn fill_bytes(&mut self, _: &mut [u8]) {
        panic!("randomness was drawn")
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), rand::Error> {
        panic!("randomness was drawn")
    }
}

impl CryptoRng for Untouched {}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

fn service_of_epoch(epoch: u32) -> ServiceKeys {
    let mut roots = RootSecrets::new();
    roots.insert(epoch, RootSecret::from_secret(Secret::new([7; 32])));
    ServiceKeys::new(StaticKey::from_private(Secret::new([1; 32])), roots, None)
}

fn service() -> ServiceKeys {
    service_of_epoch(0)
}

fn identity() -> StaticKey {
    StaticKey::from_private(Secret::new([2; 32]))
}

/// A capability for the pattern: bound to the identity where the pattern proves one, with a link behind the grant.
fn capability(pattern: Pattern) -> Capability {
    let grant = [Caveat::Expires(UnixSeconds::new(2_000_000_000)), Caveat::Allow(vec![Rule::default()])];
    let holder = pattern.proves_initiator().then(|| Caveat::Holder(*identity().public()));
    let grant = Caveats::of(grant.into_iter().chain(holder)).unwrap();
    let capability = service().mint(0, BlockId::new([3; 8]), grant, Vec::new()).unwrap();
    capability.delegate(BlockId::new([4; 8]), Caveats::none()).unwrap()
}

fn start(pattern: Pattern, suite: Suite) -> (Initiator, Vec<u8>) {
    Initiator::start(&capability(pattern), pattern, suite, Some(&identity()), &mut rng()).unwrap()
}

fn answer(hello: &[u8]) -> Result<(Responder, Vec<u8>), HandshakeError> {
    Responder::read_hello(&service(), hello, &mut StdRng::seed_from_u64(2))
}

fn handshake(pattern: Pattern, suite: Suite) -> (Established, Confirmed) {
    let (initiator, hello) = start(pattern, suite);
    let (responder, message_2) = answer(&hello).unwrap();
    let (mut confirmation, established) = initiator.read_message_2(&message_2[2..]).unwrap();
    assert_eq!(confirmation.len(), 2 + responder.confirmation_len());
    (established, responder.read_confirmation(&mut confirmation[2..]).unwrap())
}

fn error<T>(result: Result<T, HandshakeError>) -> HandshakeError {
    result.err().expect("an error")
}

#[test]
fn all_patterns_and_suites_confirm_the_chain_and_the_key() {
    for pattern in SESSIONS {
        for suite in Suite::ALL {
            let (mut client, mut server) = handshake(pattern, suite);
            assert_eq!(client.handshake_hash, server.handshake_hash);
            assert_eq!((server.pattern, server.suite), (pattern, suite));
            assert_eq!(server.chain.chain(), capability(pattern).chain());
            assert_eq!(server.remote_static, pattern.proves_initiator().then(|| *identity().public()));
            for (sender, receiver) in [(&mut client.sender, &mut server.receiver), (&mut server.sender, &mut client.receiver)] {
                let mut bytes = Vec::new();
                sender.seal(FrameType::Data, b"there and back", &mut bytes).unwrap();
                let length = ciphertext_len([bytes[0], bytes[1]]).unwrap();
                assert_eq!(length, bytes.len() - 2);
                let frame = receiver.open(&mut bytes[2..]).unwrap();
                assert_eq!((frame.kind, frame.body), (FrameType::Data, &b"there and back"[..]));
            }
        }
    }
}

#[test]
fn messages_have_the_lengths_of_the_specification() {
    // The chain has 90 to 140 bytes here, so it is padded to 128 or 192.
    for (pattern, overhead, message_2, confirmation) in
        [(Pattern::NKpsk2, 48, 48, 17), (Pattern::XKpsk3, 48, 48, 64), (Pattern::IKpsk2, 96, 48, 17), (Pattern::KKpsk2, 98, 48, 17)]
    {
        let padded = (2 + capability(pattern).chain().encoded().len()).next_multiple_of(64);
        let (initiator, hello) = start(pattern, Suite::ChaChaPoly);
        assert_eq!(hello.len(), 26 + overhead + padded, "{pattern}");
        let (_, answer) = answer(&hello).unwrap();
        assert_eq!(answer.len(), 2 + message_2);
        assert_eq!(initiator.read_message_2(&answer[2..]).unwrap().0.len(), 2 + confirmation);
    }
}

#[test]
fn the_two_suites_and_two_handshakes_have_nothing_in_common() {
    let hash = |suite| handshake(Pattern::NKpsk2, suite).0.handshake_hash;
    assert_ne!(hash(Suite::ChaChaPoly), hash(Suite::AesGcm));
    let mut other = StdRng::seed_from_u64(9);
    let (_, hello) = Initiator::start(&capability(Pattern::NKpsk2), Pattern::NKpsk2, Suite::ChaChaPoly, None, &mut other).unwrap();
    assert_ne!(hello, start(Pattern::NKpsk2, Suite::ChaChaPoly).1);
}

#[test]
fn every_flipped_byte_of_a_hello_is_refused() {
    for pattern in SESSIONS {
        let (_, hello) = start(pattern, Suite::ChaChaPoly);
        for at in 0..hello.len() {
            let mut flipped = hello.clone();
            flipped[at] ^= 0x80;
            assert!(matches!(error(answer(&flipped)), HandshakeError::Hello(_)), "byte {at} of {pattern}");
        }
    }
}

#[test]
fn every_flipped_byte_of_message_1_is_refused_by_whoever_can_make_tags_too() {
    let key = HelloTagKey::of(service().public());
    for pattern in SESSIONS {
        for suite in Suite::ALL {
            let (_, hello) = start(pattern, suite);
            let parsed = Hello::parse(&hello, &key).unwrap();
            for at in 0..parsed.message.len() {
                let mut message = parsed.message.to_vec();
                message[at] ^= 0x80;
                let hello = Hello { message: &message, ..parsed }.encode(&key).unwrap();
                assert_eq!(error(answer(&hello)), HandshakeError::Unauthentic { message: 1 }, "byte {at} of {pattern}");
            }
            for at in 0..parsed.locator.map_or(0, <[u8]>::len) {
                let mut locator = parsed.locator.unwrap().to_vec();
                locator[at] ^= 0x80;
                let hello = Hello { locator: Some(&locator), ..parsed }.encode(&key).unwrap();
                assert!(matches!(error(answer(&hello)), HandshakeError::Locator(_)), "byte {at} of the locator");
            }
        }
    }
}

#[test]
fn a_hello_cannot_be_moved_to_another_pattern_or_suite() {
    let key = HelloTagKey::of(service().public());
    for pattern in SESSIONS {
        let (_, hello) = start(pattern, Suite::ChaChaPoly);
        let parsed = Hello::parse(&hello, &key).unwrap();
        let moved = Hello { suite: Suite::AesGcm, ..parsed }.encode(&key).unwrap();
        assert_eq!(error(answer(&moved)), HandshakeError::Unauthentic { message: 1 });
        for other in SESSIONS.into_iter().filter(|other| *other != pattern && *other != Pattern::KKpsk2) {
            let moved = Hello { pattern: other, ..parsed }.encode(&key).unwrap();
            assert!(answer(&moved).is_err(), "{pattern} as {other}");
        }
    }
}

#[test]
fn every_flipped_byte_of_message_2_is_refused() {
    for pattern in SESSIONS {
        for suite in Suite::ALL {
            let (_, hello) = start(pattern, suite);
            let (_, message_2) = answer(&hello).unwrap();
            for at in 2..message_2.len() {
                let mut flipped = message_2[2..].to_vec();
                flipped[at - 2] ^= 0x80;
                let refused = start(pattern, suite).0.read_message_2(&flipped);
                assert_eq!(error(refused), HandshakeError::Unauthentic { message: 2 }, "byte {at} of {pattern}");
            }
        }
    }
}

#[test]
fn every_flipped_byte_of_the_confirmation_is_refused() {
    for pattern in SESSIONS {
        for suite in Suite::ALL {
            let (initiator, hello) = start(pattern, suite);
            let (_, message_2) = answer(&hello).unwrap();
            let (confirmation, _) = initiator.read_message_2(&message_2[2..]).unwrap();
            for at in 2..confirmation.len() {
                let mut flipped = confirmation[2..].to_vec();
                flipped[at - 2] ^= 0x80;
                let refused = error(answer(&hello).unwrap().0.read_confirmation(&mut flipped));
                let expected = match pattern {
                    Pattern::XKpsk3 => HandshakeError::Unauthentic { message: 3 },
                    _ => HandshakeError::Frame(FrameError::Unauthentic),
                };
                assert_eq!(refused, expected, "byte {at} of {pattern}");
            }
        }
    }
}

#[test]
fn messages_of_other_lengths_are_refused() {
    for pattern in SESSIONS {
        let (_, hello) = start(pattern, Suite::ChaChaPoly);
        let (_, message_2) = answer(&hello).unwrap();
        for length in [0, 1, 47, 49, 65_535] {
            let mut body = message_2[2..].to_vec();
            body.resize(length, 0);
            let refused = start(pattern, Suite::ChaChaPoly).0.read_message_2(&body);
            assert_eq!(error(refused), HandshakeError::Length { message: 2, actual: length });
            let refused = error(answer(&hello).unwrap().0.read_confirmation(&mut vec![0; length]));
            let expected = match (pattern, length) {
                (Pattern::XKpsk3, _) => HandshakeError::Length { message: 3, actual: length },
                (_, 0 | 1) => HandshakeError::Frame(FrameError::Length { actual: length }),
                _ => HandshakeError::Frame(FrameError::Unauthentic),
            };
            assert_eq!(refused, expected);
        }
    }
}

#[test]
fn without_the_right_tag_no_randomness_is_drawn_and_nothing_else_is_looked_at() {
    for pattern in SESSIONS {
        let (_, mut hello) = start(pattern, Suite::ChaChaPoly);
        hello[8] ^= 1;
        let refused = Responder::read_hello(&service(), &hello, &mut Untouched);
        assert_eq!(error(refused), HandshakeError::Hello(HelloError::Tag));
        // Everything after it is wrong as well, and the tag still comes first.
        hello[..8].fill(0xff);
        hello[26..].fill(0xff);
        let refused = Responder::read_hello(&service(), &hello, &mut Untouched);
        assert_eq!(error(refused), HandshakeError::Hello(HelloError::Tag));
    }
}

#[test]
fn a_replayed_hello_is_answered_and_never_confirmed() {
    for pattern in SESSIONS {
        let (initiator, hello) = start(pattern, Suite::ChaChaPoly);
        let (_, message_2) = answer(&hello).unwrap();
        let (mut recorded, _) = initiator.read_message_2(&message_2[2..]).unwrap();
        let (again, other_message_2) = Responder::read_hello(&service(), &hello, &mut StdRng::seed_from_u64(3)).unwrap();
        assert_ne!(message_2, other_message_2);
        assert!(again.read_confirmation(&mut recorded[2..]).is_err(), "{pattern}");
    }
}

#[test]
fn a_message_2_of_another_handshake_is_refused() {
    for pattern in SESSIONS {
        let mut other = StdRng::seed_from_u64(9);
        let capability = capability(pattern);
        let (_, hello) = Initiator::start(&capability, pattern, Suite::ChaChaPoly, Some(&identity()), &mut other).unwrap();
        let (_, message_2) = answer(&hello).unwrap();
        let refused = start(pattern, Suite::ChaChaPoly).0.read_message_2(&message_2[2..]);
        assert_eq!(error(refused), HandshakeError::Unauthentic { message: 2 });
    }
}

#[test]
fn a_service_without_the_private_key_cannot_read_a_hello() {
    let mut roots = RootSecrets::new();
    roots.insert(0, RootSecret::from_secret(Secret::new([7; 32])));
    let other = ServiceKeys::new(StaticKey::from_private(Secret::new([9; 32])), roots, None);
    for pattern in SESSIONS {
        let (_, hello) = start(pattern, Suite::ChaChaPoly);
        assert_eq!(error(Responder::read_hello(&other, &hello, &mut Untouched)), HandshakeError::Hello(HelloError::Tag));
    }
}

#[test]
fn a_service_with_another_root_confirms_nobody_and_is_confirmed_by_nobody() {
    let mut roots = RootSecrets::new();
    roots.insert(0, RootSecret::from_secret(Secret::new([6; 32])));
    let other = ServiceKeys::new(StaticKey::from_private(Secret::new([1; 32])), roots, None);
    for pattern in SESSIONS {
        let (initiator, hello) = start(pattern, Suite::ChaChaPoly);
        let (responder, message_2) = Responder::read_hello(&other, &hello, &mut rng()).unwrap();
        match initiator.read_message_2(&message_2[2..]) {
            Err(refused) => assert_eq!(refused, HandshakeError::Unauthentic { message: 2 }),
            Ok((mut confirmation, _)) => {
                assert_eq!(pattern, Pattern::XKpsk3, "only there the psk comes in message 3");
                let refused = responder.read_confirmation(&mut confirmation[2..]);
                assert_eq!(error(refused), HandshakeError::Unauthentic { message: 3 });
            }
        }
    }
}

#[test]
fn a_closed_epoch_is_answered_with_silence() {
    for pattern in SESSIONS {
        let (_, hello) = start(pattern, Suite::ChaChaPoly);
        let refused = Responder::read_hello(&service_of_epoch(1), &hello, &mut rng());
        assert_eq!(error(refused), HandshakeError::Chain(ChainError::UnknownEpoch { epoch: 0 }));
    }
}

#[test]
fn the_initiator_refuses_what_does_not_go_together() {
    let (bearer, bound) = (capability(Pattern::NKpsk2), capability(Pattern::XKpsk3));
    let (holder, other) = (identity(), StaticKey::from_private(Secret::new([9; 32])));
    let start = |capability: &Capability, pattern, identity: Option<&StaticKey>| {
        error(Initiator::start(capability, pattern, Suite::ChaChaPoly, identity, &mut Untouched))
    };
    for pattern in [Pattern::Npsk0, Pattern::Xpsk1, Pattern::Kpsk0] {
        assert_eq!(start(&bearer, pattern, Some(&holder)), HandshakeError::NotInteractive { pattern });
    }
    assert_eq!(start(&bound, Pattern::NKpsk2, Some(&holder)), HandshakeError::HolderNotProven { pattern: Pattern::NKpsk2 });
    for pattern in [Pattern::XKpsk3, Pattern::IKpsk2, Pattern::KKpsk2] {
        assert_eq!(start(&bearer, pattern, Some(&holder)), HandshakeError::NoHolder { pattern });
        assert_eq!(start(&bound, pattern, None), HandshakeError::NoIdentity { pattern });
        assert_eq!(start(&bound, pattern, Some(&other)), HandshakeError::WrongIdentity);
    }
}

#[test]
fn the_longest_chain_fits_into_a_hello() {
    let mint = |target_len| {
        let rule = Rule { target: Some("t".repeat(target_len)), ..Rule::default() };
        let caveats = [Caveat::Expires(UnixSeconds::new(2_000_000_000)), Caveat::Allow(vec![rule]), Caveat::Holder(*identity().public())];
        service().mint(0, BlockId::new([3; 8]), Caveats::of(caveats).unwrap(), Vec::new())
    };
    let capability = (1_900..2_048).rev().find_map(|target_len| mint(target_len).ok()).unwrap();
    assert_eq!(capability.chain().encoded().len(), 2_048);
    for pattern in [Pattern::XKpsk3, Pattern::IKpsk2, Pattern::KKpsk2] {
        let (_, hello) = Initiator::start(&capability, pattern, Suite::ChaChaPoly, Some(&identity()), &mut rng()).unwrap();
        let (responder, _) = answer(&hello).unwrap();
        assert_eq!(responder.confirmation_len(), if pattern == Pattern::XKpsk3 { 64 } else { 17 });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_hello_of_random_bytes_is_answered(number in 1_u8..=4, suite in 1_u8..=2, message: Vec<u8>, locator: Vec<u8>) {
        let pattern = Pattern::from_number(number).unwrap();
        let locator = (pattern == Pattern::KKpsk2).then_some(&locator[..]);
        let hello = Hello { pattern, suite: Suite::from_number(suite).unwrap(), locator, message: &message };
        let hello = hello.encode(&HelloTagKey::of(service().public())).unwrap();
        prop_assert!(!matches!(error(answer(&hello)), HandshakeError::Hello(_)));
    }

    #[test]
    fn any_two_draws_of_randomness_make_a_session(client: u64, server: u64, number in 1_u8..=4, suite in 1_u8..=2) {
        let (pattern, suite) = (Pattern::from_number(number).unwrap(), Suite::from_number(suite).unwrap());
        let mut client = StdRng::seed_from_u64(client);
        let (initiator, hello) = Initiator::start(&capability(pattern), pattern, suite, Some(&identity()), &mut client).unwrap();
        let (responder, message_2) = Responder::read_hello(&service(), &hello, &mut StdRng::seed_from_u64(server)).unwrap();
        let (mut confirmation, established) = initiator.read_message_2(&message_2[2..]).unwrap();
        let confirmed = responder.read_confirmation(&mut confirmation[2..]).unwrap();
        prop_assert_eq!(established.handshake_hash, confirmed.handshake_hash);
    }
}
