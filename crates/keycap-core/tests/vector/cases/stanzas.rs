//! Stanzas: what is sealed to keys and capabilities, and what thieves, co-recipients and former holders make of it.

use keycap_core::noise::oneway::{self, Sender};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::bytes::{Hex, Laid};
use super::super::chains::{Derivation, DerivationGiven, HandOff, HandOffGiven};
use super::super::form::{AppForm, CaveatsForm};
use super::super::sealing::{OpenStanza, OpenStanzaGiven, Reader, SealStanza, SealStanzaGiven, ServiceForm, StanzaForm, To};
use super::clearing::NOW;
use super::{A, B, C, Cases, bound_grant, chain, grant, holder, identity, link, public, root, seed, service, service_private};
use crate::Vector;

const FILE_KEY: &[u8] = b"YELLOW SUBMARINE";

pub(super) fn add(cases: &mut Cases) {
    sealed(cases);
    opened(cases);
    malformed(cases);
    forged(cases);
    cleared(cases);
    handed_on(cases);
}

fn to_capability(blocks: &[Vec<u8>], how: &str, from: Option<u8>) -> SealStanzaGiven {
    let to = To::Capability {
        service: Hex::of(service().public().as_bytes()),
        root: root(),
        chain: chain(blocks),
        locator_ephemeral: Hex::of([0x60; 32]),
    };
    SealStanzaGiven { to, sender: how.into(), sender_seed: from.map(seed), file_key: Hex::of(FILE_KEY), ephemeral: Hex::of([0x40; 32]) }
}

fn to_key(how: &str, from: Option<u8>) -> SealStanzaGiven {
    SealStanzaGiven { to: To::Key { key: public(B) }, ..to_capability(&least(), how, from) }
}

fn least() -> Vec<Vec<u8>> {
    vec![grant(&CaveatsForm::grant())]
}

fn bound() -> Vec<Vec<u8>> {
    vec![bound_grant(A)]
}

fn stanza(given: &SealStanzaGiven) -> StanzaForm {
    serde_json::from_value(Vector::of::<SealStanza>("", given).gives).unwrap()
}

/// The service, which takes what is sealed to it under the name `db`.
pub(super) fn reader() -> ServiceForm {
    ServiceForm {
        service_private: service_private(),
        root: root(),
        epoch: 0,
        realm: None,
        now: Some(NOW),
        target: "db".into(),
        known_apps: Vec::new(),
        revoked: Vec::new(),
        min_epoch: 0,
    }
}

fn by_service(stanza: StanzaForm) -> OpenStanzaGiven {
    OpenStanzaGiven { stanza, stanzas: 1, reader: Reader::Service(reader()) }
}

fn by_key(byte: u8, stanza: StanzaForm, known: &[u8]) -> OpenStanzaGiven {
    OpenStanzaGiven { stanza, stanzas: 1, reader: Reader::Key { seed: seed(byte), known: known.iter().copied().map(public).collect() } }
}

fn gives(outcome: &str, sender: Option<u8>) -> Value {
    let mut gives = json!({ "outcome": outcome, "content": hex::encode(FILE_KEY) });
    if let Some(byte) = sender {
        gives["sender"] = json!(hex::encode(public(byte).0));
    }
    gives
}

fn says_no(outcome: &str, code: u64, block: usize, caveat: Option<&str>) -> Value {
    let mut gives = json!({ "outcome": outcome, "code": code, "block": block });
    if let Some(caveat) = caveat {
        gives["caveat"] = json!(caveat);
    }
    if outcome == "lapsed" {
        gives["content"] = json!(hex::encode(FILE_KEY));
    }
    gives
}

fn only(outcome: &str) -> Value {
    json!({ "outcome": outcome })
}

fn sealed(cases: &mut Cases) {
    let mut shows = |name: &str, what: &str, given: &SealStanzaGiven| cases.shows::<SealStanza>(name, what, given);
    shows("stanza-npsk0", "To a bearer capability, sender anonymous", &to_capability(&least(), "anonymous", None));
    shows("stanza-xpsk1", "To a bearer capability, sender shown and bound to nothing", &to_capability(&least(), "shown", Some(C)));
    shows("stanza-xpsk1-bound", "To a capability that is bound to the sender", &to_capability(&bound(), "shown", Some(A)));
    shows("stanza-kpsk0", "To a capability that is bound to the sender, who is known", &to_capability(&bound(), "known", Some(A)));
    shows("stanza-n", "To a key card, sender anonymous", &to_key("anonymous", None));
    shows("stanza-x", "To a key card, sender shown", &to_key("shown", Some(A)));
    shows("stanza-k", "To a key card, sender known", &to_key("known", Some(A)));
}

fn opened(cases: &mut Cases) {
    let mut expect = |name: &str, what: &str, given: &OpenStanzaGiven, gives: &Value| cases.expects::<OpenStanza>(name, what, given, gives);
    let npsk0 = stanza(&to_capability(&least(), "anonymous", None));
    let xpsk1 = stanza(&to_capability(&bound(), "shown", Some(A)));
    let kpsk0 = stanza(&to_capability(&bound(), "known", Some(A)));
    let (x, k) = (stanza(&to_key("shown", Some(A))), stanza(&to_key("known", Some(A))));
    expect("stanza-npsk0-opened", "By its service", &by_service(npsk0.clone()), &gives("authorised", None));
    expect("stanza-xpsk1-opened", "By its service, which learns the sender", &by_service(xpsk1.clone()), &gives("authorised", Some(A)));
    expect("stanza-kpsk0-opened", "By its service, from the holder", &by_service(kpsk0), &gives("authorised", Some(A)));
    let n = stanza(&to_key("anonymous", None));
    expect("stanza-n-opened", "By the key", &by_key(B, n.clone(), &[]), &gives("opened", None));
    expect("stanza-x-opened", "By the key, which learns the sender", &by_key(B, x.clone(), &[]), &gives("opened", Some(A)));
    expect("stanza-k-opened", "By the key, from one of the cards it has", &by_key(B, k.clone(), &[C, A]), &gives("opened", Some(A)));
    expect("stanza-k-of-an-unknown-sender", "The sender's card is not there", &by_key(B, k.clone(), &[C]), &only("not to this reader"));
    expect("stanza-n-opened-by-another-key", "Not to this key", &by_key(C, n, &[]), &only("not to this reader"));
    let elsewhere = OpenStanzaGiven { reader: Reader::Service(ServiceForm { service_private: seed(1), ..reader() }), ..by_service(npsk0.clone()) };
    expect("stanza-npsk0-opened-by-another-service", "Not to this service", &elsewhere, &only("not to this reader"));
    let closed = OpenStanzaGiven { reader: Reader::Service(ServiceForm { epoch: 1, ..reader() }), ..by_service(npsk0) };
    expect("stanza-of-a-closed-epoch", "The root of the grant's epoch is gone", &closed, &only("closed epoch"));

    // A co-recipient knows the file key, and writes another body under the stanza that A made.
    let among = |given: OpenStanzaGiven| OpenStanzaGiven { stanzas: 2, ..given };
    let what = "With a second stanza in the header, whose recipient could have written the body: the sender is not shown";
    expect("stanza-x-sender-forged-by-a-co-recipient", what, &among(by_key(B, x, &[])), &gives("opened", None));
    expect("stanza-k-sender-forged-by-a-co-recipient", what, &among(by_key(B, k, &[A])), &gives("opened", None));
    expect("stanza-xpsk1-sender-forged-by-a-co-recipient", what, &among(by_service(xpsk1)), &gives("authorised", None));
}

fn malformed(cases: &mut Cases) {
    let npsk0 = stanza(&to_capability(&least(), "anonymous", None));
    let n = stanza(&to_key("anonymous", None));
    let argument = npsk0.arguments[0].clone();
    let mut expect = |name: &str, what: &str, stanza: StanzaForm| cases.expects::<OpenStanza>(name, what, &by_service(stanza), &only("malformed"));
    let with = |argument: String| StanzaForm { arguments: vec![argument], ..npsk0.clone() };
    expect(
        "stanza-locator-padded",
        "Base64 with its padding",
        with(format!("{argument}{}", "=".repeat((4 - argument.len() % 4) % 4 + usize::from(argument.len().is_multiple_of(4))))),
    );
    // The locator has 176 bytes: the last character carries two bits of it, and four that must be zero.
    let (rest, last) = argument.split_at(argument.len() - 1);
    let next = char::from(last.as_bytes()[0] + 1);
    expect("stanza-locator-with-trailing-bits", "Base64 whose unused bits are set", with(format!("{rest}{next}")));
    expect("stanza-locator-url-safe", "Base64 of the other alphabet", with(argument.replace('+', "-").replace('/', "_")));
    expect("stanza-locator-cut-short", "No locator has that length", with(argument[..argument.len() - 4].to_owned()));
    expect("stanza-locator-empty", "An argument of no characters", with(String::new()));
    expect("stanza-without-its-locator", "No argument", StanzaForm { arguments: Vec::new(), ..npsk0.clone() });
    expect("stanza-with-an-argument-more", "Two arguments", StanzaForm { arguments: vec![argument.clone(), argument.clone()], ..npsk0.clone() });
    expect("stanza-n-with-an-argument", "A stanza to a key has none", StanzaForm { arguments: vec![argument], ..n.clone() });
    let longer = Hex([&npsk0.body.0[..], &[0]].concat());
    expect("stanza-npsk0-body-longer", "A byte more", StanzaForm { body: longer, ..npsk0.clone() });
    let shorter = Hex(npsk0.body.0[1..].to_vec());
    expect("stanza-npsk0-body-shorter", "A byte less", StanzaForm { body: shorter, ..npsk0.clone() });
    expect("stanza-xpsk1-with-a-body-of-npsk0", "The right length of another stanza", StanzaForm { name: "keycap1-Xpsk1".into(), ..npsk0 });
    expect("stanza-x-with-a-body-of-n", "The right length of another stanza", StanzaForm { name: "keycap1-X".into(), ..n });
}

fn forged(cases: &mut Cases) {
    let mut expect = |name: &str, what: &str, given: &OpenStanzaGiven, outcome: &str| cases.expects::<OpenStanza>(name, what, given, &only(outcome));
    let npsk0 = stanza(&to_capability(&least(), "anonymous", None));
    let kpsk0 = stanza(&to_capability(&bound(), "known", Some(A)));
    let renamed = StanzaForm { name: "keycap1-Kpsk0".into(), ..npsk0.clone() };
    expect("stanza-renamed", "Npsk0 as Kpsk0, of a bearer capability", &by_service(renamed), "forged");
    let renamed = StanzaForm { name: "keycap1-Npsk0".into(), ..kpsk0.clone() };
    expect("stanza-renamed-to-hide-its-sender", "Kpsk0 as Npsk0", &by_service(renamed), "forged");
    let n_as_k = StanzaForm { name: "keycap1-K".into(), ..stanza(&to_key("anonymous", None)) };
    expect("stanza-n-renamed-to-k", "An anonymous stanza in the name of A", &by_key(B, n_as_k, &[A]), "not to this reader");
    let swapped = StanzaForm { arguments: kpsk0.arguments.clone(), ..npsk0.clone() };
    expect("stanza-with-its-locator-swapped", "The locator of another capability of the same service", &by_service(swapped), "forged");
    let again = SealStanzaGiven {
        to: To::Capability {
            service: Hex::of(service().public().as_bytes()),
            root: root(),
            chain: chain(&least()),
            locator_ephemeral: Hex::of([0x61; 32]),
        },
        ..to_capability(&least(), "anonymous", None)
    };
    let swapped = StanzaForm { arguments: stanza(&again).arguments, ..npsk0.clone() };
    expect("stanza-with-another-locator-of-the-same-chain", "The same chain, sealed once more", &by_service(swapped), "forged");
    let mut edited = npsk0.clone();
    edited.body.0[40] ^= 1;
    expect("stanza-with-its-body-edited", "One bit", &by_service(edited), "forged");
    let mut low_order = npsk0;
    low_order.body.0[..32].fill(0);
    expect("stanza-with-an-ephemeral-of-low-order", "Every exchange with it gives zeros", &by_service(low_order), "forged");

    // Who has seen a chain, and not its key, seals a locator and guesses a psk.
    let thief = by_service(by_hand("keycap1-Npsk0", Sender::Anonymous, &bound(), Some([9; 32])));
    expect("stanza-of-a-thief-without-the-chain-s-key", "The chain of somebody else's capability", &thief, "forged");
    let by_c = by_service(by_hand("keycap1-Kpsk0", Sender::Known(&identity(C)), &bound(), None));
    expect("stanza-kpsk0-of-a-thief-with-another-key", "The chain's key was stolen, the holder's was not", &by_c, "forged");
    let bearer = by_service(by_hand("keycap1-Kpsk0", Sender::Known(&identity(A)), &least(), None));
    expect("stanza-kpsk0-to-a-bearer-capability", "There is no holder to compare the sender with", &bearer, "forged");
    let no_chain = StanzaForm { arguments: vec![base64_of(&locator_of(&[0; 64]))], ..stanza(&to_capability(&least(), "anonymous", None)) };
    expect("stanza-whose-locator-holds-no-chain", "A locator of zeros", &by_service(no_chain), "bad locator");
}

/// A locator with this payload.
fn locator_of(payload: &[u8]) -> Vec<u8> {
    oneway::seal(Sender::Anonymous, service().public(), None, b"keycap-1 locator\0", payload, &mut Laid::down([&Hex::of([0x60; 32])])).unwrap()
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes)
}

/// A stanza as no honest writer makes it, put together by hand. `psk`: the chain's own, unless a thief guesses one.
fn by_hand(name: &str, sender: Sender<'_>, blocks: &[Vec<u8>], psk: Option<[u8; 32]>) -> StanzaForm {
    let chain = chain(blocks);
    let mut padded = [&u16::try_from(chain.0.len()).unwrap().to_be_bytes()[..], &chain.0].concat();
    padded.resize(padded.len().next_multiple_of(64), 0);
    let locator = locator_of(&padded);
    let prologue = [&b"keycap-1 age\0"[..], name.as_bytes(), &Sha256::digest(&locator)].concat();
    let protocol = format!("Noise_{}_25519_ChaChaPoly_SHA256", name.strip_prefix("keycap1-").unwrap());
    let psk = psk.map_or_else(|| super::chain_key(blocks).psk(&protocol), keycap_core::secret::Secret::new);
    let mut rng = Laid::down([&Hex::of([0x40; 32])]);
    let body = oneway::seal(sender, service().public(), Some(&psk), &prologue, FILE_KEY, &mut rng).unwrap();
    StanzaForm { name: name.into(), arguments: vec![base64_of(&locator)], body: Hex(body) }
}

fn cleared(cases: &mut Cases) {
    let mut expect = |name: &str, what: &str, given: &OpenStanzaGiven, gives: &Value| cases.expects::<OpenStanza>(name, what, given, gives);
    let at = |service: ServiceForm, blocks: &[Vec<u8>]| OpenStanzaGiven {
        reader: Reader::Service(service),
        ..by_service(stanza(&to_capability(blocks, "anonymous", None)))
    };
    let narrowed = |caveats: CaveatsForm| vec![grant(&CaveatsForm::grant()), link(0x10, &caveats)];
    let rids: Vec<Hex> = {
        let given =
            DerivationGiven { root: root(), blocks: narrowed(CaveatsForm::default()).into_iter().map(Hex).collect(), export_label: String::new() };
        let gives = Vector::of::<Derivation>("", &given).gives;
        (0..2).map(|block| serde_json::from_value(gives["keys"][block]["rid"].clone()).unwrap()).collect()
    };

    let anonymous = by_service(by_hand("keycap1-Npsk0", Sender::Anonymous, &bound(), None));
    expect(
        "stanza-npsk0-of-a-bound-capability",
        "Its key was stolen; the holder is not proven",
        &anonymous,
        &says_no("refused", 4, 0, Some("holder")),
    );
    let by_c = by_service(by_hand("keycap1-Xpsk1", Sender::Shown(&identity(C)), &bound(), None));
    expect("stanza-xpsk1-of-another-key-than-the-holder-s", "Its key was stolen", &by_c, &says_no("refused", 4, 0, Some("holder")));

    let expired = ServiceForm { now: Some(2_000_000_000), ..reader() };
    let what = "At the second it expires it opens on request only";
    expect("stanza-expired", what, &at(expired.clone(), &least()), &says_no("lapsed", 2, 0, Some("exp")));
    let early = narrowed(CaveatsForm { nbf: Some(NOW + 61), ..CaveatsForm::default() });
    expect("stanza-not-valid-yet", "Not on request either", &at(reader(), &early), &says_no("refused", 2, 1, Some("nbf")));
    let unsure = ServiceForm { now: None, ..reader() };
    expect("stanza-clock-unsure", "Who does not know the time clears nothing", &at(unsure, &least()), &says_no("refused", 7, 0, Some("exp")));
    let revoked = |block: usize| ServiceForm { revoked: vec![rids[block].clone()], ..reader() };
    let linked = narrowed(CaveatsForm::default());
    expect("stanza-revoked", "The last block is", &at(revoked(1), &linked), &says_no("lapsed", 3, 1, None));
    expect("stanza-revoked-by-its-grant", "With the grant, all below it", &at(revoked(0), &linked), &says_no("lapsed", 3, 0, None));
    let epoch = ServiceForm { min_epoch: 1, ..reader() };
    expect("stanza-of-an-epoch-that-was-revoked", "min_epoch", &at(epoch, &least()), &says_no("lapsed", 3, 0, None));
    let elsewhere = ServiceForm { target: "files".into(), ..reader() };
    expect("stanza-not-allowed", "`allow` names another target", &at(elsewhere.clone(), &least()), &says_no("refused", 4, 0, Some("allow")));
    let both = ServiceForm { now: Some(2_000_000_000), ..elsewhere };
    let what = "It was never allowed, which no request changes";
    expect("stanza-expired-and-not-allowed", what, &at(both, &least()), &says_no("refused", 2, 0, Some("exp")));
    let both = ServiceForm { revoked: vec![rids[0].clone()], ..reader() };
    let unknown = vec![grant(&CaveatsForm::grant()), [&link(0x10, &CaveatsForm::default())[..11], &[0xa1, 0x0c, 0x01]].concat()];
    let what = "A caveat of a later version, of a revoked grant: nobody knows what it forbids";
    expect("stanza-revoked-with-an-unknown-caveat", what, &at(both, &unknown), &says_no("refused", 3, 0, None));
    expect("stanza-with-an-unknown-caveat", "A caveat of a later version", &at(reader(), &unknown), &says_no("refused", 6, 1, Some("12")));
    let get = CaveatsForm {
        allow: Some(vec![super::super::form::RuleForm { methods: Some(vec!["GET".into()]), ..Default::default() }]),
        ..CaveatsForm::default()
    };
    expect("stanza-allowed-to-read", "Sealing is a PUT", &at(reader(), &narrowed(get)), &says_no("refused", 4, 1, Some("allow")));
    let path = CaveatsForm {
        allow: Some(vec![super::super::form::RuleForm { path: Some(vec!["in".into()]), ..Default::default() }]),
        ..CaveatsForm::default()
    };
    expect("stanza-allowed-on-a-path", "A file has no path", &at(reader(), &narrowed(path)), &says_no("refused", 4, 1, Some("allow")));
    let purpose = |name: &str| narrowed(CaveatsForm { purpose: Some(vec![name.into()]), ..CaveatsForm::default() });
    expect("stanza-for-files", "The purpose `file`", &at(reader(), &purpose("file")), &gives("authorised", None));
    expect("stanza-for-sessions-only", "The purpose `session`", &at(reader(), &purpose("session")), &says_no("refused", 4, 1, Some("purpose")));
    expect("stanza-for-records-only", "The purpose `record`", &at(reader(), &purpose("record")), &says_no("refused", 4, 1, Some("purpose")));
    let patterns = |name: &str| narrowed(CaveatsForm { patterns: Some(vec![name.into()]), ..CaveatsForm::default() });
    expect("stanza-in-a-pattern-of-its-own", "`patterns` names Npsk0", &at(reader(), &patterns("Npsk0")), &gives("authorised", None));
    expect("stanza-in-another-pattern", "`patterns` names Xpsk1", &at(reader(), &patterns("Xpsk1")), &says_no("refused", 4, 1, Some("patterns")));
    let realm = narrowed(CaveatsForm { realm: Some("prod".into()), ..CaveatsForm::default() });
    expect("stanza-of-another-realm", "The service has none", &at(reader(), &realm), &says_no("refused", 4, 1, Some("realm")));
    let app = narrowed(CaveatsForm { app: Some(AppForm { name: "tenant".into(), value: Hex::of(b"blue") }), ..CaveatsForm::default() });
    expect("stanza-with-an-app-caveat", "The service's code does not know it", &at(reader(), &app), &says_no("refused", 4, 1, Some("app")));
    let session = narrowed(CaveatsForm { max_session_s: Some(1), max_concurrent: Some(1), ..CaveatsForm::default() });
    expect("stanza-with-limits-of-sessions", "max_session_s and max_concurrent do not apply", &at(reader(), &session), &gives("authorised", None));
}

fn handed_on(cases: &mut Cases) {
    let hand_off = HandOffGiven {
        service_private: service_private(),
        root: root(),
        chain: chain(&bound()),
        holder_seed: seed(A),
        id: Hex::of([0x18; 8]),
        caveats: holder(B),
        ephemeral: Hex::of([0x40; 32]),
    };
    let vector = Vector::of::<HandOff>("", &hand_off);
    let block: Hex = serde_json::from_value(vector.gives["block"].clone()).unwrap();
    let handed = vec![bound()[0].clone(), block.0.clone()];
    let mut expect = |name: &str, what: &str, given: &OpenStanzaGiven, gives: &Value| cases.expects::<OpenStanza>(name, what, given, gives);
    let by_b = by_service(stanza(&to_capability(&handed, "known", Some(B))));
    expect("stanza-after-a-hand-off", "The ticket verifies", &by_b, &gives("authorised", Some(B)));
    let mut forged = block.0;
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let forged = vec![bound()[0].clone(), forged];
    let by_b = by_service(stanza(&to_capability(&forged, "known", Some(B))));
    expect("stanza-after-a-hand-off-without-a-ticket", "The chain's key was stolen, and the ticket invented", &by_b, &says_no("refused", 4, 1, None));
    let expired = OpenStanzaGiven { reader: Reader::Service(ServiceForm { now: Some(2_000_000_000), ..reader() }), ..by_b };
    let what = "Expired besides: not on request either";
    expect("stanza-expired-after-a-hand-off-without-a-ticket", what, &expired, &says_no("refused", 2, 0, Some("exp")));
    // Only what is sealed to the holder before can be opened in its name.
    let by_a = by_service(by_hand("keycap1-Xpsk1", Sender::Shown(&identity(A)), &handed, None));
    expect("stanza-of-the-holder-before-the-hand-off", "A handed it on", &by_a, &says_no("refused", 4, 1, Some("holder")));
}
