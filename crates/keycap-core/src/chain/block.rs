//! Blocks: the exact bytes of one grant, link or hand-off, and what they say.

use std::fmt;

use sha2::{Digest, Sha256};

use super::caveat::{CaveatError, Caveats};
use super::{Chain, ChainError};
use crate::cbor::{Reader, Writer};
use crate::label;

/// The 8 random bytes that tell one block from another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId([u8; 8]);

impl BlockId {
    /// Takes 8 bytes, which whoever mints or delegates has drawn at random.
    #[must_use]
    pub const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The 8 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockId({self})")
    }
}

/// The proof that a holder hands its capability on: a `Noise_Kpsk0` message of 48 bytes from the holder to the service.
pub type Ticket = [u8; 48];

/// Bytes at a hand-off's end that its ticket's prologue does not cover: the ticket and its head `58 30`.
const TICKET_TAIL: usize = 50;

/// The kinds of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// Minted by the service, in one of its epochs.
    Grant {
        /// Which root secret it was minted under.
        epoch: u32,
    },
    /// Added by a holder; may only narrow.
    Link,
    /// Added by the named holder before, for the holder that it names.
    Handoff,
}

/// One block: its bytes as received, and what they say.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    bytes: Vec<u8>,
    kind: BlockKind,
    id: BlockId,
    caveats: Caveats,
    ticket: Option<Ticket>,
}

impl Block {
    /// Writes a grant.
    ///
    /// # Errors
    /// [`ChainError::Unlimited`] without an `exp` or an `allow` caveat.
    pub fn grant(epoch: u32, id: BlockId, caveats: Caveats) -> Result<Self, ChainError> {
        check_limited(&caveats)?;
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.array(4).unsigned(1).unsigned(epoch.into()).bytes(id.as_bytes());
        caveats.write(&mut writer);
        Ok(Self { bytes, kind: BlockKind::Grant { epoch }, id, caveats, ticket: None })
    }

    /// Writes a link, which may have no caveat at all.
    #[must_use]
    pub fn link(id: BlockId, caveats: Caveats) -> Self {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.array(3).unsigned(2).bytes(id.as_bytes());
        caveats.write(&mut writer);
        Self { bytes, kind: BlockKind::Link, id, caveats, ticket: None }
    }

    /// Writes a hand-off block for the end of `chain`; `ticket` is given the prologue that the ticket's message has and returns the ticket.
    ///
    /// # Errors
    /// [`ChainError::HandoffWithoutHolder`] if the caveats name no holder; whatever `ticket` returns.
    pub(crate) fn handoff<E: From<ChainError>>(
        chain: &Chain,
        id: BlockId,
        caveats: Caveats,
        ticket: impl FnOnce(&[u8]) -> Result<Ticket, E>,
    ) -> Result<Self, E> {
        let place = chain.blocks().len();
        if caveats.holder().is_none() {
            return Err(ChainError::HandoffWithoutHolder { block: place }.into());
        }
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.array(4).unsigned(3).bytes(id.as_bytes());
        caveats.write(&mut writer);
        let ticket = ticket(&handoff_prologue(chain.blocks(), &bytes))?;
        Writer::new(&mut bytes).bytes(&ticket);
        Ok(Self { bytes, kind: BlockKind::Handoff, id, caveats, ticket: Some(ticket) })
    }

    /// Reads a grant that stands alone.
    ///
    /// # Errors
    /// A [`ChainError`] that calls it block 0.
    pub fn parse_grant(bytes: &[u8]) -> Result<Self, ChainError> {
        Self::parse(0, bytes)
    }

    /// Reads a link or hand-off that stands alone, at a place after the grant.
    ///
    /// # Errors
    /// A [`ChainError`] that calls it block 1.
    pub fn parse_link(bytes: &[u8]) -> Result<Self, ChainError> {
        Self::parse(1, bytes)
    }

    pub(super) fn parse(place: usize, bytes: &[u8]) -> Result<Self, ChainError> {
        let malformed = |error| ChainError::Block { block: place, error };
        let mut reader = Reader::new(bytes);
        let items = reader.array().map_err(malformed)?;
        let kind = match (reader.unsigned().map_err(malformed)?, items) {
            (1, 4) if place == 0 => BlockKind::Grant { epoch: reader.unsigned_u32().map_err(malformed)? },
            (2, 3) if place > 0 => BlockKind::Link,
            (3, 4) if place > 0 => BlockKind::Handoff,
            _ => return Err(ChainError::Kind { block: place }),
        };
        let id = BlockId(reader.byte_array().map_err(malformed)?);
        let caveats = Caveats::parse(&mut reader).map_err(|error| match error {
            CaveatError::Cbor(error) => malformed(error),
            error @ (CaveatError::Holder(_) | CaveatError::Value { .. } | CaveatError::Duplicate { .. }) => {
                ChainError::Caveat { block: place, error }
            }
        })?;
        let ticket = match kind {
            BlockKind::Handoff => Some(reader.byte_array().map_err(malformed)?),
            BlockKind::Grant { .. } | BlockKind::Link => None,
        };
        reader.end().map_err(malformed)?;
        match kind {
            BlockKind::Grant { .. } => check_limited(&caveats)?,
            BlockKind::Handoff if caveats.holder().is_none() => return Err(ChainError::HandoffWithoutHolder { block: place }),
            BlockKind::Handoff | BlockKind::Link => {}
        }
        Ok(Self { bytes: bytes.to_vec(), kind, id, caveats, ticket })
    }

    /// The exact bytes, which every derivation covers.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What kind of block it is.
    #[must_use]
    pub const fn kind(&self) -> BlockKind {
        self.kind
    }

    /// Its 8 random bytes.
    #[must_use]
    pub const fn id(&self) -> BlockId {
        self.id
    }

    /// What it restricts.
    #[must_use]
    pub const fn caveats(&self) -> &Caveats {
        &self.caveats
    }

    /// A hand-off's ticket, not verified.
    #[must_use]
    pub const fn ticket(&self) -> Option<&Ticket> {
        self.ticket.as_ref()
    }

    /// The prologue of a hand-off's ticket; `before` are all blocks in front of this one.
    pub(super) fn ticket_prologue(&self, before: &[Self]) -> Vec<u8> {
        let covered = self.bytes.len().saturating_sub(TICKET_TAIL);
        handoff_prologue(before, self.bytes.get(..covered).unwrap_or_default())
    }
}

fn check_limited(caveats: &Caveats) -> Result<(), ChainError> {
    if caveats.expires().is_none() {
        return Err(ChainError::Unlimited { missing: "exp" });
    }
    if !caveats.has_allow() {
        return Err(ChainError::Unlimited { missing: "allow" });
    }
    Ok(())
}

/// `"keycap-1 handoff" 00 || H(u16 len_0 || block_0 || … ) || block without its ticket and the ticket's head`.
fn handoff_prologue(before: &[Block], without_ticket: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for block in before {
        // A block is part of a chain of at most 2,048 bytes.
        let length = u16::try_from(block.bytes.len()).unwrap_or(u16::MAX);
        hash.update(length.to_be_bytes());
        hash.update(&block.bytes);
    }
    [label::HANDOFF, &hash.finalize(), without_ticket].concat()
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("kind", &self.kind).field("id", &self.id).field("caveats", &self.caveats).finish_non_exhaustive()
    }
}
