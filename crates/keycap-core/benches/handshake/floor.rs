//! The X25519 operations of a handshake's service side and nothing else, straight from aws-lc.

use std::hint::black_box;

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use keycap_core::noise::Pattern;

pub(crate) struct Floor {
    local: PrivateKey,
    peer: Vec<u8>,
}

impl Floor {
    pub(crate) fn new() -> Self {
        let peer = PrivateKey::from_private_key(&X25519, &[2; 32]).unwrap();
        let peer = peer.compute_public_key().unwrap().as_ref().to_vec();
        Self { local: PrivateKey::from_private_key(&X25519, &[1; 32]).unwrap(), peer }
    }

    /// One exchange with a static key.
    pub(crate) fn exchange(&self) {
        let shared = agree(&self.local, UnparsedPublicKey::new(&X25519, &self.peer), (), |shared| Ok(black_box(shared[0])));
        black_box(shared).unwrap();
    }

    /// One ephemeral key pair, and as many exchanges as the pattern's tokens ask for: es, ee; XK and IK `se`; IK and KK `ss`; KK one more for
    /// its locator.
    pub(crate) fn of_service(&self, pattern: Pattern) {
        let exchanges = match pattern {
            Pattern::NKpsk2 => 2,
            Pattern::XKpsk3 => 3,
            Pattern::IKpsk2 => 4,
            Pattern::KKpsk2 => 5,
            Pattern::Npsk0 | Pattern::Xpsk1 | Pattern::Kpsk0 => 0,
        };
        let ephemeral = PrivateKey::from_private_key(&X25519, black_box(&[3; 32])).unwrap();
        black_box(ephemeral.compute_public_key().unwrap());
        (0..exchanges).for_each(|_| self.exchange());
    }
}
