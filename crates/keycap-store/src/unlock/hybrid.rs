//! age's hybrid post-quantum recipients and identities, `age1pq1…` and `AGE-SECRET-KEY-PQ-1…` (c2sp.org/age, "The MLKEM768-X25519 hybrid
//! post-quantum recipient type").
//!
//! age for Go makes these since 1.3. The `age` crate 0.12 knows of hybrids only the tagged recipient for hardware keys, `age1tagpq1…`, and
//! only to encrypt to; so this module is here until the crate has the type itself.
//!
//! ```text
//! identity   seed(32), Bech32 under AGE-SECRET-KEY-PQ-
//! recipient  ML-KEM-768 encapsulation key(1,184) || X25519 public key(32), Bech32 under age1pq
//! stanza     -> mlkem768x25519 base64(enc)
//!            base64(HPKE ciphertext: file key(16), tag(16))
//! enc        ML-KEM-768 ciphertext(1,088) || X25519 share(32)
//! ```
//!
//! A recipient carries the label `postquantum`, so that age refuses to seal one file to it and to a recipient that a quantum computer breaks.
//! What this does not do: tell from whom a file is. Like all of age's recipients it hides nothing about a file's size, and a file sealed to
//! several can be rewritten by each of them.

mod hpke;
mod kem;

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use age::{DecryptError, EncryptError};
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::primitives::{bech32_decode, bech32_encode};
use age_core::secrecy::ExposeSecret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bech32::Hrp;
use keycap_core::secret::Secret;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use kem::{PrivateKey, PublicKey};

/// What a recipient begins with; the rest is Bech32.
pub(super) const RECIPIENT_PREFIX: &str = "age1pq1";
/// What an identity begins with.
pub(super) const IDENTITY_PREFIX: &str = "AGE-SECRET-KEY-PQ-1";

const RECIPIENT_HRP: Hrp = Hrp::parse_unchecked("age1pq");
const IDENTITY_HRP: Hrp = Hrp::parse_unchecked("age-secret-key-pq-");
const STANZA_TAG: &str = "mlkem768x25519";
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";
const LABEL: &str = "postquantum";
/// A stanza's body: the file key and a tag.
const BODY_BYTES: usize = FILE_KEY_BYTES + 16;

/// Why a text is no recipient or identity of this type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HybridError {
    /// The text is not Bech32, or a character was changed.
    #[error("it is not Bech32, or a character was changed")]
    Bech32,
    /// The text is Bech32 of something else.
    #[error("it is of another kind")]
    OtherKind,
    /// The text holds too many or too few bytes.
    #[error("it has the wrong length")]
    Length,
    /// One of the two keys is not one that age writes: not reduced, or of low order.
    #[error("its key is malformed")]
    Key,
}

/// An `age1pq1…` recipient.
#[derive(Clone, PartialEq)]
pub struct Recipient(PublicKey);

/// An `AGE-SECRET-KEY-PQ-1…` identity.
pub struct Identity(PrivateKey);

impl Identity {
    /// Derives the identity of a seed.
    #[must_use]
    pub fn from_seed(seed: &Secret<32>) -> Self {
        Self(PrivateKey::derive(seed))
    }

    /// The recipient that this identity opens for.
    #[must_use]
    pub fn to_recipient(&self) -> Recipient {
        Recipient(self.0.public())
    }
}

impl FromStr for Identity {
    type Err = HybridError;

    /// # Errors
    /// [`HybridError`], for whatever age would not read.
    fn from_str(text: &str) -> Result<Self, HybridError> {
        let seed = Zeroizing::new(decode(text, IDENTITY_HRP)?);
        let seed = Secret::from_slice(&seed).ok_or(HybridError::Length)?;
        Ok(Self::from_seed(&seed))
    }
}

impl FromStr for Recipient {
    type Err = HybridError;

    /// # Errors
    /// [`HybridError`], for whatever age would not read.
    fn from_str(text: &str) -> Result<Self, HybridError> {
        let bytes = decode(text, RECIPIENT_HRP)?;
        if bytes.len() != kem::PUBLIC_BYTES {
            return Err(HybridError::Length);
        }
        PublicKey::parse(&bytes).map(Self).ok_or(HybridError::Key)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32_encode(RECIPIENT_HRP, &self.0.to_bytes()))
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({self})")
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl age::Recipient for Recipient {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        // Both fail only for a key of low order, which `PublicKey::parse` refuses.
        let failed = || EncryptError::Io(std::io::Error::other("the recipient's key is of low order"));
        let (shared, enc) = self.0.encapsulate(&mut OsRng).ok_or_else(failed)?;
        let body = hpke::seal(&shared, INFO, file_key.expose_secret()).ok_or_else(failed)?;
        let stanza = Stanza { tag: STANZA_TAG.to_owned(), args: vec![BASE64_STANDARD_NO_PAD.encode(enc)], body };
        Ok((vec![stanza], HashSet::from([LABEL.to_owned()])))
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != STANZA_TAG {
            return None;
        }
        let Some(enc) = parse_enc(&stanza.args).filter(|_| stanza.body.len() == BODY_BYTES) else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        let Some(shared) = self.0.decapsulate(&enc) else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        // One that does not decrypt is another's: nothing in a stanza says whose it is.
        let opened = hpke::open(&shared, INFO, &stanza.body)?;
        Some(FileKey::try_init_with_mut(|file_key| {
            let opened = Secret::from_slice(opened.expose()).ok_or(DecryptError::InvalidHeader)?;
            *file_key = *opened.expose();
            Ok(())
        }))
    }
}

/// The only argument: the encapsulated key in canonical base64 without padding.
fn parse_enc(args: &[String]) -> Option<[u8; kem::ENCAPSULATED_BYTES]> {
    let [arg] = args else { return None };
    BASE64_STANDARD_NO_PAD.decode(arg).ok()?.try_into().ok()
}

fn decode(text: &str, hrp: Hrp) -> Result<Vec<u8>, HybridError> {
    bech32_decode(
        text,
        |_| HybridError::Bech32,
        |found| if found == hrp { Ok(()) } else { Err(HybridError::OtherKind) },
        |_, bytes| {
            // Room for the longest at once, so that a seed is not left behind in a smaller buffer.
            let mut decoded = Vec::with_capacity(kem::PUBLIC_BYTES);
            decoded.extend(bytes.take(kem::PUBLIC_BYTES + 1));
            Ok(decoded)
        },
    )
}

#[cfg(test)]
mod tests;
