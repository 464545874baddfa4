//! Sessions, hellos and locators.

use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::bytes::Hex;
use super::super::form::CaveatsForm;
use super::super::sessions::{Hello, HelloGiven, Locator, LocatorGiven, Session, SessionGiven};
use super::{A, Cases, bound_grant, chain, grant, link, root, seed, service, service_private};
use crate::Vector;

pub(super) fn add(cases: &mut Cases) {
    sessions(cases);
    hellos(cases);
    locators(cases);
}

/// The chain of the worked example in SPEC.md, or the same bound to A.
fn blocks(bound: bool) -> [Vec<u8>; 2] {
    let narrow = CaveatsForm { exp: Some(1_900_000_000), max_links: Some(0), ..CaveatsForm::default() };
    [if bound { bound_grant(A) } else { grant(&CaveatsForm::grant()) }, link(0x10, &narrow)]
}

fn session(pattern: &str, suite: u8) -> SessionGiven {
    let bound = pattern != "NKpsk2";
    SessionGiven {
        service_private: service_private(),
        root: root(),
        chain: chain(&blocks(bound)),
        holder_seed: bound.then(|| seed(A)),
        pattern: pattern.into(),
        suite,
        locator_ephemeral: (pattern == "KKpsk2").then(|| Hex::of([0x60; 32])),
        connector_ephemeral: Hex::of([0x40; 32]),
        service_ephemeral: Hex::of([0x50; 32]),
    }
}

fn sessions(cases: &mut Cases) {
    for pattern in ["NKpsk2", "XKpsk3", "IKpsk2", "KKpsk2"] {
        for (suite, cipher) in [(1, "chachapoly"), (2, "aesgcm")] {
            let name = format!("session-{}-{cipher}", pattern.to_lowercase());
            cases.shows::<Session>(&name, "From the hello to the end frames, with a rekey on the way", &session(pattern, suite));
        }
    }
}

/// A hello with its length and tag put right, as whoever knows S can.
fn retagged(mut hello: Vec<u8>) -> Vec<u8> {
    let body = u16::try_from(hello.len() - 26).unwrap();
    hello[24..26].copy_from_slice(&body.to_be_bytes());
    let key = Sha256::new().chain_update(b"keycap-1 hello\0").chain_update(service().public().as_bytes()).finalize();
    let tag = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(&hello[..8]).chain_update(&hello[24..]).finalize().into_bytes();
    hello[8..24].copy_from_slice(&tag[..16]);
    hello
}

fn hellos(cases: &mut Cases) {
    let hello_of = |pattern: &str| {
        let vector = Vector::of::<Session>("", &session(pattern, 1));
        hex::decode(vector.gives["hello"].as_str().unwrap()).unwrap()
    };
    let (nk, kk, ik) = (hello_of("NKpsk2"), hello_of("KKpsk2"), hello_of("IKpsk2"));
    let mut expect_of = |epoch: u32, name: &str, what: &str, hello: Vec<u8>, answered: bool| {
        let given = HelloGiven { service_private: service_private(), root: root(), epoch, hello: Hex(hello) };
        cases.expects::<Hello>(name, what, &given, &json!({ "answered": answered }));
    };
    expect_of(1, "hello-of-a-closed-epoch", "The service has no root of the grant's epoch", nk.clone(), false);
    let mut expect = |name: &str, what: &str, hello: Vec<u8>, answered: bool| expect_of(0, name, what, hello, answered);
    expect("hello", "As it should be", nk.clone(), true);
    expect("hello-replayed", "The same again is answered again: nothing may be done before the confirmation", nk.clone(), true);
    let changed = |place: usize, value: u8| {
        let mut hello = nk.clone();
        assert_ne!(hello[place], value);
        hello[place] = value;
        hello
    };
    expect("hello-with-a-wrong-tag", "One bit of the tag", changed(8, nk[8] ^ 1), false);
    expect("hello-of-zeros-for-a-tag", "Who does not know S", [&nk[..8], &[0; 16], &nk[24..]].concat(), false);
    expect("hello-of-another-protocol", "KCP2, with a right tag", retagged(changed(3, b'2')), false);
    expect("hello-with-pattern-0", "There is no pattern 0", retagged(changed(4, 0)), false);
    expect("hello-with-a-one-way-pattern", "Npsk0 makes no session", retagged(changed(4, 5)), false);
    expect("hello-with-pattern-8", "There is no pattern 8", retagged(changed(4, 8)), false);
    expect("hello-with-suite-3", "There is no suite 3", retagged(changed(5, 3)), false);
    expect("hello-moved-to-another-suite", "Message 1 was made for suite 1", retagged(changed(5, 2)), false);
    expect("hello-moved-to-another-pattern", "Message 1 of NK as that of XK", retagged(changed(4, 2)), false);
    expect("hello-with-a-flag", "This version knows no flags", retagged(changed(7, 1)), false);
    expect("hello-with-a-byte-behind", "Longer than it says", [&nk[..], &[0]].concat(), false);
    expect("hello-with-a-byte-behind-message-1", "A length and a tag that fit, and a byte too many", retagged([&nk[..], &[0]].concat()), false);
    expect("hello-cut-short", "Shorter than it says", nk[..nk.len() - 1].to_vec(), false);
    expect("hello-without-a-message", "A right tag over nothing", retagged(nk[..26].to_vec()), false);
    expect("hello-shorter-than-its-header", "25 bytes", nk[..25].to_vec(), false);
    let mut long = nk.clone();
    long.resize(4_097, 0);
    expect("hello-of-4097-bytes", "One more than the most, with a right tag", retagged(long), false);
    let mut low_order = nk.clone();
    low_order[26..58].fill(0);
    expect("hello-with-an-ephemeral-of-low-order", "Every exchange with it gives zeros", retagged(low_order), false);
    let last = nk.len() - 1;
    expect("hello-with-message-1-edited", "The tag is right, the message is not authentic", retagged(changed(last, nk[last] ^ 1)), false);
    let mut other_locator = kk.clone();
    other_locator[30] ^= 1;
    expect("hello-with-its-locator-edited", "KK, and a locator that does not open", retagged(other_locator), false);
    let cut = [&kk[..26], &[0xff, 0xff], &kk[28..]].concat();
    expect("hello-with-its-locator-cut-off", "The locator's length points beyond the end", retagged(cut), false);
    let without = [&kk[..26], &[0, 0], &kk[kk.len() - 48..]].concat();
    expect("hello-without-its-locator", "KK, and a locator of no bytes", retagged(without), false);
    let mut key_edited = ik;
    key_edited[58] ^= 1;
    expect("hello-with-its-static-key-edited", "IK, and the sealed key of the initiator changed", retagged(key_edited), false);
}

fn locators(cases: &mut Cases) {
    let chain = chain(&blocks(false));
    let seal = LocatorGiven::Seal { service: Hex::of(service().public().as_bytes()), chain: chain.clone(), ephemeral: Hex::of([0x40; 32]) };
    cases.shows::<Locator>("locator", "The chain of the worked example, sealed to its service", &seal);
    let vector = Vector::of::<Locator>("", &seal);
    let locator = hex::decode(vector.gives["locator"].as_str().unwrap()).unwrap();
    let mut open = |name: &str, what: &str, service_private: Hex, locator: Vec<u8>, opened: Option<&Hex>| {
        let expected = json!({ "chain": opened.map(|chain| hex::encode(&chain.0)) });
        cases.expects::<Locator>(name, what, &LocatorGiven::Open { service_private, locator: Hex(locator) }, &expected);
    };
    open("locator-opened", "By its service", service_private(), locator.clone(), Some(&chain));
    open("locator-opened-by-another-service", "Sealed to one service, read by another", seed(1), locator.clone(), None);
    let mut edited = locator.clone();
    edited[40] ^= 1;
    open("locator-edited", "One bit", service_private(), edited, None);
    open("locator-cut-short", "No locator has that length", service_private(), locator[..locator.len() - 1].to_vec(), None);
    open("locator-of-48-bytes", "Shorter than any", service_private(), locator[..48].to_vec(), None);
    open("locator-longer-than-any", "2,224 bytes", service_private(), vec![9; 2_224], None);
    // What was sealed like a locator, by whoever knows S, and holds no padded chain.
    let sealed = |payload: &[u8]| {
        let mut rng = super::super::bytes::Laid::down([&Hex::of([0x40; 32])]);
        let sender = keycap_core::noise::oneway::Sender::Anonymous;
        keycap_core::noise::oneway::seal(sender, service().public(), None, b"keycap-1 locator\0", payload, &mut rng).unwrap()
    };
    open("locator-of-zeros", "A padded chain of no bytes", service_private(), sealed(&[0; 64]), None);
    let mut padding = vec![0; 128];
    padding[..2 + chain.0.len()].copy_from_slice(&[&u16::try_from(chain.0.len()).unwrap().to_be_bytes()[..], &chain.0].concat());
    open("locator-padded-too-far", "A block of zeros more than needed", service_private(), sealed(&padding), None);
}
