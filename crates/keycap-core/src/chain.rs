//! Chains: what a capability allows, and how that proves itself.
//!
//! The first block is a *grant*, minted by the service; each later one is a *link*, or a *hand-off* to a new holder, added offline by
//! whoever holds the capability. Each block's key is an HMAC under the key before it, over the block's exact bytes, so that nobody can take
//! a block away or change one, and anybody can add one. The key at the end makes the Noise psk: only a chain that is whole completes the
//! handshake.
//!
//! *Adversary*: holders of other capabilities, of ancestors and of descendants of this one; the network. *Invariants*: blocks are carried as
//! received and never encoded again; parsed is not derived, derived is not verified, and only [`DerivedChain::clear`] gives a
//! [`VerifiedChain`]. *Not prevented*: whoever can verify can mint, since the chain is symmetric; ancestors know their descendants' bearer
//! secrets.
//!
//! ```text
//! chain    = [ bstr(block_0), …, bstr(block_n) ]     1 to 16 blocks, at most 2,048 bytes
//! grant    = [1, epoch, id(8), caveats]
//! link     = [2, id(8), caveats]
//! hand-off = [3, id(8), caveats, ticket(48)]
//! ```

mod block;
mod caveat;
mod clear;
mod derive;
mod explain;
mod keyed;

pub use block::{Block, BlockId, BlockKind, Ticket};
pub use caveat::{Caveat, CaveatError, Caveats, PatternSet, Purpose, Rule};
pub use clear::{Clearing, Reason, Refusal, RevocationCheck, VerifiedChain};
pub use derive::{ChainKey, DerivedChain, Rid, RootSecret, RootSecrets};
pub use explain::{Explanation, Finding, explain};

use crate::cbor::{CborError, Reader, Writer};
use crate::key::PublicKey;

/// Blocks in a chain, at most.
pub const MAX_BLOCKS: usize = 16;
/// Bytes of an encoded chain, heads included, at most.
pub const MAX_CHAIN_BYTES: usize = 2_048;
/// Hand-offs in a chain, at most.
pub const MAX_HANDOFFS: usize = 4;

/// Why bytes are no chain, or why a block cannot be added to one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// Not CBOR of the strict subset.
    #[error("chain: {0}")]
    Cbor(#[from] CborError),
    /// A caveat of a block is none.
    #[error("block {block}: {error}")]
    Caveat {
        /// The block's place, from 0.
        block: usize,
        /// What is wrong with it.
        error: CaveatError,
    },
    /// A block is not of the form that its kind has.
    #[error("block {block} is malformed: {error}")]
    Block {
        /// The block's place, from 0.
        block: usize,
        /// What is wrong with it.
        error: CborError,
    },
    /// A block's kind is unknown or does not belong in its place: a grant comes first, and only there.
    #[error("block {block} is of a kind that cannot stand there")]
    Kind {
        /// The block's place, from 0.
        block: usize,
    },
    /// A grant has no expiry or no `allow`.
    #[error("the grant has no `{missing}` caveat, which every grant carries")]
    Unlimited {
        /// The caveat that is missing.
        missing: &'static str,
    },
    /// A hand-off names no holder.
    #[error("block {block} is a hand-off that names no holder")]
    HandoffWithoutHolder {
        /// The block's place, from 0.
        block: usize,
    },
    /// There is no block, or more than 16.
    #[error("a chain has 1 to 16 blocks, this one has {count}")]
    Blocks {
        /// How many there are.
        count: usize,
    },
    /// The encoded chain is longer than 2,048 bytes.
    #[error("a chain has at most 2,048 bytes, this one has {bytes}")]
    TooLong {
        /// How many there are.
        bytes: usize,
    },
    /// There are more than four hand-offs.
    #[error("a chain has at most 4 hand-offs")]
    TooManyHandoffs,
    /// The service has no root secret of the grant's epoch.
    #[error("the service has no root secret of epoch {epoch}")]
    UnknownEpoch {
        /// The grant's epoch.
        epoch: u32,
    },
}

/// A chain that has been parsed: its form is right, and nothing is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    encoded: Vec<u8>,
    blocks: Vec<Block>,
}

impl Chain {
    /// Reads an encoded chain, strictly.
    ///
    /// # Errors
    /// A [`ChainError`] that names the block.
    pub fn parse(encoded: &[u8]) -> Result<Self, ChainError> {
        if encoded.len() > MAX_CHAIN_BYTES {
            return Err(ChainError::TooLong { bytes: encoded.len() });
        }
        let mut reader = Reader::new(encoded);
        let count = reader.array()?;
        if !(1..=MAX_BLOCKS).contains(&count) {
            return Err(ChainError::Blocks { count });
        }
        let mut blocks = Vec::with_capacity(count);
        for place in 0..count {
            blocks.push(Block::parse(place, reader.bytes()?)?);
        }
        reader.end()?;
        let chain = Self { encoded: encoded.to_vec(), blocks };
        chain.check_handoffs()?;
        Ok(chain)
    }

    /// Joins blocks that were kept one by one, each as its exact bytes.
    ///
    /// # Errors
    /// A [`ChainError`] that names the block.
    pub fn of_encoded_blocks<'b>(blocks: impl IntoIterator<Item = &'b [u8]>) -> Result<Self, ChainError> {
        Self::of_blocks(blocks.into_iter().enumerate().map(|(place, bytes)| Block::parse(place, bytes)).collect::<Result<_, _>>()?)
    }

    /// The chain of one freshly minted grant.
    pub(crate) fn of_grant(grant: Block) -> Result<Self, ChainError> {
        if !matches!(grant.kind(), BlockKind::Grant { .. }) {
            return Err(ChainError::Kind { block: 0 });
        }
        Self::of_blocks(vec![grant])
    }

    /// This chain and one block more.
    pub(crate) fn with(&self, block: Block) -> Result<Self, ChainError> {
        let place = self.blocks.len();
        if matches!(block.kind(), BlockKind::Grant { .. }) {
            return Err(ChainError::Kind { block: place });
        }
        Self::of_blocks(self.blocks.iter().cloned().chain([block]).collect())
    }

    fn of_blocks(blocks: Vec<Block>) -> Result<Self, ChainError> {
        if !(1..=MAX_BLOCKS).contains(&blocks.len()) {
            return Err(ChainError::Blocks { count: blocks.len() });
        }
        // A head of at most three bytes for each, and one for all.
        let mut encoded = Vec::with_capacity(1 + blocks.iter().map(|block| 3 + block.bytes().len()).sum::<usize>());
        let mut writer = Writer::new(&mut encoded);
        writer.array(blocks.len());
        for block in &blocks {
            writer.bytes(block.bytes());
        }
        if encoded.len() > MAX_CHAIN_BYTES {
            return Err(ChainError::TooLong { bytes: encoded.len() });
        }
        let chain = Self { encoded, blocks };
        chain.check_handoffs()?;
        Ok(chain)
    }

    fn check_handoffs(&self) -> Result<(), ChainError> {
        if self.blocks.iter().filter(|block| block.ticket().is_some()).count() > MAX_HANDOFFS {
            return Err(ChainError::TooManyHandoffs);
        }
        Ok(())
    }

    /// The chain as received or written, heads included.
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// The blocks, the grant first.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The epoch of the grant.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        match self.blocks.first().map(Block::kind) {
            Some(BlockKind::Grant { epoch }) => epoch,
            _ => 0,
        }
    }

    /// The holder that must prove itself: the one that the last block with a `holder` caveat names. `None`: a bearer capability.
    #[must_use]
    pub fn holder(&self) -> Option<&PublicKey> {
        self.blocks.iter().rev().find_map(|block| block.caveats().holder())
    }

    /// The least expiry of all blocks, in Unix seconds.
    #[must_use]
    pub fn expires(&self) -> Option<crate::time::UnixSeconds> {
        self.blocks.iter().filter_map(|block| block.caveats().expires()).min()
    }

    /// Whether the grant carries a `purpose`. Without one no block of the chain can give `control`: a purpose in a link only narrows.
    pub(crate) fn grant_has_purpose(&self) -> bool {
        self.blocks.first().is_some_and(|grant| grant.caveats().iter().any(|caveat| matches!(caveat, Caveat::Purpose(_))))
    }

    /// Whether this chain begins with all blocks of `ancestor` and has at least one more.
    #[must_use]
    pub fn descends_from(&self, ancestor: &Self) -> bool {
        self.blocks.len() > ancestor.blocks.len() && self.blocks.iter().zip(&ancestor.blocks).all(|(a, b)| a.bytes() == b.bytes())
    }
}

#[cfg(test)]
mod tests;
