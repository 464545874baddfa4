//! age's test vectors, through what keycap opens files with.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its own functions included"
)]

mod vector;

use std::io::Read;
use std::sync::Arc;

use age::Identity;
use age::armor::ArmoredReader;
use age::secrecy::SecretString;
use keycap_core::seal::file::{CHUNK_LEN, Header, HeaderError, PayloadError};
use keycap_store::unlock::{NoPrompts, Prompts, identities};
use keycap_vault::files::{Cancel, FileError, Identities, Unwatched, open_stream};
use sha2::{Digest, Sha256};
use vector::{Expect, Vector};

/// The vector's identities, as they would stand in an identity file, and its passphrases.
fn with(vector: &Vector) -> Vec<Box<dyn Identity>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identities");
    std::fs::write(&path, vector.identities.join("\n")).unwrap();
    let nobody: Arc<dyn Prompts> = Arc::new(NoPrompts);
    let mut with = identities(&[path], &nobody).unwrap();
    for passphrase in &vector.passphrases {
        let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.clone()));
        identity.set_max_work_factor(16);
        with.push(Box::new(identity));
    }
    with
}

/// Opens a vector; what came of it, and what came out.
fn open(vector: &Vector) -> (Expect, Vec<u8>) {
    let mut plaintext = Vec::new();
    let opened = open_stream(&Identities::of(with(vector)), Box::new(vector.file.as_slice()), &mut plaintext, (&Unwatched, &Cancel::new()));
    let hash = hex::encode(Sha256::digest(&plaintext));
    let found = match opened {
        Ok(bytes) => {
            assert_eq!(bytes, u64::try_from(plaintext.len()).unwrap(), "{}", vector.name);
            Expect::Success(hash)
        }
        Err(FileError::Armor { .. }) => Expect::Armor,
        // What does not begin like armor is not taken for it.
        Err(FileError::Header(HeaderError::NotAge)) if vector.armored && !begins_like_armor(&vector.file) => Expect::Armor,
        Err(FileError::Header(HeaderError::Mac)) => Expect::Hmac,
        Err(FileError::Header(_) | FileError::TooMuchWork { .. }) => Expect::Header,
        // The kit counts the nonce as a part of the header.
        Err(FileError::Payload(PayloadError::NoNonce)) => Expect::Header,
        Err(FileError::NoMatch | FileError::WrongPassphrase) => Expect::NoMatch,
        Err(FileError::Payload(_)) => Expect::Payload(hash),
        Err(other) => panic!("{}: {other}", vector.name),
    };
    (found, plaintext)
}

fn begins_like_armor(file: &[u8]) -> bool {
    file.trim_ascii_start().starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
}

/// What came out before a failure is what the kit says, or all of it but a chunk that contradicts its place: one that says it is the last, and
/// is not, or the other way round. age gives that chunk away before it looks on; keycap does not.
fn stops_earlier(vector: &Vector, expected_hash: &str, plaintext: &[u8]) -> bool {
    let mut theirs = Vec::new();
    let with = with(vector);
    let file = age::Decryptor::new_buffered(ArmoredReader::new(vector.file.as_slice())).unwrap();
    assert!(file.decrypt(with.iter().map(AsRef::as_ref)).unwrap().read_to_end(&mut theirs).is_err());
    assert_eq!(hex::encode(Sha256::digest(&theirs)), expected_hash, "{}", vector.name);
    let missing = theirs.len() - plaintext.len();
    theirs.starts_with(plaintext) && plaintext.len().is_multiple_of(CHUNK_LEN) && (1..=CHUNK_LEN).contains(&missing)
}

#[test]
fn every_vector_of_age_is_read_as_it_says() {
    let vectors = vector::all();
    assert_eq!(vectors.len(), 143, "a vector was lost or came along: README.md says which there are");
    let mut failed = Vec::new();
    let mut earlier = Vec::new();
    for vector in &vectors {
        let (found, plaintext) = open(vector);
        match (&found, &vector.expect) {
            (found, expected) if found == expected => {}
            (Expect::Payload(_), Expect::Payload(expected)) if stops_earlier(vector, expected, &plaintext) => earlier.push(vector.name.as_str()),
            (found, expected) => failed.push(format!("{}: {found:?} and not {expected:?} ({})", vector.name, vector.comment)),
        }
    }
    assert!(failed.is_empty(), "{} of {} vectors:\n{}", failed.len(), vectors.len(), failed.join("\n"));
    let known = [
        "armor_garbage_encoded",
        "stream_no_final_full",
        "stream_no_final_two_chunks_full",
        "stream_trailing_garbage_long",
        "stream_trailing_garbage_short",
        "stream_two_final_chunks",
        "stream_two_final_chunks_full",
        "stream_two_final_chunks_second",
    ];
    assert_eq!(earlier, known);
}

#[test]
fn every_header_that_is_read_is_written_back_as_it_was() {
    let mut headers = 0;
    for vector in vector::all() {
        let file = if begins_like_armor(&vector.file) {
            let mut bytes = Vec::new();
            // One whose armor is broken gives what comes before that.
            let _ = ArmoredReader::new(vector.file.trim_ascii_start()).read_to_end(&mut bytes);
            bytes
        } else {
            vector.file
        };
        if let Ok(Some((header, length))) = Header::parse(&file) {
            assert_eq!(header.encode(), file[..length], "{}", vector.name);
            headers += 1;
        }
    }
    assert!(headers > 80, "{headers} headers were read");
}
