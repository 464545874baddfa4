//! Fuzz targets: one function for each thing that keycap reads from somebody else.
//!
//! Each takes any bytes and panics if keycap does what it never may: panic itself, write back other bytes than it read, or take for
//! authentic what nobody made. The functions are run by libFuzzer (`tests/fuzz/run`, or `cargo fuzz` for the address sanitizer as well) and,
//! over the committed corpus and its mutations, by an ordinary test.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "panicking is how a fuzz target reports")]

pub mod world;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use keycap_core::capability::Capability;
use keycap_core::chain::{Block, BlockKind, Chain, Clearing, DerivedChain, Purpose, explain};
use keycap_core::control::ControlRequest;
use keycap_core::key::{KeyCard, ServiceCard};
use keycap_core::noise::hello::Hello;
use keycap_core::noise::{FrameError, FrameType, Initiator, Pattern, Responder, Sender, Status, StreamRequest, Suite, padding};
use keycap_core::request::RequestPath;
use keycap_core::seal::file::{Chunk, Header, HeaderError, NONCE_LEN};
use keycap_core::seal::record::{Head, OpenedLocator, Single, SingleWriter, Writer};
use keycap_core::seal::stanza::{Stanza, StanzaKind};
use keycap_core::seal::{Reading, Verdict};
use keycap_core::secret::Secret;
use keycap_core::text::Text;
use keycap_core::time::{Clock, UnixSeconds};

use world::{NoRevocations, World};

/// A target and its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 10] = [
    ("agefile", age),
    ("capability", capability),
    ("card", card),
    ("chain", chain),
    ("frames", frames),
    ("hello", hello),
    ("record", record),
    ("stanza", stanza),
    ("stream", stream),
    ("text", text),
];

/// An age file: a header is written back as it was read, and authentic only under the file key that it was written under, as is a chunk.
pub fn age(data: &[u8]) {
    let file_key = Secret::new([6; 16]);
    let Ok(Some((header, length))) = Header::parse(data) else { return };
    assert_eq!(header.encode(), data[..length]);
    let again = Header::new(header.stanzas().to_vec(), &file_key).unwrap();
    assert_eq!(header.payload_key(&file_key, &[0; NONCE_LEN]).err(), (again != header).then_some(HeaderError::Mac));
    let key = again.payload_key(&file_key, &[0; NONCE_LEN]).unwrap();
    for chunk in [Chunk::Inner, Chunk::Final] {
        assert!(key.open(0, chunk, &mut data[length..].to_vec()).is_err(), "a chunk that nobody sealed");
    }
}

/// A chain, bare or padded: its blocks, written anew from what they say, are the bytes that were read; clearing agrees with `explain`.
pub fn chain(data: &[u8]) {
    if let Ok(inner) = padding::unpad(data) {
        assert_eq!(padding::pad(inner).unwrap(), data);
    }
    let Ok(chain) = Chain::parse(data) else { return };
    assert_eq!(chain.encoded(), data);
    for block in chain.blocks() {
        let again = match block.kind() {
            BlockKind::Grant { epoch } => Block::grant(epoch, block.id(), block.caveats().clone()).unwrap(),
            BlockKind::Link => Block::link(block.id(), block.caveats().clone()),
            // Made only together with a ticket; its bytes were read strictly, like those of a link.
            BlockKind::Handoff => continue,
        };
        assert_eq!(again.bytes(), block.bytes());
    }
    let world = World::new();
    let clearing = Clearing {
        clock: Clock::Sure(UnixSeconds::new(1_700_000_000)),
        purpose: Purpose::Session,
        pattern: if chain.holder().is_some() { Pattern::XKpsk3 } else { Pattern::NKpsk2 },
        remote_static: chain.holder(),
        realm: Some("lab"),
        app: &|_, _| true,
    };
    let explained = explain(&chain, &clearing, None).allowed();
    let Ok(derived) = DerivedChain::derive(chain.clone(), world.service.roots()) else { return };
    let cleared = derived.clear(world.service.static_key(), &NoRevocations, &clearing).is_ok();
    assert!(explained || !cleared, "cleared, but explained as refused");
    // A ticket is the only thing that explaining cannot check.
    let has_ticket = chain.blocks().iter().any(|block| block.ticket().is_some());
    assert!(cleared || !explained || has_ticket, "explained as allowed, but refused");
}

/// An encoded capability.
pub fn capability(data: &[u8]) {
    if let Ok(capability) = Capability::parse(data) {
        assert_eq!(capability.encode().unwrap().expose(), data);
    }
}

/// An encoded key card or service card.
pub fn card(data: &[u8]) {
    if let Ok(card) = KeyCard::parse(data) {
        assert_eq!(card.encode().unwrap(), data);
    }
    if let Ok(card) = ServiceCard::parse(data) {
        assert_eq!(card.encode().unwrap(), data);
    }
}

/// Anything pasted or scanned: what it says is written in one way only.
pub fn text(data: &[u8]) {
    let pasted = String::from_utf8_lossy(data);
    let Ok(read) = Text::parse(&pasted) else { return };
    let compact: String = pasted.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    let written = match read {
        Text::Capability(capability) => capability.to_text().unwrap().expose().to_lowercase(),
        Text::KeyCard(card) => card.to_text().unwrap(),
        Text::ServiceCard(card) => card.to_text().unwrap(),
    };
    assert_eq!(compact.strip_prefix("keycap:").unwrap_or(&compact), written);
}

/// The bytes that a stranger sends to a service, to a connector that waits for an answer, and instead of a confirmation. The tag of the hello
/// is put right first, since guessing it would hide all that comes after.
pub fn hello(data: &[u8]) {
    let mut world = World::new();
    let hello = world.retagged(data);
    if let Ok(parsed) = Hello::parse(&hello, world.service.hello_tag_key()) {
        assert_eq!(parsed.encode(world.service.hello_tag_key()).unwrap(), hello);
    }
    let World { service, capability, rng } = &mut world;
    if let Ok((responder, _)) = Responder::read_hello(service, &hello, rng) {
        // An old hello sent again gets this far, and no further.
        assert!(responder.read_confirmation(&mut data.to_vec()).is_err(), "confirmed by somebody without the psk");
    }
    for (pattern, suite) in [(Pattern::NKpsk2, Suite::ChaChaPoly), (Pattern::NKpsk2, Suite::AesGcm)] {
        let (initiator, hello) = Initiator::start(capability, pattern, suite, None, rng).unwrap();
        assert!(initiator.read_message_2(data).is_err(), "answered by somebody without the service's key");
        let (responder, _) = Responder::read_hello(service, &hello, rng).unwrap();
        assert!(responder.read_confirmation(&mut data.to_vec()).is_err(), "confirmed by somebody without the psk");
    }
}

/// Frames: those that `data` tells to send arrive as they were sent, and `data` itself is not taken for one.
pub fn frames(data: &[u8]) {
    let suite = if data.len().is_multiple_of(2) { Suite::ChaChaPoly } else { Suite::AesGcm };
    let (mut connector, mut service) = World::new().session(suite);
    for (kind, body) in instructions(data) {
        let mut sent = Vec::new();
        match connector.sender.seal(kind, body, &mut sent) {
            Ok(()) => {
                let opened = service.receiver.open(&mut sent[2..]).unwrap_or_else(|error| panic!("{kind:?} did not open: {error}"));
                assert_eq!((opened.kind, opened.body), (kind, body));
            }
            Err(FrameError::Body { .. } | FrameError::AfterEnd) => assert!(sent.is_empty()),
            Err(error) => panic!("{kind:?} was not sealed: {error}"),
        }
    }
    assert!(connector.receiver.open(&mut data.to_vec()).is_err(), "a frame that the service never sent");
    assert_eq!(connector.receiver.open(&mut data.to_vec()), Err(FrameError::Failed));
}

/// What is read inside an established session: a stream's header, a status, a control request, a path.
pub fn stream(data: &[u8]) {
    if let Ok(request) = StreamRequest::parse(data) {
        assert_eq!(request.encode().unwrap()[2..], *data);
    }
    if let Ok(status) = Status::parse(data) {
        assert_eq!(status.encode(), data);
        assert!(!status.printable_text().contains(char::is_control));
    }
    if let Ok(request) = ControlRequest::parse(data) {
        assert_eq!(request.encode(), data);
    }
    if let Ok(path) = RequestPath::parse(&String::from_utf8_lossy(data)) {
        assert!(path.segments().iter().all(|segment| !matches!(segment.as_str(), "" | "." | "..") && !segment.contains(['/', '\0'])));
    }
}

/// A stanza of keycap's: a byte that says which, the locator's bytes with their length before them, the body. What is read is written as it
/// came, and only the samples, which a holder made, open for the service or a key.
pub fn stanza(data: &[u8]) {
    let world = World::new();
    let [which, high, low, rest @ ..] = data else { return };
    let kind = StanzaKind::ALL[usize::from(*which) % StanzaKind::ALL.len()];
    let Some((locator, body)) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))) else { return };
    let arguments: Vec<String> = if locator.is_empty() { Vec::new() } else { vec![STANDARD_NO_PAD.encode(locator)] };
    let Ok(Some(stanza)) = Stanza::parse(kind.name(), &arguments, body) else { return };
    assert_eq!((stanza.kind(), stanza.arguments(), stanza.body()), (kind, arguments, body));
    let key = World::key();
    if let Ok(Some(opened)) = stanza.open_as_key(&key, &[*key.public()]) {
        assert!(opened.file_key.ct_eq(&Secret::new(world::FILE_KEY)), "a file key that nobody wrapped");
    }
    if let Ok(Some(proven)) = stanza.open_as_service(&world.service) {
        let reading = Reading { clock: Clock::Sure(UnixSeconds::new(1_700_000_000)), target: "db", app: &|_, _| true };
        assert!(matches!(proven.clear(&world.service, &NoRevocations, &reading), Verdict::Authorised { .. }), "made by nobody who may");
    }
    // The argument as anything at all.
    let text = String::from_utf8_lossy(locator);
    if let Ok(Some(stanza)) = Stanza::parse(kind.name(), &[&text], body) {
        assert_eq!(stanza.arguments(), [text]);
    }
}

/// Records and what comes with them, as somebody found them: a head, a record under a head, a single record, a locator.
pub fn record(data: &[u8]) {
    let mut world = World::new();
    if let Ok(head) = Head::parse(data) {
        assert_eq!(head.encode().unwrap(), data);
        // An old head presented again opens, and clears as it did.
        drop(head.open(&world.service));
    }
    let World { service, capability, rng } = &mut world;
    let (mut writer, head) = Writer::start(capability, Sender::Anonymous, rng).unwrap();
    let sealed = writer.seal(data, data).unwrap();
    let reading = Reading { clock: Clock::Sure(UnixSeconds::new(1_700_000_000)), target: "db", app: &|_, _| true };
    let Verdict::Authorised { content: reader, .. } = Head::parse(&head).unwrap().open(service).unwrap().clear(service, &NoRevocations, &reading)
    else {
        panic!("the head of a holder is refused")
    };
    assert_eq!(reader.open(data, &sealed).unwrap().expose(), data);
    assert!(reader.open(&sealed, &sealed).is_err(), "opened in another place");
    assert!(reader.open(&[], data).is_err(), "a record that nobody wrote");
    if let Ok(single) = Single::parse(data) {
        assert_eq!(single.encode(), data);
        let writer = SingleWriter::new(capability, Sender::Anonymous, rng).unwrap();
        let locator = OpenedLocator::open(service, writer.locator()).unwrap();
        assert!(single.open(service, &locator, &[]).is_err(), "a single record that nobody wrote");
    }
    drop(OpenedLocator::open(service, data));
}

/// `data` as a list of frames to send: a byte for the type, a byte for the body's length, the body.
fn instructions(mut data: &[u8]) -> impl Iterator<Item = (FrameType, &[u8])> {
    std::iter::from_fn(move || {
        let [kind, length, rest @ ..] = data else { return None };
        let (body, rest) = rest.split_at_checked(usize::from(*length))?;
        data = rest;
        Some((FrameType::from_number(kind % 5)?, body))
    })
}
