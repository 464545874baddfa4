//! Chains and capabilities that are not what the writer would have written: one thing wrong in each.

use serde_json::json;

use super::super::bytes::Hex;
use super::super::encodings::{Parse, ParseGiven};
use super::super::form::CaveatsForm;
use super::{A, B, Cases, bound_grant, chain, ck, grant, link, public, service};

pub(super) fn add(cases: &mut Cases) {
    encodings(cases);
    chains(cases);
    caveats(cases);
    capabilities(cases);
    cards(cases);
}

fn parse(cases: &mut Cases, name: &str, what: &str, form: &str, bytes: Vec<u8>, parsed: bool) {
    cases.expects::<Parse>(name, what, &ParseGiven { form: form.into(), bytes: Hex(bytes) }, &json!({ "parsed": parsed }));
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

/// The chain of one grant, spelled out. The least is `84 01 00 480001020304050607 a2 02 1a77359400 03 81a100626462`.
fn encodings(cases: &mut Cases) {
    const HEAD: &str = "84 01 00 480001020304050607";
    const CAVEATS: &str = "a2 02 1a77359400 03 81a100626462";
    let mut refuse = |name: &str, what: &str, grant: &str| parse(cases, name, what, "chain", chain(&[bytes(grant)]).0, false);
    refuse("cbor-integer-longer-than-needed", "Epoch 0 in two bytes", &format!("84 01 1800 480001020304050607 {CAVEATS}"));
    refuse("cbor-length-longer-than-needed", "The id's length in two bytes", &format!("84 01 00 58080001020304050607 {CAVEATS}"));
    refuse("cbor-expiry-longer-than-needed", "The expiry in nine bytes", &format!("{HEAD} a2 02 1b0000000077359400 03 81a100626462"));
    refuse("cbor-keys-out-of-order", "3 before 2", &format!("{HEAD} a2 03 81a100626462 02 1a77359400"));
    refuse("cbor-key-twice", "Which of two expiries holds?", &format!("{HEAD} a3 02 1a77359400 02 1affffffff 03 81a100626462"));
    refuse("cbor-key-written-long", "Key 2 in two bytes", &format!("{HEAD} a2 1802 1a77359400 03 81a100626462"));
    refuse("cbor-text-as-a-key", "{\"e\": …}", &format!("{HEAD} a3 02 1a77359400 03 81a100626462 6165 00"));
    refuse("cbor-indefinite-array", "9f … ff", &format!("9f 01 00 480001020304050607 {CAVEATS} ff"));
    refuse("cbor-indefinite-map", "bf … ff", &format!("{HEAD} bf 02 1a77359400 03 81a100626462 ff"));
    refuse("cbor-indefinite-bytes", "5f … ff", &format!("84 01 00 5f 480001020304050607 ff {CAVEATS}"));
    refuse("cbor-indefinite-text", "7f … ff", &format!("{HEAD} a2 02 1a77359400 03 81a1007f626462ff"));
    refuse("cbor-reserved-length", "Additional information 28", &format!("{HEAD} a2 02 1c 03 81a100626462"));
    refuse("cbor-negative-integer", "An expiry of -1", &format!("{HEAD} a2 02 20 03 81a100626462"));
    refuse("cbor-tag", "A tagged expiry", &format!("{HEAD} a2 02 c11a77359400 03 81a100626462"));
    refuse("cbor-float", "An expiry in floating point", &format!("{HEAD} a2 02 fb41ddcd6500000000 03 81a100626462"));
    refuse("cbor-null", "An expiry of null", &format!("{HEAD} a2 02 f6 03 81a100626462"));
    refuse("cbor-true", "An expiry of true", &format!("{HEAD} a2 02 f5 03 81a100626462"));
    refuse("cbor-big-integer", "An expiry as a tagged byte string", &format!("{HEAD} a2 02 c24477359400 03 81a100626462"));
    refuse("cbor-text-where-bytes-belong", "The id as a text", &format!("84 01 00 686162636465666768 {CAVEATS}"));
    refuse("cbor-bytes-where-text-belongs", "The target as bytes", &format!("{HEAD} a2 02 1a77359400 03 81a100426462"));
    refuse("cbor-text-not-utf8", "A target of ff", &format!("{HEAD} a2 02 1a77359400 03 81a10061ff"));
    refuse("cbor-text-overlong-utf8", "A slash in two bytes", &format!("{HEAD} a2 02 1a77359400 03 81a10062c0af"));
    refuse("cbor-text-with-a-surrogate", "Half of a UTF-16 pair", &format!("{HEAD} a2 02 1a77359400 03 81a10063eda080"));
    refuse("cbor-byte-behind-a-block", "Data after the block", &format!("{HEAD} {CAVEATS} 00"));
    refuse("cbor-block-cut-short", "The last byte is missing", &format!("{HEAD} a2 02 1a77359400 03 81a1006264"));
    refuse("cbor-map-longer-than-its-data", "Three pairs announced, two there", &format!("{HEAD} a3 02 1a77359400 03 81a100626462"));
    refuse("cbor-length-beyond-everything", "An id of 2^64 - 1 bytes", "84 01 00 5bffffffffffffffff 00");
    refuse("cbor-array-length-beyond-everything", "2^64 - 1 rules", &format!("{HEAD} a2 02 1a77359400 03 9bffffffffffffffff"));
    let nested = |arrays: usize| format!("{HEAD} a3 02 1a77359400 03 81a100626462 0c {} 00", "81".repeat(arrays));
    refuse("cbor-six-containers-nested", "One more than a reader need follow", &nested(4));
    parse(cases, "cbor-five-containers-nested", "As deep as it goes", "chain", chain(&[bytes(&nested(3))]).0, true);

    let least = chain(&[grant(&CaveatsForm::grant())]).0;
    let mut trailing = least.clone();
    trailing.push(0);
    parse(cases, "cbor-byte-behind-a-chain", "Data after the chain", "chain", trailing, false);
    parse(cases, "cbor-chain-cut-short", "The last byte is missing", "chain", least[..least.len() - 1].to_vec(), false);
    parse(cases, "cbor-nothing", "No bytes at all", "chain", Vec::new(), false);
    parse(
        cases,
        "cbor-block-outside-a-byte-string",
        "The grant as it is, not wrapped",
        "chain",
        [&[0x81], &grant(&CaveatsForm::grant())[..]].concat(),
        false,
    );
    parse(cases, "cbor-chain-array-written-long", "98 01 for 81", "chain", [&[0x98, 0x01], &least[1..]].concat(), false);
}

fn chains(cases: &mut Cases) {
    let least = || grant(&CaveatsForm::grant());
    let links = |count: u8| (1..=count).map(|first| link(first, &CaveatsForm::default()));
    let mut chain_of = |name: &str, what: &str, blocks: Vec<Vec<u8>>, parsed: bool| parse(cases, name, what, "chain", chain(&blocks).0, parsed);
    chain_of("chain-without-blocks", "Nothing was minted", vec![], false);
    chain_of("chain-of-16-blocks", "The most", std::iter::once(least()).chain(links(15)).collect(), true);
    chain_of("chain-of-17-blocks", "One more than the most", std::iter::once(least()).chain(links(16)).collect(), false);
    chain_of("chain-that-begins-with-a-link", "The grant was left out", links(1).collect(), false);
    chain_of("chain-with-a-second-grant", "A grant behind the grant, which would begin anew", vec![least(), least()], false);
    // The head of the array and that of the grant take 1 + 3 bytes, what stands before the target 23.
    let of_bytes = |total: usize| [bytes("84 01 00 480001020304050607 a2 02 1a77359400 03 81a100"), text(total - 4 - 23)].concat();
    chain_of("chain-of-2048-bytes", "The most, heads included", vec![of_bytes(2_048)], true);
    chain_of("chain-of-2049-bytes", "One more than the most", vec![of_bytes(2_049)], false);
    chain_of("chain-grant-without-expiry", "It would never end", vec![bytes("84 01 00 480001020304050607 a1 03 81a100626462")], false);
    chain_of("chain-grant-without-allow", "It would allow everything", vec![bytes("84 01 00 480001020304050607 a1 02 1a77359400")], false);
    chain_of("chain-grant-without-caveats", "Neither expiry nor allow", vec![bytes("84 01 00 480001020304050607 a0")], false);
    chain_of(
        "chain-grant-of-epoch-2-to-the-32",
        "Epochs have 32 bits",
        vec![bytes("84 01 1b0000000100000000 480001020304050607 a2 02 1a77359400 03 81a100626462")],
        false,
    );
    chain_of("chain-block-id-of-7-bytes", "Ids have 8", vec![least(), bytes("83 02 4710111213141516 a0")], false);
    chain_of("chain-block-id-of-9-bytes", "Ids have 8", vec![least(), bytes("83 02 49101112131415161718 a0")], false);
    chain_of("chain-block-of-kind-4", "An unknown kind of block", vec![least(), bytes("83 04 481011121314151617 a0")], false);
    chain_of("chain-block-of-kind-0", "An unknown kind of block", vec![least(), bytes("83 00 481011121314151617 a0")], false);
    chain_of("chain-link-with-a-fourth-item", "[2, id, caveats, 0]", vec![least(), bytes("84 02 481011121314151617 a0 00")], false);
    chain_of("chain-link-without-caveats-map", "[2, id]", vec![least(), bytes("82 02 481011121314151617")], false);

    let ticket = [0x77; 48];
    let hand_off = |ticket: &[u8]| [&bytes("84 03 481011121314151617 a1 04")[..], &bstr(&public(B).0), &bstr(ticket)].concat();
    let bound = || bound_grant(A);
    chain_of(
        "chain-of-four-handoffs",
        "The most; whether the tickets are right is not seen here",
        [vec![bound()], vec![hand_off(&ticket); 4]].concat(),
        true,
    );
    chain_of("chain-of-five-handoffs", "One more than the most", [vec![bound()], vec![hand_off(&ticket); 5]].concat(), false);
    chain_of("chain-handoff-with-a-ticket-of-47-bytes", "A ticket cut short", vec![bound(), hand_off(&ticket[1..])], false);
    chain_of("chain-handoff-with-a-ticket-of-49-bytes", "A ticket with a payload", vec![bound(), hand_off(&[0x77; 49])], false);
    let nobody = [&bytes("84 03 481011121314151617 a0")[..], &bstr(&ticket)].concat();
    chain_of("chain-handoff-to-nobody", "A hand-off without a holder", vec![bound(), nobody], false);
    chain_of("chain-that-begins-with-a-handoff", "The grant was left out", vec![hand_off(&ticket)], false);
}

fn bstr(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder.bytes(bytes).unwrap();
    encoder.into_writer()
}

/// An encoded text of so many bytes in all.
fn text(total: usize) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder.str(&"t".repeat(total - 3)).unwrap();
    encoder.into_writer()
}

fn caveats(cases: &mut Cases) {
    let mut of_link = |name: &str, what: &str, caveats: Vec<u8>, parsed: bool| {
        let link = [bytes("83 02 481011121314151617"), caveats].concat();
        parse(cases, name, what, "chain", chain(&[grant(&CaveatsForm::grant()), link]).0, parsed);
    };
    of_link("caveat-0", "There is no caveat 0", bytes("a1 00 00"), false);
    of_link("caveat-12", "A caveat of a later version is read, so that it can be shown", bytes("a1 0c a1 00 82 01 02"), true);
    of_link("caveat-12-with-null", "What is read over must be of the subset as well", bytes("a1 0c f6"), false);
    of_link("caveat-12-with-keys-out-of-order", "What is read over must be of the subset as well", bytes("a1 0c a2 01 00 00 00"), false);
    of_link("caveat-of-the-last-number", "2^64 - 1", bytes("a1 1bffffffffffffffff 00"), true);
    of_link("caveat-nbf-of-2-to-the-32", "Times have 32 bits", bytes("a1 01 1b0000000100000000"), false);
    of_link("caveat-exp-of-2-to-the-32", "Times have 32 bits", bytes("a1 02 1b0000000100000000"), false);
    of_link("caveat-exp-as-text", "A number in a text", bytes("a1 02 6131"), false);
    of_link("caveat-allow-as-a-map", "Rules without a list", bytes("a1 03 a100626462"), false);
    of_link("caveat-allow-rule-with-a-part-3", "An unknown part of a rule", bytes("a1 03 81a10380"), false);
    of_link("caveat-allow-method-twice", "The same method twice", bytes("a1 03 81a10182 63474554 63474554"), false);
    of_link("caveat-allow-target-twice", "Which of two targets holds?", bytes("a1 03 81a2 00 626462 00 61 78"), false);
    of_link("caveat-allow-methods-as-text", "A method without a list", bytes("a1 03 81a10163474554"), false);
    of_link("caveat-holder-zero", "A holder of low order: anyone is it", [bytes("a1 04 5820"), vec![0; 32]].concat(), false);
    of_link("caveat-holder-with-the-high-bit", "A holder in another form", [bytes("a1 04 5820 09"), vec![0; 30], vec![0x80]].concat(), false);
    of_link("caveat-holder-of-31-bytes", "Keys have 32", [bytes("a1 04 581f 09"), vec![0; 30]].concat(), false);
    of_link("caveat-patterns-none", "No pattern at all", bytes("a1 05 00"), false);
    of_link("caveat-patterns-bit-0", "There is no pattern 0", bytes("a1 05 03"), false);
    of_link("caveat-patterns-bit-8", "There is no pattern 8", bytes("a1 05 190102"), false);
    of_link("caveat-patterns-bit-33", "Bits beyond 32", bytes("a1 05 1b0000000200000002"), false);
    of_link("caveat-session-of-no-seconds", "It could never begin", bytes("a1 06 00"), false);
    of_link("caveat-max-links-16", "More than a chain can have", bytes("a1 07 10"), false);
    of_link("caveat-realm-as-bytes", "A realm is a text", bytes("a1 08 4470726f64"), false);
    of_link("caveat-purpose-none", "No use at all", bytes("a1 09 80"), false);
    of_link("caveat-purpose-unknown", "A use that nobody knows", bytes("a1 09 81 63666f6f"), false);
    of_link("caveat-purpose-twice", "The same use twice", bytes("a1 09 82 6466696c65 6466696c65"), false);
    of_link("caveat-no-sessions-at-a-time", "It could never be used", bytes("a1 0a 00"), false);
    of_link("caveat-app-without-a-value", "[name]", bytes("a1 0b 81 6161"), false);
    of_link("caveat-app-with-a-third-item", "[name, value, 0]", bytes("a1 0b 83 6161 4100 00"), false);
    of_link("caveat-app-with-a-text-as-value", "The value is bytes", bytes("a1 0b 82 6161 6162"), false);
}

fn capabilities(cases: &mut Cases) {
    let least = [grant(&CaveatsForm::grant())];
    let (key, encoded_chain) = (bstr(&ck(&least).0), chain(&least).0);
    let service = bstr(service().public().as_bytes());
    let mut refuse = |name: &str, what: &str, parts: &[&[u8]]| parse(cases, name, what, "capability", parts.concat(), false);
    refuse("capability-of-version-2", "Made by a newer keycap", &[&[0x84, 0x02], &service, &key, &encoded_chain]);
    refuse("capability-without-a-chain", "[1, S, ck]", &[&[0x83, 0x01], &service, &key]);
    refuse("capability-with-a-byte-behind", "Data after the capability", &[&[0x84, 0x01], &service, &key, &encoded_chain, &[0]]);
    refuse("capability-with-a-key-of-31-bytes", "Chain keys have 32", &[&[0x84, 0x01], &service, &bstr(&ck(&least).0[1..]), &encoded_chain]);
    refuse("capability-with-a-service-of-low-order", "Anyone is that service", &[&[0x84, 0x01], &bstr(&[0; 32]), &key, &encoded_chain]);
    refuse("capability-with-its-chain-in-a-byte-string", "Chains are embedded", &[&[0x84, 0x01], &service, &key, &bstr(&encoded_chain)]);
    refuse("capability-with-an-empty-list-of-hints", "Hints are absent if there are none", &[&[0x85, 0x01], &service, &key, &encoded_chain, &[0x80]]);
    let nine = [&[0x89][..], &[0x61, b'a'].repeat(9)].concat();
    refuse("capability-with-nine-hints", "Eight are the most", &[&[0x85, 0x01], &service, &key, &encoded_chain, &nine]);
    let long = [&[0x81, 0x79, 0x01, 0x00][..], &[b'a'; 256]].concat();
    refuse("capability-with-a-hint-of-256-bytes", "255 are the most", &[&[0x85, 0x01], &service, &key, &encoded_chain, &long]);
}

fn cards(cases: &mut Cases) {
    let (noise, age) = (bstr(&public(A).0), bstr(&public(B).0));
    let mut refuse = |name: &str, what: &str, form: &str, parts: &[&[u8]]| parse(cases, name, what, form, parts.concat(), false);
    refuse("key-card-of-version-2", "Made by a newer keycap", "key card", &[&[0x83, 0x02], &noise, &age]);
    refuse("key-card-with-one-key", "[1, noise]", "key card", &[&[0x82, 0x01], &noise]);
    refuse("key-card-with-a-noise-key-of-low-order", "Anyone has that key", "key card", &[&[0x83, 0x01], &bstr(&[0; 32]), &age]);
    refuse("key-card-with-an-age-key-of-low-order", "Anyone can read what is sealed to it", "key card", &[&[0x83, 0x01], &noise, &bstr(&[0; 32])]);
    let long = [&[0x79, 0x01, 0x00][..], &[b'a'; 256]].concat();
    refuse("key-card-with-a-name-of-256-bytes", "255 are the most", "key card", &[&[0x84, 0x01], &noise, &age, &long]);
    refuse("key-card-with-null-for-a-name", "A name is left out if there is none", "key card", &[&[0x84, 0x01], &noise, &age, &[0xf6]]);
    refuse("service-card-of-version-0", "There is no version 0", "service card", &[&[0x82, 0x00], &noise]);
    refuse("service-card-with-an-empty-list-of-hints", "Hints are absent if there are none", "service card", &[&[0x83, 0x01], &noise, &[0x80]]);
    refuse("service-card-that-is-a-key-card", "A key where hints belong", "service card", &[&[0x83, 0x01], &noise, &age]);
}
