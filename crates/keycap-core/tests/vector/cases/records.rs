//! Records: under a head and single, and what becomes of those that were moved, mixed, cut and forged.

use serde_json::{Value, json};

use super::super::bytes::Hex;
use super::super::form::CaveatsForm;
use super::super::records::{OpenRecord, OpenRecordGiven, Row, SealRecords, SealSingles, With, WriterGiven};
use super::super::sealing::ServiceForm;
use super::stanzas::reader;
use super::{A, C, Cases, bound_grant, chain, grant, link, public, root, seed, service};
use crate::Vector;

pub(super) fn add(cases: &mut Cases) {
    under_a_head(cases);
    singles(cases);
}

const ROWS: [(&[u8], &[u8]); 3] = [(b"users/7/email", b"ann@example.net"), (b"users/8/email", b""), (b"", b"belongs nowhere")];

fn writer(blocks: &[Vec<u8>], how: &str, from: Option<u8>, ephemerals: usize) -> WriterGiven {
    WriterGiven {
        service: Hex::of(service().public().as_bytes()),
        root: root(),
        chain: chain(blocks),
        sender: how.into(),
        sender_seed: from.map(seed),
        locator_ephemeral: Hex::of([0x60; 32]),
        ephemerals: [0x40, 0x41, 0x42].iter().take(ephemerals).map(|byte| Hex::of([*byte; 32])).collect(),
        rows: ROWS.iter().map(|(ad, data)| Row { ad: Hex::of(ad), data: Hex::of(data) }).collect(),
    }
}

fn least() -> Vec<Vec<u8>> {
    vec![grant(&CaveatsForm::grant())]
}

fn bound() -> Vec<Vec<u8>> {
    vec![bound_grant(A)]
}

fn only(outcome: &str) -> Value {
    json!({ "outcome": outcome })
}

fn gives(data: &[u8], sender: Option<u8>) -> Value {
    let mut gives = json!({ "outcome": "authorised", "content": hex::encode(data) });
    if let Some(byte) = sender {
        gives["sender"] = json!(hex::encode(public(byte).0));
    }
    gives
}

fn part<K: crate::Kind>(given: &K::Given, name: &str) -> Value {
    Vector::of::<K>("", given).gives[name].clone()
}

/// The head and the records of a writer.
fn written(given: &WriterGiven) -> (Hex, Vec<Hex>) {
    let of = |name| part::<SealRecords>(given, name);
    (serde_json::from_value(of("head")).unwrap(), serde_json::from_value(of("records")).unwrap())
}

fn open(with: With, ad: &[u8], record: &Hex) -> OpenRecordGiven {
    OpenRecordGiven { service: reader(), with, ad: Hex::of(ad), record: record.clone() }
}

fn flipped(bytes: &Hex, at: usize) -> Hex {
    let mut bytes = bytes.clone();
    bytes.0[at] ^= 1;
    bytes
}

fn under_a_head(cases: &mut Cases) {
    let many = writer(&least(), "anonymous", None, 1);
    cases.shows::<SealRecords>("records-npsk0", "Three records under a head, the sender anonymous", &many);
    cases.shows::<SealRecords>("records-xpsk1", "The sender shown", &writer(&bound(), "shown", Some(A), 1));
    cases.shows::<SealRecords>("records-kpsk0", "The sender known", &writer(&bound(), "known", Some(A), 1));
    let mut expect = |name: &str, what: &str, given: &OpenRecordGiven, gives: &Value| cases.expects::<OpenRecord>(name, what, given, gives);
    let (head, records) = written(&many);
    let (ad, data) = ROWS[0];
    let with = || With::Head(head.clone());
    expect("record-opened", "In its place", &open(with(), ad, &records[0]), &gives(data, None));
    expect("record-opened-out-of-order", "The last without those before it", &open(with(), ROWS[2].0, &records[2]), &gives(ROWS[2].1, None));
    for (how, name) in [("shown", "record-xpsk1-opened"), ("known", "record-kpsk0-opened")] {
        let (head, records) = written(&writer(&bound(), how, Some(A), 1));
        expect(name, "The reader learns who wrote", &open(With::Head(head), ad, &records[0]), &gives(data, Some(A)));
    }
    expect("record-moved-to-another-row", "Found where another was written", &open(with(), b"users/8/email", &records[0]), &only("moved"));
    let mut renumbered = records[0].clone();
    renumbered.0[7] = 1;
    expect("record-with-the-number-of-another", "Its number is its nonce", &open(with(), ad, &renumbered), &only("forged"));
    expect("record-edited", "One bit", &open(with(), ad, &flipped(&records[0], 20)), &only("forged"));
    expect("record-cut-short", "Shorter than any", &open(with(), ad, &Hex(records[1].0[..55].to_vec())), &only("malformed"));
    let longer = Hex([&records[0].0[..], &[0]].concat());
    expect("record-with-a-byte-behind", "Longer than it was", &open(with(), ad, &longer), &only("forged"));
    let mut last = records[0].clone();
    last.0[..8].fill(0xff);
    expect("record-of-the-number-that-noise-keeps", "2^64 − 1 is no record's", &open(with(), ad, &last), &only("malformed"));
    let restarted = WriterGiven { ephemerals: vec![Hex::of([0x43; 32])], locator_ephemeral: Hex::of([0x61; 32]), ..many };
    let (other, _) = written(&restarted);
    let given = open(With::Head(other.clone()), ad, &records[0]);
    expect("record-under-the-head-of-another-run", "A writer that started again has another head", &given, &only("forged"));
    // The last 50 bytes are the message and its length.
    let message = head.0.len() - 50;
    let mixed = Hex([&other.0[..message], &head.0[message..]].concat());
    expect("record-head-with-another-locator", "The locator of another run", &open(With::Head(mixed), ad, &records[0]), &only("forged"));
    let renamed = |number: u8| Hex([&[number], &head.0[1..]].concat());
    expect("record-head-in-another-pattern", "Npsk0 as Kpsk0", &open(With::Head(renamed(7)), ad, &records[0]), &only("forged"));
    expect("record-head-in-a-pattern-of-sessions", "NKpsk2", &open(With::Head(renamed(1)), ad, &records[0]), &only("no pattern that seals"));
    let cut = Hex(head.0[..head.0.len() - 1].to_vec());
    expect("record-head-cut-short", "Shorter than it says", &open(With::Head(cut), ad, &records[0]), &only("malformed"));
    let behind = Hex([&head.0[..], &[0]].concat());
    expect("record-head-with-a-byte-behind", "Longer than it says", &open(With::Head(behind), ad, &records[0]), &only("malformed"));
    let elsewhere = OpenRecordGiven { service: ServiceForm { service_private: seed(1), ..reader() }, ..open(with(), ad, &records[0]) };
    expect("record-head-of-another-service", "Not to this service", &elsewhere, &only("not to this reader"));
    clearing(&mut expect);
}

fn clearing(expect: &mut impl FnMut(&str, &str, &OpenRecordGiven, &Value)) {
    let under = |blocks: &[Vec<u8>], service: ServiceForm| {
        let (head, records) = written(&writer(blocks, "anonymous", None, 1));
        OpenRecordGiven { service, ..open(With::Head(head), ROWS[0].0, &records[0]) }
    };
    let purpose =
        |name: &str| vec![grant(&CaveatsForm::grant()), link(0x10, &CaveatsForm { purpose: Some(vec![name.into()]), ..CaveatsForm::default() })];
    expect("record-head-for-records", "The purpose `record`", &under(&purpose("record"), reader()), &gives(ROWS[0].1, None));
    let says_no =
        |outcome: &str, code: u64, block: usize, caveat: &str| json!({ "outcome": outcome, "code": code, "block": block, "caveat": caveat });
    let refused = says_no("refused", 4, 1, "purpose");
    expect("record-head-for-files-only", "The purpose `file`", &under(&purpose("file"), reader()), &refused);
    let expired = ServiceForm { now: Some(2_000_000_000), ..reader() };
    let mut lapsed = says_no("lapsed", 2, 0, "exp");
    lapsed["content"] = json!(hex::encode(ROWS[0].1));
    expect("record-head-expired", "Opens on request only", &under(&least(), expired), &lapsed);
    let elsewhere = ServiceForm { target: "records".into(), ..reader() };
    expect("record-head-not-allowed", "`allow` names another target", &under(&least(), elsewhere), &says_no("refused", 4, 0, "allow"));
    let closed = ServiceForm { epoch: 1, ..reader() };
    expect("record-head-of-a-closed-epoch", "The root of the grant's epoch is gone", &under(&least(), closed), &only("closed epoch"));
}

fn singles(cases: &mut Cases) {
    let anonymous = writer(&least(), "anonymous", None, 3);
    cases.shows::<SealSingles>("single-records-npsk0", "Three single records, the sender anonymous", &anonymous);
    cases.shows::<SealSingles>("single-records-xpsk1", "The sender shown", &writer(&least(), "shown", Some(C), 3));
    cases.shows::<SealSingles>("single-records-kpsk0", "The sender known", &writer(&bound(), "known", Some(A), 3));
    let written = |given: &WriterGiven| -> (Hex, Vec<Hex>) {
        let of = |name| part::<SealSingles>(given, name);
        (serde_json::from_value(of("locator")).unwrap(), serde_json::from_value(of("records")).unwrap())
    };
    let mut expect = |name: &str, what: &str, given: &OpenRecordGiven, gives: &Value| cases.expects::<OpenRecord>(name, what, given, gives);
    let (locator, records) = written(&anonymous);
    let (ad, data) = ROWS[0];
    let with = || With::Locator(locator.clone());
    expect("single-record-opened", "In its place", &open(with(), ad, &records[0]), &gives(data, None));
    for (blocks, how, from, name) in [(least(), "shown", C, "single-record-xpsk1-opened"), (bound(), "known", A, "single-record-kpsk0-opened")] {
        let (locator, records) = written(&writer(&blocks, how, Some(from), 3));
        expect(name, "The reader learns who wrote", &open(With::Locator(locator), ad, &records[0]), &gives(data, Some(from)));
    }
    expect("single-record-moved-to-another-row", "Found where another was written", &open(with(), ROWS[1].0, &records[0]), &only("forged"));
    let renamed = Hex([&[7], &records[0].0[1..]].concat());
    expect("single-record-in-another-pattern", "Npsk0 as Kpsk0, of a bearer capability", &open(with(), ad, &renamed), &only("forged"));
    let session = Hex([&[2], &records[0].0[1..]].concat());
    expect("single-record-in-a-pattern-of-sessions", "XKpsk3", &open(with(), ad, &session), &only("no pattern that seals"));
    expect("single-record-edited", "One bit", &open(with(), ad, &flipped(&records[0], 30)), &only("forged"));
    expect("single-record-of-another-reference", "One bit of ref", &open(with(), ad, &flipped(&records[0], 1)), &only("of another locator"));
    expect("single-record-cut-short", "Shorter than its head", &open(with(), ad, &Hex(records[0].0[..16].to_vec())), &only("malformed"));
    let again = WriterGiven { locator_ephemeral: Hex::of([0x61; 32]), ..anonymous };
    let (other, _) = written(&again);
    let given = open(With::Locator(other), ad, &records[0]);
    expect("single-record-with-another-locator-of-the-same-chain", "The same chain, sealed once more", &given, &only("of another locator"));
}
