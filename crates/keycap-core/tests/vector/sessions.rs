//! Sessions: whole handshakes and the first frames, hellos, locators, and who does not get in.

use keycap_core::capability::Capability;
use keycap_core::chain::{Chain, ChainKey, RootSecret, RootSecrets};
use keycap_core::key::{self, PublicKey, StaticKey};
use keycap_core::noise::{self, Confirmed, Established, FrameReceiver, FrameSender, FrameType, Initiator, Responder, Status, StatusCode};
use keycap_core::secret::Secret;
use keycap_core::service::ServiceKeys;
use serde::{Deserialize, Serialize};

use super::bytes::{Hex, Laid};
use super::chains::derived;
use super::form::{pattern, suite};
use crate::Kind;

fn service(private: &Hex, root: &Hex, epoch: u32) -> ServiceKeys {
    let mut roots = RootSecrets::new();
    roots.insert(epoch, RootSecret::from_secret(root.secret()));
    ServiceKeys::new(StaticKey::from_private(private.secret()), roots, None)
}

fn identity(seed: Option<&Hex>) -> Option<StaticKey> {
    seed.map(|seed| key::Key::from_seed(seed.secret()).derive_noise())
}

/// A whole session, from the hello to the end frames.
pub(crate) struct Session;

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionGiven {
    pub(crate) service_private: Hex,
    pub(crate) root: Hex,
    pub(crate) chain: Hex,
    pub(crate) holder_seed: Option<Hex>,
    pub(crate) pattern: String,
    pub(crate) suite: u8,
    /// The ephemeral private keys, in the order in which they are needed.
    pub(crate) locator_ephemeral: Option<Hex>,
    pub(crate) connector_ephemeral: Hex,
    pub(crate) service_ephemeral: Hex,
}

/// Frames come with their lengths, as on the wire. The connector sends: the keep-alive that confirms (without it in XK, which has message
/// 3), data `6f6e65`, a rekey, data `74776f` under the new key, an end. The service: status 0 without text, then the same.
#[derive(Serialize)]
pub(crate) struct SessionGives {
    hello: Hex,
    message_2: Hex,
    message_3: Option<Hex>,
    handshake_hash: Hex,
    frames_to_service: Vec<Hex>,
    frames_from_service: Vec<Hex>,
}

/// What one side sends after its first frame.
const FRAMES: [(FrameType, &[u8]); 4] = [(FrameType::Data, b"one"), (FrameType::Rekey, b""), (FrameType::Data, b"two"), (FrameType::End, b"")];

fn send(kind: FrameType, body: &[u8], sender: &mut FrameSender, receiver: &mut FrameReceiver) -> Hex {
    let mut frame = Vec::new();
    sender.seal(kind, body, &mut frame).unwrap();
    let mut ciphertext = frame[2..].to_vec();
    let opened = receiver.open(&mut ciphertext).unwrap();
    assert_eq!((opened.kind, opened.body), (kind, body));
    Hex(frame)
}

impl Kind for Session {
    const NAME: &'static str = "session";
    type Given = SessionGiven;
    type Gives = SessionGives;

    fn work_out(given: &SessionGiven) -> SessionGives {
        let derived = derived(&given.root, &given.chain);
        let service = service(&given.service_private, &given.root, derived.chain().epoch());
        let capability = Capability::from_parts(*service.public(), derived.chain().clone(), derived.last().duplicate(), Vec::new());
        let identity = identity(given.holder_seed.as_ref());
        let (pattern, suite) = (pattern(&given.pattern), suite(given.suite));

        let mut rng = Laid::down(given.locator_ephemeral.iter().chain([&given.connector_ephemeral]));
        let (initiator, hello) = Initiator::start(&capability, pattern, suite, identity.as_ref(), &mut rng).unwrap();
        rng.used_up();
        let mut rng = Laid::down([&given.service_ephemeral]);
        let (responder, message_2) = Responder::read_hello(&service, &hello, &mut rng).unwrap();
        rng.used_up();
        let (confirmation, established) = initiator.read_message_2(&message_2[2..]).unwrap();
        let confirmed = responder.read_confirmation(&mut confirmation[2..].to_vec()).unwrap();
        assert_eq!((confirmed.pattern, confirmed.suite), (pattern, suite));
        assert_eq!(confirmed.remote_static.as_ref(), identity.as_ref().map(StaticKey::public));
        assert_eq!(confirmed.handshake_hash, established.handshake_hash);
        assert_eq!(confirmed.chain.chain(), derived.chain());

        let Established { sender: mut to_service, receiver: mut at_connector, handshake_hash } = established;
        let Confirmed { sender: mut from_service, receiver: mut at_service, .. } = confirmed;
        let (message_3, mut frames_to_service) =
            if pattern == noise::Pattern::XKpsk3 { (Some(Hex(confirmation)), Vec::new()) } else { (None, vec![Hex(confirmation)]) };
        let status = Status::new(StatusCode::Ok, "").encode();
        let mut frames_from_service = vec![send(FrameType::Status, &status, &mut from_service, &mut at_connector)];
        for (kind, body) in FRAMES {
            frames_to_service.push(send(kind, body, &mut to_service, &mut at_service));
            frames_from_service.push(send(kind, body, &mut from_service, &mut at_connector));
        }
        at_service.close().unwrap();
        at_connector.close().unwrap();
        let handshake_hash = Hex::of(handshake_hash);
        SessionGives { hello: Hex(hello), message_2: Hex(message_2), message_3, handshake_hash, frames_to_service, frames_from_service }
    }
}

/// A hello, and whether the service answers it with message 2 or closes without a word.
pub(crate) struct Hello;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HelloGiven {
    pub(crate) service_private: Hex,
    pub(crate) root: Hex,
    pub(crate) epoch: u32,
    pub(crate) hello: Hex,
}

#[derive(Serialize)]
pub(crate) struct HelloGives {
    pub(crate) answered: bool,
}

impl Kind for Hello {
    const NAME: &'static str = "hello";
    type Given = HelloGiven;
    type Gives = HelloGives;

    fn work_out(given: &HelloGiven) -> HelloGives {
        let service = service(&given.service_private, &given.root, given.epoch);
        let mut rng = Laid::down([&Hex::of([0x50; 32])]);
        HelloGives { answered: Responder::read_hello(&service, &given.hello.0, &mut rng).is_ok() }
    }
}

/// A peer that shows a chain and has a chain key and an identity: whether the handshake comes to key confirmation. `ck` is what it has at
/// the chain's end.
pub(crate) struct Possession;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PossessionGiven {
    pub(crate) service_private: Hex,
    pub(crate) root: Hex,
    /// The chain as shown.
    pub(crate) chain: Hex,
    /// The chain key that the peer has.
    pub(crate) ck: Hex,
    pub(crate) holder_seed: Option<Hex>,
    pub(crate) pattern: String,
}

#[derive(Serialize)]
pub(crate) struct PossessionGives {
    /// The chain key at the end of the chain as shown, as the service derives it.
    ck: Hex,
    pub(crate) confirmed: bool,
}

impl Kind for Possession {
    const NAME: &'static str = "possession";
    type Given = PossessionGiven;
    type Gives = PossessionGives;

    fn work_out(given: &PossessionGiven) -> PossessionGives {
        let derived = derived(&given.root, &given.chain);
        let service = service(&given.service_private, &given.root, derived.chain().epoch());
        let key = ChainKey::from_secret(given.ck.secret());
        let capability = Capability::from_parts(*service.public(), derived.chain().clone(), key, Vec::new());
        let identity = identity(given.holder_seed.as_ref());
        let ephemerals = [Hex::of([0x40; 32]), Hex::of([0x41; 32])];
        let (initiator, hello) =
            Initiator::start(&capability, pattern(&given.pattern), suite(1), identity.as_ref(), &mut Laid::down(&ephemerals)).unwrap();
        let (responder, message_2) = Responder::read_hello(&service, &hello, &mut Laid::down(&ephemerals)).unwrap();
        let confirmed = match initiator.read_message_2(&message_2[2..]) {
            Ok((mut confirmation, _)) => responder.read_confirmation(&mut confirmation[2..]).is_ok(),
            // The peer cannot go on; what it may still try is to invent a confirmation.
            Err(_) => {
                let mut invented = vec![0; responder.confirmation_len()];
                responder.read_confirmation(&mut invented).is_ok()
            }
        };
        PossessionGives { ck: Hex::of(derived.last().secret().expose()), confirmed }
    }
}

/// A chain sealed to its service.
pub(crate) struct Locator;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum LocatorGiven {
    Seal { service: Hex, chain: Hex, ephemeral: Hex },
    Open { service_private: Hex, locator: Hex },
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LocatorGives {
    Locator(Hex),
    /// Nothing if it is refused.
    Chain(Option<Hex>),
}

impl Kind for Locator {
    const NAME: &'static str = "locator";
    type Given = LocatorGiven;
    type Gives = LocatorGives;

    fn work_out(given: &LocatorGiven) -> LocatorGives {
        match given {
            LocatorGiven::Seal { service, chain, ephemeral } => {
                let service = PublicKey::parse(service.array()).unwrap();
                let chain = Chain::parse(&chain.0).unwrap();
                let mut rng = Laid::down([ephemeral]);
                let locator = noise::seal_locator(&service, &chain, &mut rng).unwrap();
                rng.used_up();
                LocatorGives::Locator(Hex(locator))
            }
            LocatorGiven::Open { service_private, locator } => {
                let service = StaticKey::from_private(Secret::new(service_private.array()));
                LocatorGives::Chain(noise::open_locator(&service, &locator.0).ok().map(|chain| Hex::of(chain.encoded())))
            }
        }
    }
}
