use serde_json::json;

use super::super::bytes::Hex;
use super::super::keys::{Key, KeyGiven, PublicKey, PublicKeyGiven, Service, ServiceGiven};
use super::{A, B, Cases, seed, service_private};

pub(super) fn add(cases: &mut Cases) {
    cases.shows::<Key>(
        "key-of-seed-aa",
        "Both key pairs of a seed, the fingerprint in its forms, and the card",
        &KeyGiven { seed: seed(A), name: None },
    );
    let named = KeyGiven { seed: seed(B), name: Some("ci@runner".into()) };
    cases.shows::<Key>("key-of-seed-bb-with-a-name", "A card that tells its owner's name for it", &named);
    let longest = KeyGiven { seed: seed(1), name: Some("n".repeat(255)) };
    cases.shows::<Key>("key-with-the-longest-name", "255 bytes of name still fit", &longest);

    let service = |hints: &[&str]| ServiceGiven { private: service_private(), hints: hints.iter().map(|hint| (*hint).to_owned()).collect() };
    cases.shows::<Service>("service", "A service's public key, its fingerprint in its forms, and its card without hints", &service(&[]));
    let hints = ["db.example:7000", "[2001:db8::1]:7000", "unix:/run/keycap.sock", "dns:example.org"];
    cases.shows::<Service>("service-with-hints", "A card with one hint of each form", &service(&hints));

    for (name, what, text, accepted) in [
        ("public-key-base-point", "9, the base point", "0900000000000000000000000000000000000000000000000000000000000000", true),
        (
            "public-key-p-minus-2",
            "The greatest number below p that is not of low order",
            "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            true,
        ),
        ("public-key-p-minus-1", "Of low order", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false),
        ("public-key-p", "Not below p: 0 in another form", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false),
        ("public-key-p-plus-9", "Not below p: 9 in another form", "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false),
        (
            "public-key-with-the-high-bit",
            "9 with bit 255, which X25519 ignores",
            "0900000000000000000000000000000000000000000000000000000000000080",
            false,
        ),
        ("public-key-zero", "Of low order: every exchange gives zeros", "0000000000000000000000000000000000000000000000000000000000000000", false),
        ("public-key-one", "Of low order", "0100000000000000000000000000000000000000000000000000000000000000", false),
        ("public-key-of-order-8", "Of low order", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800", false),
        ("public-key-of-order-8-the-other", "Of low order", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157", false),
        ("public-key-of-31-bytes", "Too short", "09000000000000000000000000000000000000000000000000000000000000", false),
        ("public-key-of-33-bytes", "Too long", "090000000000000000000000000000000000000000000000000000000000000000", false),
    ] {
        let given = PublicKeyGiven { bytes: Hex(hex::decode(text).unwrap()) };
        cases.expects::<PublicKey>(name, what, &given, &json!({ "accepted": accepted }));
    }
}
