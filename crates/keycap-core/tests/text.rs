//! Texts with characters mistyped, lost, swapped and added: none of them is read as something else.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveat, Caveats, RootSecret, RootSecrets, Rule};
use keycap_core::key::{Key, ServiceCard, StaticKey};
use keycap_core::secret::Secret;
use keycap_core::service::ServiceKeys;
use keycap_core::text::{Text, TextError};
use keycap_core::time::UnixSeconds;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// Bech32's letters, and the two in which a text may be.
const LETTERS: &[u8; 32] = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

fn minted(hints: Vec<String>) -> Capability {
    let mut roots = RootSecrets::new();
    roots.insert(0, RootSecret::from_secret(Secret::new([7; 32])));
    let service = ServiceKeys::new(StaticKey::from_private(Secret::new([1; 32])), roots, None);
    let caveats = [Caveat::Expires(UnixSeconds::new(2_000_000_000)), Caveat::Allow(vec![Rule::default()])];
    service.mint(0, BlockId::new([3; 8]), Caveats::of(caveats).unwrap(), hints).unwrap()
}

/// One text of each form.
fn texts() -> [String; 3] {
    let key = StaticKey::from_private(Secret::new([1; 32]));
    [
        minted(vec!["db.example:7000".into()]).to_text().unwrap().expose().to_owned(),
        Key::from_seed(Secret::new([4; 32])).card(Some("ci@runner".into())).to_text().unwrap(),
        ServiceCard { key: *key.public(), hints: vec!["dns:example.org".into()] }.to_text().unwrap(),
    ]
}

/// The place of the first character of the data, from 0.
fn data_from(text: &str) -> usize {
    text.find('1').unwrap() + 1
}

/// Another letter of the same case.
fn another(letter: u8, rng: &mut impl Rng) -> u8 {
    let other = *LETTERS.iter().filter(|other| !other.eq_ignore_ascii_case(&letter)).collect::<Vec<_>>()[rng.gen_range(0..31)];
    if letter.is_ascii_lowercase() || letter.is_ascii_digit() && rng.r#gen() { other.to_ascii_lowercase() } else { other }
}

/// Changes `count` characters of the data, each in another place, to other letters of the text's case.
fn mistyped(text: &str, count: usize, rng: &mut StdRng) -> (String, Vec<usize>) {
    let is_lower = text.bytes().any(|byte| byte.is_ascii_lowercase());
    let mut places: Vec<_> = (data_from(text)..text.len()).collect();
    places.shuffle(rng);
    places.truncate(count);
    let mut bytes = text.as_bytes().to_vec();
    for place in &places {
        let letter = another(bytes[*place], rng);
        bytes[*place] = if is_lower { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() };
    }
    (String::from_utf8(bytes).unwrap(), places)
}

fn error(text: &str) -> TextError {
    match Text::parse(text) {
        Ok(read) => panic!("{text} was read as {read:?}"),
        Err(error) => error,
    }
}

#[test]
fn each_single_mistyped_character_is_told_with_its_place_whichever_it_becomes() {
    for text in texts() {
        let is_lower = text.bytes().any(|byte| byte.is_ascii_lowercase());
        // The key card with every letter, the longer ones with a few.
        let letters = if text.starts_with("keycap1") { &LETTERS[..] } else { &LETTERS[..3] };
        for place in data_from(&text)..text.len() {
            for letter in letters {
                let letter = if is_lower { letter.to_ascii_lowercase() } else { *letter };
                let mut bytes = text.as_bytes().to_vec();
                if bytes[place] == letter {
                    continue;
                }
                bytes[place] = letter;
                assert_eq!(error(&String::from_utf8(bytes).unwrap()), TextError::Mistyped { position: place + 1 });
            }
        }
    }
}

#[test]
fn two_mistyped_characters_are_refused_and_never_taken_for_one() {
    let mut rng = StdRng::seed_from_u64(1);
    for text in texts() {
        for _ in 0..1_000 {
            let (wrong, places) = mistyped(&text, 2, &mut rng);
            assert_eq!(error(&wrong), TextError::Checksum, "{wrong}, {places:?}");
        }
    }
}

#[test]
fn swapped_neighbours_are_refused() {
    for text in texts() {
        for place in data_from(&text)..text.len() - 1 {
            let mut bytes = text.as_bytes().to_vec();
            bytes.swap(place, place + 1);
            if bytes != text.as_bytes() {
                assert_eq!(error(&String::from_utf8(bytes).unwrap()), TextError::Checksum);
            }
        }
    }
}

#[test]
fn a_text_cut_short_anywhere_is_refused() {
    for text in texts() {
        for length in 0..text.len() {
            error(&text[..length]);
        }
    }
}

#[test]
fn a_lost_or_added_character_is_refused() {
    for text in texts() {
        for place in 0..text.len() {
            let mut lost = text.clone();
            lost.remove(place);
            error(&lost);
            for letter in ['q', 'P', '1', '-', 'é'] {
                let mut added = text.clone();
                added.insert(place, letter);
                error(&added);
                error(&added.to_lowercase());
            }
        }
    }
}

#[test]
fn letters_added_at_the_end_are_refused() {
    // Bech32, not Bech32m, takes any number of `q` before a final `p`.
    for text in texts() {
        for with in ["p", "q", "qp", "qqp"] {
            let (front, last) = text.split_at(text.len() - 1);
            error(&format!("{text}{with}").to_lowercase());
            error(&format!("{front}{with}{last}").to_lowercase());
        }
    }
}

#[test]
fn ten_thousand_mutated_texts_are_all_refused() {
    let mut rng = StdRng::seed_from_u64(2026);
    let texts = texts();
    let mut told = 0;
    for round in 0..10_000_usize {
        let text = &texts[round % texts.len()];
        let mutated = match round % 5 {
            // Any characters, of any script, anywhere.
            0 => {
                let mut letters: Vec<_> = text.chars().collect();
                for _ in 0..rng.gen_range(1..=6) {
                    let at = rng.gen_range(0..letters.len());
                    letters[at] = rng.r#gen();
                }
                letters.into_iter().collect()
            }
            // A part left out.
            1 => {
                let (from, length) = (rng.gen_range(0..text.len()), rng.gen_range(1..20));
                text.chars().take(from).chain(text.chars().skip(from + length)).collect()
            }
            // Parts of two texts.
            2 => {
                let at = rng.gen_range(1..60);
                let other = texts[(round + 1) % texts.len()].to_uppercase();
                format!("{}{}", &text.to_uppercase()[..at], &other[at..])
            }
            // Letters of the alphabet, anywhere in the data: more and more of them.
            _ => mistyped(text, 1 + round % 40, &mut rng).0,
        };
        // Little enough was changed that it is one of the three again, perhaps in the other case.
        if texts.iter().any(|text| text.eq_ignore_ascii_case(&mutated)) {
            continue;
        }
        told += usize::from(matches!(error(&mutated), TextError::Mistyped { .. } | TextError::Character { .. } | TextError::MixedCase { .. }));
    }
    assert!(told > 1_000, "mistakes are told with their places: {told}");
}

#[test]
fn in_a_long_text_mistakes_are_found_and_not_placed() {
    let text = minted(vec!["h".repeat(255); 8]).to_text().unwrap();
    let mut rng = StdRng::seed_from_u64(3);
    for round in 0..500 {
        let (wrong, _) = mistyped(text.expose(), 1 + round % 5, &mut rng);
        assert_eq!(error(&wrong), TextError::Checksum);
    }
}

#[test]
fn no_random_text_is_read() {
    let mut rng = StdRng::seed_from_u64(4);
    for _ in 0..3_000 {
        let start = ["KEYCAP-SECRET-1", "KEYCAP1", "KEYCAP-SERVICE1", "KEYCAP:KEYCAP1", ""].choose(&mut rng).unwrap();
        let length = rng.gen_range(0..300);
        let data: String = (0..length).map(|_| char::from(*LETTERS.choose(&mut rng).unwrap())).collect();
        error(&format!("{start}{data}"));
    }
}

#[test]
fn errors_do_not_show_the_text() {
    let text = texts()[0].clone();
    let mut rng = StdRng::seed_from_u64(5);
    for round in 0..200 {
        let error = error(&mistyped(&text, 1 + round % 3, &mut rng).0);
        let shown = format!("{error} {error:?}").to_uppercase();
        let secret = &text[data_from(&text)..];
        assert!((0..secret.len() - 8).all(|from| !shown.contains(&secret[from..from + 8])), "{shown}");
    }
}
