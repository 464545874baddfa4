//! A chain padded so that its length tells an onlooker little: `u16 length || chain || zeros to a multiple of 64`.
//!
//! Message 1 of a session and locators carry chains in this form. There is one padded form for each chain, and readers refuse any other.

/// The multiple that the whole is padded to, in bytes.
pub const BLOCK: usize = 64;

/// Why bytes are no padded chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PaddingError {
    /// The whole is not the least multiple of 64 bytes that holds the chain and its length.
    #[error("{actual} bytes are not the padded length of a chain of {chain}")]
    Length {
        /// Bytes of the whole.
        actual: usize,
        /// Bytes of the chain, as the first two bytes say; 0 where they are missing.
        chain: usize,
    },
    /// The padding has a byte that is not zero.
    #[error("the padding is not all zeros")]
    NotZero,
    /// The chain is longer than a u16 counts.
    #[error("a chain of {length} bytes is too long to pad")]
    TooLong {
        /// Bytes of the chain.
        length: usize,
    },
}

/// Pads an encoded chain.
///
/// # Errors
/// [`PaddingError::TooLong`] beyond 65,535 bytes, which no chain has.
pub fn pad(chain: &[u8]) -> Result<Vec<u8>, PaddingError> {
    let length = u16::try_from(chain.len()).map_err(|_| PaddingError::TooLong { length: chain.len() })?;
    let mut padded = Vec::with_capacity(padded_len(chain.len()));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(chain);
    padded.resize(padded_len(chain.len()), 0);
    Ok(padded)
}

/// The chain inside a padded one.
///
/// # Errors
/// [`PaddingError::Length`] and [`PaddingError::NotZero`] for whatever [`pad`] would not have written.
pub fn unpad(padded: &[u8]) -> Result<&[u8], PaddingError> {
    let actual = padded.len();
    let (length, rest) = padded.split_first_chunk().ok_or(PaddingError::Length { actual, chain: 0 })?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (chain, zeros) = rest.split_at_checked(length).ok_or(PaddingError::Length { actual, chain: length })?;
    if actual != padded_len(length) {
        return Err(PaddingError::Length { actual, chain: length });
    }
    if zeros.iter().any(|byte| *byte != 0) {
        return Err(PaddingError::NotZero);
    }
    Ok(chain)
}

/// Bytes of the padded form of a chain of `chain_len` bytes.
#[must_use]
pub const fn padded_len(chain_len: usize) -> usize {
    (2 + chain_len).next_multiple_of(BLOCK)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sixty_two_bytes_fill_a_block_and_one_more_opens_the_next() {
        assert_eq!(pad(&[1; 62]).unwrap().len(), 64);
        assert_eq!(pad(&[1; 63]).unwrap().len(), 128);
        assert_eq!(pad(&[]).unwrap(), [0; 64]);
    }

    #[test]
    fn a_chain_longer_than_its_length_field_is_refused() {
        assert_eq!(unpad(&pad(&[1; 65_535]).unwrap()), Ok(&[1; 65_535][..]));
        assert_eq!(pad(&[1; 65_536]), Err(PaddingError::TooLong { length: 65_536 }));
    }

    #[test]
    fn more_zeros_than_needed_are_refused() {
        let mut padded = pad(b"chain").unwrap();
        padded.resize(128, 0);
        assert_eq!(unpad(&padded), Err(PaddingError::Length { actual: 128, chain: 5 }));
        assert_eq!(unpad(&padded[..63]), Err(PaddingError::Length { actual: 63, chain: 5 }));
        assert_eq!(unpad(&[]), Err(PaddingError::Length { actual: 0, chain: 0 }));
    }

    #[test]
    fn a_length_beyond_the_data_is_refused() {
        let mut padded = pad(b"chain").unwrap();
        padded[1] = 63;
        assert_eq!(unpad(&padded), Err(PaddingError::Length { actual: 64, chain: 63 }));
    }

    #[test]
    fn padding_that_is_not_zero_is_refused() {
        let mut padded = pad(b"chain").unwrap();
        padded[63] = 1;
        assert_eq!(unpad(&padded), Err(PaddingError::NotZero));
    }

    proptest! {
        #[test]
        fn what_was_padded_comes_back(chain in proptest::collection::vec(any::<u8>(), 0..2_100)) {
            let padded = pad(&chain).unwrap();
            prop_assert_eq!(unpad(&padded), Ok(&chain[..]));
        }

        #[test]
        fn what_is_accepted_is_what_would_have_been_written(mut bytes in proptest::collection::vec(any::<u8>(), 64), length in 0_u8..70, zeros in 0_usize..64) {
            bytes[..2].copy_from_slice(&[0, length]);
            let start = bytes.len() - zeros.min(62);
            bytes[start..].fill(0);
            if let Ok(chain) = unpad(&bytes) {
                prop_assert_eq!(pad(chain).unwrap(), bytes);
            }
        }
    }
}
