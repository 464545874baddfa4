use age::Identity as _;
use age::Recipient as _;
use age_core::primitives::bech32_encode;
use sha2::{Digest, Sha256};

use super::*;

fn identity(number: u8) -> Identity {
    Identity::from_seed(&Secret::new([number; 32]))
}

fn sealed_to(recipient: &Recipient) -> Stanza {
    let (mut stanzas, _) = recipient.wrap_file_key(&FileKey::new(Box::new([7; FILE_KEY_BYTES]))).unwrap();
    assert_eq!(stanzas.len(), 1);
    stanzas.remove(0)
}

fn refused(text: &str) -> HybridError {
    text.parse::<Recipient>().unwrap_err()
}

#[test]
fn a_file_key_comes_back_to_its_identity_and_to_no_other() {
    let stanza = sealed_to(&identity(1).to_recipient());
    assert_eq!(stanza.args[0].len(), 1_494, "1,120 bytes in base64");
    assert_eq!(stanza.body.len(), 32);
    let key = identity(1).unwrap_stanza(&stanza).unwrap().unwrap();
    assert_eq!(key.expose_secret(), &[7; FILE_KEY_BYTES]);
    assert!(identity(2).unwrap_stanza(&stanza).is_none());
}

#[test]
fn the_example_of_the_specification_has_the_recipient_that_stands_there() {
    let identity: Identity = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR".parse().unwrap();
    let text = identity.to_recipient().to_string();
    assert!(text.starts_with("age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87pzf5zrq"), "{text}");
    assert_eq!(text.len(), 1_959);
    assert_eq!(hex::encode(Sha256::digest(&text)), "a091dd7e0ee9d62b75173dcc98441a0424baa941e66a8776e570a4ae60ff61ea");
    assert_eq!(text.parse::<Recipient>().unwrap(), identity.to_recipient());
}

#[test]
fn no_changed_byte_of_a_stanza_gives_a_file_key() {
    let identity = identity(1);
    let whole = sealed_to(&identity.to_recipient());
    let enc = BASE64_STANDARD_NO_PAD.decode(&whole.args[0]).unwrap();
    // Every byte of the X25519 share and of the body, and one in sixteen of ML-KEM's ciphertext, in which any is as good as another.
    for place in (0..enc.len()).filter(|place| *place >= 1_088 || place % 16 == 0) {
        let mut changed = enc.clone();
        changed[place] ^= 1;
        let stanza = Stanza { tag: whole.tag.clone(), args: vec![BASE64_STANDARD_NO_PAD.encode(changed)], body: whole.body.clone() };
        assert!(identity.unwrap_stanza(&stanza).is_none_or(|opened| opened.is_err()), "byte {place} of the encapsulated key");
    }
    for place in 0..whole.body.len() {
        let mut body = whole.body.clone();
        body[place] ^= 1;
        let stanza = Stanza { tag: whole.tag.clone(), args: whole.args.clone(), body };
        assert!(identity.unwrap_stanza(&stanza).is_none(), "byte {place} of the body");
    }
}

#[test]
fn a_malformed_stanza_of_this_type_is_an_error_and_another_type_is_not() {
    let identity = identity(1);
    let whole = sealed_to(&identity.to_recipient());
    let stanza = |tag: &str, args: &[&str], body: &[u8]| Stanza {
        tag: tag.to_owned(),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        body: body.to_owned(),
    };
    let enc = whole.args[0].as_str();
    for (what, malformed) in [
        ("no argument", stanza(STANZA_TAG, &[], &whole.body)),
        ("two arguments", stanza(STANZA_TAG, &[enc, enc], &whole.body)),
        ("a short key", stanza(STANZA_TAG, &[&enc[4..]], &whole.body)),
        ("padding", stanza(STANZA_TAG, &[&format!("{enc}==")], &whole.body)),
        ("a short body", stanza(STANZA_TAG, &[enc], &whole.body[1..])),
        ("a long body", stanza(STANZA_TAG, &[enc], &[&whole.body[..], &[0]].concat())),
    ] {
        assert!(matches!(identity.unwrap_stanza(&malformed), Some(Err(DecryptError::InvalidHeader))), "{what}");
    }
    assert!(identity.unwrap_stanza(&stanza("MLKEM768X25519", &[enc], &whole.body)).is_none());
}

#[test]
fn it_is_not_mixed_with_recipients_that_a_quantum_computer_breaks() {
    let hybrid = identity(1).to_recipient();
    let classic = age::x25519::Identity::generate().to_public();
    let both: [&dyn age::Recipient; 2] = [&hybrid, &classic];
    assert!(matches!(age::Encryptor::with_recipients(both.into_iter()), Err(EncryptError::IncompatibleRecipients { .. })));
    let other = identity(2).to_recipient();
    let both: [&dyn age::Recipient; 2] = [&hybrid, &other];
    assert!(age::Encryptor::with_recipients(both.into_iter()).is_ok());
}

#[test]
fn what_is_no_recipient_is_refused_with_what_is_wrong() {
    let recipient = identity(1).to_recipient();
    let text = recipient.to_string();
    let changed = text.replacen(&text[100..101], if &text[100..101] == "q" { "p" } else { "q" }, 1);
    assert_eq!(refused(&changed), HybridError::Bech32);
    assert_eq!(refused(&age::x25519::Identity::generate().to_public().to_string()), HybridError::OtherKind);
    let encode = |bytes: &[u8]| bech32_encode(RECIPIENT_HRP, bytes);
    let bytes = recipient.0.to_bytes();
    assert_eq!(refused(&encode(&bytes[1..])), HybridError::Length);
    assert_eq!(refused(&encode(&[&bytes[..], &[0]].concat())), HybridError::Length);

    let mut unreduced = bytes.clone();
    unreduced[..2].copy_from_slice(&[0xff, 0xff]);
    assert_eq!(refused(&encode(&unreduced)), HybridError::Key);
    for low_order in [[0; 32], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]] {
        let key = [&bytes[..1_184], &low_order[..]].concat();
        assert_eq!(refused(&encode(&key)), HybridError::Key);
    }
}

#[test]
fn an_identity_is_32_bytes_and_shows_none_of_them() {
    for length in [31, 33] {
        let text = bech32_encode(IDENTITY_HRP, &vec![1; length]).to_uppercase();
        assert_eq!(text.parse::<Identity>().unwrap_err(), HybridError::Length);
    }
    assert_eq!(format!("{:?}", identity(1)), "Identity(..)");
}
