use super::super::bytes::Hex;
use super::super::chains::{Block, BlockGiven, Derivation, DerivationGiven, HandOff, HandOffGiven};
use super::super::encodings::{Capability, CapabilityGiven};
use super::super::form::{AppForm, CaveatsForm, RuleForm};
use super::{A, B, C, Cases, bound_grant, chain, ck, grant, holder, id, link, public, root, seed, service, service_private};
use crate::Kind;

pub(super) fn add(cases: &mut Cases) {
    blocks(cases);
    derivations(cases);
    hand_offs(cases);
    capabilities(cases);
}

/// A form with one caveat of every kind.
fn every_caveat() -> CaveatsForm {
    let rule = |target: Option<&str>, methods: Option<&[&str]>, path: Option<&[&str]>| {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        RuleForm { target: target.map(str::to_owned), methods: methods.map(owned), path: path.map(owned) }
    };
    CaveatsForm {
        nbf: Some(1_700_000_000),
        exp: Some(u64::from(u32::MAX)),
        allow: Some(vec![
            rule(None, None, None),
            rule(Some("wéb"), Some(&["GET", "HEAD"]), Some(&["api", "v 1", "%41"])),
            rule(Some(""), Some(&[]), Some(&[])),
        ]),
        holder: Some(public(A)),
        patterns: Some(vec!["XKpsk3".into(), "Kpsk0".into()]),
        max_session_s: Some(3_600),
        max_links: Some(15),
        realm: Some("prod".into()),
        purpose: Some(["session", "file", "record", "message", "control"].map(str::to_owned).to_vec()),
        max_concurrent: Some(1 << 40),
        app: Some(AppForm { name: "tier".into(), value: Hex::of([0, 0xff]) }),
    }
}

fn blocks(cases: &mut Cases) {
    let id_of = |first| Hex::of(id(first).as_bytes());
    let mut show = |name: &str, what: &str, epoch: Option<u32>, caveats: CaveatsForm| {
        cases.shows::<Block>(name, what, &BlockGiven { epoch, id: id_of(if epoch.is_some() { 0 } else { 0x10 }), caveats });
    };
    show("block-least-grant", "What every grant carries, and no more", Some(0), CaveatsForm::grant());
    show("block-grant-of-the-last-epoch", "2^32 - 1 is an epoch", Some(u32::MAX), CaveatsForm::grant());
    show("block-link-without-caveats", "A link may exist only to be revoked alone", None, CaveatsForm::default());
    show("block-grant-with-every-caveat", "All caveats, ascending by number", Some(7), every_caveat());

    let CaveatsForm { nbf, exp, allow, holder, patterns, max_session_s, max_links, realm, purpose, max_concurrent, app } = every_caveat();
    let none = CaveatsForm::default;
    show("block-caveat-1-nbf", "Time in seconds", None, CaveatsForm { nbf, ..none() });
    show("block-caveat-2-exp", "The last expiry that can be written", None, CaveatsForm { exp, ..none() });
    show("block-caveat-3-allow", "A rule for everything, one with every part, one with empty parts", None, CaveatsForm { allow, ..none() });
    show("block-caveat-3-allow-nothing", "No rule allows nothing", None, CaveatsForm { allow: Some(Vec::new()), ..none() });
    show("block-caveat-4-holder", "A Noise public key", None, CaveatsForm { holder, ..none() });
    show("block-caveat-5-patterns", "Bits 2 and 7", None, CaveatsForm { patterns, ..none() });
    show("block-caveat-6-max-session", "Seconds from key confirmation", None, CaveatsForm { max_session_s, ..none() });
    show("block-caveat-7-max-links", "15 is the most", None, CaveatsForm { max_links, ..none() });
    show("block-caveat-8-realm", "A text", None, CaveatsForm { realm, ..none() });
    show("block-caveat-9-purpose", "All five uses", None, CaveatsForm { purpose, ..none() });
    show("block-caveat-10-max-concurrent", "A number of eight bytes", None, CaveatsForm { max_concurrent, ..none() });
    show("block-caveat-11-app", "A name and a value", None, CaveatsForm { app, ..none() });
}

/// The link of the worked example in SPEC.md.
fn example_link() -> Vec<u8> {
    link(0x10, &CaveatsForm { exp: Some(1_900_000_000), max_links: Some(0), ..CaveatsForm::default() })
}

fn derivations(cases: &mut Cases) {
    let least = grant(&CaveatsForm::grant());
    let mut show = |name: &str, what: &str, blocks: Vec<Vec<u8>>, export_label: &str| {
        let given = DerivationGiven { root: root(), blocks: blocks.into_iter().map(Hex).collect(), export_label: export_label.into() };
        cases.shows::<Derivation>(name, what, &given);
    };
    show("derivation-of-a-grant", "The keys of a minted capability", vec![least.clone()], "");
    show("derivation-of-two-blocks", "The worked example of the specification", vec![least.clone(), example_link()], "demo");
    let sixteen = std::iter::once(least.clone()).chain((1..16).map(|first| link(first, &CaveatsForm::default())));
    show("derivation-of-sixteen-blocks", "The longest chain by number of blocks", sixteen.collect(), "0");
    let rich = keycap_core::chain::Block::grant(7, id(0), every_caveat().caveats()).unwrap().bytes().to_vec();
    show("derivation-of-a-long-grant", "A grant of several SHA-256 blocks, of epoch 7", vec![rich], "keycap-1 psk\0");
}

fn hand_offs(cases: &mut Cases) {
    let given = |blocks: &[Vec<u8>], from: u8, first: u8, caveats: CaveatsForm| HandOffGiven {
        service_private: service_private(),
        root: root(),
        chain: chain(blocks),
        holder_seed: seed(from),
        id: Hex::of(id(first).as_bytes()),
        caveats,
        ephemeral: Hex::of([0x40; 32]),
    };
    let to_b = given(&[bound_grant(A)], A, 0x18, holder(B));
    cases.shows::<HandOff>("handoff", "A hands on to B; the worked example of the specification", &to_b);
    let narrowed = given(&[bound_grant(A), example_link()], A, 0x18, CaveatsForm { max_session_s: Some(60), ..holder(B) });
    cases.shows::<HandOff>("handoff-that-narrows", "A hand-off behind a link, with another caveat beside the holder", &narrowed);
    let first = HandOff::work_out(&to_b).chain;
    let second = HandOffGiven { chain: first, ..given(&[], B, 0x20, holder(C)) };
    cases.shows::<HandOff>("handoff-of-a-handoff", "B hands on to C", &second);
}

fn capabilities(cases: &mut Cases) {
    let mut show = |name: &str, what: &str, blocks: &[Vec<u8>], hints: Vec<String>| {
        let service = Hex::of(service().public().as_bytes());
        cases.shows::<Capability>(name, what, &CapabilityGiven { service, ck: ck(blocks), chain: chain(blocks), hints });
    };
    let least = grant(&CaveatsForm::grant());
    show("capability-minted", "One block, no hints", std::slice::from_ref(&least), vec![]);
    show("capability-with-a-hint", "One block and where the service may be", std::slice::from_ref(&least), vec!["db.example:7000".into()]);
    show("capability-with-a-link", "The worked example of the specification", &[least.clone(), example_link()], vec![]);
    let longest_hints = (b'a'..=b'h').map(|letter| char::from(letter).to_string().repeat(255)).collect();
    show("capability-with-the-most-hints", "Eight hints of 255 bytes: a text beyond the reach of the checksum's code", &[least], longest_hints);
}
