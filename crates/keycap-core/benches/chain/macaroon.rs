//! The same as macaroons: HMAC-SHA256 as well, one for each caveat.

use std::hint::black_box;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use libmacaroon::{Format, Macaroon, MacaroonKey, Verifier};

use crate::{END, NOW, TARGET};

pub(crate) struct Issuer(MacaroonKey);

impl Issuer {
    pub(crate) fn new() -> Self {
        Self(MacaroonKey::from([7; 32]))
    }

    pub(crate) fn mint(&self) -> Macaroon {
        let mut macaroon = Macaroon::create(None, &self.0, [3; 8]).unwrap();
        macaroon.add_first_party_caveat(format!("target = {}", black_box(TARGET))).unwrap();
        macaroon.add_first_party_caveat(before(END)).unwrap();
        macaroon
    }
}

fn before(second: u32) -> String {
    format!("time < {}", black_box(second))
}

pub(crate) fn delegate(macaroon: &Macaroon, links: usize) -> Macaroon {
    let mut macaroon = macaroon.clone();
    for second in (0..END).rev().take(links) {
        macaroon.add_first_party_caveat(before(second)).unwrap();
    }
    macaroon
}

pub(crate) struct Checked {
    issuer: Issuer,
    encoded: Vec<u8>,
    verifier: Verifier,
}

impl Checked {
    pub(crate) fn new(links: usize) -> Self {
        let issuer = Issuer::new();
        let encoded = URL_SAFE.decode(delegate(&issuer.mint(), links).serialize(Format::V2).unwrap()).unwrap();
        let mut verifier = Verifier::default();
        verifier.satisfy_exact(format!("target = {TARGET}"));
        verifier.satisfy_general(|caveat| {
            let second = caveat.strip_prefix(b"time < ").and_then(|digits| std::str::from_utf8(digits).ok());
            second.and_then(|digits| digits.parse::<u32>().ok()).is_some_and(|second| black_box(NOW) < second)
        });
        Self { issuer, encoded, verifier }
    }

    pub(crate) fn check(&self) {
        let macaroon = Macaroon::deserialize_binary(black_box(&self.encoded)).unwrap();
        self.verifier.verify(&macaroon, &self.issuer.0, &[]).unwrap();
        black_box(macaroon);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.encoded.len()
    }
}
