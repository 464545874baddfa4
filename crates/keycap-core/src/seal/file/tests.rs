//! The format against its own words; the vectors of the age project run through the vault, which has what unwraps file keys.

use proptest::prelude::*;

use super::*;
use crate::secret::Secret;

const VERSION: &str = "age-encryption.org/v1\n";

fn file_key(byte: u8) -> FileKey {
    Secret::new([byte; 16])
}

fn stanza(tag: &str, args: &[&str], body: &[u8]) -> Stanza {
    Stanza { tag: tag.into(), args: args.iter().map(|arg| (*arg).to_owned()).collect(), body: body.to_vec() }
}

fn header() -> Header {
    Header::new(vec![stanza("X25519", &["share"], &[7; 32]), stanza("x", &[], &[]), stanza("y", &["a", "b"], &[9; 48])], &file_key(1)).unwrap()
}

fn text() -> String {
    String::from_utf8(header().encode()).unwrap()
}

fn refused(text: &str) -> HeaderError {
    Header::parse(text.as_bytes()).unwrap_err()
}

#[test]
fn a_header_is_written_as_the_format_says() {
    let expected = "age-encryption.org/v1\n-> X25519 share\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc\n-> x\n\n-> y a b\n\
        CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ\n\n--- ";
    assert!(text().starts_with(expected), "{}", text());
    assert_eq!(text().len(), expected.len() + 44);
}

#[test]
fn a_header_is_read_from_a_longer_file_and_says_where_it_ends() {
    let bytes = [header().encode(), vec![0xff; 100]].concat();
    let (read, length) = Header::parse(&bytes).unwrap().unwrap();
    assert_eq!((read, length), (header(), bytes.len() - 100));
}

#[test]
fn every_beginning_of_a_header_asks_for_more() {
    let bytes = header().encode();
    for length in 0..bytes.len() {
        assert_eq!(Header::parse(&bytes[..length]), Ok(None), "{length}");
    }
}

#[test]
fn what_is_no_age_file_is_told_apart_from_another_version() {
    assert_eq!(refused("PK\u{3}\u{4}"), HeaderError::NotAge);
    assert_eq!(refused("age-encryption.org/v2\n"), HeaderError::Version);
    assert_eq!(refused("age-encryption.org/v1\r\n"), HeaderError::Version);
}

#[test]
fn a_malformed_line_is_named() {
    let line_of = |rest: &str| {
        let error = refused(&format!("{VERSION}{rest}"));
        let HeaderError::Line { line, .. } = error else { panic!("{error:?}") };
        line
    };
    for wrong in ["-> \n", "->\n", "-> X  y\n", "-> X y \n", "-> X\ty\n", "-> é\n", "-> X\r\n", "x\n", "\n"] {
        assert_eq!(line_of(wrong), 2, "{wrong:?}");
    }
    // Padding, trailing bits, a character that is none, an impossible length, a line of 65 columns, a carriage return.
    for wrong in ["AA==\n", "AB\n", "A_A\n", "A\n", &format!("{}\n", "A".repeat(65)), "AAAA\r\n"] {
        assert_eq!(line_of(&format!("-> X\n{wrong}")), 3, "{wrong:?}");
    }
    // A body line after a short one, and a body that ends with a full line.
    assert_eq!(line_of("-> X\nAAAA\nAAAA\n"), 4);
    assert_eq!(line_of(&format!("-> X\n{}\n--- \n", "A".repeat(64))), 4);
}

#[test]
fn a_mac_has_exactly_one_form() {
    let good = text();
    let (before, mac) = good.trim_end().rsplit_once(' ').unwrap();
    assert!(Header::parse(format!("{before} {mac}\n").as_bytes()).is_ok());
    for wrong in [
        format!("{before}{mac}"),
        format!("{before}  {mac}"),
        format!("{before} {mac} "),
        format!("{before} {mac}="),
        format!("{before} {}", &mac[1..]),
        before.to_owned(),
    ] {
        assert!(matches!(refused(&format!("{wrong}\n")), HeaderError::Line { .. }), "{wrong:?}");
    }
}

#[test]
fn a_header_without_stanzas_or_with_a_passphrase_among_others_is_neither_read_nor_written() {
    assert_eq!(Header::new(Vec::new(), &file_key(1)), Err(HeaderError::NoStanza));
    assert_eq!(refused(&format!("{VERSION}--- {}\n", "A".repeat(43))), HeaderError::NoStanza);
    let both = vec![stanza("scrypt", &["salt", "18"], &[1; 32]), stanza("X25519", &["share"], &[1; 32])];
    assert_eq!(Header::new(both, &file_key(1)), Err(HeaderError::PassphraseNotAlone));
    let both = format!("{VERSION}-> scrypt a 1\nAA\n-> X25519 b\nAA\n--- {}\n", "A".repeat(43));
    assert_eq!(refused(&both), HeaderError::PassphraseNotAlone);
}

#[test]
fn a_stanza_that_would_break_the_lines_is_not_written() {
    for (tag, arg) in [("", "a"), ("x", ""), ("a b", "a"), ("x", "a\nb"), ("é", "a")] {
        assert_eq!(Header::new(vec![stanza(tag, &[arg], &[])], &file_key(1)), Err(HeaderError::Unwritable), "{tag:?} {arg:?}");
    }
}

#[test]
fn a_header_longer_than_the_limit_is_neither_read_nor_written() {
    let body = vec![0; MAX_HEADER_BYTES];
    assert_eq!(Header::new(vec![stanza("x", &[], &body)], &file_key(1)), Err(HeaderError::TooLong));
    assert_eq!(refused(&format!("{VERSION}-> {}", "x".repeat(MAX_HEADER_BYTES))), HeaderError::TooLong);
}

#[test]
fn a_mac_of_another_key_or_header_gives_no_payload_key() {
    let nonce = [3; NONCE_LEN];
    assert!(header().payload_key(&file_key(1), &nonce).is_ok());
    assert_eq!(header().payload_key(&file_key(2), &nonce).unwrap_err(), HeaderError::Mac);
    let changed = text().replace("-> y a b", "-> y a c");
    let (changed, _) = Header::parse(changed.as_bytes()).unwrap().unwrap();
    assert_eq!(changed.payload_key(&file_key(1), &nonce).unwrap_err(), HeaderError::Mac);
}

fn payload_key() -> PayloadKey {
    header().payload_key(&file_key(1), &[3; NONCE_LEN]).unwrap()
}

fn sealed(number: u64, chunk: Chunk, text: &[u8]) -> Vec<u8> {
    let mut buffer = [text, &[0; TAG_LEN]].concat();
    payload_key().seal(number, chunk, &mut buffer).unwrap();
    buffer
}

#[test]
fn a_chunk_opens_at_its_own_place_only() {
    let chunk = sealed(5, Chunk::Final, b"five");
    assert_eq!(payload_key().open(5, Chunk::Final, &mut chunk.clone()).unwrap(), b"five");
    assert_eq!(payload_key().open(6, Chunk::Final, &mut chunk.clone()), Err(PayloadError::NotAuthentic { number: 6 }));
    let full = sealed(5, Chunk::Inner, &[1; CHUNK_LEN]);
    assert!(payload_key().open(5, Chunk::Inner, &mut full.clone()).is_ok());
    let mut as_final = full;
    assert_eq!(payload_key().open(5, Chunk::Final, &mut as_final), Err(PayloadError::NotAuthentic { number: 5 }));
    assert!(!as_final.windows(32).any(|window| window == [1; 32]), "plaintext of a chunk that is not authentic");
}

#[test]
fn chunks_of_impossible_lengths_are_neither_sealed_nor_opened() {
    let key = payload_key();
    for (number, chunk, length) in [
        (0, Chunk::Inner, CHUNK_LEN - 1),
        (0, Chunk::Inner, 0),
        (1, Chunk::Final, 0),
        (0, Chunk::Final, CHUNK_LEN + 1),
        (3, Chunk::Inner, CHUNK_LEN + 1),
    ] {
        let mut buffer = vec![0; length + TAG_LEN];
        assert_eq!(key.seal(number, chunk, &mut buffer), Err(PayloadError::Length { number }), "{number} {chunk:?} {length}");
        assert_eq!(key.open(number, chunk, &mut buffer), Err(PayloadError::Length { number }));
    }
    assert_eq!(key.open(0, Chunk::Final, &mut [0; TAG_LEN - 1]), Err(PayloadError::Length { number: 0 }));
    assert_eq!(sealed(0, Chunk::Final, b"").len(), TAG_LEN);
    assert_eq!(sealed(9, Chunk::Final, &[0; CHUNK_LEN]).len(), SEALED_CHUNK_LEN);
}

#[test]
fn lengths_of_payloads_are_known_beforehand() {
    let (chunk, sealed) = (65_536, 65_552);
    for (plaintext, payload) in [(0, 32), (1, 33), (chunk, 16 + sealed), (chunk + 1, 16 + sealed + 17), (2 * chunk, 16 + 2 * sealed)] {
        assert_eq!(sealed_payload_len(plaintext), payload);
        assert_eq!(opened_payload_len(payload), Some(plaintext));
    }
    for impossible in [0, 15, 16, 31, 16 + sealed + 16, 16 + sealed + 1] {
        assert_eq!(opened_payload_len(impossible), None, "{impossible}");
    }
}

proptest! {
    #[test]
    fn any_header_is_read_as_it_was_written(
        stanzas in proptest::collection::vec(("[!-~]{1,20}", proptest::collection::vec("[!-~]{1,60}", 0..4), proptest::collection::vec(any::<u8>(), 0..200)), 1..5),
        key: [u8; 16],
    ) {
        let stanzas: Vec<Stanza> = stanzas.into_iter().map(|(tag, args, body)| Stanza { tag: format!("t{tag}"), args, body }).collect();
        let header = Header::new(stanzas.clone(), &Secret::new(key)).unwrap();
        let (read, length) = Header::parse(&header.encode()).unwrap().unwrap();
        prop_assert_eq!(length, header.encode().len());
        prop_assert_eq!(read.stanzas(), &stanzas);
        prop_assert!(read.payload_key(&Secret::new(key), &[0; NONCE_LEN]).is_ok());
    }

    #[test]
    fn any_chunk_opens_to_what_was_sealed(number: u64, text in proptest::collection::vec(any::<u8>(), 1..500)) {
        let mut chunk = sealed(number, Chunk::Final, &text);
        prop_assert_eq!(payload_key().open(number, Chunk::Final, &mut chunk).unwrap(), &text[..]);
    }

    #[test]
    fn a_payload_of_any_length_has_the_length_that_is_told(plaintext in 0..1_u64 << 50) {
        prop_assert_eq!(opened_payload_len(sealed_payload_len(plaintext)), Some(plaintext));
    }
}
