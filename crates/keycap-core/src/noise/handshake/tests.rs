//! What needs a peer that does not keep to the rules. Whole handshakes of peers that do are in `tests/noise_handshake.rs`.

use snow::Builder;

use super::*;
use crate::capability::Capability;
use crate::chain::{BlockId, Caveat, Caveats, Chain, RootSecret, RootSecrets, Rule};
use crate::key::{Key, StaticKey};
use crate::noise::fixtures::{Fixed, HighBit, capability, service, static_key};
use crate::noise::hello::{Hello, HelloTagKey};
use crate::noise::oneway::seal_locator;
use crate::noise::padding::pad;
use crate::noise::pattern::protocol_name;
use crate::noise::resolver::Resolver;
use crate::noise::setup::Setup;
use crate::service::ServiceKeys;
use crate::time::UnixSeconds;

const SUITE: Suite = Suite::ChaChaPoly;

/// An initiator that does as it is told: any identity, any payload, any primitives.
struct Rogue<'a> {
    capability: &'a Capability,
    pattern: Pattern,
    identity: Option<&'a StaticKey>,
    locator: Option<Vec<u8>>,
    payload: Vec<u8>,
    high_bit: bool,
}

impl<'a> Rogue<'a> {
    fn new(capability: &'a Capability, pattern: Pattern, identity: Option<&'a StaticKey>) -> Self {
        let (locator, payload) = if pattern == Pattern::KKpsk2 {
            (Some(seal_locator(capability.service(), capability.chain(), &mut Fixed(4)).unwrap()), Vec::new())
        } else {
            (None, pad(capability.chain().encoded()).unwrap())
        };
        Self { capability, pattern, identity, locator, payload, high_bit: false }
    }

    fn start(&self) -> (Box<HandshakeState>, Vec<u8>) {
        let protocol = protocol_name(self.pattern, SUITE);
        let psk = self.capability.key().psk(protocol);
        let prologue = prologue(self.pattern, SUITE, self.locator.as_deref());
        let resolver = Resolver::new(Some(Secret::new([4; 32])), None);
        let resolver: Box<dyn snow::resolvers::CryptoResolver + Send> = if self.high_bit { Box::new(HighBit(resolver)) } else { Box::new(resolver) };
        let mut builder = Builder::with_resolver(protocol.parse().unwrap(), resolver)
            .remote_public_key(self.capability.service().as_bytes())
            .unwrap()
            .psk(self.pattern.psk_slot(), psk.expose())
            .unwrap()
            .prologue(&prologue)
            .unwrap();
        if let Some(identity) = self.identity {
            builder = builder.local_private_key(identity.private().expose()).unwrap();
        }
        let mut state = Box::new(builder.build_initiator().unwrap());
        let mut message = vec![0; 4_096];
        let length = state.write_message(&self.payload, &mut message).unwrap();
        message.truncate(length);
        let hello = Hello { pattern: self.pattern, suite: SUITE, locator: self.locator.as_deref(), message: &message };
        (state, hello.encode(service().hello_tag_key()).unwrap())
    }
}

fn read_hello(hello: &[u8]) -> Result<(Responder, Vec<u8>), HandshakeError> {
    Responder::read_hello(&service(), hello, &mut Fixed(5))
}

fn error<T>(result: Result<T, HandshakeError>) -> HandshakeError {
    result.err().expect("an error")
}

/// The same hello with another message 1, and the tag that belongs to it.
fn with_message(hello: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let key = HelloTagKey::of(service().public());
    let parsed = Hello::parse(hello, &key).unwrap();
    let mut message = parsed.message.to_vec();
    change(&mut message);
    Hello { message: &message, ..parsed }.encode(&key).unwrap()
}

#[test]
fn the_session_of_the_worked_example_comes_out() {
    // SPEC.md, section 21.
    let numbers = |from: u8| {
        Secret::filled_by(|bytes| {
            for (byte, value) in bytes.iter_mut().zip(from..) {
                *byte = value;
            }
        })
    };
    let mut roots = RootSecrets::new();
    roots.insert(0, RootSecret::from_secret(numbers(0)));
    let service = ServiceKeys::new(StaticKey::from_private(numbers(0x20)), roots, None);
    let rule = Rule { target: Some("db".into()), ..Rule::default() };
    let grant = Caveats::of([Caveat::Expires(UnixSeconds::new(2_000_000_000)), Caveat::Allow(vec![rule])]).unwrap();
    let link = Caveats::of([Caveat::Expires(UnixSeconds::new(1_900_000_000)), Caveat::MaxLinks(0)]).unwrap();
    let capability = service.mint(0, BlockId::new([0, 1, 2, 3, 4, 5, 6, 7]), grant, Vec::new()).unwrap();
    let capability = capability.delegate(BlockId::new([0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17]), link).unwrap();

    let (initiator, hello) = Initiator::start(&capability, Pattern::NKpsk2, SUITE, None, &mut Fixed(0x40)).unwrap();
    assert_eq!(
        hex::encode(&hello),
        concat!(
            "4b435031010100004718eba7a22d4fc0f28174056eb9fe8b0070d7b5e81d336e578b13b8d706e82d061e3038c96bce66",
            "cdcf50d566b96ddbba106470993b434cda8985e64cb09ec2ed598ce55f79223dd36978bdf6b6a6114d365a9237027e56",
            "7da752a30d9257b54f940b7d2d29dbb089bb03ade69d1f04798adf10e85caec186d24372626a284e3fde"
        )
    );
    let (responder, message_2) = Responder::read_hello(&service, &hello, &mut Fixed(0x50)).unwrap();
    assert_eq!(hex::encode(&message_2), "0030ef38b4abd14b0a919cbe6839f6185b97d32607bee359c6c53c12cc7597867d594a6347693847a38ccf13982a7a0c573f");
    let (mut confirmation, established) = initiator.read_message_2(&message_2[2..]).unwrap();
    assert_eq!(hex::encode(&confirmation), "001151c3f5fe995c2f137908181b79b19e8cbb");
    assert_eq!(hex::encode(established.handshake_hash), "4eb41913ce6f76ef7dedb851eb4cd4e5ed704ffc8624abe9fac23495d87c3b47");
    let mut confirmed = responder.read_confirmation(&mut confirmation[2..]).unwrap();
    let mut status = Vec::new();
    confirmed.sender.seal(FrameType::Status, &[0x82, 0x00, 0x60], &mut status).unwrap();
    assert_eq!(hex::encode(status), "0014cb478e161183a9a13d9d3b6efd96a541fb991659");
}

#[test]
fn a_key_that_is_not_canonical_is_refused_although_the_handshake_succeeds() {
    let identity = static_key(8);
    let bound = capability(Some(identity.public()));
    let rogue = Rogue { high_bit: true, ..Rogue::new(&bound, Pattern::IKpsk2, Some(&identity)) };
    assert_eq!(error(read_hello(&rogue.start().1)), HandshakeError::RemoteStatic(KeyError::NotCanonical));

    let rogue = Rogue { high_bit: true, ..Rogue::new(&bound, Pattern::XKpsk3, Some(&identity)) };
    let (mut state, hello) = rogue.start();
    let (responder, message_2) = read_hello(&hello).unwrap();
    read_empty(&mut state, 2, MESSAGE_2_LEN, &message_2[2..]).unwrap();
    let mut message_3 = write_empty::<MESSAGE_3_LEN>(&mut state, 3).unwrap();
    let refused = responder.read_confirmation(&mut message_3[2..]);
    assert_eq!(error(refused), HandshakeError::RemoteStatic(KeyError::NotCanonical));
}

#[test]
fn a_thief_s_key_is_confirmed_as_the_thief_s_so_that_clearing_can_refuse_it() {
    let (holder, thief) = (static_key(8), static_key(9));
    let bound = capability(Some(holder.public()));
    let (mut state, hello) = Rogue::new(&bound, Pattern::XKpsk3, Some(&thief)).start();
    let (responder, message_2) = read_hello(&hello).unwrap();
    read_empty(&mut state, 2, MESSAGE_2_LEN, &message_2[2..]).unwrap();
    let mut message_3 = write_empty::<MESSAGE_3_LEN>(&mut state, 3).unwrap();
    let confirmed = responder.read_confirmation(&mut message_3[2..]).unwrap();
    assert_eq!(confirmed.remote_static.as_ref(), Some(thief.public()));
    assert_eq!(confirmed.chain.chain().holder(), Some(holder.public()));

    let (_, hello) = Rogue::new(&bound, Pattern::IKpsk2, Some(&thief)).start();
    assert!(read_hello(&hello).is_ok(), "the reason is given later, where only a holder of the psk can read it");
    let (_, hello) = Rogue::new(&bound, Pattern::NKpsk2, None).start();
    assert!(read_hello(&hello).is_ok());
}

#[test]
fn without_the_holder_s_key_kk_does_not_come_about() {
    let (holder, thief) = (static_key(8), static_key(9));
    let bound = capability(Some(holder.public()));
    assert!(read_hello(&Rogue::new(&bound, Pattern::KKpsk2, Some(&holder)).start().1).is_ok());
    assert_eq!(error(read_hello(&Rogue::new(&bound, Pattern::KKpsk2, Some(&thief)).start().1)), HandshakeError::Unauthentic { message: 1 });
}

#[test]
fn kk_with_a_chain_that_names_no_holder_is_refused() {
    let (thief, bearer) = (static_key(9), capability(None));
    let (_, hello) = Rogue::new(&bearer, Pattern::KKpsk2, Some(&thief)).start();
    assert_eq!(error(read_hello(&hello)), HandshakeError::NoHolder { pattern: Pattern::KKpsk2 });
}

#[test]
fn a_payload_in_message_1_of_kk_is_refused() {
    let holder = static_key(8);
    let bound = capability(Some(holder.public()));
    let rogue = Rogue { payload: vec![1], ..Rogue::new(&bound, Pattern::KKpsk2, Some(&holder)) };
    assert_eq!(error(read_hello(&rogue.start().1)), HandshakeError::Length { message: 1, actual: 49 });
}

#[test]
fn a_locator_for_another_service_is_refused() {
    let holder = static_key(8);
    let bound = capability(Some(holder.public()));
    let locator = seal_locator(static_key(2).public(), bound.chain(), &mut Fixed(4)).unwrap();
    let rogue = Rogue { locator: Some(locator), ..Rogue::new(&bound, Pattern::KKpsk2, Some(&holder)) };
    assert_eq!(error(read_hello(&rogue.start().1)), HandshakeError::Locator(OneWayError::Unauthentic));
}

#[test]
fn a_locator_cannot_be_exchanged_for_another_of_the_same_chain() {
    let holder = static_key(8);
    let bound = capability(Some(holder.public()));
    let (_, hello) = Rogue::new(&bound, Pattern::KKpsk2, Some(&holder)).start();
    let key = HelloTagKey::of(service().public());
    let other = seal_locator(bound.service(), bound.chain(), &mut Fixed(6)).unwrap();
    let exchanged = Hello { locator: Some(&other), ..Hello::parse(&hello, &key).unwrap() }.encode(&key).unwrap();
    assert_eq!(error(read_hello(&exchanged)), HandshakeError::Unauthentic { message: 1 });
}

#[test]
fn a_payload_of_message_1_that_is_no_padded_chain_is_refused() {
    let bearer = capability(None);
    let start = |payload| read_hello(&Rogue { payload, ..Rogue::new(&bearer, Pattern::NKpsk2, None) }.start().1);
    let mut padded = pad(bearer.chain().encoded()).unwrap();
    assert!(start(padded.clone()).is_ok());
    assert_eq!(error(start(Vec::new())), HandshakeError::Padding(PaddingError::Length { actual: 0, chain: 0 }));
    assert!(matches!(error(start(pad(b"no chain").unwrap())), HandshakeError::Chain(_)));
    *padded.last_mut().unwrap() = 1;
    assert_eq!(error(start(padded.clone())), HandshakeError::Padding(PaddingError::NotZero));
    *padded.last_mut().unwrap() = 0;
    padded.resize(padded.len() + 64, 0);
    assert!(matches!(error(start(padded)), HandshakeError::Padding(PaddingError::Length { .. })));
}

#[test]
fn a_payload_in_message_2_or_3_is_refused() {
    let (identity, service) = (static_key(8), service());
    let bound = capability(Some(identity.public()));
    let (mut state, hello) = Rogue::new(&bound, Pattern::XKpsk3, Some(&identity)).start();
    let (responder, message_2) = read_hello(&hello).unwrap();
    read_empty(&mut state, 2, MESSAGE_2_LEN, &message_2[2..]).unwrap();
    let mut message_3 = [0; MESSAGE_3_LEN + 1];
    assert_eq!(state.write_message(b"1", &mut message_3), Ok(MESSAGE_3_LEN + 1));
    assert_eq!(error(responder.read_confirmation(&mut message_3)), HandshakeError::Length { message: 3, actual: 65 });

    let (initiator, hello) = Initiator::start(&bound, Pattern::XKpsk3, SUITE, Some(&identity), &mut Fixed(4)).unwrap();
    let parsed = Hello::parse(&hello, service.hello_tag_key()).unwrap();
    let prologue = prologue(Pattern::XKpsk3, SUITE, None);
    let resolver = Resolver::new(Some(Secret::new([5; 32])), None);
    let mut state = Builder::with_resolver(protocol_name(Pattern::XKpsk3, SUITE).parse().unwrap(), Box::new(resolver))
        .local_private_key(service.static_key().private().expose())
        .and_then(|builder| builder.prologue(&prologue))
        .and_then(Builder::build_responder)
        .unwrap();
    state.read_message(parsed.message, &mut [0; 4_096]).unwrap();
    let mut message_2 = [0; MESSAGE_2_LEN + 1];
    assert_eq!(state.write_message(b"1", &mut message_2), Ok(MESSAGE_2_LEN + 1));
    assert_eq!(error(initiator.read_message_2(&message_2)), HandshakeError::Length { message: 2, actual: 49 });
}

#[test]
fn an_ephemeral_key_of_low_order_is_refused_on_both_sides() {
    let identity = static_key(8);
    for pattern in [Pattern::NKpsk2, Pattern::XKpsk3, Pattern::IKpsk2, Pattern::KKpsk2] {
        let capability = capability(pattern.proves_initiator().then(|| identity.public()));
        let (initiator, hello) = Initiator::start(&capability, pattern, SUITE, Some(&identity), &mut Fixed(4)).unwrap();
        let hello = with_message(&hello, |message| message[..32].fill(0));
        assert_eq!(error(read_hello(&hello)), HandshakeError::Unauthentic { message: 1 });
        assert_eq!(error(initiator.read_message_2(&[0; MESSAGE_2_LEN])), HandshakeError::Unauthentic { message: 2 });
    }
}

#[test]
fn an_ephemeral_key_of_low_order_is_refused_by_the_exchange_and_not_only_by_a_tag() {
    // Who knows that the result is all zeros could compute the right tag, so it must not come to that.
    let service = service();
    let bearer = capability(None);
    let setup = |local, remote, psk| Setup {
        protocol: protocol_name(Pattern::NKpsk2, SUITE),
        local,
        remote,
        psk,
        prologue: &[],
        ephemeral: Some(Secret::new([4; 32])),
    };
    let mut responder = setup(Some(service.static_key()), None, None).responder().unwrap();
    assert_eq!(responder.read_message(&[0; 48], &mut []), Err(snow::Error::Dh));
    let mut initiator = setup(None, Some(bearer.service()), Some((2, &Secret::new([9; 32])))).initiator().unwrap();
    initiator.write_message(&[], &mut [0; 48]).unwrap();
    assert_eq!(initiator.read_message(&[0; 48], &mut []), Err(snow::Error::Dh));
}

#[test]
fn the_first_frame_must_be_an_empty_keep_alive() {
    let bearer = capability(None);
    for kind in [FrameType::Data, FrameType::End, FrameType::Rekey, FrameType::Status] {
        let (mut state, hello) = Rogue::new(&bearer, Pattern::NKpsk2, None).start();
        let (responder, message_2) = read_hello(&hello).unwrap();
        assert_eq!(responder.confirmation_len(), 17);
        read_empty(&mut state, 2, MESSAGE_2_LEN, &message_2[2..]).unwrap();
        let mut sender = FrameSender::new(SUITE, &Split::of(state).from_initiator).unwrap();
        let mut first = Vec::new();
        sender.seal(kind, &[], &mut first).unwrap();
        assert_eq!(error(responder.read_confirmation(&mut first[2..])), HandshakeError::Confirmation { kind });
    }
}

#[test]
fn a_chain_key_that_does_not_belong_to_the_chain_confirms_nothing() {
    let identity = Key::from_seed(Secret::new([8; 32])).derive_noise();
    let bound = capability(Some(identity.public()));
    let child = bound.delegate(BlockId::new([4; 8]), Caveats::none()).unwrap();
    // The link stripped off, with the key of the child; and the link added, with the key of the parent.
    let stripped = Capability::from_parts(*bound.service(), bound.chain().clone(), child.key().duplicate(), Vec::new());
    let added = Capability::from_parts(*bound.service(), child.chain().clone(), bound.key().duplicate(), Vec::new());
    let edited = {
        // The grant's last byte is the end of the holder's key: another holder, who has the stolen key.
        let thief = static_key(9);
        let mut encoded = bound.chain().encoded().to_vec();
        let at = encoded.len() - 32;
        assert_eq!(&encoded[at..], identity.public().as_bytes());
        encoded[at..].copy_from_slice(thief.public().as_bytes());
        Capability::from_parts(*bound.service(), Chain::parse(&encoded).unwrap(), bound.key().duplicate(), Vec::new())
    };
    for forged in [stripped, added, edited] {
        for pattern in [Pattern::NKpsk2, Pattern::IKpsk2] {
            let (mut state, hello) = Rogue::new(&forged, pattern, Some(&identity)).start();
            let (_, message_2) = read_hello(&hello).unwrap();
            let refused = read_empty(&mut state, 2, MESSAGE_2_LEN, &message_2[2..]);
            assert_eq!(error(refused), HandshakeError::Unauthentic { message: 2 }, "the psk is in message 2");
        }
        let (mut state, hello) = Rogue::new(&forged, Pattern::XKpsk3, Some(&identity)).start();
        let (responder, message_2) = read_hello(&hello).unwrap();
        assert_eq!(responder.confirmation_len(), 64);
        read_empty(&mut state, 2, MESSAGE_2_LEN, &message_2[2..]).unwrap();
        let mut message_3 = write_empty::<MESSAGE_3_LEN>(&mut state, 3).unwrap();
        let refused = responder.read_confirmation(&mut message_3[2..]);
        assert_eq!(error(refused), HandshakeError::Unauthentic { message: 3 }, "the psk is in message 3");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let bearer = capability(None);
    let (initiator, hello) = Initiator::start(&bearer, Pattern::NKpsk2, SUITE, None, &mut Fixed(4)).unwrap();
    let (responder, message_2) = read_hello(&hello).unwrap();
    let mut texts = vec![format!("{initiator:?}{responder:?}")];
    let (mut confirmation, established) = initiator.read_message_2(&message_2[2..]).unwrap();
    texts.push(format!("{established:?}{:?}", responder.read_confirmation(&mut confirmation[2..]).unwrap()));
    let psk = bearer.key().psk(protocol_name(Pattern::NKpsk2, SUITE));
    for secret in [bearer.key().secret(), &psk] {
        let bytes = secret.expose();
        for text in &texts {
            assert!(!text.contains(&hex::encode(bytes)) && !text.contains(&format!("{bytes:?}")) && !text.contains(&format!("{bytes:02x?}")));
        }
    }
}
