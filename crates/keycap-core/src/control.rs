//! Control requests: what a holder may ask of a gateway besides its service. One CBOR array each, on a stream of kind `control`.
//!
//! ```text
//! revoke = [1, chain]     refuse the last block of this chain and everything below it
//! report = [2]            sessions, delegations met, last use
//! rotate = [3]            the announced next service key
//! ```
//!
//! `revoke` carries a chain, never a revocation id: the service derives the id itself, so that nobody can name a block whose chain it does not
//! know.

use crate::cbor::{CborError, Reader, Writer};
use crate::chain::{Caveat, Chain, ChainError, Purpose, VerifiedChain};

/// Why bytes are no control request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// Not CBOR of the strict subset, or not of a request's form.
    #[error("control request: {0}")]
    Cbor(#[from] CborError),
    /// The chain to revoke is none.
    #[error("control request: {0}")]
    Chain(#[from] ChainError),
    /// A request of a later version.
    #[error("control request {number} is unknown")]
    Unknown {
        /// Its number.
        number: u64,
    },
}

/// A control request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlRequest {
    /// Revoke the last block of this chain.
    Revoke(Chain),
    /// Tell sessions, delegations met, last use.
    Report,
    /// Tell the announced next service key.
    Rotate,
}

impl ControlRequest {
    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::Revoke(chain) => {
                Writer::new(&mut bytes).array(2).unsigned(1);
                bytes.extend_from_slice(chain.encoded());
            }
            Self::Report => {
                Writer::new(&mut bytes).array(1).unsigned(2);
            }
            Self::Rotate => {
                Writer::new(&mut bytes).array(1).unsigned(3);
            }
        }
        bytes
    }

    /// Reads an encoding, strictly.
    ///
    /// # Errors
    /// A [`ControlError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ControlError> {
        let mut reader = Reader::new(bytes);
        let items = reader.array()?;
        let request = match (reader.unsigned()?, items) {
            (1, 2) => return Ok(Self::Revoke(Chain::parse(reader.rest())?)),
            (2, 1) => Self::Report,
            (3, 1) => Self::Rotate,
            (1..=3, _) => return Err(CborError::OutOfRange.into()),
            (number, _) => return Err(ControlError::Unknown { number }),
        };
        reader.end()?;
        Ok(request)
    }

    /// Whether a session with this chain may make the request. With a `purpose` in the grant, and control in every purpose of the chain: all
    /// requests. Without: only to revoke what begins with all of its blocks and has at least one more, or, for a holder that has proven
    /// itself, the very chain it holds.
    #[must_use]
    pub fn may_be_made_by(&self, caller: &VerifiedChain) -> bool {
        if has_control(caller.chain()) {
            return true;
        }
        match self {
            Self::Revoke(target) => target.descends_from(caller.chain()) || caller.holder().is_some() && target.encoded() == caller.chain().encoded(),
            Self::Report | Self::Rotate => false,
        }
    }
}

fn has_control(chain: &Chain) -> bool {
    let names_control = |caveat: &Caveat| if let Caveat::Purpose(purposes) = caveat { purposes.contains(&Purpose::Control) } else { true };
    chain.grant_has_purpose() && chain.blocks().iter().all(|block| block.caveats().iter().all(names_control))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Block, BlockId, Caveats, Rule};
    use crate::time::UnixSeconds;

    fn chain() -> Chain {
        let caveats = Caveats::of([Caveat::Expires(UnixSeconds::new(9)), Caveat::Allow(vec![Rule::default()])]).unwrap();
        Chain::of_grant(Block::grant(0, BlockId::new([1; 8]), caveats).unwrap()).unwrap()
    }

    #[test]
    fn requests_read_back_as_written() {
        for request in [ControlRequest::Revoke(chain()), ControlRequest::Report, ControlRequest::Rotate] {
            assert_eq!(ControlRequest::parse(&request.encode()), Ok(request));
        }
    }

    #[test]
    fn other_forms_are_refused() {
        assert_eq!(ControlRequest::parse(&[0x81, 0x04]), Err(ControlError::Unknown { number: 4 }));
        assert_eq!(ControlRequest::parse(&[0x82, 0x02, 0x00]), Err(CborError::OutOfRange.into()));
        assert_eq!(ControlRequest::parse(&[0x81, 0x02, 0x00]), Err(CborError::Trailing.into()));
        assert!(ControlRequest::parse(&[0x82, 0x01, 0x80]).is_err());
    }
}
