//! Byte strings in a vector, and randomness that a vector lays down.

use std::fmt;

use keycap_core::secret::Secret;
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};

/// Bytes that stand as lower-case hex in a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl Hex {
    pub(crate) fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(bytes.as_ref().to_vec())
    }

    pub(crate) fn array<const N: usize>(&self) -> [u8; N] {
        self.0.as_slice().try_into().unwrap_or_else(|_| panic!("{} bytes instead of {N}", self.0.len()))
    }

    pub(crate) fn secret(&self) -> Secret<32> {
        Secret::new(self.array())
    }
}

impl From<Hex> for String {
    fn from(bytes: Hex) -> Self {
        hex::encode(bytes.0)
    }
}

impl TryFrom<String> for Hex {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(text).map(Self)
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// Draws these values of 32 bytes one after the other, and panics if one more is asked for.
pub(crate) struct Laid(std::vec::IntoIter<[u8; 32]>);

impl Laid {
    pub(crate) fn down<'a>(values: impl IntoIterator<Item = &'a Hex>) -> Self {
        Self(values.into_iter().map(Hex::array).collect::<Vec<_>>().into_iter())
    }

    /// All of them were drawn.
    pub(crate) fn used_up(mut self) {
        assert!(self.0.next().is_none(), "less randomness was drawn than laid down");
    }
}

impl RngCore for Laid {
    fn next_u32(&mut self) -> u32 {
        panic!("only keys are drawn")
    }

    fn next_u64(&mut self) -> u64 {
        panic!("only keys are drawn")
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.copy_from_slice(&self.0.next().expect("more randomness was drawn than laid down"));
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Laid {}
