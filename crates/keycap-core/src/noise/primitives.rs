//! The primitives that handshakes and frames stand on: X25519 (RFC 7748) and the two AEADs.
//!
//! With the feature `aws-lc` they come from aws-lc, at about twice the speed; without it from x25519-dalek and RustCrypto, where C cannot be
//! built. Both give the same bytes and refuse the same inputs, which the tests below compare.

use std::fmt;

use crate::noise::pattern::Suite;
use crate::secret::Secret;

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(any(test, not(feature = "aws-lc")))]
mod portable;

#[cfg(feature = "aws-lc")]
use aws_lc as chosen;
#[cfg(not(feature = "aws-lc"))]
use portable as chosen;

/// Bytes that an AEAD adds to its plaintext.
pub(crate) const TAG_LEN: usize = 16;

/// A private X25519 key in the form in which it is fastest to use: the public half is computed, and the key is imported where the
/// primitive lives. Made once for a static key, shared by all its handshakes.
pub(crate) struct PreparedKey {
    private: Secret<32>,
    public: [u8; 32],
    exchange: chosen::Exchange,
}

impl PreparedKey {
    /// Prepares a private key. `None` if the library below is out of memory.
    pub(crate) fn from_private(private: Secret<32>) -> Option<Self> {
        let (exchange, public) = chosen::Exchange::prepare(&private)?;
        Some(Self { private, public, exchange })
    }

    /// The public half.
    pub(crate) fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The private half.
    pub(crate) fn private(&self) -> &Secret<32> {
        &self.private
    }

    /// The result of the exchange with `peer`; `None` if it is all zeros, as with every point of low order (RFC 7748 §6.1).
    pub(crate) fn agree(&self, peer: &[u8; 32]) -> Option<Secret<32>> {
        self.exchange.agree(peer)
    }
}

impl fmt::Debug for PreparedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PreparedKey(..)")
    }
}

/// An AEAD under one key: with Noise's 64-bit nonces (revision 34, §12), or with the 96-bit nonces that others lay out themselves.
pub(crate) struct Aead {
    aead: chosen::Aead,
    suite: Suite,
}

impl Aead {
    /// Takes a key. `None` if the library below is out of memory.
    pub(crate) fn new(suite: Suite, key: &[u8; 32]) -> Option<Self> {
        Some(Self { aead: chosen::Aead::new(suite, key)?, suite })
    }

    /// Encrypts `text` where it stands and gives the tag. `None` if the text is longer than the AEAD allows, or memory is out; the text is
    /// then undefined and must not be sent.
    pub(crate) fn seal_in_place(&self, nonce: u64, associated: &[u8], text: &mut [u8]) -> Option<[u8; TAG_LEN]> {
        self.seal_in_place_at(&nonce_bytes(self.suite, nonce), associated, text)
    }

    /// As [`Aead::seal_in_place`], under a nonce of 96 bits.
    pub(crate) fn seal_in_place_at(&self, nonce: &[u8; 12], associated: &[u8], text: &mut [u8]) -> Option<[u8; TAG_LEN]> {
        self.aead.seal_in_place(nonce, associated, text)
    }

    /// Checks the tag and decrypts `text` where it stands. `None` if it is not authentic; no plaintext is left in `text` then.
    #[must_use]
    pub(crate) fn open_in_place(&self, nonce: u64, associated: &[u8], text: &mut [u8], tag: &[u8; TAG_LEN]) -> Option<()> {
        self.open_in_place_at(&nonce_bytes(self.suite, nonce), associated, text, tag)
    }

    /// As [`Aead::open_in_place`], under a nonce of 96 bits.
    #[must_use]
    pub(crate) fn open_in_place_at(&self, nonce: &[u8; 12], associated: &[u8], text: &mut [u8], tag: &[u8; TAG_LEN]) -> Option<()> {
        self.aead.open_in_place(nonce, associated, text, tag)
    }

    /// Noise's REKEY (revision 34, §4.2): the first 32 bytes of ENCRYPT(k, 2^64 − 1, nothing, 32 zeros) become the key.
    pub(crate) fn rekeyed(&self, suite: Suite) -> Option<Self> {
        let mut tag = None;
        let key = Secret::filled_by(|zeros| tag = self.seal_in_place(u64::MAX, &[], zeros));
        tag?;
        Self::new(suite, key.expose())
    }
}

impl fmt::Debug for Aead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aead(..)")
    }
}

/// The AEAD's 96-bit nonce: 32 zero bits, then the counter, little-endian for ChaChaPoly and big-endian for AESGCM (Noise §12.3, §12.4).
fn nonce_bytes(suite: Suite, nonce: u64) -> [u8; 12] {
    let [a, b, c, d, e, f, g, h] = match suite {
        Suite::ChaChaPoly => nonce.to_le_bytes(),
        Suite::AesGcm => nonce.to_be_bytes(),
    };
    [0, 0, 0, 0, a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::StaticKey;

    fn prepared(byte: u8) -> PreparedKey {
        PreparedKey::from_private(Secret::new([byte; 32])).unwrap()
    }

    #[test]
    fn both_sides_of_an_exchange_agree() {
        let (a, b) = (prepared(1), prepared(2));
        assert!(a.agree(b.public()).unwrap().ct_eq(&b.agree(a.public()).unwrap()));
    }

    #[test]
    fn the_public_half_is_that_of_the_static_key() {
        let key = StaticKey::from_private(Secret::new([9; 32]));
        assert_eq!(prepared(9).public(), key.public().as_bytes());
    }

    #[test]
    fn the_exchange_of_rfc_7748_comes_out() {
        // §6.1: Bob's private key, Alice's public key and their shared secret.
        let bob = hex::decode("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb").unwrap();
        let alice = hex::decode("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a").unwrap();
        let shared = hex::decode("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742").unwrap();
        let bob = PreparedKey::from_private(Secret::from_slice(&bob).unwrap()).unwrap();
        assert!(bob.agree(&alice.try_into().unwrap()).unwrap().ct_eq(&Secret::from_slice(&shared).unwrap()));
    }

    #[test]
    fn a_peer_of_low_order_gives_nothing() {
        for point in low_order_points() {
            assert!(prepared(3).agree(&point).is_none(), "{point:02x?}");
        }
    }

    #[test]
    fn every_bit_of_text_tag_nonce_and_associated_data_counts() {
        for suite in Suite::ALL {
            let aead = Aead::new(suite, &[7; 32]).unwrap();
            let mut sealed = *b"sixteen bytes...";
            let tag = aead.seal_in_place(5, b"ad", &mut sealed).unwrap();
            let open = |nonce, associated: &[u8], mut text: [u8; 16], tag| aead.open_in_place(nonce, associated, &mut text, &tag).map(|()| text);
            assert_eq!(open(5, b"ad", sealed, tag), Some(*b"sixteen bytes..."));
            assert_eq!(open(6, b"ad", sealed, tag), None);
            assert_eq!(open(5, b"ae", sealed, tag), None);
            for bit in 0..128 {
                let flip = |mut bytes: [u8; 16]| {
                    bytes[bit / 8] ^= 1 << (bit % 8);
                    bytes
                };
                assert_eq!(open(5, b"ad", flip(sealed), tag), None);
                assert_eq!(open(5, b"ad", sealed, flip(tag)), None);
            }
        }
    }

    #[test]
    fn a_text_that_is_not_authentic_leaves_no_plaintext() {
        for suite in Suite::ALL {
            let aead = Aead::new(suite, &[7; 32]).unwrap();
            let mut text = *b"nobody may see me before the tag";
            let mut tag = aead.seal_in_place(0, &[], &mut text).unwrap();
            tag[0] ^= 1;
            assert_eq!(aead.open_in_place(0, &[], &mut text, &tag), None);
            assert_ne!(&text, b"nobody may see me before the tag");
        }
    }

    #[test]
    fn a_rekeyed_aead_is_keyed_by_the_encryption_of_zeros_under_the_last_nonce() {
        for suite in Suite::ALL {
            let old = Aead::new(suite, &[7; 32]).unwrap();
            let mut key = [0; 32];
            old.seal_in_place(u64::MAX, &[], &mut key).unwrap();
            let (by_hand, rekeyed) = (Aead::new(suite, &key).unwrap(), old.rekeyed(suite).unwrap());
            let (mut one, mut other) = ([1; 40], [1; 40]);
            assert_eq!(by_hand.seal_in_place(3, &[], &mut one), rekeyed.seal_in_place(3, &[], &mut other));
            assert_eq!(one, other);
        }
    }

    #[test]
    fn debug_output_shows_no_key() {
        assert_eq!(format!("{:?}", prepared(1)), "PreparedKey(..)");
        assert_eq!(format!("{:?}", Aead::new(Suite::AesGcm, &[1; 32]).unwrap()), "Aead(..)");
    }

    /// The five low-order points that RFC 7748 implementations refuse, and the same with the high bit, which X25519 ignores.
    fn low_order_points() -> Vec<[u8; 32]> {
        [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ]
        .iter()
        .flat_map(|text| {
            let point: [u8; 32] = hex::decode(text).unwrap().try_into().unwrap();
            let mut high = point;
            high[31] |= 0x80;
            [point, high]
        })
        .collect()
    }

    #[cfg(feature = "aws-lc")]
    mod against_each_other {
        use proptest::prelude::*;

        use super::super::{aws_lc, portable};
        use super::*;

        proptest! {
            #[test]
            fn exchanges_give_the_same_bytes(private: [u8; 32], peer: [u8; 32]) {
                let (fast, fast_public) = aws_lc::Exchange::prepare(&Secret::new(private)).unwrap();
                let (slow, slow_public) = portable::Exchange::prepare(&Secret::new(private)).unwrap();
                prop_assert_eq!(fast_public, slow_public);
                // Any 32 bytes, so that values from p up, the high bit and the quadratic twist are met as well.
                let shared = [fast.agree(&peer), slow.agree(&peer)].map(|shared| shared.map(|shared| *shared.expose()));
                prop_assert_eq!(shared[0], shared[1]);
                prop_assert!(shared[0].is_some());
            }

            #[test]
            fn aeads_give_the_same_bytes(key: [u8; 32], nonce: [u8; 12], associated: Vec<u8>, text: Vec<u8>) {
                for suite in Suite::ALL {
                    let fast = aws_lc::Aead::new(suite, &key).unwrap();
                    let slow = portable::Aead::new(suite, &key).unwrap();
                    let (mut one, mut other) = (text.clone(), text.clone());
                    let tag = fast.seal_in_place(&nonce, &associated, &mut one).unwrap();
                    prop_assert_eq!(Some(tag), slow.seal_in_place(&nonce, &associated, &mut other));
                    prop_assert_eq!(&one, &other);
                    prop_assert_eq!(slow.open_in_place(&nonce, &associated, &mut one, &tag), Some(()));
                    prop_assert_eq!(fast.open_in_place(&nonce, &associated, &mut other, &tag), Some(()));
                    prop_assert_eq!((&one, &other), (&text, &text));
                }
            }
        }

        #[test]
        fn both_refuse_the_points_of_low_order() {
            let private = Secret::new([3; 32]);
            for point in low_order_points() {
                assert!(aws_lc::Exchange::prepare(&private).unwrap().0.agree(&point).is_none());
                assert!(portable::Exchange::prepare(&private).unwrap().0.agree(&point).is_none());
            }
        }
    }
}
