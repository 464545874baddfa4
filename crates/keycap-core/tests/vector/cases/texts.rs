//! Texts as they are pasted, scanned and mistyped.

use bech32::primitives::iter::{ByteIterExt, Fe32IterExt};
use bech32::{Bech32, Bech32m, Fe32, Hrp};
use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveat, Caveats, Chain};
use keycap_core::key::{Key, ServiceCard};
use keycap_core::secret::Secret;
use serde_json::{Value, json};

use super::super::encodings::{Text, TextGiven};
use super::super::form::CaveatsForm;
use super::{A, Cases, chain, chain_key, grant, service};

/// The capability of the least grant, with these hints.
fn minted(hints: Vec<String>) -> Capability {
    let blocks = [grant(&CaveatsForm::grant())];
    Capability::from_parts(*service().public(), Chain::parse(&chain(&blocks).0).unwrap(), chain_key(&blocks), hints)
}

/// Symbols under a human-readable part, with their checksum.
fn sealed(hrp: &str, symbols: impl Iterator<Item = Fe32>) -> String {
    symbols.with_checksum::<Bech32m>(&Hrp::parse(hrp).unwrap()).chars().collect()
}

fn symbols(data: &[u8]) -> impl Iterator<Item = Fe32> {
    data.iter().copied().bytes_to_fes()
}

pub(super) fn add(cases: &mut Cases) {
    let capability = minted(Vec::new());
    let text = capability.to_text().unwrap().expose().to_owned();
    let encoded = hex::encode(capability.encode().unwrap().expose());
    let read = |kind: &str, encoded: &str| json!({ "read": { "kind": kind, "encoded": encoded } });
    let refused = |character: Option<usize>| json!({ "refused": { "character": character } });
    let mut expect = |name: &str, what: &str, text: &str, gives: &Value| cases.expects::<Text>(name, what, &TextGiven { text: text.into() }, gives);

    let is_capability = read("capability", &encoded);
    expect("text-in-upper-case", "As it is written", &text, &is_capability);
    expect("text-in-lower-case", "All of it in the other case", &text.to_lowercase(), &is_capability);
    expect("text-with-scheme", "A URI, its scheme in any case", &format!("KeyCap:{text}"), &is_capability);
    let broken: Vec<_> = text.as_bytes().chunks(40).map(|line| std::str::from_utf8(line).unwrap()).collect();
    expect("text-in-lines", "Broken, indented, and with a space that is not ASCII", &format!("\u{a0} {} \t", broken.join("\r\n  ")), &is_capability);
    let card = Key::from_seed(Secret::new([A; 32])).card(Some("ci".into()));
    let card_text = card.to_text().unwrap();
    let card_encoded = hex::encode(card.encode().unwrap());
    expect("text-of-a-key-card", "As it is written", &card_text, &read("key card", &card_encoded));
    let qr = format!("KEYCAP:{}", card_text.to_uppercase());
    expect("text-of-a-key-card-in-a-qr-code", "In upper case, with its scheme", &qr, &read("key card", &card_encoded));
    let service = ServiceCard { key: *service().public(), hints: vec!["db.example:7000".into()] };
    let service_encoded = hex::encode(service.encode().unwrap());
    expect("text-of-a-service-card", "As it is written", &service.to_text().unwrap(), &read("service card", &service_encoded));

    let with = |text: &str, place: usize, letter: char| {
        let mut letters: Vec<_> = text.chars().collect();
        assert_ne!(letters[place], letter);
        letters[place] = letter;
        letters.into_iter().collect::<String>()
    };
    // Character 60, counted from 1.
    let wrong = if text.as_bytes()[59] == b'Q' { 'P' } else { 'Q' };
    expect("text-with-a-mistyped-character", "Told with its place", &with(&text, 59, wrong), &refused(Some(60)));
    let in_lines = format!("keycap: {}\n{}", &with(&text, 59, wrong)[..30], &with(&text, 59, wrong)[30..]);
    expect("text-with-a-mistyped-character-in-lines", "The place does not count white space and scheme", &in_lines, &refused(Some(60)));
    let last = if text.ends_with('Q') { 'P' } else { 'Q' };
    let of_the_checksum = with(&text, text.len() - 1, last);
    expect("text-with-a-mistyped-checksum", "The last character", &of_the_checksum, &refused(Some(text.len())));
    expect("text-with-a-character-of-another-alphabet", "B stands in no Bech32 text", &with(&text, 29, 'B'), &refused(Some(30)));
    expect("text-with-a-1-for-an-l", "1 stands in no data", &with(&text, 29, '1'), &refused(Some(30)));
    expect("text-with-a-letter-that-looks-the-same", "A Cyrillic E", &with(&text, 29, '\u{415}'), &refused(Some(30)));
    expect("text-in-mixed-case", "From character 2 on in upper case", &with(&text, 0, 'k'), &refused(Some(2)));
    let swapped = {
        let mut letters: Vec<_> = text.chars().collect();
        let place = (40..letters.len()).find(|place| letters[*place] != letters[place + 1]).unwrap();
        letters.swap(place, place + 1);
        letters.into_iter().collect::<String>()
    };
    expect("text-with-two-characters-swapped", "Two are wrong: found, not placed", &swapped, &refused(None));
    expect("text-cut-short", "The last character is missing", &text[..text.len() - 1], &refused(None));
    expect("text-cut-after-its-separator", "Nothing but a human-readable part", "KEYCAP-SECRET-1", &refused(None));
    expect("text-empty", "Nothing at all", "", &refused(None));
    expect("text-of-white-space", "Nothing but white space", " \r\n\t", &refused(None));
    expect("text-with-scheme-only", "keycap: and nothing behind it", "keycap:", &refused(None));
    expect("text-with-scheme-twice", "One is taken off", &format!("keycap:keycap:{text}"), &refused(None));
    expect("text-of-age", "An age identity's beginning", "AGE-SECRET-KEY-1QQQQQQ", &refused(None));
    expect("text-without-its-human-part", "Data alone", &text["KEYCAP-SECRET-1".len()..], &refused(None));

    let data = capability.encode().unwrap();
    let as_card = sealed("keycap", symbols(data.expose()));
    expect("text-capability-under-a-card-s-human-part", "A secret that looks public", &as_card, &refused(None));
    let relabelled = text.to_lowercase().replacen("keycap-secret-1", "keycap1", 1);
    expect("text-with-its-human-part-changed", "The checksum covers the human-readable part", &relabelled, &refused(None));
    let bech32: String = symbols(data.expose()).with_checksum::<Bech32>(&Hrp::parse("keycap-secret-").unwrap()).chars().collect();
    expect("text-with-the-checksum-of-bech32", "Constant 1 for 0x2bc830a3", &bech32, &refused(None));
    // 166 bytes are 265 symbols and 3 bits over.
    let mut padded: Vec<_> = symbols(&card.encode().unwrap()).collect();
    assert_ne!(card.encode().unwrap().len() * 8 % 5, 0, "a text with filling bits");
    padded.push(Fe32::Q);
    expect("text-with-a-filling-symbol-too-many", "More than four filling bits", &sealed("keycap", padded.iter().copied()), &refused(None));
    padded.pop();
    let filled = Fe32::try_from(padded.pop().unwrap().to_u8() | 1).unwrap();
    padded.push(filled);
    expect("text-with-filling-bits-set", "Filling bits are zero", &sealed("keycap", padded.into_iter()), &refused(None));
    expect("text-of-no-bytes", "A right checksum over nothing", &sealed("keycap", symbols(&[])), &refused(None));

    let long = minted(vec!["a".repeat(255); 3]).to_text().unwrap().expose().to_owned();
    let wrong = if long.as_bytes()[59] == b'Q' { 'P' } else { 'Q' };
    expect("text-too-long-to-place-a-mistyped-character", "Beyond 1,023 symbols it is found, not placed", &with(&long, 59, wrong), &refused(None));
    let endless = format!("keycap1{}", "q".repeat(20_000));
    expect("text-longer-than-any", "Refused before it is read", &endless, &refused(None));
    // The last text whose symbols, with those of the human-readable part, are 1,023.
    let longest = last_that_can_be_placed();
    let wrong = if longest.as_bytes()[59] == b'Q' { 'P' } else { 'Q' };
    expect("text-just-short-enough-to-place-a-mistyped-character", "1,023 symbols", &with(&longest, 59, wrong), &refused(Some(60)));
}

/// A capability whose text has 994 symbols: with twice the 14 characters of the human-readable part and a zero, 1,023.
fn last_that_can_be_placed() -> String {
    let with_realm = |length: usize| {
        let caveats = Caveats::of([Caveat::Realm("r".repeat(length))]).unwrap();
        minted(Vec::new()).delegate(BlockId::new([1; 8]), caveats).unwrap().to_text().unwrap().expose().to_owned()
    };
    (1..600).map(with_realm).take_while(|text| text.len() - "KEYCAP-SECRET-1".len() <= 994).last().unwrap()
}
