//! Every target over its committed corpus, and over some thousand mutations of it, on any compiler. The corpus is written by
//! `cargo test -p keycap-fuzz --test corpus -- --ignored`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, its own functions included")]

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveat, Caveats, PatternSet, Purpose, Rule};
use keycap_core::control::ControlRequest;
use keycap_core::key::{Key, KeyCard, ServiceCard, StaticKey};
use keycap_core::noise::{Initiator, Pattern, Responder, Sender, Status, StatusCode, StreamKind, StreamRequest, Suite, padding};
use keycap_core::seal::file::{self, Header};
use keycap_core::seal::record::{SingleWriter, Writer};
use keycap_core::seal::stanza::{Stanza, StanzaKind};
use keycap_core::secret::Secret;
use keycap_core::time::UnixSeconds;
use keycap_fuzz::TARGETS;
use keycap_fuzz::world::{FILE_KEY, World};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const MUTATIONS: usize = 200;

#[test]
fn no_target_breaks_on_its_corpus_or_near_it() {
    for (name, target) in TARGETS {
        let corpus = read(name);
        assert!(!corpus.is_empty(), "{name} has no corpus");
        for (file, data) in &corpus {
            target(data);
            let mut rng = StdRng::seed_from_u64(5);
            for round in 0..MUTATIONS {
                let mutated = mutate(data, &mut rng);
                std::panic::catch_unwind(|| target(&mutated))
                    .unwrap_or_else(|_| panic!("{name}: mutation {round} of {}: {mutated:02x?}", file.display()));
            }
        }
    }
}

#[test]
fn the_sample_hellos_are_answered_so_that_mutations_start_from_what_works() {
    for (file, hello) in read("hello") {
        let mut world = World::new();
        let hello = world.retagged(&hello);
        assert!(Responder::read_hello(&world.service, &hello, &mut world.rng).is_ok(), "{}", file.display());
    }
}

#[test]
fn the_corpus_is_what_keycap_writes_today() {
    for (name, file, data) in samples() {
        assert_eq!(fs::read(folder(name).join(file)).ok(), Some(data), "{name}/{file} differs: write the corpus anew");
    }
}

#[test]
#[ignore = "writes the corpus"]
fn write_the_corpus() {
    for (name, file, data) in samples() {
        fs::create_dir_all(folder(name)).unwrap();
        fs::write(folder(name).join(file), data).unwrap();
    }
}

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

fn read(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder(target)).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

/// One to three changes: a bit, a byte, a cut, bytes put in or taken out.
fn mutate(data: &[u8], rng: &mut StdRng) -> Vec<u8> {
    let mut data = data.to_vec();
    for _ in 0..rng.gen_range(1..=3) {
        let place = rng.gen_range(0..=data.len());
        match rng.gen_range(0..5) {
            0 if place < data.len() => data[place] ^= 1 << rng.gen_range(0..8),
            1 if place < data.len() => data[place] = rng.r#gen(),
            2 => data.truncate(place),
            3 => data.insert(place, rng.r#gen()),
            4 if place < data.len() => drop(data.remove(place)),
            _ => {}
        }
    }
    data
}

/// Target, file, content: one of each kind of thing that is read.
fn samples() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut world = World::new();
    let bearer = world.capability.encode().unwrap();
    let rich = rich(&mut world);
    let newer = world.capability.with_block(b"\x83\x02\x48\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\xa1\x18\x1b\x82\x01\x40").unwrap();
    let key_card = Key::from_seed(Secret::new([6; 32])).card(Some("ci@runner".into()));
    let service_card = ServiceCard { key: *world.service.public(), hints: vec!["gw.example:7000".into(), "unix:/run/gw".into()] };
    let nameless = KeyCard { name: None, ..key_card.clone() };
    let request = StreamRequest { target: "db".into(), kind: StreamKind::Tcp };
    let (key, file_key) = (World::key(), Secret::new(FILE_KEY));
    let bound = world.capability.delegate(BlockId::new([14; 8]), Caveats::of([Caveat::Holder(*key.public())]).unwrap()).unwrap();
    let (mut writer, head) = Writer::start(&world.capability, Sender::Anonymous, &mut world.rng).unwrap();
    let record = writer.seal(b"users/7", b"Ann").unwrap();
    let single = SingleWriter::new(&world.capability, Sender::Anonymous, &mut world.rng).unwrap();
    vec![
        ("agefile", "header", age(&[("X25519", &["TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc"], &[7; 32])])),
        ("agefile", "passphrase", age(&[("scrypt", &["bBjlhJVYZeE4aqUdmtRHfw", "18"], &[8; 32])])),
        ("agefile", "several", age(&[("a", &[], &[]), ("-b", &["c", "d"], &[9; 48]), ("e", &["-->"], &[10; 150])])),
        ("capability", "bearer", bearer.expose().to_vec()),
        ("capability", "rich", rich.encode().unwrap().expose().to_vec()),
        ("card", "key", key_card.encode().unwrap()),
        ("card", "nameless", nameless.encode().unwrap()),
        ("card", "service", service_card.encode().unwrap()),
        ("chain", "grant", world.capability.chain().encoded().to_vec()),
        ("chain", "rich", rich.chain().encoded().to_vec()),
        ("chain", "unknown-caveat", newer.chain().encoded().to_vec()),
        ("chain", "padded", padding::pad(rich.chain().encoded()).unwrap()),
        ("frames", "all-types", b"\x00\x05hello\x03\x03\x82\x00\x60\x04\x00\x02\x00\x00\x01x\x01\x00\x00\x01y".to_vec()),
        ("frames", "body-where-none-belongs", b"\x01\x01x\x02\x01y\x04\x01z".to_vec()),
        ("hello", "nk", hello(&mut world, Pattern::NKpsk2, None)),
        ("hello", "xk", hello(&mut world, Pattern::XKpsk3, Some(7))),
        ("hello", "ik", hello(&mut world, Pattern::IKpsk2, Some(7))),
        ("hello", "kk", hello(&mut world, Pattern::KKpsk2, Some(7))),
        ("record", "head", head),
        ("record", "record", record),
        ("record", "single", single.seal(b"users/7", b"Ann", &mut world.rng).unwrap()),
        ("record", "locator", single.locator().to_vec()),
        ("stanza", "npsk0", stanza(&Stanza::seal_to_capability(&file_key, &world.capability, Sender::Anonymous, &mut world.rng).unwrap())),
        ("stanza", "xpsk1", stanza(&Stanza::seal_to_capability(&file_key, &world.capability, Sender::Shown(&key), &mut world.rng).unwrap())),
        ("stanza", "kpsk0", stanza(&Stanza::seal_to_capability(&file_key, &bound, Sender::Known(&key), &mut world.rng).unwrap())),
        ("stanza", "n", stanza(&Stanza::seal_to_key(&file_key, key.public(), Sender::Anonymous, &mut world.rng).unwrap())),
        ("stanza", "x", stanza(&Stanza::seal_to_key(&file_key, key.public(), Sender::Shown(&key), &mut world.rng).unwrap())),
        ("stanza", "k", stanza(&Stanza::seal_to_key(&file_key, key.public(), Sender::Known(&key), &mut world.rng).unwrap())),
        ("stream", "request", request.encode().unwrap()[2..].to_vec()),
        ("stream", "status", Status::new(StatusCode::Revoked, "revoked by its owner").encode()),
        ("stream", "revoke", ControlRequest::Revoke(world.capability.chain().clone()).encode()),
        ("stream", "report", ControlRequest::Report.encode()),
        ("stream", "path", b"/api/v1/a%20b/?q=1".to_vec()),
        ("text", "capability", world.capability.to_text().unwrap().expose().as_bytes().to_vec()),
        ("text", "qr", rich.to_qr_payload().unwrap().expose().as_bytes().to_vec()),
        ("text", "key-card", key_card.to_text().unwrap().into_bytes()),
        ("text", "service-card", format!("keycap:\n {}", service_card.to_text().unwrap()).into_bytes()),
    ]
}

/// An age file with these stanzas, and some bytes where its payload would be.
fn age(stanzas: &[(&str, &[&str], &[u8])]) -> Vec<u8> {
    let stanzas = stanzas.iter().map(|(tag, args, body)| file::Stanza {
        tag: (*tag).into(),
        args: args.iter().map(|arg| (*arg).into()).collect(),
        body: body.to_vec(),
    });
    let header = Header::new(stanzas.collect(), &Secret::new([6; 16])).unwrap();
    [header.encode(), vec![0x55; 40]].concat()
}

/// A stanza as its target reads it.
fn stanza(stanza: &Stanza) -> Vec<u8> {
    let which = StanzaKind::ALL.iter().position(|kind| *kind == stanza.kind()).unwrap();
    let locator = stanza.arguments().first().map(|argument| STANDARD_NO_PAD.decode(argument).unwrap()).unwrap_or_default();
    let length = u16::try_from(locator.len()).unwrap().to_be_bytes();
    [&[u8::try_from(which).unwrap()], length.as_slice(), &locator, stanza.body()].concat()
}

/// A chain with every caveat, a holder, a hand-off and hints.
fn rich(world: &mut World) -> Capability {
    let holder = StaticKey::from_private(Secret::new([7; 32]));
    let next = StaticKey::from_private(Secret::new([8; 32]));
    let rule = Rule { target: Some("web".into()), methods: Some(vec!["GET".into(), "PUT".into()]), path: Some(vec!["api".into(), "v1".into()]) };
    let grant = [
        Caveat::NotBefore(UnixSeconds::new(1_600_000_000)),
        Caveat::Expires(UnixSeconds::new(1_900_000_000)),
        Caveat::Allow(vec![rule, Rule::default()]),
        Caveat::Holder(*holder.public()),
        Caveat::MaxLinks(9),
        Caveat::Realm("lab".into()),
    ];
    let link = [
        Caveat::Patterns(PatternSet::of(&[Pattern::XKpsk3, Pattern::IKpsk2])),
        Caveat::MaxSession(3_600),
        Caveat::Purpose(vec![Purpose::Session, Purpose::Record]),
        Caveat::MaxConcurrent(2),
        Caveat::App { name: "tenant".into(), value: b"blue".to_vec() },
    ];
    let World { service, rng, .. } = world;
    let minted = service.mint(0, BlockId::new([9; 8]), Caveats::of(grant).unwrap(), vec!["gw.example:7000".into()]).unwrap();
    let linked = minted.delegate(BlockId::new([10; 8]), Caveats::of(link).unwrap()).unwrap();
    linked.hand_off(BlockId::new([11; 8]), Caveats::of([Caveat::Holder(*next.public())]).unwrap(), &holder, rng).unwrap()
}

fn hello(world: &mut World, pattern: Pattern, holder: Option<u8>) -> Vec<u8> {
    let identity = holder.map(|seed| StaticKey::from_private(Secret::new([seed; 32])));
    let caveat = identity.as_ref().map(|identity| Caveat::Holder(*identity.public()));
    let bound = world.capability.delegate(BlockId::new([12; 8]), Caveats::of(caveat).unwrap()).unwrap();
    Initiator::start(&bound, pattern, Suite::ChaChaPoly, identity.as_ref(), &mut world.rng).unwrap().1
}
