//! The same as biscuits: an Ed25519 signature for each block, so that no secret is needed to verify one; caveats in Datalog.

use std::hint::black_box;
use std::time::Duration;

use biscuit_auth::builder::{AuthorizerBuilder, BlockBuilder};
use biscuit_auth::{AuthorizerLimits, Biscuit, KeyPair};

use crate::{END, NOW, TARGET};

pub(crate) struct Issuer(KeyPair);

impl Issuer {
    pub(crate) fn new() -> Self {
        Self(KeyPair::new())
    }

    pub(crate) fn mint(&self) -> Biscuit {
        let target = format!(r#"check if target("{}")"#, black_box(TARGET));
        Biscuit::builder().check(target.as_str()).unwrap().check(before(END).as_str()).unwrap().build(&self.0).unwrap()
    }
}

fn before(second: u32) -> String {
    format!("check if time($now), $now < {}", black_box(second))
}

pub(crate) fn delegate(biscuit: &Biscuit, links: usize) -> Biscuit {
    let link = |parent: &Biscuit, second| parent.append(BlockBuilder::new().check(before(second).as_str()).unwrap()).unwrap();
    (0..END).rev().take(links).fold(biscuit.clone(), |biscuit, second| link(&biscuit, second))
}

pub(crate) struct Checked {
    issuer: Issuer,
    encoded: Vec<u8>,
    authorizer: AuthorizerBuilder,
}

impl Checked {
    pub(crate) fn new(links: usize) -> Self {
        let issuer = Issuer::new();
        let encoded = delegate(&issuer.mint(), links).to_vec().unwrap();
        let facts = format!(r#"time({NOW}); target("{TARGET}"); allow if true;"#);
        // On a busy machine the limit of a millisecond passes while nothing runs.
        let limits = AuthorizerLimits { max_time: Duration::from_secs(10), ..AuthorizerLimits::default() };
        Self { issuer, encoded, authorizer: AuthorizerBuilder::new().set_limits(limits).code(facts).unwrap() }
    }

    pub(crate) fn check_signatures(&self) {
        black_box(Biscuit::from(black_box(&self.encoded), self.issuer.0.public()).unwrap());
    }

    pub(crate) fn check(&self) {
        let biscuit = Biscuit::from(black_box(&self.encoded), self.issuer.0.public()).unwrap();
        self.authorizer.clone().build(&biscuit).unwrap().authorize().unwrap();
    }

    pub(crate) fn bytes(&self) -> usize {
        self.encoded.len()
    }
}
