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

use age::armor::{ArmoredReadError, ArmoredReader};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor};
use keycap_store::unlock::{NoPrompts, Prompts, identities};
use sha2::{Digest, Sha256};
use vector::{Expect, Vector};

/// Where the `age` crate differs by its own account: it looks for armor only in a file that begins with it, and still reads stanzas of an
/// old form, whose body does not end with a short line.
const DIFFERENT: [(&str, Difference); 7] = [
    ("armor_garbage_leading", Difference::NotTakenForArmor),
    ("armor_lowercase", Difference::NotTakenForArmor),
    ("armor_whitespace_begin", Difference::NotTakenForArmor),
    ("armor_whitespace_outside", Difference::NotTakenForArmor),
    ("armor_wrong_type", Difference::NotTakenForArmor),
    ("stanza_missing_body", Difference::Opened),
    ("stanza_missing_final_line", Difference::Opened),
];

enum Difference {
    NotTakenForArmor,
    Opened,
}

/// Opens a vector with its identities, as they would stand in an identity file, and its passphrases.
fn open(vector: &Vector) -> Expect {
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
    let opened = Decryptor::new_buffered(ArmoredReader::new(vector.file.as_slice())).and_then(|file| file.decrypt(with.iter().map(AsRef::as_ref)));
    let mut reader = match opened {
        Ok(reader) => reader,
        Err(DecryptError::Io(error)) if is_armor(&error) => return Expect::Armor,
        Err(DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed) => return Expect::NoMatch,
        Err(DecryptError::InvalidMac) => return Expect::Hmac,
        Err(_) => return Expect::Header,
    };
    let mut plaintext = Vec::new();
    let read = reader.read_to_end(&mut plaintext);
    let hash = hex::encode(Sha256::digest(&plaintext));
    match read {
        Ok(_) => Expect::Success(hash),
        Err(error) if is_armor(&error) => Expect::Armor,
        Err(_) => Expect::Payload(hash),
    }
}

fn is_armor(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<ArmoredReadError>())
}

#[test]
fn every_vector_of_age_is_read_as_it_says() {
    let vectors = vector::all();
    assert_eq!(vectors.len(), 143, "a vector was lost or came along: README.md says which there are");
    let failed: Vec<String> = vectors
        .iter()
        .filter_map(|vector| {
            let found = open(vector);
            let right = match DIFFERENT.iter().find(|(name, _)| *name == vector.name) {
                None => found == vector.expect,
                Some((_, Difference::NotTakenForArmor)) => found == Expect::Header,
                Some((_, Difference::Opened)) => matches!(found, Expect::Success(_)),
            };
            (!right).then(|| format!("{}: {found:?} and not {:?} ({})", vector.name, vector.expect, vector.comment))
        })
        .collect();
    assert!(failed.is_empty(), "{} of {} vectors:\n{}", failed.len(), vectors.len(), failed.join("\n"));
}
