//! The hello: the first bytes of a session, from the connector to the service.
//!
//! ```text
//! offset  size
//!      0     4  "KCP1"
//!      4     1  pattern
//!      5     1  suite
//!      6     2  flags, 0
//!      8    16  tag = HMAC(H("keycap-1 hello" 00 || S), hello[0..8] || hello[24..])[0..16]
//!     24     2  n
//!     26     n  KKpsk2: u16 length || locator, then Noise message 1; otherwise Noise message 1
//! ```
//!
//! At most 4,096 bytes in all; integers are big-endian. The adversary sends anything. Who does not know the service's key S is refused
//! by the tag, for the price of one HMAC and before any X25519: that is all the tag is for. It authenticates nobody, since S is not a
//! secret for long, and a hello that was seen can be sent again.

use std::fmt;

use hmac::digest::FixedOutput;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::pattern::{Pattern, Suite};
use crate::key::{PublicKey, ct_eq};
use crate::label;

/// The most bytes that a hello has.
pub const MAX_LEN: usize = 4_096;

/// Bytes before the part whose length the hello itself tells: read these, then [`body_len`] more.
pub const HEADER_LEN: usize = 26;

/// Bytes of the beginning that the prologue of the handshake holds.
pub(super) const PREFIX_LEN: usize = 8;

const TAG_LEN: usize = 16;

/// Why bytes are no hello for this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HelloError {
    /// It has fewer bytes than the header, more than 4,096, or not as many as it says.
    #[error("a hello of {actual} bytes has a wrong length")]
    Length {
        /// How many bytes there are.
        actual: usize,
    },
    /// The tag is not the one that this service's key gives.
    #[error("the tag of the hello is not for this service")]
    Tag,
    /// It does not begin with `KCP1`.
    #[error("the hello is not of protocol keycap-1")]
    Magic,
    /// The pattern is unknown or makes no session.
    #[error("pattern {number} makes no session")]
    Pattern {
        /// The number in the hello.
        number: u8,
    },
    /// The suite is unknown.
    #[error("suite {number} is unknown")]
    Suite {
        /// The number in the hello.
        number: u8,
    },
    /// A flag is set, and this version knows none.
    #[error("the flags {flags:#06x} are unknown")]
    Flags {
        /// The flags in the hello.
        flags: u16,
    },
    /// The locator of a KK hello does not fit into it.
    #[error("the locator of the hello is cut off")]
    Locator,
}

/// The HMAC key of a service's hellos, `H("keycap-1 hello" 00 || S)`, ready for use.
#[derive(Clone)]
pub struct HelloTagKey(Hmac<Sha256>);

impl HelloTagKey {
    /// The key for a service.
    #[must_use]
    pub fn of(service: &PublicKey) -> Self {
        let key = Sha256::new().chain_update(label::HELLO).chain_update(service.as_bytes()).finalize();
        // HMAC takes a key of any length, so the default is never used.
        Self(Hmac::new_from_slice(&key).unwrap_or_else(|_| Hmac::new(&Default::default())))
    }

    fn tag(&self, prefix: &[u8; PREFIX_LEN], after_tag: &[&[u8]]) -> [u8; TAG_LEN] {
        let mut mac = self.0.clone().chain_update(prefix);
        for part in after_tag {
            mac.update(part);
        }
        let [front @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = <[u8; 32]>::from(mac.finalize_fixed());
        front
    }
}

impl fmt::Debug for HelloTagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HelloTagKey(..)")
    }
}

/// A hello whose tag and form were right; nothing in it is authenticated yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello<'a> {
    /// The pattern of the handshake: an interactive one.
    pub pattern: Pattern,
    /// The suite of the handshake.
    pub suite: Suite,
    /// The locator, with KKpsk2 only.
    pub locator: Option<&'a [u8]>,
    /// Noise message 1.
    pub message: &'a [u8],
}

impl<'a> Hello<'a> {
    /// Reads a whole hello. The tag is looked at before anything but the length.
    ///
    /// # Errors
    /// See [`HelloError`]; each means to close without a word.
    pub fn parse(hello: &'a [u8], key: &HelloTagKey) -> Result<Self, HelloError> {
        let wrong_length = HelloError::Length { actual: hello.len() };
        if hello.len() > MAX_LEN {
            return Err(wrong_length);
        }
        let (prefix, rest) = hello.split_first_chunk::<PREFIX_LEN>().ok_or(wrong_length)?;
        let (tag, after_tag) = rest.split_first_chunk::<TAG_LEN>().ok_or(wrong_length)?;
        let (length, body) = after_tag.split_first_chunk::<2>().ok_or(wrong_length)?;
        if usize::from(u16::from_be_bytes(*length)) != body.len() {
            return Err(wrong_length);
        }
        if !ct_eq(&key.tag(prefix, &[after_tag]), tag) {
            return Err(HelloError::Tag);
        }
        let (pattern, suite) = parse_prefix(*prefix)?;
        let (locator, message) = if pattern == Pattern::KKpsk2 {
            let (length, rest) = body.split_first_chunk::<2>().ok_or(HelloError::Locator)?;
            let (locator, message) = rest.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(HelloError::Locator)?;
            (Some(locator), message)
        } else {
            (None, body)
        };
        Ok(Self { pattern, suite, locator, message })
    }

    /// Writes the hello, with its tag.
    ///
    /// # Errors
    /// [`HelloError::Length`] if it would have more than 4,096 bytes.
    pub fn encode(&self, key: &HelloTagKey) -> Result<Vec<u8>, HelloError> {
        let locator_len = self.locator.map_or(0, |locator| 2 + locator.len());
        let total = HEADER_LEN + locator_len + self.message.len();
        let too_long = HelloError::Length { actual: total };
        if total > MAX_LEN {
            return Err(too_long);
        }
        let mut after_tag = Vec::with_capacity(total - PREFIX_LEN - TAG_LEN);
        put_length(&mut after_tag, locator_len + self.message.len()).ok_or(too_long)?;
        if let Some(locator) = self.locator {
            put_length(&mut after_tag, locator.len()).ok_or(too_long)?;
            after_tag.extend_from_slice(locator);
        }
        after_tag.extend_from_slice(self.message);
        let prefix = encode_prefix(self.pattern, self.suite);
        Ok([&prefix[..], &key.tag(&prefix, &[&after_tag]), &after_tag].concat())
    }
}

/// How many bytes follow a header of [`HEADER_LEN`] bytes.
///
/// # Errors
/// [`HelloError::Length`] if the whole would have more than 4,096.
pub fn body_len(header: &[u8; HEADER_LEN]) -> Result<usize, HelloError> {
    let [.., high, low] = *header;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if HEADER_LEN + length > MAX_LEN { Err(HelloError::Length { actual: HEADER_LEN + length }) } else { Ok(length) }
}

/// The first 8 bytes of a hello.
pub(super) fn encode_prefix(pattern: Pattern, suite: Suite) -> [u8; PREFIX_LEN] {
    let [k, c, p, one] = *label::HELLO_MAGIC;
    [k, c, p, one, pattern.number(), suite.number(), 0, 0]
}

fn parse_prefix(prefix: [u8; PREFIX_LEN]) -> Result<(Pattern, Suite), HelloError> {
    let [magic @ .., pattern, suite, high, low] = prefix;
    if magic != *label::HELLO_MAGIC {
        return Err(HelloError::Magic);
    }
    let flags = u16::from_be_bytes([high, low]);
    if flags != 0 {
        return Err(HelloError::Flags { flags });
    }
    let interactive = Pattern::from_number(pattern).filter(|pattern| pattern.is_interactive());
    Ok((interactive.ok_or(HelloError::Pattern { number: pattern })?, Suite::from_number(suite).ok_or(HelloError::Suite { number: suite })?))
}

fn put_length(out: &mut Vec<u8>, length: usize) -> Option<()> {
    out.extend_from_slice(&u16::try_from(length).ok()?.to_be_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::StaticKey;
    use crate::secret::Secret;

    fn key() -> HelloTagKey {
        HelloTagKey::of(StaticKey::from_private(Secret::new([1; 32])).public())
    }

    fn tagged(prefix: [u8; 8], body: &[u8]) -> Vec<u8> {
        let mut after_tag = u16::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        after_tag.extend_from_slice(body);
        [&prefix[..], &key().tag(&prefix, &[&after_tag]), &after_tag].concat()
    }

    #[test]
    fn the_layout_is_that_of_the_specification() {
        let hello = Hello { pattern: Pattern::KKpsk2, suite: Suite::AesGcm, locator: Some(b"locator"), message: b"message" };
        let bytes = hello.encode(&key()).unwrap();
        assert_eq!(bytes[..8], *b"KCP1\x04\x02\x00\x00");
        assert_eq!(bytes[24..], *b"\x00\x10\x00\x07locatormessage");
        let service = StaticKey::from_private(Secret::new([1; 32]));
        let tag_key = Sha256::new().chain_update(b"keycap-1 hello\0").chain_update(service.public().as_bytes()).finalize();
        let mac = Hmac::<Sha256>::new_from_slice(&tag_key).unwrap().chain_update(&bytes[..8]).chain_update(&bytes[24..]);
        assert_eq!(bytes[8..24], mac.finalize_fixed()[..16]);
        assert_eq!(Hello::parse(&bytes, &key()), Ok(hello));
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let bytes = Hello { pattern: Pattern::NKpsk2, suite: Suite::ChaChaPoly, locator: None, message: b"message" }.encode(&key()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Hello::parse(&flipped, &key()).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_hello_for_another_service_is_refused() {
        let bytes = Hello { pattern: Pattern::NKpsk2, suite: Suite::ChaChaPoly, locator: None, message: b"m" }.encode(&key()).unwrap();
        let other = HelloTagKey::of(StaticKey::from_private(Secret::new([2; 32])).public());
        assert_eq!(Hello::parse(&bytes, &other), Err(HelloError::Tag));
    }

    #[test]
    fn the_tag_comes_before_what_it_covers() {
        let mut bytes = tagged(*b"HTTP\x09\x09\x00\x01", b"");
        bytes[8] ^= 1;
        assert_eq!(Hello::parse(&bytes, &key()), Err(HelloError::Tag));
    }

    #[test]
    fn a_right_tag_does_not_excuse_a_wrong_header() {
        let parse = |prefix| Hello::parse(&tagged(prefix, b"message"), &key()).map(|hello| hello.pattern);
        assert_eq!(parse(*b"KCP1\x01\x01\x00\x00"), Ok(Pattern::NKpsk2));
        assert_eq!(parse(*b"KCP2\x01\x01\x00\x00"), Err(HelloError::Magic));
        assert_eq!(parse(*b"KCP1\x00\x01\x00\x00"), Err(HelloError::Pattern { number: 0 }));
        for one_way in 5..=8 {
            assert_eq!(parse([b'K', b'C', b'P', b'1', one_way, 1, 0, 0]), Err(HelloError::Pattern { number: one_way }));
        }
        assert_eq!(parse(*b"KCP1\x01\x00\x00\x00"), Err(HelloError::Suite { number: 0 }));
        assert_eq!(parse(*b"KCP1\x01\x03\x00\x00"), Err(HelloError::Suite { number: 3 }));
        assert_eq!(parse(*b"KCP1\x01\x01\x00\x01"), Err(HelloError::Flags { flags: 1 }));
        assert_eq!(parse(*b"KCP1\x01\x01\x80\x00"), Err(HelloError::Flags { flags: 0x8000 }));
    }

    #[test]
    fn a_locator_that_is_cut_off_is_refused() {
        for body in [&b""[..], b"\x00", b"\x00\x03ab"] {
            assert_eq!(Hello::parse(&tagged(*b"KCP1\x04\x01\x00\x00", body), &key()), Err(HelloError::Locator));
        }
    }

    #[test]
    fn four_thousand_and_ninety_six_bytes_are_the_most() {
        let message = [7; MAX_LEN - HEADER_LEN + 1];
        let hello = |message| Hello { pattern: Pattern::XKpsk3, suite: Suite::ChaChaPoly, locator: None, message };
        let longest = hello(&message[1..]).encode(&key()).unwrap();
        assert_eq!(longest.len(), MAX_LEN);
        assert_eq!(Hello::parse(&longest, &key()).unwrap().message, &message[1..]);
        assert_eq!(body_len(longest.first_chunk().unwrap()), Ok(MAX_LEN - HEADER_LEN));
        assert_eq!(hello(&message).encode(&key()), Err(HelloError::Length { actual: MAX_LEN + 1 }));
        let too_long = tagged(*b"KCP1\x02\x01\x00\x00", &message);
        assert_eq!(Hello::parse(&too_long, &key()), Err(HelloError::Length { actual: MAX_LEN + 1 }));
        assert_eq!(body_len(too_long.first_chunk().unwrap()), Err(HelloError::Length { actual: MAX_LEN + 1 }));
    }

    #[test]
    fn a_length_that_does_not_reach_to_the_end_is_refused() {
        let bytes = tagged(*b"KCP1\x01\x01\x00\x00", b"message");
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(Hello::parse(&longer, &key()), Err(HelloError::Length { actual: 34 }));
        for end in 0..bytes.len() {
            assert_eq!(Hello::parse(&bytes[..end], &key()), Err(HelloError::Length { actual: end }));
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(number in 1_u8..=4, suite in 1_u8..=2, locator: Vec<u8>, message: Vec<u8>) {
            let pattern = Pattern::from_number(number).unwrap();
            let locator = (pattern == Pattern::KKpsk2).then_some(&locator[..]);
            let hello = Hello { pattern, suite: Suite::from_number(suite).unwrap(), locator, message: &message };
            let bytes = hello.encode(&key()).unwrap();
            prop_assert_eq!(Hello::parse(&bytes, &key()), Ok(hello));
            prop_assert_eq!(body_len(bytes.first_chunk().unwrap()), Ok(bytes.len() - HEADER_LEN));
        }
    }
}
